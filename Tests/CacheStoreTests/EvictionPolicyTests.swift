import Testing

@testable import CacheStore

@Suite struct EvictionPolicyTests {
  /// Holds things within a budget by a policy, as a shard does.
  private struct Holder<Policy: EvictionPolicy> {
    var policy: Policy
    let budget: Int
    var nodes: [Int: UInt32] = [:]
    var things: [UInt32: (name: Int, cost: Int)] = [:]
    var free: [UInt32] = []
    var bytes = 0

    init(_ policy: Policy, budget: Int) {
      self.policy = policy
      self.budget = budget
    }

    mutating func ask(_ name: Int, cost: Int = 10) {
      if let node = nodes[name] { return policy.touch(node) }
      while bytes + cost > budget, let victim = policy.victim() {
        guard let thing = things[victim] else {
          Issue.record("a victim that is not held")
          return
        }
        policy.evict(victim, hash: Self.hash(thing.name))
        forget(victim, thing)
      }
      let node = free.popLast() ?? UInt32(things.count)
      policy.insert(node, hash: Self.hash(name), cost: cost)
      nodes[name] = node
      things[node] = (name, cost)
      bytes += cost
    }

    mutating func remove(_ name: Int) {
      guard let node = nodes[name], let thing = things[node] else { return }
      policy.remove(node)
      forget(node, thing)
    }

    private mutating func forget(_ node: UInt32, _ thing: (name: Int, cost: Int)) {
      nodes[thing.name] = nil
      things[node] = nil
      free.append(node)
      bytes -= thing.cost
    }

    private static func hash(_ name: Int) -> UInt64 {
      var generator = SeededGenerator(state: UInt64(name))
      return generator.next()
    }
  }

  private func walk(_ policy: some EvictionPolicy, seed: UInt64) {
    var holder = Holder(policy, budget: 2000)
    var generator = SeededGenerator(state: seed)
    for _ in 0..<20_000 {
      let name = Int.random(in: 0..<400, using: &generator)
      if Int.random(in: 0..<20, using: &generator) == 0 {
        holder.remove(name)
      } else {
        holder.ask(name, cost: Int.random(in: 1...300, using: &generator))
      }
      #expect(holder.bytes <= 2000)
    }
    for name in 0..<400 { holder.remove(name) }
    let left = holder.policy.victim()
    #expect(left == nil)
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `victims are what is held, until nothing is`(seed: UInt64) {
    walk(S3FIFO(budget: 2000), seed: seed)
  }

  @Test func `what is asked for again outlives any number of things asked for once`() {
    var holder = Holder(S3FIFO(budget: 1000), budget: 1000)
    for name in 0..<50 {
      holder.ask(name)
      holder.ask(name)
    }
    for name in 1000..<5000 { holder.ask(name) }
    for name in 0..<50 { #expect(holder.nodes[name] != nil, "\(name)") }
  }

  @Test func `what comes back soon after it went is kept`() {
    var holder = Holder(S3FIFO(budget: 1000), budget: 1000)
    for name in 0..<100 { holder.ask(name) }
    // A newcomer pushes out the oldest; asked for again it goes to the main queue.
    holder.ask(100)
    #expect(holder.nodes[0] == nil)
    holder.ask(0)
    for name in 1000..<1095 { holder.ask(name) }
    #expect(holder.nodes[0] != nil)
  }

  @Test func `what was wanted once goes when it is wanted no longer`() {
    var holder = Holder(S3FIFO(budget: 1000), budget: 1000)
    for name in 0..<100 {
      for _ in 0..<5 { holder.ask(name) }
    }
    for _ in 0..<10 {
      for name in 1000..<1100 { holder.ask(name) }
    }
    let kept = (0..<100).filter { holder.nodes[$0] != nil }
    #expect(kept.count < 20)
  }

  @Test func `a table of ghosts forgets the oldest of a group and takes each once`() {
    var ghosts = GhostTable()
    let taken = (1...9 as ClosedRange<UInt64>).map { number in
      ghosts.remember(number << 45, among: 64)
      return number
    }.map { ghosts.take($0 << 45) }
    #expect(taken == [false] + Array(repeating: true, count: 8))
    let again = ghosts.take(2 << 45)
    #expect(!again)
  }
}

import TestSupport
import Testing

@testable import Transport

@Suite struct OriginBalancerTests {
  private let all = OriginSet(first: 3)

  @Test func `round robin takes each in turn`() {
    var balancer = OriginBalancer(policy: .roundRobin, originCount: 3, start: 1)
    var taken: [Int?] = []
    for _ in 0..<5 { taken.append(balancer.assign(inService: all)) }
    #expect(taken == [1, 2, 0, 1, 2])
  }

  @Test func `round robin passes over who is out or was tried`() {
    var balancer = OriginBalancer(policy: .roundRobin, originCount: 3)
    let out = OriginSet(origin: 0)
    let tried = OriginSet(origin: 1)
    let first = balancer.assign(inService: all.subtracting(out), tried: tried)
    let second = balancer.assign(inService: all.subtracting(out), tried: tried)
    let third = balancer.assign(
      inService: all.subtracting(out), tried: [tried, OriginSet(origin: 2)])
    #expect(first == 2)
    #expect(second == 2)
    #expect(third == nil)
  }

  @Test func `least connections takes the least busy, in turn among equals`() {
    var balancer = OriginBalancer(policy: .leastConnections, originCount: 3)
    var taken: [Int?] = []
    for _ in 0..<3 { taken.append(balancer.assign(inService: all)) }
    balancer.finished(at: 1)
    taken.append(balancer.assign(inService: all))
    #expect(taken == [0, 1, 2, 1])
    #expect(balancer.inFlight == [1, 1, 1])
  }

  @Test func `with all ejected the one that failed longest ago is tried`() {
    var balancer = OriginBalancer(policy: .roundRobin, originCount: 3)
    let first = balancer.assignAmongSuspected(down: [], lastFailures: [30, 10, 20])
    let second = balancer.assignAmongSuspected(
      down: OriginSet(origin: 2), tried: OriginSet(origin: 1), lastFailures: [30, 10, 20])
    #expect(first == .origin(1))
    #expect(second == .origin(0))
    #expect(balancer.inFlight == [1, 1, 0])
  }

  @Test func `with all down the exchange fails fast`() {
    var balancer = OriginBalancer(policy: .roundRobin, originCount: 3)
    let choice = balancer.assignAmongSuspected(down: all, lastFailures: [1, 2, 3])
    #expect(choice == .none(.allDown))
  }

  @Test func `with all tried the exchange fails`() {
    var balancer = OriginBalancer(policy: .roundRobin, originCount: 3)
    let choice = balancer.assignAmongSuspected(down: [], tried: all, lastFailures: [])
    #expect(choice == .none(.allTried))
  }

  @Test func `sixty-four origins all get their turn`() {
    var balancer = OriginBalancer(policy: .roundRobin, originCount: 64, start: 63)
    let inService = OriginSet(first: 64)
    var taken: Set<Int> = []
    for _ in 0..<64 { taken.insert(balancer.assign(inService: inService) ?? -1) }
    #expect(taken == Set(0..<64))
  }

  @Test(arguments: UInt64(1)...10, BalancingPolicy.allCases)
  func `counts are exact and only candidates are chosen`(seed: UInt64, policy: BalancingPolicy) {
    var random = SeededGenerator(seed: seed)
    let count = Int.random(in: 1...64, using: &random)
    var balancer = OriginBalancer(policy: policy, originCount: count, start: Int(seed))
    var inFlight = Array(repeating: 0, count: count)
    for _ in 0..<1_000 {
      let inService = OriginSet(rawValue: random.next())
      let tried = OriginSet(rawValue: random.next() & random.next())
      let candidates = inService.subtracting(tried).intersection(OriginSet(first: count))
      if let chosen = balancer.assign(inService: inService, tried: tried) {
        #expect(candidates.contains(OriginSet(origin: chosen)))
        if policy == .leastConnections {
          let least = (0..<count).filter { candidates.contains(OriginSet(origin: $0)) }
            .map { inFlight[$0] }.min()
          #expect(inFlight[chosen] == least)
        }
        inFlight[chosen] += 1
      } else {
        #expect(candidates.isEmpty)
      }
      if let busy = (0..<count).filter({ inFlight[$0] > 0 }).randomElement(using: &random) {
        balancer.finished(at: busy)
        inFlight[busy] -= 1
      }
      #expect(balancer.inFlight == inFlight)
    }
  }
}

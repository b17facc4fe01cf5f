import Primitives
import TestSupport
import Testing

@testable import Transport

/// Random walks through the pool beside a plain model of what the world outside has been told.
@Suite struct OriginPoolWalkTests {
  @Test(arguments: UInt64(1)...40)
  func `no connection is given twice, no limit passed, no exchange or connection lost`(seed: UInt64)
  {
    var world = PoolWorld(seed: seed)
    for _ in 0..<3_000 {
      world.step()
      world.check()
    }
    world.finish()
  }
}

/// What a shell would know: who waits, who holds what, which connections are open.
private struct PoolWorld: ~Copyable {
  private var pool: OriginPool
  private var random: SeededGenerator
  private let limits: OriginPoolLimits
  private var clock: Int64 = 0
  private var nextRequester: UInt64 = 0
  private var waiting: Set<OriginRequester> = []
  private var opening: [OriginConnectionID] = []
  private var leased: [OriginConnectionID] = []
  private var idle: [OriginConnectionID] = []

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let limits = OriginPoolLimits(
      connections: Int.random(in: 1...6, using: &random),
      idleConnections: Int.random(in: 0...4, using: &random),
      idleAge: Milliseconds(Int64.random(in: 1...200, using: &random)),
      age: Milliseconds(Int64.random(in: 1...2_000, using: &random)),
      queueLength: Int.random(in: 0...5, using: &random),
      queueWait: Milliseconds(Int64.random(in: 1...100, using: &random)))
    self.limits = limits
    self.random = random
    pool = OriginPool(limits: limits)
  }

  private var now: MonotonicTime { at(clock) }

  mutating func step() {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<35: acquire()
    case 35..<55: open(failing: false)
    case 55..<60: open(failing: true)
    case 60..<85: release()
    case 85..<90: end()
    case 90..<93: cancel()
    case 93: pool.retireAll()
    default: clock += Int64.random(in: 0...60, using: &random)
    }
    settle()
  }

  private mutating func acquire() {
    nextRequester += 1
    let wanted = OriginRequester(nextRequester)
    let isFresh = Int.random(in: 0..<5, using: &random) == 0
    var answer = pool.acquire(for: wanted, now: now, fresh: isFresh)
    while case .closeAndAskAgain(let id) = answer {
      forgetIdle(id)
      answer = pool.acquire(for: wanted, now: now, fresh: isFresh)
    }
    switch answer {
    case .reuse(let id):
      #expect(!isFresh)
      #expect(idle.last == id, "the most recently used is reused first")
      forgetIdle(id)
      lease(id)
    case .open(let id, _):
      #expect(waiting.insert(wanted).inserted)
      opening.append(id)
    case .wait:
      #expect(waiting.insert(wanted).inserted)
      #expect(opening.count + leased.count + idle.count == limits.connections)
    case .refuse(let reason):
      #expect(reason == .queueFull)
      #expect(waiting.count >= limits.queueLength)
    case .closeAndAskAgain: Issue.record("asked again already")
    }
  }

  private mutating func open(failing: Bool) {
    guard let id = take(from: \.opening) else { return }
    if failing {
      let step = pool.openFailed(id)
      if case .refuse(let requester, .openFailed) = step {
        #expect(waiting.remove(requester) != nil)
      } else {
        #expect(step == .nothing)
      }
    } else {
      settled(id, pool.opened(id, now: now))
    }
  }

  private mutating func release() {
    guard let id = take(from: \.leased) else { return }
    let isClean = Int.random(in: 0..<4, using: &random) > 0
    let step = pool.released(id, isClean ? .clean : .spoiled(.leftoverBytes), now: now)
    if !isClean { #expect(step == .close(id)) }
    settled(id, step)
  }

  private mutating func end() {
    if Bool.random(using: &random) {
      guard let id = idle.randomElement(using: &random) else { return }
      #expect(pool.ended(id) == .close(id))
      forgetIdle(id)
    } else if let id = leased.randomElement(using: &random) {
      #expect(pool.ended(id) == .nothing)
    }
  }

  private mutating func cancel() {
    guard
      let requester = waiting.sorted(by: { $0.number < $1.number }).randomElement(using: &random)
    else { return }
    pool.cancelled(requester)
    waiting.remove(requester)
  }

  /// What a shell does after every event: the pool's timers and its openings.
  private mutating func settle() {
    while let step = pool.nextExpired(now: now) {
      guard case .refuse(let requester, _) = step else {
        Issue.record("expiry is a refusal")
        continue
      }
      #expect(waiting.remove(requester) != nil)
    }
    while let id = pool.nextToClose(now: now) { forgetIdle(id) }
    while let id = pool.nextOpening() { opening.append(id) }
  }

  /// What became of a connection that was opened or released.
  private mutating func settled(_ id: OriginConnectionID, _ step: OriginPoolStep) {
    switch step {
    case .serve(let requester, let served):
      #expect(served == id)
      #expect(waiting.remove(requester) != nil, "served once, while it waits")
      lease(id)
    case .keep(let kept):
      #expect(kept == id)
      #expect(waiting.isEmpty, "nothing is idle while somebody waits")
      idle.append(id)
    case .keepAndClose(let kept, let closed):
      #expect(kept == id)
      idle.append(id)
      #expect(idle.first == closed)
      forgetIdle(closed)
    case .close(let closed):
      #expect(closed == id)
    case .nothing, .refuse: Issue.record("a free connection goes somewhere")
    }
  }

  private mutating func lease(_ id: OriginConnectionID) {
    #expect(!leased.contains(id) && !idle.contains(id), "a connection has one exchange")
    leased.append(id)
  }

  private mutating func forgetIdle(_ id: OriginConnectionID) {
    #expect(idle.contains(id), "only an idle connection is closed or reused")
    idle.removeAll { $0 == id }
  }

  private mutating func take(from list: WritableKeyPath<Lists, [OriginConnectionID]>)
    -> OriginConnectionID?
  {
    var lists = Lists(opening: opening, leased: leased)
    guard !lists[keyPath: list].isEmpty else { return nil }
    let index = Int.random(in: 0..<lists[keyPath: list].count, using: &random)
    let id = lists[keyPath: list].remove(at: index)
    (opening, leased) = (lists.opening, lists.leased)
    return id
  }

  private struct Lists {
    var opening: [OriginConnectionID]
    var leased: [OriginConnectionID]
  }

  func check() {
    let open = opening.count + leased.count + idle.count
    #expect(open <= limits.connections)
    #expect(idle.count <= limits.idleConnections)
    #expect(pool.connectionCount == open)
    #expect(pool.openingCount == opening.count)
    #expect(pool.leasedCount == leased.count)
    #expect(pool.idleCount == idle.count)
    #expect(pool.waitingCount == waiting.count)
    if waiting.count > opening.count { #expect(open == limits.connections, "nobody waits idly") }
    #expect(Set((opening + leased + idle).map(\.place)).count == open, "places are not shared")
  }

  mutating func finish() {
    pool.shutDown()
    settle()
    while let id = take(from: \.leased) {
      #expect(pool.released(id, .clean, now: now) == .close(id))
    }
    while let id = take(from: \.opening) { #expect(pool.opened(id, now: now) == .close(id)) }
    check()
    #expect(pool.isEmpty && idle.isEmpty && waiting.isEmpty)
  }
}

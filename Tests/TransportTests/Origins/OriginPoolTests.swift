import Primitives
import Testing

@testable import Transport

@Suite struct OriginPoolTests {
  private func limits(
    connections: Int = 2, idle: Int = 2, queue: Int = 2, age: Int64 = 100_000
  ) -> OriginPoolLimits {
    OriginPoolLimits(
      connections: connections, idleConnections: idle, idleAge: Milliseconds(1_000),
      age: Milliseconds(age), queueLength: queue, queueWait: Milliseconds(500))
  }

  /// A pool with `count` connections idle, connection 0 idle longest.
  private func pool(idle count: Int, _ limits: OriginPoolLimits) -> OriginPool {
    var pool = OriginPool(limits: limits)
    for number in 0..<count {
      _ = pool.acquire(for: requester(UInt64(number)), now: at(0))
    }
    for place in 0..<count { _ = pool.opened(connection(place), now: at(0)) }
    for place in 0..<count {
      _ = pool.released(connection(place), .clean, now: at(Int64(place)))
    }
    return pool
  }

  @Test func `the first exchange opens a connection and is served by it`() {
    var pool = OriginPool(limits: limits())
    let asked = pool.acquire(for: requester(1), now: at(0))
    let opened = pool.opened(connection(0), now: at(10))
    let released = pool.released(connection(0), .clean, now: at(20))
    #expect(asked == .open(connection(0), waitingUntil: at(500)))
    #expect(opened == .serve(requester(1), connection(0)))
    #expect(released == .keep(connection(0)))
    #expect(pool.idleCount == 1)
  }

  @Test func `the most recently used connection is reused first`() {
    var pool = pool(idle: 2, limits())
    let first = pool.acquire(for: requester(7), now: at(10))
    let second = pool.acquire(for: requester(8), now: at(10))
    #expect(first == .reuse(connection(1)))
    #expect(second == .reuse(connection(0)))
  }

  @Test func `a connection is given up before the peer closes it, if the peer said when`() {
    var pool = OriginPool(limits: limits())
    _ = pool.acquire(for: requester(1), now: at(0))
    _ = pool.opened(connection(0), now: at(0))
    let kept = pool.released(connection(0), .clean, now: at(10), idleAge: Milliseconds(200))
    let deadline = pool.nextDeadline
    let late = pool.acquire(for: requester(2), now: at(210))
    #expect(kept == .keep(connection(0)))
    #expect(deadline == at(210))
    #expect(late == .closeAndAskAgain(connection(0)))
  }

  @Test func `a peer that keeps connections longer than we do changes nothing`() {
    var pool = OriginPool(limits: limits())
    _ = pool.acquire(for: requester(1), now: at(0))
    _ = pool.opened(connection(0), now: at(0))
    _ = pool.released(connection(0), .clean, now: at(10), idleAge: Milliseconds(9_000))
    let deadline = pool.nextDeadline
    #expect(deadline == at(1_010))
  }

  @Test func `who wants a fresh connection gets a new one, though others are idle`() {
    var pool = pool(idle: 1, limits())
    let fresh = pool.acquire(for: requester(7), now: at(10), fresh: true)
    #expect(fresh == .open(connection(1), waitingUntil: at(510)))
    #expect(pool.idleCount == 1)
  }

  @Test func `at the connection limit the one idle longest makes room for a fresh connection`() {
    var pool = pool(idle: 2, limits())
    let asked = pool.acquire(for: requester(7), now: at(10), fresh: true)
    let again = pool.acquire(for: requester(7), now: at(10), fresh: true)
    #expect(asked == .closeAndAskAgain(connection(0)))
    #expect(
      again == .open(OriginConnectionID(place: 0, generation: 1), waitingUntil: at(510)))
    #expect(pool.idleCount == 1)
  }

  @Test func `past the connection limit exchanges wait, past the queue limit they are refused`() {
    var pool = OriginPool(limits: limits(connections: 1, queue: 2))
    let first = pool.acquire(for: requester(1), now: at(0))
    let second = pool.acquire(for: requester(2), now: at(1))
    let third = pool.acquire(for: requester(3), now: at(2))
    let fourth = pool.acquire(for: requester(4), now: at(3))
    #expect(first == .open(connection(0), waitingUntil: at(500)))
    #expect(second == .wait(until: at(501)))
    #expect(third == .wait(until: at(502)))
    #expect(fourth == .refuse(.queueFull))
  }

  @Test func `a released connection serves who waits, in order of arrival`() {
    var pool = OriginPool(limits: limits(connections: 1, queue: 9))
    for number in 1...3 { _ = pool.acquire(for: requester(UInt64(number)), now: at(0)) }
    let first = pool.opened(connection(0), now: at(1))
    let second = pool.released(connection(0), .clean, now: at(2))
    let third = pool.released(connection(0), .clean, now: at(3))
    #expect(first == .serve(requester(1), connection(0)))
    #expect(second == .serve(requester(2), connection(0)))
    #expect(third == .serve(requester(3), connection(0)))
  }

  @Test(arguments: OriginConnectionSpoiler.allCases)
  func `a spoiled connection is closed, never kept`(spoiler: OriginConnectionSpoiler) {
    var pool = OriginPool(limits: limits())
    _ = pool.acquire(for: requester(1), now: at(0))
    _ = pool.opened(connection(0), now: at(0))
    let step = pool.released(connection(0), .spoiled(spoiler), now: at(1))
    #expect(step == .close(connection(0)))
    #expect(pool.connectionCount == 0)
  }

  @Test func `a place that a closed connection leaves is opened for who waits`() {
    var pool = OriginPool(limits: limits(connections: 1))
    _ = pool.acquire(for: requester(1), now: at(0))
    _ = pool.acquire(for: requester(2), now: at(0))
    _ = pool.opened(connection(0), now: at(1))
    let closed = pool.released(connection(0), .spoiled(.unreadBody), now: at(2))
    let opening = pool.nextOpening()
    let noMore = pool.nextOpening()
    let served = pool.opened(connection(0, 1), now: at(3))
    #expect(closed == .close(connection(0)))
    #expect(opening == connection(0, 1))
    #expect(noMore == nil)
    #expect(served == .serve(requester(2), connection(0, 1)))
  }

  @Test
  func `a failed opening refuses the exchange it was for, and another is opened for the next`() {
    var pool = OriginPool(limits: limits(connections: 1))
    _ = pool.acquire(for: requester(1), now: at(0))
    _ = pool.acquire(for: requester(2), now: at(0))
    let failed = pool.openFailed(connection(0))
    let opening = pool.nextOpening()
    #expect(failed == .refuse(requester(1), .openFailed))
    #expect(opening == connection(0, 1))
  }

  @Test func `a failed opening refuses nobody when its exchange was served meanwhile`() {
    var pool = pool(idle: 1, limits())
    _ = pool.acquire(for: requester(1), now: at(1))
    _ = pool.acquire(for: requester(2), now: at(1))
    let served = pool.released(connection(0), .clean, now: at(2))
    let failed = pool.openFailed(connection(1))
    #expect(served == .serve(requester(2), connection(0)))
    #expect(failed == .nothing)
    #expect(pool.connectionCount == 1)
  }

  @Test func `an idle connection that the origin closes is forgotten`() {
    var pool = pool(idle: 2, limits())
    let step = pool.ended(connection(1))
    let next = pool.acquire(for: requester(9), now: at(5))
    #expect(step == .close(connection(1)))
    #expect(next == .reuse(connection(0)))
  }

  @Test
  func `a leased connection that the origin closes is closed on release, even when called clean`() {
    var pool = pool(idle: 1, limits())
    _ = pool.acquire(for: requester(9), now: at(5))
    let ended = pool.ended(connection(0))
    let released = pool.released(connection(0), .clean, now: at(6))
    #expect(ended == .nothing)
    #expect(released == .close(connection(0)))
  }

  @Test func `a stale name changes nothing`() {
    var pool = pool(idle: 1, limits())
    _ = pool.ended(connection(0))
    let again = pool.ended(connection(0))
    let released = pool.released(connection(0), .clean, now: at(9))
    let opened = pool.opened(connection(0), now: at(9))
    let failed = pool.openFailed(connection(5))
    #expect([again, released, opened, failed].allSatisfy { $0 == .nothing })
    #expect(pool.isEmpty == true)
  }

  @Test func `releasing twice does not free a connection twice`() {
    var pool = pool(idle: 1, limits())
    let again = pool.released(connection(0), .clean, now: at(9))
    #expect(again == .nothing)
    #expect(pool.idleCount == 1)
  }

  @Test func `idle connections are closed at their time, the longest idle first`() {
    var pool = pool(idle: 2, limits())
    #expect(pool.nextDeadline == at(1_000))
    let early = pool.nextToClose(now: at(999))
    let first = pool.nextToClose(now: at(1_000))
    let second = pool.nextToClose(now: at(1_000))
    let third = pool.nextToClose(now: at(1_001))
    #expect(early == nil)
    #expect(first == connection(0))
    #expect(second == nil)
    #expect(third == connection(1))
    #expect(pool.nextDeadline == nil)
  }

  @Test func `past the idle limit the longest idle gives way`() {
    var pool = OriginPool(limits: limits(connections: 3, idle: 1))
    for number in 0...1 { _ = pool.acquire(for: requester(UInt64(number)), now: at(0)) }
    for place in 0...1 { _ = pool.opened(connection(place), now: at(0)) }
    _ = pool.released(connection(0), .clean, now: at(1))
    let step = pool.released(connection(1), .clean, now: at(2))
    #expect(step == .keepAndClose(connection(1), closed: connection(0)))
    #expect(pool.connectionCount == 1)
  }

  @Test func `an old connection is not reused`() {
    var pool = pool(idle: 1, limits(age: 100))
    let asked = pool.acquire(for: requester(4), now: at(100))
    let asksAgain = pool.acquire(for: requester(4), now: at(100))
    _ = pool.opened(connection(0, 1), now: at(150))
    let released = pool.released(connection(0, 1), .clean, now: at(250))
    #expect(asked == .closeAndAskAgain(connection(0)))
    #expect(asksAgain == .open(connection(0, 1), waitingUntil: at(600)))
    #expect(released == .close(connection(0, 1)))
  }

  @Test func `who waits too long is refused`() {
    var pool = OriginPool(limits: limits(connections: 1))
    _ = pool.acquire(for: requester(1), now: at(0))
    _ = pool.acquire(for: requester(2), now: at(10))
    #expect(pool.nextDeadline == at(500))
    let early = pool.nextExpired(now: at(499))
    let first = pool.nextExpired(now: at(500))
    let second = pool.nextExpired(now: at(500))
    #expect(early == nil)
    #expect(first == .refuse(requester(1), .waitedTooLong))
    #expect(second == nil)
    let opened = pool.opened(connection(0), now: at(505))
    #expect(opened == .serve(requester(2), connection(0)))
  }

  @Test func `who gave up is not served`() {
    var pool = OriginPool(limits: limits(connections: 1))
    _ = pool.acquire(for: requester(1), now: at(0))
    pool.cancelled(requester(1))
    let opened = pool.opened(connection(0), now: at(5))
    #expect(opened == .keep(connection(0)))
  }

  @Test func `a shutdown refuses, closes what is idle, and ends with the last release`() {
    var pool = OriginPool(limits: limits(connections: 3))
    for number in 0...2 { _ = pool.acquire(for: requester(UInt64(number)), now: at(0)) }
    _ = pool.opened(connection(0), now: at(0))
    _ = pool.opened(connection(1), now: at(0))
    _ = pool.released(connection(0), .clean, now: at(1))
    // 0 serves the third requester; 1 is leased; 2 is being opened.
    _ = pool.released(connection(1), .clean, now: at(1))
    _ = pool.acquire(for: requester(9), now: at(2))
    _ = pool.acquire(for: requester(10), now: at(2))
    pool.shutDown()
    let asked = pool.acquire(for: requester(11), now: at(3))
    let expired = pool.nextExpired(now: at(3))
    let noMore = pool.nextExpired(now: at(3))
    let opened = pool.opened(connection(2), now: at(4))
    let released = pool.released(connection(0), .clean, now: at(5))
    let last = pool.released(connection(1), .clean, now: at(5))
    #expect(asked == .refuse(.shuttingDown))
    #expect(expired == .refuse(requester(10), .shuttingDown))
    #expect(noMore == nil)
    #expect(opened == .close(connection(2)))
    #expect(released == .close(connection(0)))
    #expect(last == .close(connection(1)))
    #expect(pool.isEmpty == true)
  }

  @Test func `after a retirement no connection is used again`() {
    var pool = pool(idle: 2, limits())
    _ = pool.acquire(for: requester(9), now: at(5))
    pool.retireAll()
    let idle = pool.nextToClose(now: at(5))
    let released = pool.released(connection(1), .clean, now: at(6))
    #expect(idle == connection(0))
    #expect(released == .close(connection(1)))
  }
}

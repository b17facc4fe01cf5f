import CachePolicy
import CacheStore
import Dispatch
import Primitives
import Synchronization
import Testing

@Suite struct FlightTableTests {
  /// What waiters were told, in order.
  private final class Journal: Sendable {
    let entries = Mutex<[String]>([])
    func write(_ waiter: Int, _ outcome: FlightOutcome) {
      entries.withLock { $0.append("\(waiter) \(outcome)") }
    }
    var text: [String] { entries.withLock { $0 } }
  }

  private let journal = Journal()
  private let table: FlightTable<Int>
  private let key = [UInt8](ascii: "key")
  private let start = MonotonicTime(nanoseconds: 1_000_000_000)

  init() {
    let journal = journal
    var limits = FlightLimits()
    limits.waiters = 3
    limits.flights = 2
    table = FlightTable(limits: limits) { journal.write($0, $1) }
  }

  private func join(_ waiter: Int, key: [UInt8]? = nil, after: Int64 = 0) throws
    -> FlightDecision<Int>
  {
    table.join(
      try StoreFixture.permit(StoreFixture.request("/")), key: key ?? self.key, waiter: waiter,
      now: start.advanced(by: Milliseconds(after)))
  }

  private func lease(_ waiter: Int) throws -> FlightLease<Int> {
    guard case .leads(let lease) = try join(waiter) else {
      throw StoreFixture.FixtureError.notPermitted
    }
    return lease
  }

  private func waits(_ decision: FlightDecision<Int>) -> FlightTicket? {
    if case .waits(let ticket) = decision { ticket } else { nil }
  }

  private func isAlone(_ decision: FlightDecision<Int>) -> Bool {
    if case .goesAlone = decision { true } else { false }
  }

  @Test func `the first leads and the others are woken when it is stored`() throws {
    let lease = try lease(1)
    #expect(waits(try join(2)) != nil)
    #expect(waits(try join(3)) != nil)
    #expect(table.load == FlightLoad(flights: 1, waiters: 2))
    lease.land(.stored, now: start)
    #expect(journal.text == ["2 stored", "3 stored"])
    #expect(table.load == FlightLoad(flights: 0, waiters: 0))
  }

  @Test func `another key leads its own fetch`() throws {
    let first = try lease(1)
    guard case .leads(let second) = try join(2, key: [9]) else {
      Issue.record("two keys share a fetch")
      return
    }
    second.land(.stored, now: start)
    first.land(.stored, now: start)
    #expect(journal.text == [])
  }

  @Test func `a key that was not shared makes everyone go alone for a while`() throws {
    let lease = try lease(1)
    _ = try join(2)
    lease.land(.notShared, now: start)
    #expect(journal.text == ["2 notShared"])
    #expect(isAlone(try join(3, after: 9_999)))
    guard case .leads = try join(4, after: 10_000) else {
      Issue.record("a key stays lonely for ever")
      return
    }
  }

  @Test func `a leader that gives up wakes the waiters to join again`() throws {
    var lease: FlightLease<Int>? = try lease(1)
    _ = try join(2)
    #expect(lease != nil)
    lease = nil
    #expect(journal.text == ["2 failed"])
    guard case .leads = try join(2) else {
      Issue.record("nobody leads after the leader gave up")
      return
    }
  }

  @Test func `a waiter that left is not woken`() throws {
    let lease = try lease(1)
    let ticket = try #require(waits(try join(2)))
    _ = try join(3)
    #expect(table.leave(ticket))
    #expect(!table.leave(ticket))
    lease.land(.stored, now: start)
    #expect(journal.text == ["3 stored"])
    #expect(!table.leave(ticket))
  }

  @Test func `a lease lands once`() throws {
    let lease = try lease(1)
    _ = try join(2)
    lease.land(.stored, now: start)
    let second = try self.lease(3)
    _ = try join(4)
    lease.land(.failed, now: start)
    #expect(journal.text == ["2 stored"])
    second.land(.stored, now: start)
    #expect(journal.text == ["2 stored", "4 stored"])
  }

  @Test func `too many waiters and too many fetches go alone`() throws {
    let lease = try lease(1)
    for waiter in 2...4 { #expect(waits(try join(waiter)) != nil) }
    #expect(isAlone(try join(5)))
    guard case .leads(let other) = try join(6, key: [9]) else {
      Issue.record("no second fetch")
      return
    }
    #expect(isAlone(try join(7, key: [10])))
    other.land(.stored, now: start)
    lease.land(.stored, now: start)
  }

  @Test func `many threads lead one fetch at a time and every waiter is told`() throws {
    let journal = Journal()
    let table = FlightTable<Int> { journal.write($0, $1) }
    let leading = Mutex(0)
    let told = Mutex(0)
    let permit = try StoreFixture.permit(StoreFixture.request("/"))
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for round in 0..<2000 {
        let decision = table.join(
          permit, key: [1], waiter: thread * 10_000 + round,
          now: MonotonicTime(nanoseconds: 1))
        switch decision {
        case .leads(let lease):
          let others = leading.withLock { count in
            count += 1
            return count
          }
          #expect(others == 1)
          leading.withLock { $0 -= 1 }
          lease.land(.stored, now: MonotonicTime(nanoseconds: 1))
        case .waits: told.withLock { $0 += 1 }
        // While a leader's thread is held up, more may come than are let wait.
        case .goesAlone: break
        }
      }
    }
    #expect(journal.text.count == told.withLock { $0 })
  }
}

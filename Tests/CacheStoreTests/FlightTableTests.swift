import CachePolicy
import Dispatch
import HTTPModel
import Primitives
import Synchronization
import Testing

@testable import CacheStore

@Suite struct FlightTableTests {
  /// What waiters were told, in order; the leases among it are kept until they are taken.
  private final class Journal: Sendable {
    private struct State {
      var entries: [String] = []
      var leases: [FlightLease<Int>] = []
    }
    private let state = Mutex(State())

    func write(_ waiter: Int, _ news: FlightNews<Int>) {
      state.withLock { state in
        switch news {
        case .opened: state.entries.append("\(waiter) opened")
        case .landed(let outcome): state.entries.append("\(waiter) \(outcome)")
        case .leads(let lease):
          state.entries.append("\(waiter) leads")
          state.leases.append(lease)
        }
      }
    }

    func takeLease() -> FlightLease<Int>? {
      state.withLock { $0.leases.isEmpty ? nil : $0.leases.removeFirst() }
    }

    var text: [String] { state.withLock { $0.entries } }
  }

  private let journal = Journal()
  private let table: FlightTable<Int>
  private let store = CacheStore(seed: StoreFixture.seed)
  private let request = StoreFixture.request("/", language: "en")
  private let start = MonotonicTime(nanoseconds: 1_000_000_000)

  init() {
    let journal = journal
    var limits = FlightLimits()
    limits.waiters = 3
    limits.flights = 2
    table = FlightTable(limits: limits, seed: StoreFixture.seed) { journal.write($0, $1) }
  }

  private func join(
    _ waiter: Int, path: String = "/", part: String = "", language: String = "en",
    after: Int64 = 0
  ) throws -> FlightDecision<Int> {
    let request = StoreFixture.request(path, language: language)
    let key = StoreFixture.key(request)
    return table.join(
      try StoreFixture.permit(request), key: key, part: Array(part.utf8), request: request,
      waiter: waiter,
      moment: store.moment(of: key.span), now: start.advanced(by: Milliseconds(after)))
  }

  private func lease(_ waiter: Int, path: String = "/") throws -> FlightLease<Int> {
    guard case .leads(let lease) = try join(waiter, path: path) else {
      throw StoreFixture.FixtureError.notPermitted
    }
    return lease
  }

  private func ticket(_ waiter: Int) throws -> FlightTicket {
    guard case .waits(let ticket) = try join(waiter) else {
      throw StoreFixture.FixtureError.notPermitted
    }
    return ticket
  }

  private func isAlone(_ decision: FlightDecision<Int>) -> Bool {
    if case .goesAlone = decision { true } else { false }
  }

  private func writer() throws -> StoreWriter {
    let opening = store.open(
      try StoreFixture.storable(for: request, varies: true), key: StoreFixture.key(request),
      request: request, length: nil)
    guard case .writer(let writer) = opening else {
      throw StoreFixture.FixtureError.notPermitted
    }
    return writer
  }

  private func waits(_ waiter: Int, part: String) throws -> Bool {
    if case .waits = try join(waiter, part: part) { true } else { false }
  }

  @Test func `who wants a part joins the fetch of the whole, and else that of the same part`()
    throws
  {
    guard case .leads(let ofPart) = try join(1, part: "bytes=0-1") else {
      throw StoreFixture.FixtureError.notPermitted
    }
    #expect(ofPart.isPart)
    #expect(try waits(2, part: "bytes=0-1"))
    // The whole is not what is fetched.
    let ofWhole = try lease(3)
    #expect(!ofWhole.isPart)
    #expect(try waits(4, part: "bytes=0-1"))
    ofWhole.land(.stored, now: start)
    ofPart.land(.abandoned, now: start)
    #expect(journal.text == ["4 stored", "2 leads"])
    #expect(journal.takeLease()?.isPart == true)
  }

  @Test func `a key that is not shared is not shared in parts`() throws {
    try lease(1).land(.notShared, now: start)
    guard case .goesAlone = try join(2, part: "bytes=0-1") else {
      throw StoreFixture.FixtureError.notPermitted
    }
  }

  @Test func `the first leads and the others are told when it is stored`() throws {
    let lease = try lease(1)
    _ = try ticket(2)
    _ = try ticket(3)
    #expect(table.load == FlightLoad(flights: 1, waiters: 2))
    lease.land(.stored, now: start)
    #expect(journal.text == ["2 stored", "3 stored"])
    #expect(table.load == FlightLoad(flights: 0, waiters: 0))
  }

  @Test func `another key leads its own fetch`() throws {
    let first = try lease(1)
    let second = try lease(2, path: "/other")
    second.land(.stored, now: start)
    first.land(.stored, now: start)
    #expect(journal.text == [])
  }

  @Test func `waiters get a response as soon as it opens, and later ones follow`() throws {
    let lease = try lease(1)
    _ = try ticket(2)
    let writer = try writer()
    lease.open(writer.shared)
    #expect(journal.text == ["2 opened"])
    guard case .follows(let response) = try join(3) else {
      Issue.record("a later asker does not follow")
      return
    }
    #expect(response.body === writer.shared.body)
    lease.land(.stored, now: start)
    #expect(journal.text == ["2 opened"])
    _ = try self.lease(4)
  }

  @Test func `who is not selected by an open response waits with those of the same values`() throws
  {
    let lease = try lease(1)
    lease.open(try writer().shared)
    guard case .leads(let german) = try join(2, language: "de") else {
      Issue.record("another variant has no leader")
      return
    }
    guard case .waits = try join(3, language: "de"), case .follows = try join(4) else {
      Issue.record("variants are mixed up")
      return
    }
    #expect(isAlone(try join(5, language: "fr")), "there are no more flights than the limit")
    lease.land(.stored, now: start)
    german.land(.stored, now: start)
    #expect(journal.text == ["3 stored"])
    #expect(table.load == FlightLoad(flights: 0, waiters: 0))
  }

  @Test func `a key that was not shared makes everyone go alone for a while`() throws {
    let lease = try lease(1)
    _ = try ticket(2)
    lease.land(.notShared, now: start)
    #expect(journal.text == ["2 notShared"])
    #expect(isAlone(try join(3, after: 9_999)))
    guard case .leads = try join(4, after: 10_000) else {
      Issue.record("a key stays lonely for ever")
      return
    }
  }

  @Test func `a leader that gives up hands over to who has waited longest`() throws {
    var lease: FlightLease<Int>? = try lease(1)
    _ = try ticket(2)
    _ = try ticket(3)
    #expect(lease != nil)
    lease = nil
    #expect(journal.text == ["2 leads"])
    let second = try #require(journal.takeLease())
    #expect(table.load == FlightLoad(flights: 1, waiters: 1))
    second.land(.stored, now: start)
    #expect(journal.text == ["2 leads", "3 stored"])
  }

  @Test func `a lease handed to somebody who is gone goes on to the next`() throws {
    var lease: FlightLease<Int>? = try lease(1)
    _ = try ticket(2)
    _ = try ticket(3)
    #expect(lease != nil)
    lease = nil
    // Nobody keeps the lease that 2 was given.
    _ = journal.takeLease()
    #expect(journal.text == ["2 leads", "3 leads"])
    _ = journal.takeLease()
    #expect(table.load == FlightLoad(flights: 0, waiters: 0))
  }

  @Test func `after two failures every waiter is on its own`() throws {
    let lease = try lease(1)
    for waiter in 2...4 { _ = try ticket(waiter) }
    lease.land(.failed, now: start)
    try #require(journal.takeLease()).land(.failed, now: start)
    #expect(journal.text == ["2 leads", "3 failed", "4 failed"])
    #expect(table.load == FlightLoad(flights: 0, waiters: 0))
    _ = try self.lease(5)
  }

  @Test func `a fetch that began before an invalidation is not joined after it`() throws {
    let old = try lease(1)
    _ = try ticket(2)
    store.invalidate(StoreFixture.key(request))
    let new = try lease(3)
    _ = try ticket(4)
    old.land(.stored, now: start)
    #expect(journal.text == ["2 stored"])
    new.land(.stored, now: start)
    #expect(journal.text == ["2 stored", "4 stored"])
    #expect(table.load == FlightLoad(flights: 0, waiters: 0))
  }

  @Test func `a waiter that left is not told`() throws {
    let lease = try lease(1)
    let ticket = try ticket(2)
    _ = try self.ticket(3)
    #expect(table.leave(ticket))
    #expect(!table.leave(ticket))
    lease.land(.stored, now: start)
    #expect(journal.text == ["3 stored"])
    #expect(!table.leave(ticket))
  }

  @Test func `a lease lands once`() throws {
    let lease = try lease(1)
    _ = try ticket(2)
    lease.land(.stored, now: start)
    let second = try self.lease(3)
    _ = try ticket(4)
    lease.land(.failed, now: start)
    #expect(journal.text == ["2 stored"])
    second.land(.stored, now: start)
    #expect(journal.text == ["2 stored", "4 stored"])
  }

  @Test func `too many waiters and too many fetches go alone`() throws {
    let lease = try lease(1)
    for waiter in 2...4 { _ = try ticket(waiter) }
    #expect(isAlone(try join(5)))
    let other = try self.lease(6, path: "/other")
    #expect(isAlone(try join(7, path: "/third")))
    other.land(.stored, now: start)
    lease.land(.stored, now: start)
  }

  @Test func `many threads lead one fetch at a time and every waiter is told once`() throws {
    let told = Mutex<[Int]>([])
    let leading = Atomic<Int>(0)
    let waiting = Atomic<Int>(0)
    let now = MonotonicTime(nanoseconds: 1)
    let table = FlightTable<Int> { waiter, news in
      told.withLock { $0.append(waiter) }
      if case .leads(let lease) = news { lease.land(.stored, now: now) }
    }
    let permit = try StoreFixture.permit(request)
    let key = StoreFixture.key(request)
    let moment = store.moment(of: key.span)
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for round in 0..<2000 {
        let waiter = thread * 10_000 + round
        switch table.join(
          permit, key: key, request: request, waiter: waiter, moment: moment, now: now)
        {
        case .leads(let lease):
          #expect(leading.add(1, ordering: .relaxed).newValue == 1)
          leading.subtract(1, ordering: .relaxed)
          // Every third leader lets go.
          if !round.isMultiple(of: 3) { lease.land(.stored, now: now) }
        case .waits: waiting.add(1, ordering: .relaxed)
        // While a leader's thread is held up, more may come than are let wait.
        case .goesAlone, .follows: break
        }
      }
    }
    let waiters = told.withLock { $0 }
    #expect(waiters.count == waiting.load(ordering: .relaxed))
    #expect(Set(waiters).count == waiters.count)
    #expect(table.load == FlightLoad(flights: 0, waiters: 0))
  }
}

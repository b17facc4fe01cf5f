package import CachePolicy
package import Primitives
internal import Synchronization

/// How a fetch that others waited for ended.
package enum FlightOutcome: Sendable, Hashable {
  /// The response is in the store: look it up again.
  case stored
  /// The response may not be shared: every waiter fetches for itself, at once.
  case notShared
  /// The fetch failed or was given up: join again; one of the waiters will lead.
  case failed
}

/// What a miss does next.
package enum FlightDecision<Waiter: Sendable> {
  /// Fetch, and land the lease when the outcome is known.
  case leads(FlightLease<Waiter>)
  /// Somebody fetches already; the waiter is woken. Leave with the ticket when it stops waiting.
  case waits(FlightTicket)
  /// Fetch for yourself: this key was not shareable a while ago, or too many wait.
  case goesAlone
}

/// Names one waiter.
package struct FlightTicket: Sendable, Hashable {
  fileprivate let key: [UInt8]
  fileprivate let flight: UInt64
  fileprivate let number: UInt64
}

/// How many fetches and waiters there may be.
package struct FlightLimits: Sendable, Equatable {
  /// Fetches under way that others may join.
  package var flights = 4096
  /// Waiters of one fetch.
  package var waiters = 1024
  /// Keys remembered as not shareable.
  package var lonelyKeys = 4096
  /// For how long a key is remembered as not shareable.
  package var lonelyFor = Milliseconds(10_000)

  package init() {}
}

/// Makes one fetch of many simultaneous misses of one key, across all loops.
///
///     join ─▶ leads ─▶ fetch ─▶ land(stored)    ─▶ waiters look it up
///          ├▶ waits              land(notShared) ─▶ waiters, and all for a while, go alone
///          └▶ goesAlone          lease let go of ─▶ failed: waiters join again
///
/// Joining takes a `LookupPermit`, which no decision has: a decision cannot be collapsed. A waiter
/// never gets the leader's response, only word to look: what it then finds went through
/// `storageDecision` and is selected by its own request.
package final class FlightTable<Waiter: Sendable>: Sendable {
  private struct Flight: Sendable {
    let id: UInt64
    var waiters: [(number: UInt64, waiter: Waiter)] = []
  }

  private struct State: Sendable {
    var flights: [[UInt8]: Flight] = [:]
    var lonely: [[UInt8]: MonotonicTime] = [:]
    var nextNumber: UInt64 = 0

    mutating func takeNumber() -> UInt64 {
      nextNumber &+= 1
      return nextNumber
    }
  }

  private let limits: FlightLimits
  private let wake: @Sendable (Waiter, FlightOutcome) -> Void
  private let state = Mutex(State())

  /// `wake` tells a waiter the outcome; it is called on whichever thread lands the fetch, without a
  /// lock held, and must only post to the waiter's own loop.
  package init(
    limits: FlightLimits = FlightLimits(),
    wake: @escaping @Sendable (Waiter, FlightOutcome) -> Void
  ) {
    self.limits = limits
    self.wake = wake
  }

  /// Joins the fetch of a key, or begins it.
  package func join(
    _ permit: LookupPermit, key: [UInt8], waiter: Waiter, now: MonotonicTime
  ) -> FlightDecision<Waiter> {
    let step = state.withLock { Self.join(&$0, key: key, waiter: waiter, now: now, limits) }
    switch step {
    case .lead(let id): return .leads(FlightLease(table: self, key: key, flight: id))
    case .wait(let ticket): return .waits(ticket)
    case .alone: return .goesAlone
    }
  }

  private enum Step: Sendable {
    case lead(UInt64)
    case wait(FlightTicket)
    case alone
  }

  private static func join(
    _ state: inout State, key: [UInt8], waiter: Waiter, now: MonotonicTime, _ limits: FlightLimits
  ) -> Step {
    if let until = state.lonely[key] {
      if now < until { return .alone }
      state.lonely[key] = nil
    }
    let number = state.takeNumber()
    guard let flight = state.flights[key] else {
      guard state.flights.count < limits.flights else { return .alone }
      state.flights[key] = Flight(id: number)
      return .lead(number)
    }
    guard flight.waiters.count < limits.waiters else { return .alone }
    state.flights[key]?.waiters.append((number, waiter))
    return .wait(FlightTicket(key: key, flight: flight.id, number: number))
  }

  /// Takes a waiter out: its client went away, or it has waited long enough. Says whether it was
  /// still waiting; when not, it has been or is being woken.
  @discardableResult
  package func leave(_ ticket: FlightTicket) -> Bool {
    state.withLock { state in
      guard let flight = state.flights[ticket.key], flight.id == ticket.flight,
        let index = flight.waiters.firstIndex(where: { $0.number == ticket.number })
      else { return false }
      state.flights[ticket.key]?.waiters.remove(at: index)
      return true
    }
  }

  fileprivate func land(
    key: [UInt8], flight id: UInt64, outcome: FlightOutcome, now: MonotonicTime?
  ) {
    let waiters = state.withLock { state -> [Waiter] in
      guard let flight = state.flights[key], flight.id == id else { return [] }
      state.flights[key] = nil
      if outcome == .notShared, let now {
        Self.remember(key, in: &state, now: now, limits)
      }
      return flight.waiters.map(\.waiter)
    }
    for waiter in waiters { wake(waiter, outcome) }
  }

  private static func remember(
    _ key: [UInt8], in state: inout State, now: MonotonicTime, _ limits: FlightLimits
  ) {
    if state.lonely.count >= limits.lonelyKeys {
      state.lonely = state.lonely.filter { now < $0.value }
      // Forgetting one costs no more than one collapse that comes to nothing.
      if state.lonely.count >= limits.lonelyKeys { state.lonely.removeAll() }
    }
    state.lonely[key] = now.advanced(by: limits.lonelyFor)
  }

  /// Fetches under way and waiters, for metrics and tests.
  package var load: FlightLoad {
    state.withLock { state in
      FlightLoad(
        flights: state.flights.count,
        waiters: state.flights.values.reduce(0) { $0 + $1.waiters.count })
    }
  }
}

/// How much is going on in a flight table.
package struct FlightLoad: Sendable, Equatable {
  package let flights: Int
  package let waiters: Int

  package init(flights: Int, waiters: Int) {
    self.flights = flights
    self.waiters = waiters
  }
}

/// The duty to fetch a key that others may be waiting for. Belongs to one exchange: not `Sendable`.
///
/// Land it as soon as it is known whether the response is stored. A lease that is let go of lands
/// as failed, so that nobody waits for nothing.
package final class FlightLease<Waiter: Sendable> {
  private let table: FlightTable<Waiter>
  private let key: [UInt8]
  private let flight: UInt64
  private var hasLanded = false

  fileprivate init(table: FlightTable<Waiter>, key: [UInt8], flight: UInt64) {
    self.table = table
    self.key = key
    self.flight = flight
  }

  /// Tells the waiters. Only the first landing counts.
  package func land(_ outcome: FlightOutcome, now: MonotonicTime) {
    guard !hasLanded else { return }
    hasLanded = true
    table.land(key: key, flight: flight, outcome: outcome, now: now)
  }

  deinit {
    if !hasLanded { table.land(key: key, flight: flight, outcome: .failed, now: nil) }
  }
}

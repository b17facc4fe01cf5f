package import CachePolicy
package import HTTPModel
package import Primitives
internal import Synchronization

/// How a fetch that others may wait for ended.
package enum FlightOutcome: Sendable, Hashable {
  /// The response is in the store, or was given to all who waited: look it up.
  case stored
  /// The response may not be shared: every waiter fetches for itself, at once, and so does
  /// everybody who asks for this key in the next while.
  case notShared
  /// The origin failed: another waiter leads, a few times; then every waiter is on its own.
  case failed
  /// The leader gave up for a reason of its own, its client went away for one: another waiter
  /// leads.
  case abandoned
}

/// What a waiter is told, on whichever thread it happens.
package enum FlightNews<Waiter: Sendable>: Sendable {
  /// The response arrives and may be stored: answer from it where `isSelected` and `reuseDecision`
  /// allow it, else join again (not selected) or fetch for yourself (not reusable).
  case opened(SharedResponse)
  /// The leader is gone: fetch, the lease is yours now.
  case leads(FlightLease<Waiter>)
  /// `.stored`: look it up. Anything else: fetch for yourself.
  case landed(FlightOutcome)
}

/// What a miss does next.
package enum FlightDecision<Waiter: Sendable>: Sendable {
  /// Fetch; open the lease when the response may be stored, land it when the outcome is known.
  case leads(FlightLease<Waiter>)
  /// Somebody fetches already; the waiter is told. Leave with the ticket when it stops waiting.
  case waits(FlightTicket)
  /// The response arrives already and this request selects it: treat it like `.opened`.
  case follows(SharedResponse)
  /// Fetch for yourself: this key was not shareable a while ago, or too many wait.
  case goesAlone
}

/// Names one waiter.
package struct FlightTicket: Sendable, Hashable {
  fileprivate let flight: UInt64
  fileprivate let number: UInt64
}

/// How many fetches and waiters there may be.
package struct FlightLimits: Sendable, Equatable {
  /// Fetches under way that others may join.
  package var flights = 4096
  /// Waiters of one fetch.
  package var waiters = 1024
  /// How many keys are remembered as not shareable, rounded up to a power of two.
  package var lonelyKeys = 4096
  /// For how long a key is remembered as not shareable.
  package var lonelyFor = Milliseconds(10_000)
  /// How many leaders of one fetch may fail before all its waiters are on their own.
  package var failures = 2

  package init() {}
}

/// Makes one fetch of many simultaneous misses of one key, across all loops.
///
///     join ─▶ leads ─▶ fetch ─┬▶ open(response) ─▶ waiters told, later ones follow ─▶ land(stored)
///          ├▶ waits           ├▶ land(notShared) ─▶ waiters, and all for a while, go alone
///          ├▶ follows         └▶ land(failed), or the lease let go of ─▶ a waiter leads
///          └▶ goesAlone
///
/// Joining takes a `LookupPermit`, which no decision has, and opening a response that only a
/// `StoreWriter` can give: a decision can be neither waited for nor shared. A fetch that began
/// before its key was invalidated is not joined by who comes after.
package final class FlightTable<Waiter: Sendable>: Sendable {
  private struct Member: Sendable {
    let number: UInt64
    let waiter: Waiter
  }

  private struct Flight: Sendable {
    let key: [UInt8]
    /// Whether a part is fetched, and not the whole.
    let isPart: Bool
    let moment: StoreMoment
    var opened: SharedResponse?
    var members: [Member] = []
    var failures = 0
  }

  private struct State: Sendable {
    /// By number. One that was overtaken by an invalidation stays here for its waiters.
    var flights: [UInt64: Flight] = [:]
    /// The flight that a key's next asker joins.
    var current: [[UInt8]: UInt64] = [:]
    var lonely: LonelyKeys
    var nextNumber: UInt64 = 0

    mutating func takeNumber() -> UInt64 {
      nextNumber &+= 1
      return nextNumber
    }

    mutating func end(_ number: UInt64) -> Flight? {
      guard let flight = flights.removeValue(forKey: number) else { return nil }
      if current[flight.key] == number { current[flight.key] = nil }
      return flight
    }
  }

  private let limits: FlightLimits
  private let seed: HashSeed
  private let tell: @Sendable (Waiter, FlightNews<Waiter>) -> Void
  private let state: Mutex<State>

  /// `tell` gives a waiter its news; it is called on whichever thread makes them, without a lock
  /// held, and must only post to the waiter's own loop.
  package init(
    limits: FlightLimits = FlightLimits(), seed: HashSeed = .random(),
    tell: @escaping @Sendable (Waiter, FlightNews<Waiter>) -> Void
  ) {
    self.limits = limits
    self.seed = seed
    self.tell = tell
    state = Mutex(State(lonely: LonelyKeys(count: limits.lonelyKeys)))
  }

  // MARK: Joining

  /// Joins the fetch of a key, or begins it.
  ///
  /// `moment` is that of the lookup that found nothing usable (`CacheStore.moment`). Who wants a
  /// `part` joins the fetch of the whole where there is one, else that of the same part: what of
  /// the request says which, empty for the whole.
  package func join(
    _ permit: LookupPermit, key whole: [UInt8], part: [UInt8] = [], request: RequestHead,
    waiter: Waiter, moment: StoreMoment, now: MonotonicTime
  ) -> FlightDecision<Waiter> {
    let step = state.withLock { state -> Step in
      let number = state.takeNumber()
      let member = Member(number: number, waiter: waiter)
      let isPart = !part.isEmpty && !isUnderWay(state, whole, since: moment)
      let asker = Asker(
        request: request, moment: moment, member: member, isPart: isPart, now: now)
      if isPart, isLonely(state, whole, now) { return .alone }
      let key = isPart ? Self.key(whole, part: part) : whole
      if let step = join(&state, key: key, asker) { return step }
      // Another variant is on its way: with those of the same values in the fields it varies by.
      guard let open = state.current[key].flatMap({ state.flights[$0]?.opened }) else {
        return .alone
      }
      let values = open.storable.vary.values(of: request.fields)
      return join(&state, key: Self.key(key, values: values), asker) ?? .alone
    }
    switch step {
    case .lead(let id, let isPart):
      return .leads(FlightLease(table: self, flight: id, isPart: isPart))
    case .wait(let ticket): return .waits(ticket)
    case .follow(let response): return .follows(response)
    case .alone: return .goesAlone
    }
  }

  private enum Step: Sendable {
    case lead(UInt64, isPart: Bool)
    case wait(FlightTicket)
    case follow(SharedResponse)
    case alone
  }

  private struct Asker {
    let request: RequestHead
    let moment: StoreMoment
    let member: Member
    let isPart: Bool
    let now: MonotonicTime
  }

  private func isUnderWay(_ state: State, _ key: [UInt8], since moment: StoreMoment) -> Bool {
    state.current[key].flatMap { state.flights[$0] }?.moment == moment
  }

  private func isLonely(_ state: State, _ key: [UInt8], _ now: MonotonicTime) -> Bool {
    state.lonely.contains(KeyHash.hash(key.span, seed: seed), now: now)
  }

  /// Nil where a response is on its way that the request does not select.
  private func join(_ state: inout State, key: [UInt8], _ asker: Asker) -> Step? {
    guard !isLonely(state, key, asker.now) else { return .alone }
    let number = asker.member.number
    guard let id = state.current[key], let flight = state.flights[id],
      flight.moment == asker.moment
    else {
      guard state.flights.count < limits.flights else { return .alone }
      state.flights[number] = Flight(key: key, isPart: asker.isPart, moment: asker.moment)
      state.current[key] = number
      return .lead(number, isPart: asker.isPart)
    }
    if let response = flight.opened {
      return response.isSelected(by: asker.request) ? .follow(response) : nil
    }
    guard flight.members.count < limits.waiters else { return .alone }
    state.flights[id]?.members.append(asker.member)
    return .wait(FlightTicket(flight: id, number: number))
  }

  /// The key of a flight for one variant; no cache key begins like it.
  private static func key(_ key: [UInt8], values: VaryKey) -> [UInt8] {
    self.key(0xFF, key, values.bytes)
  }

  /// The key of a flight for a part; no cache key begins like it.
  private static func key(_ key: [UInt8], part: [UInt8]) -> [UInt8] { self.key(0xFE, key, part) }

  private static func key(_ mark: UInt8, _ key: [UInt8], _ rest: [UInt8]) -> [UInt8] {
    var whole: [UInt8] = [mark]
    for shift in 0..<4 { whole.append(UInt8(truncatingIfNeeded: key.count >> (shift * 8))) }
    return whole + key + rest
  }

  /// Takes a waiter out: its client went away, or it has waited long enough. Says whether it was
  /// still waiting; when not, it has been told or is being told.
  @discardableResult
  package func leave(_ ticket: FlightTicket) -> Bool {
    state.withLock { state in
      guard
        let index = state.flights[ticket.flight]?.members
          .firstIndex(where: { $0.number == ticket.number })
      else { return false }
      state.flights[ticket.flight]?.members.remove(at: index)
      return true
    }
  }

  // MARK: Leading

  fileprivate func open(_ id: UInt64, _ response: SharedResponse) {
    let members = state.withLock { state -> [Member] in
      guard let flight = state.flights[id], flight.opened == nil else { return [] }
      state.flights[id]?.opened = response
      state.flights[id]?.members = []
      return flight.members
    }
    for member in members { tell(member.waiter, .opened(response)) }
  }

  fileprivate func land(_ id: UInt64, _ outcome: FlightOutcome, now: MonotonicTime?) {
    let step = state.withLock { state -> Landing in
      switch outcome {
      case .failed, .abandoned:
        return Self.handOver(&state, id, isFailure: outcome == .failed, limits: limits)
      case .stored, .notShared:
        guard let flight = state.end(id) else { return .over([]) }
        if outcome == .notShared, let now {
          let hash = KeyHash.hash(flight.key.span, seed: seed)
          state.lonely.insert(hash, until: now.advanced(by: limits.lonelyFor))
        }
        return .over(flight.members)
      }
    }
    switch step {
    case .over(let members):
      for member in members { tell(member.waiter, .landed(outcome)) }
    case .next(let member, let isPart):
      tell(member.waiter, .leads(FlightLease(table: self, flight: id, isPart: isPart)))
    }
  }

  private enum Landing: Sendable {
    case over([Member])
    case next(Member, isPart: Bool)
  }

  /// Gives the duty to fetch to the waiter that has waited longest.
  private static func handOver(
    _ state: inout State, _ id: UInt64, isFailure: Bool, limits: FlightLimits
  ) -> Landing {
    guard var flight = state.flights[id] else { return .over([]) }
    flight.failures += isFailure ? 1 : 0
    guard !flight.members.isEmpty, flight.failures < limits.failures else {
      return .over(state.end(id)?.members ?? [])
    }
    let member = flight.members.removeFirst()
    state.flights[id] = flight
    return .next(member, isPart: flight.isPart)
  }

  /// Fetches under way and waiters, for metrics and tests.
  package var load: FlightLoad {
    state.withLock { state in
      FlightLoad(
        flights: state.flights.count,
        waiters: state.flights.values.reduce(0) { $0 + $1.members.count })
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

/// The duty to fetch a key that others may be waiting for.
///
/// Open it when the response may be stored, land it as soon as the outcome is known. A lease that
/// is let go of lands as abandoned, so that nobody waits for nothing. Handed from thread to thread,
/// used by one at a time.
package final class FlightLease<Waiter: Sendable>: Sendable {
  private let table: FlightTable<Waiter>
  private let flight: UInt64
  /// Whether those who wait want the same part, and not the whole.
  package let isPart: Bool
  private let hasLanded = Atomic<Bool>(false)

  fileprivate init(table: FlightTable<Waiter>, flight: UInt64, isPart: Bool) {
    self.table = table
    self.flight = flight
    self.isPart = isPart
  }

  /// Lets waiters, and who comes from now on, have the response while it arrives. For responses
  /// that `storageDecision` made storable and that `reuseDecision` finds fresh; land all others as
  /// `.notShared`.
  package func open(_ response: SharedResponse) { table.open(flight, response) }

  /// Tells the waiters. Only the first landing counts.
  package func land(_ outcome: FlightOutcome, now: MonotonicTime) {
    guard !hasLanded.exchange(true, ordering: .relaxed) else { return }
    table.land(flight, outcome, now: now)
  }

  deinit {
    if !hasLanded.load(ordering: .relaxed) { table.land(flight, .abandoned, now: nil) }
  }
}

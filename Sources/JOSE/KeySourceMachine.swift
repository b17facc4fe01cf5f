package import Primitives

/// When keys are fetched again, and how long they serve when they cannot be.
package struct KeySourceLimits: Hashable, Sendable {
  /// How long fetched keys are taken for current where the answer says nothing of it. Nil: they
  /// are current until somebody asks for them to be read again, as a file's are.
  package let refreshAfter: Milliseconds?
  /// What the answer says of its freshness is held to this range.
  package let leastFreshness: Milliseconds
  package let mostFreshness: Milliseconds
  /// The least time between two fetches for the sake of an unknown `kid`: whoever invents names
  /// costs us no more than this. Nil: an unknown name never causes a fetch.
  package let unknownKeyInterval: Milliseconds?
  /// How long keys serve after the last fetch that worked; then every verdict is refused. Nil: for
  /// ever, as a file's do.
  package let maximumAge: Milliseconds?
  /// The first wait after a failure; each further failure doubles it, up to `mostRetry`.
  package let leastRetry: Milliseconds
  package let mostRetry: Milliseconds
  /// How long a fetch may take before it counts as failed.
  package let fetchTimeout: Milliseconds

  package init(
    refreshAfter: Milliseconds? = Milliseconds(600_000),
    leastFreshness: Milliseconds = Milliseconds(60_000),
    mostFreshness: Milliseconds = Milliseconds(86_400_000),
    unknownKeyInterval: Milliseconds? = Milliseconds(30_000),
    maximumAge: Milliseconds? = Milliseconds(86_400_000),
    leastRetry: Milliseconds = Milliseconds(1_000),
    mostRetry: Milliseconds = Milliseconds(60_000),
    fetchTimeout: Milliseconds = Milliseconds(10_000)
  ) {
    self.refreshAfter = refreshAfter
    self.leastFreshness = leastFreshness
    self.mostFreshness = max(mostFreshness, leastFreshness)
    self.unknownKeyInterval = unknownKeyInterval
    self.maximumAge = maximumAge
    self.leastRetry = leastRetry
    self.mostRetry = max(mostRetry, leastRetry)
    self.fetchTimeout = fetchTimeout
  }

  /// A file: read at the start and when it is asked for, good until then.
  package static let file = KeySourceLimits(
    refreshAfter: nil, unknownKeyInterval: nil, maximumAge: nil)
}

/// What the keys of a source are good for at a moment.
package enum KeyStanding: String, Hashable, Sendable {
  /// Nothing was fetched yet: verdicts are refused.
  case never = "keys-never-fetched"
  case current = "keys-current"
  /// They should have been fetched again and could not be; they serve on.
  case old = "keys-old"
  /// They are older than the maximal age: verdicts are refused.
  case expired = "keys-expired"

  /// Whether verdicts may be verified with the keys.
  package var serves: Bool { self == .current || self == .old }
}

/// Decides when the keys of one source are fetched, and for how long they serve (RFC 7517 §5, by
/// URL or from a file). Fetches nothing itself.
///
/// ```
///                 begin, due, unknown kid, reload
///   idle(due) ─────────────────────────────────────▶ fetching(deadline)
///      ▲                                                  │
///      └───────────── fetched, failed, deadline ──────────┘
/// ```
///
/// One fetch is under way at most. Every event answers with what to do now; the owner carries it
/// out, sets one timer for `wake`, and hands the keys to who verifies. Belongs to one loop.
package struct KeySourceMachine: ~Copyable {
  /// What the owner does now.
  package enum Action: Hashable, Sendable {
    /// Fetch, and report by `fetched` or `failed` with this number; call `woke` at `deadline`.
    case fetch(number: UInt64, deadline: MonotonicTime)
    /// Call `woke` at this time.
    case wait(until: MonotonicTime)
    /// There is nothing to do, and no timer to set.
    case rest
  }

  /// What an unknown `kid` led to.
  package enum UnknownKeyOutcome: Hashable, Sendable {
    /// Fetch for it, as `Action.fetch`: the token may be tried again when it is there.
    case fetch(number: UInt64, deadline: MonotonicTime)
    /// A fetch is under way: the token may be tried again when it is there.
    case underWay
    /// The last fetch was too short a while ago: the token is refused now.
    case limited(until: MonotonicTime)
    /// This source is not fetched for unknown names: the token is refused now.
    case refused
  }

  private enum State {
    case idle(due: MonotonicTime?)
    case fetching(number: UInt64, deadline: MonotonicTime, again: Bool)
  }

  private struct Held {
    let keys: KeySet
    let fetchedAt: MonotonicTime
    let freshUntil: MonotonicTime?
  }

  private let limits: KeySourceLimits
  private var state = State.idle(due: nil)
  private var held: Held?
  private var failures = 0
  private var number: UInt64 = 0
  private var lastFetch: MonotonicTime?

  package init(limits: KeySourceLimits) { self.limits = limits }

  // MARK: Questions

  /// The keys that may be used now: those of the last fetch that worked, or none, when it never
  /// did or is too long ago.
  package func keys(at now: MonotonicTime) -> KeySet {
    guard standing(at: now).serves, let held else { return .empty }
    return held.keys
  }

  package func standing(at now: MonotonicTime) -> KeyStanding {
    guard let held else { return .never }
    if let maximumAge = limits.maximumAge, now >= held.fetchedAt.advanced(by: maximumAge) {
      return .expired
    }
    if let freshUntil = held.freshUntil, now >= freshUntil { return .old }
    return .current
  }

  // MARK: Events

  /// The source is put to use.
  package mutating func begin(at now: MonotonicTime) -> Action { fetch(at: now) }

  /// Somebody asks that the keys be read again (`SIGHUP`, a file that changed). A fetch under way
  /// may have read what was there before, so another one follows it.
  package mutating func reload(at now: MonotonicTime) -> Action {
    switch state {
    case .idle: return fetch(at: now)
    case .fetching(let number, let deadline, _):
      state = .fetching(number: number, deadline: deadline, again: true)
      return .wait(until: deadline)
    }
  }

  /// A token names a key that the set does not have.
  package mutating func keyIsUnknown(at now: MonotonicTime) -> UnknownKeyOutcome {
    guard let interval = limits.unknownKeyInterval else { return .refused }
    switch state {
    case .fetching: return .underWay
    case .idle(let due):
      // After failures the due time is a wait that unknown names must not cut short.
      var earliest = lastFetch?.advanced(by: interval) ?? now
      if failures > 0, let due { earliest = max(earliest, due) }
      guard now >= earliest else { return .limited(until: earliest) }
      guard case .fetch(let number, let deadline) = fetch(at: now) else { return .refused }
      return .fetch(number: number, deadline: deadline)
    }
  }

  /// The time of `wait`, or the deadline of a fetch, has come. Too early a call does no harm.
  package mutating func woke(at now: MonotonicTime) -> Action {
    switch state {
    case .idle(nil): return .rest
    case .idle(let due?): return now >= due ? fetch(at: now) : .wait(until: due)
    case .fetching(let number, let deadline, _):
      return now >= deadline ? failed(number: number, at: now) : .wait(until: deadline)
    }
  }

  /// A set was fetched and could be read. It takes the place of the old one whole: what it does
  /// not hold any more is not trusted any more, an empty set included.
  ///
  /// - Parameter freshFor: What the answer says of its freshness (`Cache-Control: max-age`).
  /// - Returns: What to do next; a number of an earlier fetch changes nothing.
  package mutating func fetched(
    _ keys: KeySet, number: UInt64, freshFor: Milliseconds? = nil, at now: MonotonicTime
  ) -> Action {
    guard case .fetching(let expected, _, let again) = state, expected == number else {
      return next
    }
    let freshness = limits.refreshAfter.map { standard in
      min(max(freshFor ?? standard, limits.leastFreshness), limits.mostFreshness)
    }
    let freshUntil = freshness.map { now.advanced(by: $0) }
    held = Held(keys: keys, fetchedAt: now, freshUntil: freshUntil)
    failures = 0
    state = .idle(due: freshUntil)
    return again ? fetch(at: now) : next
  }

  /// A fetch failed: no answer, a status other than 200, or a set that cannot be read. The old keys
  /// serve on.
  package mutating func failed(number: UInt64, at now: MonotonicTime) -> Action {
    guard case .fetching(let expected, _, let again) = state, expected == number else {
      return next
    }
    failures += 1
    // A file is not tried again by itself.
    let isRetried = limits.refreshAfter != nil
    state = .idle(due: isRetried ? now.advanced(by: retryWait) : nil)
    return again ? fetch(at: now) : next
  }

  // MARK: Steps

  private var next: Action {
    switch state {
    case .idle(nil): .rest
    case .idle(let due?): .wait(until: due)
    case .fetching(_, let deadline, _): .wait(until: deadline)
    }
  }

  private var retryWait: Milliseconds {
    let doublings = min(max(failures - 1, 0), 20)
    return min(Milliseconds(limits.leastRetry.count << Int64(doublings)), limits.mostRetry)
  }

  private mutating func fetch(at now: MonotonicTime) -> Action {
    if case .fetching = state { return next }
    number += 1
    lastFetch = now
    let deadline = now.advanced(by: limits.fetchTimeout)
    state = .fetching(number: number, deadline: deadline, again: false)
    return .fetch(number: number, deadline: deadline)
  }
}

package import Primitives

/// What a replay memory knows an identifier by: 128 bits of a keyed digest of the kind, the route
/// and the value, made by the caller. The value itself is not kept.
package struct ReplayKey: Hashable, Sendable {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

/// What the memory says of an identifier.
package enum ReplayAnswer: Hashable, Sendable {
  /// Never seen within the lifetime; from now on it is.
  case first
  /// Seen before within the lifetime (REP-01).
  case repeated
  /// Not seen, and there is no room to remember it: it cannot be shown to serve once. The caller
  /// refuses, or reports that replay was not tested; forgetting an older one instead would let that
  /// one serve twice.
  case full
}

/// Remembers identifiers of responses for at least their lifetime, so that each serves once.
///
/// Two generations, each one lifetime long; the older one goes at once when its time is over, so
/// that forgetting costs nothing an exchange:
///
///     ├── previous ──┼── current ──┤ now
///          read           read, written
///
/// An identifier is thus remembered for one to two lifetimes.
package struct ReplayMemory: ~Copyable {
  package let capacity: Int
  package let lifetime: Milliseconds
  private var current: Set<ReplayKey> = []
  private var previous: Set<ReplayKey> = []
  private var currentEnds: MonotonicTime?

  /// Room for `capacity` identifiers in both generations together, at least one; some 40 bytes
  /// each, taken as they come.
  package init(capacity: Int, lifetime: Milliseconds) {
    self.capacity = max(capacity, 1)
    self.lifetime = lifetime
  }

  /// How many identifiers are remembered.
  package var count: Int { current.count + previous.count }

  /// Asks about an identifier and remembers it. A clock that stands still is not an error; one that
  /// goes back only makes identifiers stay longer.
  package mutating func see(_ key: ReplayKey, at now: MonotonicTime) -> ReplayAnswer {
    turn(at: now)
    if current.contains(key) || previous.contains(key) { return .repeated }
    guard count < capacity else { return .full }
    current.insert(key)
    return .first
  }

  private mutating func turn(at now: MonotonicTime) {
    guard let ends = currentEnds else {
      currentEnds = now.advanced(by: lifetime)
      return
    }
    guard now >= ends else { return }
    // After a whole lifetime of silence nothing that was remembered is young enough to stay.
    previous = now >= ends.advanced(by: lifetime) ? [] : current
    current = []
    currentEnds = now.advanced(by: lifetime)
  }
}

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

/// In which sense a value serves once.
package enum ReplayClaim: Hashable, Sendable {
  /// It serves one exchange and no other.
  case once
  /// It serves whoever first had it, known by a keyed digest of his credentials, and nobody else.
  case heldBy(ReplayKey)
  /// It cannot come again in answer to a request that was sent later than `grace` after it came
  /// first: a reply with the date of a clock that has moved on since.
  case dated(sentAt: MonotonicTime, grace: Milliseconds)
}

/// What the memory says of an identifier.
package enum ReplayAnswer: Hashable, Sendable {
  /// Never seen within the lifetime, or seen in a way the claim permits; from now on it is.
  case first
  /// Seen before within the lifetime, against the claim (REP-01 to REP-03).
  case repeated
  /// Not seen, and there is no room to remember it: it cannot be shown to serve once. The caller
  /// refuses, or reports that replay was not tested; forgetting an older one instead would let that
  /// one serve twice.
  case full
}

/// Remembers identifiers of responses until each one's own end, so that each serves once.
///
///     key ─▶ entry: who holds it, since when, until when
///     ends: a heap of the same keys, the next to end on top
///
/// An entry goes when its end is over, a few with each call, so that no caller pays for many. There
/// are never more than `capacity`; some 90 bytes each, taken as they come. Not for several threads:
/// whoever shares it guards it.
package struct ReplayMemory: ~Copyable {
  /// How many entries whose time is over one call clears away at most.
  package static let clearedAtOnce = 4

  package let capacity: Int
  private var entries: [ReplayKey: ReplayEntry] = [:]
  private var ends = ReplayEnds()

  /// Room for `capacity` identifiers, at least one.
  package init(capacity: Int) {
    self.capacity = max(capacity, 1)
  }

  /// How many identifiers are remembered, those counted whose time is over and which no call has
  /// cleared yet.
  package var count: Int { entries.count }

  /// Asks about an identifier and remembers it until `end`. A clock that stands still is not an
  /// error; one that goes back only makes identifiers stay longer. An end that is not to come is
  /// not remembered.
  package mutating func see(
    _ key: ReplayKey, as claim: ReplayClaim = .once, at now: MonotonicTime, until end: MonotonicTime
  ) -> ReplayAnswer {
    clear(at: now)
    if let known = entries[key] {
      guard known.end <= now else { return meet(known, key, as: claim, until: end) }
      // Its end is over, the clearing only has not come to it.
      entries[key] = ReplayEntry(claim, since: now, until: end)
      return .first
    }
    guard end > now else { return .first }
    guard entries.count < capacity else { return .full }
    entries[key] = ReplayEntry(claim, since: now, until: end)
    ends.insert(ReplayEnd(end: end, key: key))
    return .first
  }

  /// An identifier that is known comes again.
  private mutating func meet(
    _ known: ReplayEntry, _ key: ReplayKey, as claim: ReplayClaim, until end: MonotonicTime
  ) -> ReplayAnswer {
    switch claim {
    case .once: return .repeated
    case .heldBy(let holder):
      guard known.holder == holder else { return .repeated }
      if end > known.end { entries[key]?.end = end }
      return .first
    case .dated(let sentAt, let grace):
      return sentAt >= known.since.advanced(by: grace) ? .repeated : .first
    }
  }

  /// Clears a few entries whose end is over; what has been given a later end meanwhile stays.
  private mutating func clear(at now: MonotonicTime) {
    for _ in 0..<Self.clearedAtOnce {
      guard let next = ends.next, next.end <= now else { return }
      ends.removeNext()
      guard let entry = entries[next.key] else { continue }
      if entry.end <= now {
        entries[next.key] = nil
      } else {
        ends.insert(ReplayEnd(end: entry.end, key: next.key))
      }
    }
  }
}

/// What is remembered of one identifier.
private struct ReplayEntry {
  let holder: ReplayKey?
  let since: MonotonicTime
  var end: MonotonicTime

  init(_ claim: ReplayClaim, since: MonotonicTime, until end: MonotonicTime) {
    holder = if case .heldBy(let holder) = claim { holder } else { nil }
    self.since = since
    self.end = end
  }
}

/// When which entry ends.
private struct ReplayEnd {
  let end: MonotonicTime
  let key: ReplayKey
}

/// A binary heap, the earliest end on top; one element for each entry.
private struct ReplayEnds {
  private var heap: [ReplayEnd] = []

  var next: ReplayEnd? { heap.first }

  mutating func insert(_ end: ReplayEnd) {
    heap.append(end)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].end < heap[parent].end else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func removeNext() {
    guard let last = heap.popLast(), !heap.isEmpty else { return }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].end < heap[least].end {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}

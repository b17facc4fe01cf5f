/// A moment by the wall clock: milliseconds since 1970-01-01T00:00:00Z.
///
/// Always an argument on the pure floors; only the loop reads a clock.
package struct WallTime: Hashable, Comparable, Sendable {
  package let milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// A moment at a whole second. Seconds past what milliseconds can hold are clamped.
  package init(secondsSinceEpoch seconds: Int64) {
    let (product, overflowed) = seconds.multipliedReportingOverflow(by: 1000)
    milliseconds = overflowed ? (seconds < 0 ? .min : .max) : product
  }

  /// Whole seconds since the epoch, rounded down.
  package var secondsSinceEpoch: Int64 {
    let quotient = milliseconds / 1000
    return milliseconds % 1000 < 0 ? quotient - 1 : quotient
  }

  package static func < (left: WallTime, right: WallTime) -> Bool {
    left.milliseconds < right.milliseconds
  }
}

/// A moment by a clock that never steps: nanoseconds since an arbitrary start (`CLOCK_MONOTONIC`).
package struct MonotonicTime: Hashable, Comparable, Sendable {
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// Nanoseconds from `earlier` to this moment; 0 when `earlier` is not earlier.
  package func nanoseconds(since earlier: MonotonicTime) -> UInt64 {
    nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
  }

  /// This moment moved on; saturates at the end of the clock.
  package func advanced(by span: Milliseconds) -> MonotonicTime {
    let (product, overflowed) = UInt64(span.count).multipliedReportingOverflow(by: 1_000_000)
    let (sum, carried) = nanoseconds.addingReportingOverflow(product)
    return MonotonicTime(nanoseconds: overflowed || carried ? .max : sum)
  }
}

/// A span of whole seconds, as in `delta-seconds` (RFC 9111 §1.2.2): 0 to 2^31, larger values
/// clamped.
package struct Seconds: Hashable, Comparable, Sendable {
  /// What a larger number of seconds counts as (RFC 9111 §1.2.2).
  package static let maximum = Seconds(2_147_483_648)
  package static let zero = Seconds(0)

  package let count: Int64

  /// Clamped to 0...2^31.
  package init(_ count: Int64) { self.count = min(max(count, 0), 2_147_483_648) }

  package static func < (left: Seconds, right: Seconds) -> Bool { left.count < right.count }

  package var milliseconds: Milliseconds { Milliseconds(count * 1000) }
}

/// A span of milliseconds: 0 or more, negative values clamped to 0.
package struct Milliseconds: Hashable, Comparable, Sendable {
  package static let zero = Milliseconds(0)

  package let count: Int64

  package init(_ count: Int64) { self.count = max(count, 0) }

  package static func < (left: Milliseconds, right: Milliseconds) -> Bool {
    left.count < right.count
  }
}

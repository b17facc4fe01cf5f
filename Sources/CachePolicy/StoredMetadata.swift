package import HTTPModel
package import Primitives

/// What the cache knows about a stored response besides its bytes: all that reuse needs, in plain
/// numbers.
///
/// No references: reading it costs no allocation and no reference count. Positions of the
/// validators point into the stored head (`StoredHead`).
package struct StoredMetadata: Sendable, Equatable {
  /// What the response forbids or offers.
  package struct Flags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Validated before each use (`no-cache`).
    package static let noCache = Flags(rawValue: 1 << 0)
    /// Never served stale: `must-revalidate`, `proxy-revalidate` or `s-maxage` (RFC 9111 §4.2.4).
    package static let mustRevalidate = Flags(rawValue: 1 << 1)
    /// `immutable` (RFC 8246).
    package static let immutable = Flags(rawValue: 1 << 2)
    /// The condition moment is that of `Last-Modified`, not of `Date`.
    package static let hasLastModified = Flags(rawValue: 1 << 3)
    /// The request that fetched it carried `Authorization`.
    package static let authorized = Flags(rawValue: 1 << 4)
  }

  /// When the response's head had arrived.
  package let receivedAt: WallTime
  /// `corrected_initial_age` (RFC 9111 §4.2.3).
  package let initialAge: Milliseconds
  /// What `If-Modified-Since` is compared with: `Last-Modified`, else `Date`, else the arrival.
  package let modifiedAt: WallTime
  private let lifetimeSeconds: UInt32
  private let staleWhileRevalidateSeconds: UInt32
  private let staleIfErrorSeconds: UInt32
  private let entityTagStart: UInt32
  private let entityTagLength: UInt16
  private let lastModifiedLength: UInt16
  private let lastModifiedStart: UInt32
  package let status: Status
  package let flags: Flags
  /// Where the lifetime comes from.
  package let freshnessSource: FreshnessSource

  init(
    status: Status, flags: Flags, times: ArrivalTimes, modifiedAt: WallTime,
    freshness: Freshness, staleWhileRevalidate: Seconds, staleIfError: Seconds,
    validators: StoredHead.ValidatorRanges
  ) {
    self.status = status
    self.flags = flags
    receivedAt = times.receivedAt
    initialAge = times.initialAge
    self.modifiedAt = modifiedAt
    lifetimeSeconds = UInt32(clamping: freshness.lifetime.count)
    freshnessSource = freshness.source
    staleWhileRevalidateSeconds = UInt32(clamping: staleWhileRevalidate.count)
    staleIfErrorSeconds = UInt32(clamping: staleIfError.count)
    entityTagStart = UInt32(clamping: validators.entityTag.lowerBound)
    entityTagLength = UInt16(clamping: validators.entityTag.count)
    lastModifiedStart = UInt32(clamping: validators.lastModified.lowerBound)
    lastModifiedLength = UInt16(clamping: validators.lastModified.count)
  }

  /// `freshness_lifetime` (RFC 9111 §4.2.1), after the operator's maximum.
  package var lifetime: Seconds { Seconds(Int64(lifetimeSeconds)) }
  /// How long past its lifetime it may be served while it is validated; 0 when it may not.
  package var staleWhileRevalidate: Seconds { Seconds(Int64(staleWhileRevalidateSeconds)) }
  /// How long past its lifetime it may stand in for a failing origin; 0 when it may not.
  package var staleIfError: Seconds { Seconds(Int64(staleIfErrorSeconds)) }

  /// Where the value of `ETag` stands in the stored head; empty when there is none that is well
  /// formed.
  package var entityTagRange: Range<Int> {
    Int(entityTagStart)..<Int(entityTagStart) + Int(entityTagLength)
  }
  /// Where the value of `Last-Modified` stands in the stored head; empty when there is none.
  package var lastModifiedRange: Range<Int> {
    Int(lastModifiedStart)..<Int(lastModifiedStart) + Int(lastModifiedLength)
  }
  /// Whether the origin can be asked if it still holds (RFC 9111 §4.3.1).
  package var hasValidator: Bool { entityTagLength > 0 || lastModifiedLength > 0 }

  /// `current_age` (RFC 9111 §4.2.3), to the millisecond. A clock stepped back counts as no time
  /// passed.
  package func currentAge(at now: WallTime) -> Milliseconds {
    let (elapsed, overflowed) = now.milliseconds.subtractingReportingOverflow(
      receivedAt.milliseconds)
    let resident = overflowed ? Seconds.maximum.milliseconds.count : max(elapsed, 0)
    let (sum, carried) = initialAge.count.addingReportingOverflow(resident)
    return Milliseconds(carried ? .max : sum)
  }
}

/// A response that passed `storageDecision`, ready for the store.
///
/// Only this target can make one: what classification found to be a decision never becomes
/// storable.
package struct StorableResponse: Sendable, Equatable {
  package let metadata: StoredMetadata
  /// What of the request selected this response; empty when `Vary` is absent.
  package let vary: VaryKey
  /// The serialised head, its last field line included, without the empty line and without
  /// `Content-Length`, `Age` and what concerns one connection.
  package let head: [UInt8]
}

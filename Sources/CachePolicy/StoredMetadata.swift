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
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

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
    /// Only a part of the content is held, the annex says which: never an answer before
    /// `rangeDecision` was asked.
    package static let partial = Flags(rawValue: 1 << 5)
    /// The annex has labels to be removed by.
    package static let labelled = Flags(rawValue: 1 << 6)
    /// The annex has a `No-Vary-Search` rule, and the response is stored under the key that it
    /// makes.
    package static let variesBySearch = Flags(rawValue: 1 << 7)
    /// Fetched by POST (RFC 9110 §9.3.3).
    package static let fromPost = Flags(rawValue: 1 << 8)
  }

  /// When the response's head had arrived.
  package let receivedAt: WallTime
  /// `corrected_initial_age` (RFC 9111 §4.2.3).
  package let initialAge: Milliseconds
  /// What `If-Modified-Since` is compared with: `Last-Modified`, else `Date`, else the arrival.
  package let modifiedAt: WallTime
  private var lifetimeSeconds: UInt32
  private let staleWhileRevalidateSeconds: UInt32
  private let staleIfErrorSeconds: UInt32
  private let entityTagStart: UInt32
  private let entityTagLength: UInt16
  private let lastModifiedLength: UInt16
  private let lastModifiedStart: UInt32
  package let status: Status
  package private(set) var flags: Flags
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

  func adding(_ flags: Flags) -> StoredMetadata {
    var copy = self
    copy.flags.formUnion(flags)
    return copy
  }

  /// The same response with a lifetime that ends at a moment, if it lasts that long: for a purge
  /// that asks for validation.
  package func endingFreshness(at now: WallTime) -> StoredMetadata {
    var ended = self
    ended.lifetimeSeconds = min(lifetimeSeconds, UInt32(clamping: currentAge(at: now).count / 1000))
    return ended
  }

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

// MARK: As bytes

extension StoredMetadata {
  /// How long the encoded form is.
  package static let encodedCount = 56

  /// All of it as bytes, numbers with the lowest byte first: for a store that outlives the process.
  ///
  ///     received │ initial age │ modified │ lifetime │ while revalidating │ if error
  ///     8          8             8          4          4                    4
  ///     tag at │ last modified at │ their lengths │ status │ flags │ source │ zeros
  ///     4        4                  2 and 2         2        2       1        3
  package func encode(to bytes: inout [UInt8]) {
    let start = bytes.count
    for number in [receivedAt.milliseconds, initialAge.count, modifiedAt.milliseconds] {
      Self.append(UInt64(bitPattern: number), 8, to: &bytes)
    }
    for number in [
      lifetimeSeconds, staleWhileRevalidateSeconds, staleIfErrorSeconds, entityTagStart,
      lastModifiedStart,
    ] { Self.append(UInt64(number), 4, to: &bytes) }
    for number in [entityTagLength, lastModifiedLength, status.code, flags.rawValue] {
      Self.append(UInt64(number), 2, to: &bytes)
    }
    bytes.append(freshnessSource.rawValue)
    while bytes.count - start < Self.encodedCount { bytes.append(0) }
  }

  private static func append(_ number: UInt64, _ count: Int, to bytes: inout [UInt8]) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8))) }
  }

  /// Reads the encoded form back; nil where it is none, or speaks of more than a head of
  /// `headCount` bytes has.
  package init?(encoded bytes: Span<UInt8>, headCount: Int) {
    guard bytes.count == Self.encodedCount else { return nil }
    func number(_ start: Int, _ count: Int) -> UInt64 {
      var number: UInt64 = 0
      for index in (0..<count).reversed() { number = number << 8 | UInt64(bytes[start + index]) }
      return number
    }
    func short(_ start: Int) -> UInt16 { UInt16(truncatingIfNeeded: number(start, 2)) }
    func long(_ start: Int) -> UInt32 { UInt32(truncatingIfNeeded: number(start, 4)) }
    guard let source = FreshnessSource(rawValue: bytes[52]) else { return nil }
    receivedAt = WallTime(milliseconds: Int64(bitPattern: number(0, 8)))
    initialAge = Milliseconds(Int64(bitPattern: number(8, 8)))
    modifiedAt = WallTime(milliseconds: Int64(bitPattern: number(16, 8)))
    lifetimeSeconds = long(24)
    staleWhileRevalidateSeconds = long(28)
    staleIfErrorSeconds = long(32)
    entityTagStart = long(36)
    lastModifiedStart = long(40)
    entityTagLength = short(44)
    lastModifiedLength = short(46)
    status = Status(short(48))
    flags = Flags(rawValue: short(50))
    freshnessSource = source
    guard entityTagRange.upperBound <= headCount, lastModifiedRange.upperBound <= headCount,
      (200..<600).contains(status.code)
    else { return nil }
  }

  /// The same response, validated before its next use whatever its lifetime: for one of which it is
  /// not known whether it was invalidated. Freshening lifts it.
  package func requiringValidation() -> StoredMetadata { adding(.noCache) }
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
  /// What few responses have besides; empty for nearly all.
  package let annex: StoredAnnex

  init(metadata: StoredMetadata, vary: VaryKey, head: [UInt8], annex: StoredAnnex) {
    self.metadata = metadata
    self.vary = vary
    self.head = head
    self.annex = annex
  }

  /// The same response where only this part of its content is held.
  func holding(_ part: StoredPart) -> StorableResponse {
    var annex = StoredAnnex()
    annex.append(part)
    return StorableResponse(
      metadata: metadata.adding(.partial), vary: vary, head: head,
      annex: annex.followed(by: self.annex))
  }

  /// Which part of the content this is; nil for the whole.
  package var part: StoredPart? {
    metadata.flags.contains(.partial) ? StoredAnnex.part(in: annex.bytes.span) : nil
  }
}

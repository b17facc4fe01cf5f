package import CachePolicy
package import HTTPModel
internal import Primitives

/// One stored response: immutable, shared by all loops, alive for as long as somebody sends it.
///
///     bytes   key │ vary entries │ annex │ status line and field lines, Content-Length last
///     body    the content
///
/// A hit writes `head`, then the fields that change and the empty line, then `body`.
package final class StoredResponse: Sendable {
  package let metadata: StoredMetadata
  /// Key, vary entries and head in one piece: one allocation instead of three.
  package let bytes: [UInt8]
  package let body: [UInt8]
  private let varyStart: UInt32
  private let annexStart: UInt32
  private let headStart: UInt32

  /// What one stored response costs beside key, vary entries, head and body, in bytes: the object,
  /// two array headers, its node and its share of the table, rounded up as the allocator does.
  /// Measured.
  static let overhead = 288

  init(key: Span<UInt8>, storable: StorableResponse, body: [UInt8]) {
    metadata = storable.metadata
    var bytes: [UInt8] = []
    bytes.reserveCapacity(
      key.count + storable.vary.bytes.count + storable.annex.bytes.count + storable.head.count
        + Self.contentLengthRoom)
    for index in key.indices { bytes.append(key[index]) }
    varyStart = UInt32(clamping: bytes.count)
    bytes.append(contentsOf: storable.vary.bytes)
    annexStart = UInt32(clamping: bytes.count)
    bytes.append(contentsOf: storable.annex.bytes)
    headStart = UInt32(clamping: bytes.count)
    bytes.append(contentsOf: storable.head)
    // RFC 9110 §8.6: no Content-Length with 204.
    if storable.metadata.status != .noContent {
      bytes.append(ascii: "Content-Length: ")
      bytes.append(decimal: UInt64(body.count))
      bytes.append(ascii: "\r\n")
    }
    self.bytes = bytes
    self.body = body
  }

  /// A response as it was stored once: `bytes` are key, vary entries, annex and complete head, of
  /// these lengths. For a place that keeps responses; nil where the lengths do not fit the bytes.
  package init?(
    restoring bytes: [UInt8], keyCount: Int, varyCount: Int, annexCount: Int, body: [UInt8],
    metadata: StoredMetadata
  ) {
    guard keyCount >= 0, varyCount >= 0, annexCount >= 0, bytes.count <= Int(UInt32.max),
      keyCount <= bytes.count, varyCount <= bytes.count - keyCount,
      annexCount <= bytes.count - keyCount - varyCount,
      metadata.entityTagRange.upperBound <= bytes.count - keyCount - varyCount - annexCount,
      metadata.lastModifiedRange.upperBound <= bytes.count - keyCount - varyCount - annexCount
    else { return nil }
    self.metadata = metadata
    self.bytes = bytes
    self.body = body
    varyStart = UInt32(clamping: keyCount)
    annexStart = UInt32(clamping: keyCount + varyCount)
    headStart = UInt32(clamping: keyCount + varyCount + annexCount)
  }

  /// `Content-Length: ` with a number of bytes that fits any object limit, and the line end.
  private static let contentLengthRoom = 16 + 10 + 2

  /// What it counts against the budget.
  var cost: Int { bytes.count + body.count + Self.overhead }

  package var keyRange: Range<Int> { 0..<Int(varyStart) }
  package var varyRange: Range<Int> { Int(varyStart)..<Int(annexStart) }
  /// Where in `bytes` the annex is (`StoredAnnex`); empty for nearly every response.
  package var annexRange: Range<Int> { Int(annexStart)..<Int(headStart) }
  /// Where in `bytes` the serialised head is: complete lines, without the empty line.
  package var headRange: Range<Int> { Int(headStart)..<bytes.count }

  /// The serialised head. Takes a reference: not for the hit path, which writes from `bytes`
  /// itself.
  package var head: ArraySlice<UInt8> { bytes[headRange] }

  /// The value of `ETag`, empty when there is none that is well formed. Takes a reference: ask only
  /// when the request has conditions.
  package var entityTag: ArraySlice<UInt8> {
    let range = metadata.entityTagRange
    return bytes[Int(headStart) + range.lowerBound..<Int(headStart) + range.upperBound]
  }

  /// Head and body as memory to write from, valid during the call.
  package func withUnsafeParts<Result>(
    _ use: (_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Result
  ) -> Result {
    unsafe bytes.withUnsafeBytes { all in
      unsafe body.withUnsafeBytes { content in
        unsafe use(UnsafeRawBufferPointer(rebasing: all[headRange]), content)
      }
    }
  }

  package func hasKey(_ key: Span<UInt8>) -> Bool {
    let bytes = bytes
    let span = bytes.span
    return span.extracting(keyRange).holdsSameBytes(as: key)
  }

  var isVarying: Bool { varyStart != annexStart }

  /// Whether only a part of the content is held.
  package var isPartial: Bool { metadata.flags.contains(.partial) }

  /// A part of a content never takes the place of a whole one.
  func mayReplace(_ other: StoredResponse) -> Bool { !isPartial || other.isPartial }

  /// The same response, no longer fresh at a moment; itself when it was not.
  func stale(at time: WallTime) -> StoredResponse {
    let stale = metadata.endingFreshness(at: time)
    return stale == metadata ? self : StoredResponse(self, metadata: stale)
  }

  /// The same response with other metadata; shares all bytes.
  private init(_ other: StoredResponse, metadata: StoredMetadata) {
    self.metadata = metadata
    bytes = other.bytes
    body = other.body
    varyStart = other.varyStart
    annexStart = other.annexStart
    headStart = other.headStart
  }

  /// Whether a request selects it (RFC 9111 §4.1).
  package func isSelected(by request: RequestHead) -> Bool {
    let bytes = bytes
    let span = bytes.span
    return VaryKey.entries(span.extracting(varyRange), match: request.fields)
  }

  func hasVaryEntries(of other: StoredResponse) -> Bool {
    let bytes = bytes
    let span = bytes.span
    let otherBytes = other.bytes
    let otherSpan = otherBytes.span
    return span.extracting(varyRange)
      .holdsSameBytes(as: otherSpan.extracting(other.varyRange))
  }
}

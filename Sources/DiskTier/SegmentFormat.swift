internal import CachePolicy
internal import CacheStore
internal import HTTPModel
internal import Primitives

/// How segments are written: version 1. Numbers have their lowest byte first.
///
///     segment    header │ record │ record │ … │ end of the file
///     header     "CSIGNSEG" │ version │ zeros │ number │ salt │ checksum      of all before it
///                8            4         4       8        8      8
///
///     record     head │ payload
///     head       kind │ zeros │ sequence │ key │ vary │ annex │ lines │ body │ metadata │ …
///                1      7       8          4     4      4       4       8      56
///                lines' checksum │ payload's checksum │ head's checksum
///                8                 8                    8
///     payload    key │ vary entries │ annex │ head lines │ body    of the lengths in the head
///                the lines are all but the body: whoever asks for another variant reads them only
///
///     kinds      1 a response           2 a target was invalidated (key: any key of it)
///                3 a purge (key: as in `PurgeCoding`)     4 the writer stopped in good order
///                5 an invalidation may be missing: what came before is validated first
///
/// The head's checksum covers the segment's salt and number and the record's place, too: bytes that
/// somebody had us store cannot pass for a record, and neither can a record in another place.
/// Reading stops at the first head that is not right: what comes after it cannot be trusted to be
/// where it seems. A payload that is not right spoils its own record only.
enum SegmentFormat {
  static let version: UInt32 = 1
  static let headerCount = 40
  static let recordHeadCount = 40 + StoredMetadata.encodedCount + 24
  private static let magic: [UInt8] = Array("CSIGNSEG".utf8)

  // MARK: Segments

  static func header(number: UInt64, salt: UInt64) -> [UInt8] {
    var bytes = magic
    bytes.append(UInt64(version), 4)
    bytes.append(0, 4)
    bytes.append(number, 8)
    bytes.append(salt, 8)
    bytes.append(Checksum.of(bytes.span), 8)
    return bytes
  }

  /// The identity in a segment's header; nil where it is none of this version.
  static func identity(of header: [UInt8]) -> SegmentIdentity? {
    guard header.count == headerCount, Array(header[..<8]) == magic,
      header.number(at: 8, 4) == UInt64(version),
      header.number(at: 32, 8) == Checksum.of(header.span.extracting(first: 32))
    else { return nil }
    return SegmentIdentity(number: header.number(at: 16, 8), salt: header.number(at: 24, 8))
  }

  // MARK: Records

  /// Head and payload of a record at a place.
  static func record(_ record: Record, in segment: SegmentIdentity, at position: Int) -> [UInt8] {
    var bytes: [UInt8] = [record.kind.rawValue]
    bytes.reserveCapacity(recordHeadCount + record.lines.count + record.body.count)
    bytes.append(0, 7)
    bytes.append(record.sequence, 8)
    for count in [record.keyCount, record.varyCount, record.annexCount, record.lineCount] {
      bytes.append(UInt64(count), 4)
    }
    bytes.append(UInt64(record.body.count), 8)
    if let metadata = record.metadata {
      metadata.encode(to: &bytes)
    } else {
      bytes.append(contentsOf: repeatElement(0, count: StoredMetadata.encodedCount))
    }
    bytes.append(Checksum.of(record.lines.span), 8)
    bytes.append(Checksum.of(record.lines.span, record.body.span), 8)
    bytes.append(Checksum.ofHead(bytes.span, in: segment, at: position), 8)
    bytes.append(contentsOf: record.lines)
    bytes.append(contentsOf: record.body)
    return bytes
  }

  /// Reads the head of a record at a place, where `room` bytes are left for its payload; nil where
  /// there is none that can be trusted.
  static func head(
    _ bytes: [UInt8], in segment: SegmentIdentity, at position: Int, room: Int
  ) -> RecordHead? {
    guard bytes.count == recordHeadCount,
      bytes.number(at: recordHeadCount - 8, 8)
        == Checksum.ofHead(
          bytes.span.extracting(first: recordHeadCount - 8), in: segment, at: position),
      let kind = Record.Kind(rawValue: bytes[0])
    else { return nil }
    let counts = (0..<4).map { Int(bytes.number(at: 16 + $0 * 4, 4)) }
    let body = bytes.number(at: 32, 8)
    // Four numbers of 32 bits: their sum cannot overflow.
    let lines = counts.reduce(0, +)
    guard lines <= room, body <= UInt64(room - lines) else { return nil }
    return RecordHead(
      kind: kind, sequence: bytes.number(at: 8, 8), keyCount: counts[0], varyCount: counts[1],
      annexCount: counts[2], lineCount: counts[3], bodyCount: Int(body),
      metadata: Array(bytes[40..<40 + StoredMetadata.encodedCount]),
      linesChecksum: bytes.number(at: recordHeadCount - 24, 8),
      payloadChecksum: bytes.number(at: recordHeadCount - 16, 8))
  }
}

/// Which segment.
struct SegmentIdentity: Sendable, Hashable {
  let number: UInt64
  /// Random: what is stored cannot know it.
  let salt: UInt64
}

/// A record before it is written.
struct Record: Sendable {
  enum Kind: UInt8, Sendable {
    case response = 1
    case targetGone = 2
    case purge = 3
    case end = 4
    case doubt = 5
  }

  let kind: Kind
  let sequence: UInt64
  /// Key, vary entries, annex and head lines.
  var lines: [UInt8] = []
  var keyCount = 0
  var varyCount = 0
  var annexCount = 0
  var body: [UInt8] = []
  var metadata: StoredMetadata?

  var lineCount: Int { lines.count - keyCount - varyCount - annexCount }

  init(_ kind: Kind, sequence: UInt64, key: [UInt8] = []) {
    self.kind = kind
    self.sequence = sequence
    lines = key
    keyCount = key.count
  }

  init(_ response: StoredResponse, sequence: UInt64) {
    kind = .response
    self.sequence = sequence
    lines = response.bytes
    keyCount = response.keyRange.count
    varyCount = response.varyRange.count
    annexCount = response.annexRange.count
    body = response.body
    metadata = response.metadata
  }
}

/// The head of a record that was read; the payload is not looked at yet.
struct RecordHead: Sendable {
  let kind: Record.Kind
  let sequence: UInt64
  let keyCount: Int
  let varyCount: Int
  let annexCount: Int
  let lineCount: Int
  let bodyCount: Int
  fileprivate let metadata: [UInt8]
  fileprivate let linesChecksum: UInt64
  fileprivate let payloadChecksum: UInt64

  var linesCount: Int { keyCount + varyCount + annexCount + lineCount }
  var payloadCount: Int { linesCount + bodyCount }

  /// What a response's record says about it; nil where it is none.
  var response: StoredMetadata? {
    kind == .response ? StoredMetadata(encoded: metadata.span, headCount: lineCount) : nil
  }

  /// Whether these are the lines, byte for byte.
  func areRight(lines: Span<UInt8>) -> Bool {
    lines.count == linesCount && Checksum.of(lines) == linesChecksum
  }

  /// Whether a request for a key selects the response with these lines, which are right.
  func isSelected(lines: [UInt8], key: Span<UInt8>, request: RequestHead) -> Bool {
    guard let metadata = self.response,
      let response = StoredResponse(
        restoring: lines, keyCount: keyCount, varyCount: varyCount, annexCount: annexCount,
        body: [], metadata: metadata)
    else { return false }
    return response.hasKey(key) && response.isSelected(by: request)
  }

  /// Whether this is the payload, byte for byte.
  func isRight(lines: Span<UInt8>, body: Span<UInt8>) -> Bool {
    lines.count == linesCount && body.count == bodyCount
      && Checksum.of(lines, body) == payloadChecksum
  }

  /// The response that this record holds; nil where the payload is not right.
  func response(lines: [UInt8], body: [UInt8], requiringValidation: Bool) -> StoredResponse? {
    guard let metadata = self.response, isRight(lines: lines.span, body: body.span) else {
      return nil
    }
    return StoredResponse(
      restoring: lines, keyCount: keyCount, varyCount: varyCount, annexCount: annexCount,
      body: body, metadata: requiringValidation ? metadata.requiringValidation() : metadata)
  }
}

extension [UInt8] {
  mutating func append(_ number: UInt64, _ count: Int) {
    for index in 0..<count { append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8))) }
  }

  /// A number of up to eight bytes; 0 for those that are not there.
  func number(at start: Int, _ count: Int) -> UInt64 {
    var number: UInt64 = 0
    for index in (0..<count).reversed() where start + index < self.count {
      number = number << 8 | UInt64(self[start + index])
    }
    return number
  }
}

extension StoredMetadata {
  /// When its freshness ends, in seconds since 1970; 0 where it is validated before each use.
  var freshUntil: UInt32 {
    guard !flags.contains(.noCache) else { return 0 }
    let born = receivedAt.milliseconds.subtractingReportingOverflow(initialAge.count)
    guard !born.overflow else { return 0 }
    let end = (born.partialValue / 1000).addingReportingOverflow(lifetime.count)
    return end.overflow ? .max : UInt32(clamping: end.partialValue)
  }
}

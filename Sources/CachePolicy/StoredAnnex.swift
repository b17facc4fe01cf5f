internal import Primitives

/// A name under which stored responses are found again to be removed together.
package struct CacheLabel: Sendable, Hashable {
  package enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// An operator's: `Surrogate-Key` or `Cache-Tag`.
    case tag = 1
    /// `Cache-Groups` (RFC 9875): holds within one origin.
    case group = 2
  }

  package let kind: Kind
  /// The name, compared byte by byte.
  package let name: [UInt8]

  package init(kind: Kind, name: [UInt8]) {
    self.kind = kind
    self.name = name
  }
}

/// What few stored responses have besides vary entries and head, as bytes that explain themselves:
/// which part is held, labels, a rule for searches. Empty for nearly every response.
///
///     entry   kind │ length │ value
///             1      2        length
///
///     kind 0   part: first, count, complete length (or all ones), 8 bytes each
///     kind 1   tag     kind 2   group     kind 3   No-Vary-Search rule
///
/// Flags of `StoredMetadata` say whether there is anything to look for. Bytes that are no entries
/// (a disk may lie) hold nothing.
package struct StoredAnnex: Sendable, Hashable {
  /// How many labels a response may have; those after it are not kept.
  package static let labelLimit = 128
  /// How long all labels together may be, in bytes.
  package static let labelBytesLimit = 4096

  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// What `make` wrote, read back from a store.
  package init(bytes: [UInt8]) { self.bytes = bytes }

  package var isEmpty: Bool { bytes.isEmpty }

  private static let partKind: UInt8 = 0
  private static let searchKind: UInt8 = 3

  // MARK: Writing

  mutating func append(_ part: StoredPart) {
    var value: [UInt8] = []
    for number in [part.first, part.count, part.completeLength ?? -1] {
      let bits = UInt64(bitPattern: number)
      for shift in 0..<8 { value.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift * 8))) }
    }
    append(Self.partKind, value)
  }

  mutating func append(_ label: CacheLabel) { append(label.kind.rawValue, label.name) }

  mutating func append(search encoded: [UInt8]) { append(Self.searchKind, encoded) }

  private mutating func append(_ kind: UInt8, _ value: [UInt8]) {
    guard value.count <= Int(UInt16.max) else { return }
    bytes.append(kind)
    bytes.append(UInt8(truncatingIfNeeded: value.count))
    bytes.append(UInt8(truncatingIfNeeded: value.count >> 8))
    bytes.append(contentsOf: value)
  }

  /// This annex with the entries of another one after its own; of two parts the first counts.
  func followed(by other: StoredAnnex) -> StoredAnnex { StoredAnnex(bytes: bytes + other.bytes) }

  // MARK: Reading

  /// The part that is held, nil where the response is whole.
  package static func part(in bytes: Span<UInt8>) -> StoredPart? {
    var reader = Reader(bytes)
    while let entry = reader.next() {
      guard entry.kind == partKind, entry.value.count == 24 else { continue }
      let complete = number(bytes, at: entry.value.lowerBound + 16)
      return StoredPart(
        first: number(bytes, at: entry.value.lowerBound),
        count: number(bytes, at: entry.value.lowerBound + 8),
        completeLength: complete < 0 ? nil : complete)
    }
    return nil
  }

  /// Whether the response has this label. Allocates nothing.
  package static func contains(_ label: CacheLabel, in bytes: Span<UInt8>) -> Bool {
    var reader = Reader(bytes)
    while let entry = reader.next() {
      guard entry.kind == label.kind.rawValue, entry.value.count == label.name.count else {
        continue
      }
      var offset = 0
      while offset < label.name.count,
        bytes[entry.value.lowerBound + offset] == label.name[offset]
      {
        offset += 1
      }
      if offset == label.name.count { return true }
    }
    return false
  }

  /// Every label, in order.
  package static func labels(in bytes: Span<UInt8>) -> [CacheLabel] {
    var labels: [CacheLabel] = []
    var reader = Reader(bytes)
    while let entry = reader.next() {
      guard let kind = CacheLabel.Kind(rawValue: entry.kind) else { continue }
      labels.append(CacheLabel(kind: kind, name: copy(bytes, entry.value)))
    }
    return labels
  }

  /// The encoded No-Vary-Search rule, nil where there is none.
  package static func searchRule(in bytes: Span<UInt8>) -> [UInt8]? {
    var reader = Reader(bytes)
    while let entry = reader.next() {
      if entry.kind == searchKind { return copy(bytes, entry.value) }
    }
    return nil
  }

  private static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(range.count)
    for index in range { copy.append(bytes[index]) }
    return copy
  }

  /// Eight bytes, the lowest first; the caller has checked that they are there.
  private static func number(_ bytes: Span<UInt8>, at start: Int) -> Int64 {
    var bits: UInt64 = 0
    for index in (0..<8).reversed() { bits = bits << 8 | UInt64(bytes[start + index]) }
    return Int64(bitPattern: bits)
  }

  private struct Entry {
    let kind: UInt8
    let value: Range<Int>
  }

  private struct Reader: ~Escapable {
    private let bytes: Span<UInt8>
    private var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    @_lifetime(self: copy self)
    mutating func next() -> Entry? {
      guard bytes.count - position >= 3 else { return nil }
      let kind = bytes[position]
      let length = Int(bytes[position + 1]) | Int(bytes[position + 2]) << 8
      let start = position + 3
      guard bytes.count - start >= length else { return nil }
      position = start + length
      return Entry(kind: kind, value: start..<position)
    }
  }
}

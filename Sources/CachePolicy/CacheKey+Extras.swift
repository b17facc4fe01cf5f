internal import Primitives

// Keys read back, for reports. A lookup compares whole keys.
extension CacheKey {
  /// A part of a key that an operator's rules or `No-Vary-Search` added.
  package struct Extra: Sendable, Hashable {
    package enum Kind: UInt8, Sendable, Hashable {
      case field = 1
      case cookie = 2
      case search = 3
    }

    package let kind: Kind
    /// In small letters for fields; empty for a search rule.
    package let name: [UInt8]
    /// Whether the request had it.
    package let isPresent: Bool
    /// The value, or its keyed digest.
    package let value: [UInt8]
  }

  /// The extras of a key, in their order; those before the first that cannot be read.
  package static func extras(of key: Span<UInt8>) -> [Extra] {
    var extras: [Extra] = []
    var position = base(of: key).upperBound
    while let extra = extra(in: key, at: position) {
      extras.append(extra)
      position += 8 + extra.name.count + extra.value.count
    }
    return extras
  }

  private static func extra(in key: Span<UInt8>, at start: Int) -> Extra? {
    guard key.count - start >= 8, let kind = Extra.Kind(rawValue: key[start]) else { return nil }
    let nameCount = Int(key[start + 1]) | Int(key[start + 2]) << 8
    let presenceAt = start + 3 + nameCount
    guard key.count - presenceAt >= 5 else { return nil }
    var valueCount = 0
    for index in (0..<4).reversed() {
      valueCount = valueCount << 8 | Int(key[presenceAt + 1 + index])
    }
    let valueAt = presenceAt + 5
    guard key.count - valueAt >= valueCount else { return nil }
    return Extra(
      kind: kind, name: copy(key, start + 3..<presenceAt), isPresent: key[presenceAt] > 0,
      value: copy(key, valueAt..<valueAt + valueCount))
  }

  private static func copy(_ key: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    for index in range { bytes.append(key[index]) }
    return bytes
  }
}

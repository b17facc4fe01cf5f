/// What kind of value stands in a JSON text (RFC 8259 §3).
package enum JSONKind: UInt8, Hashable, Sendable {
  case object, array, string, number, `true`, `false`, null
}

/// A value found in a JSON text: its kind and where its bytes stand. Meaningful only together with
/// the bytes it was read from.
package struct JSONValue: Hashable, Sendable {
  private let start: UInt32
  private let length: UInt32
  package let kind: JSONKind
  /// Whether a string holds at least one escape.
  package let hasEscapes: Bool

  /// The reader takes no text whose offsets need more than 32 bits.
  init(kind: JSONKind, range: Range<Int>, hasEscapes: Bool = false) {
    start = UInt32(truncatingIfNeeded: range.lowerBound)
    length = UInt32(truncatingIfNeeded: range.count)
    self.kind = kind
    self.hasEscapes = hasEscapes
  }

  /// A string's content without the quotes, escapes as written; any other value whole.
  package var range: Range<Int> { Int(start)..<Int(start) + Int(length) }

  /// The bytes: of a string unescaped, of any other value as written.
  package func bytes(in text: Span<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var reader = JSONUnescaper(self)
    while let byte = reader.next(in: text) { result.append(byte) }
    return result
  }

  /// Whether a string, unescaped, or any other value as written, has exactly these bytes. For names
  /// and public values; a secret is compared by `equalsSecret`.
  package func equals(_ other: some Collection<UInt8>, in text: Span<UInt8>) -> Bool {
    var reader = JSONUnescaper(self)
    for expected in other {
      guard reader.next(in: text) == expected else { return false }
    }
    return reader.next(in: text) == nil
  }

  /// Whether a string, unescaped, or any other value as written, is this text.
  package func equals(_ other: StaticString, in text: Span<UInt8>) -> Bool {
    guard hasEscapes || length == other.utf8CodeUnitCount else { return false }
    return other.withUTF8Buffer { bytes in unsafe equals(bytes, in: text) }
  }

  /// Like `equals`, in a time that depends on the lengths only.
  package func equalsSecret(_ secret: [UInt8], in text: Span<UInt8>) -> Bool {
    var reader = JSONUnescaper(self)
    var difference: UInt8 = 0
    var count = 0
    while let byte = reader.next(in: text) {
      difference |= count < secret.count ? byte ^ secret[count] : 1
      count += 1
    }
    return difference == 0 && count == secret.count
  }

  /// Whether a string is empty.
  package var isEmpty: Bool { length == 0 }
}

/// Reads the bytes a checked string stands for, one at a time; keeps no reference to the text.
struct JSONUnescaper {
  private var position: Int
  private let end: Int
  private let isEscaped: Bool
  /// UTF-8 of an escape not handed out yet, first byte lowest.
  private var pending: UInt32 = 0

  init(_ value: JSONValue) {
    position = value.range.lowerBound
    end = value.range.upperBound
    isEscaped = value.hasEscapes
  }

  mutating func next(in text: Span<UInt8>) -> UInt8? {
    if pending != 0 {
      let byte = UInt8(truncatingIfNeeded: pending)
      pending >>= 8
      return byte
    }
    guard position < end else { return nil }
    let byte = text[position]
    position += 1
    guard isEscaped, byte == ASCII.backslash, position < end else { return byte }
    let escape = text[position]
    position += 1
    switch escape {
    case 0x62: return 0x08
    case 0x66: return 0x0C
    case 0x6E: return ASCII.lineFeed
    case 0x72: return ASCII.carriageReturn
    case 0x74: return ASCII.horizontalTab
    case 0x75: return unicodeEscape(in: text)
    default: return escape
    }
  }

  private mutating func fourDigits(in text: Span<UInt8>) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 where position < end {
      unit = unit << 4 | UInt32(ASCII.hexadecimalValue(text[position]) ?? 0)
      position += 1
    }
    return unit
  }

  // The scanner has checked digits and surrogate pairs. U+0000 cannot wait in `pending`, and need
  // not: it is a single byte.
  private mutating func unicodeEscape(in text: Span<UInt8>) -> UInt8 {
    var scalar = fourDigits(in: text)
    if scalar & 0xFC00 == 0xD800 {
      position = min(position + 2, end)
      scalar = 0x10000 + ((scalar & 0x3FF) << 10 | fourDigits(in: text) & 0x3FF)
    }
    if scalar < 0x80 { return UInt8(truncatingIfNeeded: scalar) }
    let last = 0x80 | scalar & 0x3F
    if scalar < 0x800 {
      pending = last
      return UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
    }
    let middle = 0x80 | scalar >> 6 & 0x3F
    if scalar < 0x10000 {
      pending = middle | last << 8
      return UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
    }
    pending = 0x80 | scalar >> 12 & 0x3F | middle << 8 | last << 16
    return UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
  }
}

/// Bytes as RFC 5234 and RFC 9110 see them: characters by number, case by one bit.
///
/// Inlinable, because every parser asks these of every byte: as calls into another module they took
/// a third of the time of reading a head.
@usableFromInline package enum ASCII {
  @inlinable package static var horizontalTab: UInt8 { 0x09 }
  @inlinable package static var lineFeed: UInt8 { 0x0A }
  @inlinable package static var carriageReturn: UInt8 { 0x0D }
  @inlinable package static var space: UInt8 { 0x20 }
  @inlinable package static var quote: UInt8 { 0x22 }
  @inlinable package static var comma: UInt8 { 0x2C }
  @inlinable package static var slash: UInt8 { 0x2F }
  @inlinable package static var zero: UInt8 { 0x30 }
  @inlinable package static var colon: UInt8 { 0x3A }
  @inlinable package static var semicolon: UInt8 { 0x3B }
  @inlinable package static var equals: UInt8 { 0x3D }
  @inlinable package static var questionMark: UInt8 { 0x3F }
  @inlinable package static var backslash: UInt8 { 0x5C }

  /// The byte with `A`–`Z` made `a`–`z`; every other byte as it is.
  @inlinable package static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  @inlinable package static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }

  @inlinable package static func isAlpha(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// Whether the byte is a `tchar` (RFC 9110 §5.6.2): what methods and field names are made of.
  @inlinable package static func isTokenCharacter(_ byte: UInt8) -> Bool {
    // Bit n of the mask tells whether byte n (or 64 + n) is a tchar.
    if byte < 64 {
      return (0x03FF_6CFA_0000_0000 as UInt64) >> UInt64(byte) & 1 == 1
    }
    if byte < 128 {
      return (0x57FF_FFFF_C7FF_FFFE as UInt64) >> UInt64(byte - 64) & 1 == 1
    }
    return false
  }

  /// Whether the byte may stand in a field value (RFC 9110 §5.5): tab, space, visible ASCII,
  /// `obs-text`.
  @inlinable package static func isFieldValueCharacter(_ byte: UInt8) -> Bool {
    byte >= 0x20 ? byte != 0x7F : byte == horizontalTab
  }

  /// The value of a hexadecimal digit, or nil.
  @inlinable package static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte &- zero }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter + 10 : nil
  }
}

extension Collection<UInt8> {
  /// Whether both hold the same bytes when `A`–`Z` and `a`–`z` count as one (RFC 9110 §5.1).
  @inlinable package func equalsIgnoringASCIICase(_ other: some Collection<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return zip(self, other).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
  }

  /// Whether both hold the same bytes when `A`–`Z` and `a`–`z` count as one.
  @inlinable package func equalsIgnoringASCIICase(_ other: StaticString) -> Bool {
    guard count == other.utf8CodeUnitCount else { return false }
    return other.withUTF8Buffer { bytes in
      unsafe zip(self, bytes).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }
  }

  /// Whether this holds exactly the bytes of `text`.
  @inlinable package func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { bytes in unsafe elementsEqual(bytes) }
  }

  /// A copy with `A`–`Z` made `a`–`z`.
  package func asciiLowercased() -> [UInt8] { map(ASCII.lowercased) }

  /// The text for a person to read: UTF-8, with what is not UTF-8 replaced. Never for comparison.
  package var displayText: String { String(decoding: self, as: UTF8.self) }

  /// The decimal number these digits spell, or nil when empty, not all digits, or past `Int64.max`.
  @inlinable package func decimalValue() -> Int64? {
    guard !isEmpty else { return nil }
    var value: Int64 = 0
    for byte in self {
      guard ASCII.isDigit(byte) else { return nil }
      let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, carried) = product.addingReportingOverflow(Int64(byte &- ASCII.zero))
      guard !overflowed, !carried else { return nil }
      value = sum
    }
    return value
  }
}

extension BidirectionalCollection<UInt8> {
  /// The bytes without the optional white space (`OWS`, RFC 9110 §5.6.3) at both ends.
  @inlinable package func trimmingOptionalWhitespace() -> SubSequence {
    var low = startIndex
    var high = endIndex
    while low < high, self[low] == ASCII.space || self[low] == ASCII.horizontalTab {
      formIndex(after: &low)
    }
    while low < high {
      let previous = index(before: high)
      guard self[previous] == ASCII.space || self[previous] == ASCII.horizontalTab else { break }
      high = previous
    }
    return self[low..<high]
  }
}

extension [UInt8] {
  /// The bytes of a literal.
  package init(ascii text: StaticString) {
    self = text.withUTF8Buffer { unsafe Array($0) }
  }

  /// Appends the decimal digits of `value`.
  package mutating func append(decimal value: UInt64) {
    var digits = InlineArray<20, UInt8>(repeating: ASCII.zero)
    var rest = value
    var first = 20
    repeat {
      first -= 1
      digits[first] = ASCII.zero + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    append(digits.span.extracting(first..<20))
  }

  /// Appends the bytes of a literal.
  @inlinable package mutating func append(ascii text: StaticString) {
    text.withUTF8Buffer { unsafe append(contentsOf: $0) }
  }
}

/// JSON strings for logs and answers (RFC 8259 §7), from bytes of any origin.
///
/// What a log viewer or a terminal could take for something else is escaped: besides `"`, `\` and
/// the C0 controls also DEL, the C1 controls (U+0080–U+009F) and the line separators U+2028 and
/// U+2029. A byte that is not part of well-formed UTF-8 becomes `\ufffd`, so that the result is
/// always valid JSON.
extension [UInt8] {
  /// Appends the quoted, escaped string of these bytes.
  package mutating func append(jsonString bytes: Span<UInt8>) {
    append(ASCII.quote)
    append(jsonCharacters: bytes)
    append(ASCII.quote)
  }

  /// Appends what stands between the quotes in the string of these bytes.
  package mutating func append(jsonCharacters bytes: Span<UInt8>) {
    var start = 0
    var position = 0
    while true {
      position = bytes.endOfPlainText(from: position)
      guard position < bytes.count else { break }
      let byte = bytes[position]
      let scalar =
        byte < 0x80 ? UTF8Scalar(value: UInt32(byte), length: 1) : bytes.scalar(at: position)
      if let scalar, scalar.value > 0x9F, scalar.value != 0x2028, scalar.value != 0x2029 {
        position += scalar.length
        continue
      }
      append(bytes.extracting(start..<position))
      append(jsonEscapeOf: scalar?.value ?? 0xFFFD)
      position += scalar?.length ?? 1
      start = position
    }
    append(bytes.extracting(start..<position))
  }

  /// Appends the quoted, escaped string of these bytes.
  package mutating func append(jsonString bytes: [UInt8]) { append(jsonString: bytes.span) }

  /// Appends the quoted, escaped string of these bytes.
  package mutating func append(jsonString bytes: ArraySlice<UInt8>) {
    append(jsonString: bytes.span)
  }

  /// Appends the quoted, escaped string of this text.
  package mutating func append(jsonString text: String) {
    let bytes = text.utf8
    append(jsonString: bytes.span)
  }

  /// Appends `bytes` as they are.
  package mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }

  /// Appends `value` as so many hexadecimal digits, at most 16, small letters, leading zeros kept.
  package mutating func append(hexadecimal value: UInt64, digits: Int) {
    let count = Swift.min(Swift.max(digits, 0), 16)
    var text = InlineArray<16, UInt8>(repeating: ASCII.zero)
    for place in 0..<count {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(place * 4) & 0xF)
      text[15 - place] = digit < 10 ? ASCII.zero + digit : 0x57 + digit
    }
    append(text.span.extracting((16 - count)..<16))
  }

  private mutating func append(jsonEscapeOf value: UInt32) {
    append(ASCII.backslash)
    switch value {
    case 0x22, 0x5C: append(UInt8(truncatingIfNeeded: value))
    case 0x08: append(0x62)
    case 0x09: append(0x74)
    case 0x0A: append(0x6E)
    case 0x0C: append(0x66)
    case 0x0D: append(0x72)
    default:
      append(0x75)
      append(hexadecimal: UInt64(value), digits: 4)
    }
  }
}

/// One character of UTF-8 text: its scalar value, and of how many bytes it is made.
private struct UTF8Scalar {
  let value: UInt32
  let length: Int
}

extension Span<UInt8> {
  /// Whether the bytes are well-formed UTF-8 (RFC 3629 §4).
  package var isUTF8: Bool {
    var position = 0
    while position < count {
      if self[position] < 0x80 {
        position += 1
        continue
      }
      guard let scalar = scalar(at: position) else { return false }
      position += scalar.length
    }
    return true
  }

  /// The first place at or after `position` where a character may have to be escaped: anything but
  /// visible ASCII, `"` and `\`. The end where there is none.
  fileprivate func endOfPlainText(from position: Int) -> Int {
    var position = position
    // Eight bytes at a time. A mark in bit 7 of a byte may be false after a true one, never
    // missing.
    let ones: UInt64 = 0x0101_0101_0101_0101
    while count - position >= 8 {
      let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
      let quotes = word ^ (ones &* UInt64(ASCII.quote))
      let backslashes = word ^ (ones &* UInt64(ASCII.backslash))
      var marks = word | (word &+ ones) | ((word &- ones &* 0x20) & ~word)
      marks |= (quotes &- ones) & ~quotes
      marks |= (backslashes &- ones) & ~backslashes
      guard marks & (ones &* 0x80) == 0 else { break }
      position += 8
    }
    while position < count, Self.isPlain(self[position]) { position += 1 }
    return position
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != ASCII.quote && byte != ASCII.backslash
  }

  /// The character beginning at `position` with a byte of 0x80 or more, or nil where the bytes are
  /// not well-formed UTF-8 (RFC 3629 §4: no overlong forms, no surrogates, nothing past U+10FFFF).
  fileprivate func scalar(at position: Int) -> UTF8Scalar? {
    let first = self[position]
    let (length, least): (Int, UInt32) =
      switch first {
      case 0xC2...0xDF: (2, 0x80)
      case 0xE0...0xEF: (3, 0x800)
      case 0xF0...0xF4: (4, 0x1_0000)
      default: (0, 0)
      }
    guard length > 0, count - position >= length else { return nil }
    var value = UInt32(first) & (0x7F >> UInt32(length))
    for offset in 1..<length {
      let byte = self[position + offset]
      guard byte & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    guard value >= least, value <= 0x10_FFFF, value & 0xFFFF_F800 != 0xD800 else { return nil }
    return UTF8Scalar(value: value, length: length)
  }
}

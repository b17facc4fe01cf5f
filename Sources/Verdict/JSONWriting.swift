internal import Primitives

extension [UInt8] {
  /// Appends a JSON string (RFC 8259 §7): quotes, backslashes, control characters, DEL and the line
  /// separators U+2028 and U+2029 escaped, what is not UTF-8 replaced by U+FFFD. For people and logs.
  package mutating func append(jsonString text: some Sequence<UInt8>) {
    append(ASCII.quote)
    for scalar in String(decoding: Array(text), as: UTF8.self).unicodeScalars {
      appendEscaped(scalar)
    }
    append(ASCII.quote)
  }

  /// Appends a JSON string of a literal.
  package mutating func append(jsonString text: StaticString) {
    append(jsonString: [UInt8](ascii: text))
  }

  private mutating func appendEscaped(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x22: append(ascii: "\\\"")
    case 0x5C: append(ascii: "\\\\")
    case 0x0A: append(ascii: "\\n")
    case 0x0D: append(ascii: "\\r")
    case 0x09: append(ascii: "\\t")
    case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029: append(unicodeEscape: scalar.value)
    case 0x20..<0x7F: append(UInt8(truncatingIfNeeded: scalar.value))
    default: append(contentsOf: Array(String(scalar).utf8))
    }
  }

  private mutating func append(unicodeEscape value: UInt32) {
    append(ascii: "\\u")
    for shift in [12, 8, 4, 0] as [UInt32] {
      let digit = UInt8(truncatingIfNeeded: value >> shift & 0xF)
      append(digit < 10 ? ASCII.zero + digit : 0x61 + digit - 10)
    }
  }
}

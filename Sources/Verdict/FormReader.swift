internal import Primitives

/// What a form says about one field.
package enum FormLookup: Hashable, Sendable {
  case absent
  /// The decoded value.
  case value([UInt8])
  /// The field occurs more than once: readers differ on which one counts.
  case repeated
  /// A `%` without two hexadecimal digits somewhere in the form.
  case malformed
}

/// Reads `application/x-www-form-urlencoded` text and queries. Pairs are parted by `&` only.
package enum FormReader {
  /// Looks up one field by its decoded name. The whole text is checked.
  package static func lookUp(_ name: [UInt8], in text: Span<UInt8>) -> FormLookup {
    var result = FormLookup.absent
    var position = 0
    while position <= text.count {
      let end = self.end(of: position, in: text)
      let equals = firstEquals(in: text, from: position, to: end)
      var found = FormDecoder(position: position, end: equals)
      let isNamed = found.matches(name, in: text)
      var value = FormDecoder(position: min(equals + 1, end), end: end)
      let bytes = value.all(in: text, keeping: isNamed)
      guard !found.isMalformed, !value.isMalformed else { return .malformed }
      if isNamed {
        guard result == .absent else { return .repeated }
        result = .value(bytes)
      }
      position = end + 1
    }
    return result
  }

  private static func end(of start: Int, in text: Span<UInt8>) -> Int {
    var position = start
    while position < text.count, text[position] != 0x26 { position += 1 }
    return position
  }

  private static func firstEquals(in text: Span<UInt8>, from start: Int, to end: Int) -> Int {
    var position = start
    while position < end, text[position] != ASCII.equals { position += 1 }
    return position
  }
}

/// Decodes `+` and `%XX`, one byte at a time.
private struct FormDecoder {
  var position: Int
  let end: Int
  private(set) var isMalformed = false

  init(position: Int, end: Int) {
    self.position = position
    self.end = end
  }

  mutating func next(in text: Span<UInt8>) -> UInt8? {
    guard position < end else { return nil }
    let byte = text[position]
    position += 1
    if byte == 0x2B { return ASCII.space }
    guard byte == 0x25 else { return byte }
    guard position + 1 < end, let high = ASCII.hexadecimalValue(text[position]),
      let low = ASCII.hexadecimalValue(text[position + 1])
    else {
      isMalformed = true
      return byte
    }
    position += 2
    return high << 4 | low
  }

  /// Whether the decoded text is the name. Reads to the end in any case, to check it.
  mutating func matches(_ name: [UInt8], in text: Span<UInt8>) -> Bool {
    var index = 0
    var isEqual = true
    while let byte = next(in: text) {
      isEqual = isEqual && index < name.count && name[index] == byte
      index += 1
    }
    return isEqual && index == name.count
  }

  mutating func all(in text: Span<UInt8>, keeping: Bool) -> [UInt8] {
    var result: [UInt8] = []
    while let byte = next(in: text) {
      if keeping { result.append(byte) }
    }
    return result
  }
}

internal import Primitives

/// Looks for names in a body or a query without reading it properly: quick, and only ever used to
/// add a sign that something is a decision.
enum BodyScan {
  /// Whether a form has a field of this name, in plain spelling.
  static func hasField(_ name: StaticString, in body: Span<UInt8>) -> Bool {
    let count = name.utf8CodeUnitCount
    var start = 0
    while start < body.count {
      if matches(name, at: start, in: body), start + count < body.count,
        body[start + count] == ASCII.equals
      {
        return true
      }
      while start < body.count, body[start] != 0x26 { start += 1 }
      start += 1
    }
    return false
  }

  /// Whether `"name"` followed by a colon occurs, at whatever depth.
  static func hasMember(_ name: StaticString, in body: Span<UInt8>) -> Bool {
    let count = name.utf8CodeUnitCount
    var position = 0
    while position + count + 2 < body.count {
      if body[position] == ASCII.quote, matches(name, at: position + 1, in: body),
        body[position + 1 + count] == ASCII.quote
      {
        var next = position + count + 2
        while next < body.count, body[next] <= ASCII.space { next += 1 }
        if next < body.count, body[next] == ASCII.colon { return true }
      }
      position += 1
    }
    return false
  }

  /// Whether the text occurs anywhere.
  static func hasText(_ text: StaticString, in body: Span<UInt8>) -> Bool {
    let count = text.utf8CodeUnitCount
    guard body.count >= count else { return false }
    for position in 0...(body.count - count) where matches(text, at: position, in: body) {
      return true
    }
    return false
  }

  /// Whether a query or fragment has a parameter of this name, in plain spelling.
  static func hasParameter(_ name: StaticString, in text: ArraySlice<UInt8>) -> Bool {
    var rest = text
    while !rest.isEmpty {
      let pair = rest.prefix { $0 != 0x26 && $0 != 0x23 }
      if pair.prefix(while: { $0 != ASCII.equals }).equals(name) { return true }
      rest = rest[pair.endIndex...].dropFirst()
    }
    return false
  }

  /// Whether the bytes begin so. With `ignoringCase` the word is written in small letters.
  static func begins(
    with word: StaticString, _ bytes: Span<UInt8>, ignoringCase: Bool = false
  ) -> Bool {
    guard ignoringCase else { return matches(word, at: 0, in: bytes) }
    let count = word.utf8CodeUnitCount
    guard bytes.count >= count else { return false }
    return word.withUTF8Buffer { letters in
      for offset in 0..<count where unsafe letters[offset] != ASCII.lowercased(bytes[offset]) {
        return false
      }
      return true
    }
  }

  private static func matches(
    _ text: StaticString, at start: Int, in body: Span<UInt8>
  ) -> Bool {
    let count = text.utf8CodeUnitCount
    guard start + count <= body.count else { return false }
    return text.withUTF8Buffer { bytes in
      for offset in 0..<count where unsafe bytes[offset] != body[start + offset] { return false }
      return true
    }
  }
}

/// Base64 with the URL and file name safe alphabet, unpadded (RFC 4648 §5, RFC 7515 §2).
package enum Base64URL {
  private static let alphabet = [UInt8](
    ascii: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

  /// Four characters for three bytes; no padding.
  package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    append(Array(bytes).span, to: &result)
    return result
  }

  /// Appends four characters for three bytes; no padding.
  package static func append(_ bytes: Span<UInt8>, to result: inout [UInt8]) {
    var place = result.count
    result.append(contentsOf: repeatElement(0, count: (bytes.count * 4 + 2) / 3))
    let alphabet = alphabet.span
    var text = result.mutableSpan
    var position = 0
    while bytes.count - position >= 3 {
      let group =
        UInt32(bytes[position]) << 16 | UInt32(bytes[position + 1]) << 8
        | UInt32(bytes[position + 2])
      text[place] = alphabet[Int(group >> 18)]
      text[place + 1] = alphabet[Int(group >> 12 & 0x3F)]
      text[place + 2] = alphabet[Int(group >> 6 & 0x3F)]
      text[place + 3] = alphabet[Int(group & 0x3F)]
      position += 3
      place += 4
    }
    let left = bytes.count - position
    guard left > 0 else { return }
    let group =
      UInt32(bytes[position]) << 16 | (left == 2 ? UInt32(bytes[position + 1]) << 8 : 0)
    text[place] = alphabet[Int(group >> 18)]
    text[place + 1] = alphabet[Int(group >> 12 & 0x3F)]
    if left == 2 { text[place + 2] = alphabet[Int(group >> 6 & 0x3F)] }
  }

  /// The bytes, or nil for padding, a foreign character, an impossible length, or stray low bits:
  /// one value has one spelling.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    decode(Array(text).span)
  }

  /// The bytes, or nil for padding, a foreign character, an impossible length, or stray low bits:
  /// one value has one spelling.
  package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
    let left = text.count % 4
    guard left != 1 else { return nil }
    var isClean = true
    let count = text.count / 4 * 3 + max(left - 1, 0)
    let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var output = unsafe OutputSpan(buffer: buffer, initializedCount: 0)
      isClean = decode(text, into: &output)
      filled = unsafe output.finalize(for: buffer)
    }
    return isClean ? result : nil
  }

  /// Decodes into room for all of it; false where the text is not the only spelling of anything.
  private static func decode(_ text: Span<UInt8>, into result: inout OutputSpan<UInt8>) -> Bool {
    var position = 0
    while text.count - position >= 4 {
      let first = sextet(text[position])
      let second = sextet(text[position + 1])
      let third = sextet(text[position + 2])
      let fourth = sextet(text[position + 3])
      // A foreign character has a bit that no sextet has, so one look tells of four.
      guard (first | second | third | fourth) & foreign == 0 else { return false }
      let group = first << 18 | second << 12 | third << 6 | fourth
      result.append(UInt8(truncatingIfNeeded: group >> 16))
      result.append(UInt8(truncatingIfNeeded: group >> 8))
      result.append(UInt8(truncatingIfNeeded: group))
      position += 4
    }
    let left = text.count - position
    guard left > 0 else { return true }
    let first = sextet(text[position])
    let second = sextet(text[position + 1])
    let third = left == 3 ? sextet(text[position + 2]) : 0
    guard (first | second | third) & foreign == 0 else { return false }
    let group = first << 18 | second << 12 | third << 6
    result.append(UInt8(truncatingIfNeeded: group >> 16))
    if left == 3 { result.append(UInt8(truncatingIfNeeded: group >> 8)) }
    // What is beyond whole bytes must be zero.
    return group & (left == 3 ? 0xFF : 0xFFFF) == 0
  }

  private static let foreign: UInt32 = 1 << 31

  /// The value of a character, or `foreign`.
  private static func sextet(_ character: UInt8) -> UInt32 {
    switch character {
    case 0x41...0x5A: UInt32(character &- 0x41)
    case 0x61...0x7A: UInt32(character &- 0x61 &+ 26)
    case 0x30...0x39: UInt32(character &- 0x30 &+ 52)
    case 0x2D: 62
    case 0x5F: 63
    default: foreign
    }
  }
}

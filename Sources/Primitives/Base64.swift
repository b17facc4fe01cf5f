/// Base64 with its first alphabet, padded (RFC 4648 §4): what structured fields write byte
/// sequences in.
package enum Base64 {
  private static let alphabet = [UInt8](
    ascii: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

  /// Four characters for three bytes, the last group filled up with `=`.
  package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    var pending: UInt32 = 0
    var pendingBits: UInt32 = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      pendingBits += 8
      while pendingBits >= 6 {
        pendingBits -= 6
        result.append(alphabet[Int(pending >> pendingBits & 0x3F)])
      }
    }
    if pendingBits > 0 { result.append(alphabet[Int(pending << (6 - pendingBits) & 0x3F)]) }
    while result.count % 4 != 0 { result.append(ASCII.equals) }
    return result
  }

  /// The bytes, or nil for missing or misplaced padding, a foreign character, or stray low bits:
  /// one value has one spelling.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3)
    var pending: UInt32 = 0
    var pendingBits: UInt32 = 0
    var padding = 0
    for character in text {
      if character == ASCII.equals {
        padding += 1
        continue
      }
      guard padding == 0, let value = sextet(character) else { return nil }
      pending = pending << 6 | UInt32(value)
      pendingBits += 6
      if pendingBits >= 8 {
        pendingBits -= 8
        result.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
        pending &= (1 << pendingBits) - 1
      }
    }
    // Left over after n characters past a whole group: 0 → 0 bits, 2 → 4 bits, 3 → 2 bits.
    guard pending == 0, padding * 2 == Int(pendingBits) else { return nil }
    return result
  }

  private static func sextet(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x41...0x5A: character - 0x41
    case 0x61...0x7A: character - 0x61 + 26
    case 0x30...0x39: character - 0x30 + 52
    case 0x2B: 62
    case 0x2F: 63
    default: nil
    }
  }
}

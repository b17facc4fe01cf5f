/// Base64 with the URL and file name safe alphabet, unpadded (RFC 4648 §5, RFC 7515 §2).
package enum Base64URL {
  private static let alphabet = [UInt8](
    ascii: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

  /// Four characters for three bytes; no padding.
  package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count * 4 + 2) / 3)
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
    if pendingBits > 0 {
      result.append(alphabet[Int(pending << (6 - pendingBits) & 0x3F)])
    }
    return result
  }

  /// The bytes, or nil for padding, a foreign character, an impossible length, or stray low bits:
  /// one value has one spelling.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count * 3 / 4)
    var pending: UInt32 = 0
    var pendingBits: UInt32 = 0
    for character in text {
      guard let value = sextet(character) else { return nil }
      pending = pending << 6 | UInt32(value)
      pendingBits += 6
      if pendingBits >= 8 {
        pendingBits -= 8
        result.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
        pending &= (1 << pendingBits) - 1
      }
    }
    return pending == 0 ? result : nil
  }

  private static func sextet(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x41...0x5A: character - 0x41
    case 0x61...0x7A: character - 0x61 + 26
    case 0x30...0x39: character - 0x30 + 52
    case 0x2D: 62
    case 0x5F: 63
    default: nil
    }
  }
}

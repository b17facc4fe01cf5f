/// The two spellings of an ECDSA signature: `r || s` of fixed length, as JOSE (RFC 7518 §3.4) and
/// HTTP signatures (RFC 9421 §3.3.4) have it, and the DER that OpenSSL reads and writes.
///
/// ```
/// 30 len  02 len [00] r  02 len [00] s
/// ```
///
/// With 48 bytes a number at most, every length fits in one byte.
enum ECDSAEncoding {
  private static let sequence: UInt8 = 0x30
  private static let integer: UInt8 = 0x02

  /// The longest DER for P-384.
  static let maximumBytes = 2 + 2 * (2 + 1 + 48)

  /// The DER of `raw`, or nil where it has not the curve's length, or a half is not in 1 ..< n.
  static func der(fromRaw raw: Span<UInt8>, on curve: EllipticCurve) -> [UInt8]? {
    let half = curve.fieldBytes
    guard raw.count == 2 * half else { return nil }
    let r = raw.extracting(0..<half)
    let s = raw.extracting(half..<2 * half)
    guard curve.holdsScalar(r), curve.holdsScalar(s) else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(maximumBytes)
    result.append(sequence)
    result.append(0)
    append(r, to: &result)
    append(s, to: &result)
    result[1] = UInt8(truncatingIfNeeded: result.count - 2)
    return result
  }

  private static func append(_ number: Span<UInt8>, to result: inout [UInt8]) {
    var start = 0
    while start < number.count - 1, number[start] == 0 { start += 1 }
    let needsZero = number[start] & 0x80 != 0
    result.append(integer)
    result.append(UInt8(truncatingIfNeeded: number.count - start + (needsZero ? 1 : 0)))
    if needsZero { result.append(0) }
    for index in start..<number.count { result.append(number[index]) }
  }

  /// `r || s` of the DER that OpenSSL wrote, or nil where it is something else.
  static func raw(fromDER der: ArraySlice<UInt8>, on curve: EllipticCurve) -> [UInt8]? {
    var rest = der
    guard rest.popFirst() == sequence, let length = rest.popFirst(), Int(length) == rest.count,
      let r = number(&rest, bytes: curve.fieldBytes),
      let s = number(&rest, bytes: curve.fieldBytes), rest.isEmpty
    else { return nil }
    return r + s
  }

  private static func number(_ rest: inout ArraySlice<UInt8>, bytes: Int) -> [UInt8]? {
    guard rest.popFirst() == integer, let length = rest.popFirst(), Int(length) <= rest.count
    else { return nil }
    let number = rest.prefix(Int(length)).drop { $0 == 0 }
    rest = rest.dropFirst(Int(length))
    guard number.count <= bytes else { return nil }
    return [UInt8](repeating: 0, count: bytes - number.count) + number
  }
}

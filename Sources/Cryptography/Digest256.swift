/// A 256-bit digest or authentication code.
///
/// Equality here is not constant time: compare secrets with `equalsInConstantTime` over `bytes`.
package struct Digest256: Hashable, Sendable {
  /// Bytes in a digest.
  package static let byteCount = 32

  // Big-endian words, so that the number and the bytes agree.
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  /// The digest whose bytes these are. Only the first 32 count, and missing ones are zero.
  init(_ buffer: UnsafeRawBufferPointer) {
    func word(_ index: Int) -> UInt64 {
      guard buffer.count >= index * 8 + 8 else { return 0 }
      return unsafe UInt64(
        bigEndian: buffer.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    first = word(0)
    second = word(1)
    third = word(2)
    fourth = word(3)
  }

  /// The 32 bytes.
  package var bytes: [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      unsafe raw.storeBytes(of: first.bigEndian, toByteOffset: 0, as: UInt64.self)
      unsafe raw.storeBytes(of: second.bigEndian, toByteOffset: 8, as: UInt64.self)
      unsafe raw.storeBytes(of: third.bigEndian, toByteOffset: 16, as: UInt64.self)
      unsafe raw.storeBytes(of: fourth.bigEndian, toByteOffset: 24, as: UInt64.self)
      count = Self.byteCount
    }
  }

  /// 64 lower-case hexadecimal digits.
  package var hexadecimal: [UInt8] {
    bytes.flatMap { [Self.digit($0 >> 4), Self.digit($0 & 0x0F)] }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value + 0x30 : value + 0x57 }
}

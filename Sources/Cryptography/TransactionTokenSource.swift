internal import COpenSSL

/// Mints transaction tokens: 128 random bits each, as 22 characters of base64url without padding.
///
/// Belongs to one loop and is not `Sendable`. Random bytes are drawn in batches, since a call into
/// OpenSSL's generator costs far more than the 16 bytes it is asked for; each token's bytes are
/// zeroed as it is minted, so that a later look into memory finds no token that was handed out. A
/// process made by `fork` would repeat the batch: a source is made after the loops are, and loops
/// never fork.
@safe package final class TransactionTokenSource {
  /// Characters in a token.
  package static let tokenLength = 22

  private static let tokenBytes = 16
  private static let batchBytes = 4096

  private let batch: UnsafeMutableRawBufferPointer
  private var used = batchBytes

  package init() {
    unsafe batch = .allocate(byteCount: Self.batchBytes, alignment: Self.tokenBytes)
  }

  deinit {
    unsafe OPENSSL_cleanse(batch.baseAddress, batch.count)
    unsafe batch.deallocate()
  }

  /// Appends a fresh token to `bytes`.
  ///
  /// - Throws: when the generator failed; `bytes` is then unchanged, and the exchange is refused.
  package func mint(appendingTo bytes: inout [UInt8]) throws(CryptographyError) {
    let (high, low) = try draw()
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.tokenLength) { text in
      unsafe Self.spell(high, low, into: text)
      unsafe bytes.append(contentsOf: text)
      unsafe text.initialize(repeating: 0)
    }
  }

  /// A fresh token in an array of its own.
  ///
  /// - Throws: when the generator failed; the exchange is then refused.
  package func mint() throws(CryptographyError) -> [UInt8] {
    let (high, low) = try draw()
    return unsafe [UInt8](unsafeUninitializedCapacity: Self.tokenLength) { buffer, count in
      unsafe Self.spell(high, low, into: buffer)
      count = Self.tokenLength
    }
  }

  /// Takes 128 bits out of the batch.
  private func draw() throws(CryptographyError) -> (UInt64, UInt64) {
    if used == Self.batchBytes {
      guard unsafe fillWithRandomBytes(batch) else {
        throw CryptographyError(.random, cause: .take())
      }
      used = 0
    }
    let high = unsafe batch.load(fromByteOffset: used, as: UInt64.self)
    let low = unsafe batch.load(fromByteOffset: used + 8, as: UInt64.self)
    unsafe OPENSSL_cleanse(batch.baseAddress?.advanced(by: used), Self.tokenBytes)
    used += Self.tokenBytes
    return (high, low)
  }

  /// Spells 128 bits as 22 characters: 21 of six bits and one of two.
  ///
  /// `text` has room for them.
  private static func spell(
    _ high: UInt64, _ low: UInt64, into text: UnsafeMutableBufferPointer<UInt8>
  ) {
    for index in 0..<10 { unsafe text[index] = character(high >> UInt64(58 - 6 * index)) }
    unsafe text[10] = character((high << 2) | (low >> 62))
    for index in 0..<10 { unsafe text[11 + index] = character(low >> UInt64(56 - 6 * index)) }
    unsafe text[21] = character(low << 4)
  }

  /// The base64url character of the low six bits (RFC 4648 §5).
  ///
  /// Computed without a table and without a branch, so that neither memory accesses nor the time
  /// depend on a secret: each mask is all ones from one range of the alphabet on, and moves the
  /// character from the range before to the next.
  @inline(__always)
  private static func character(_ bits: UInt64) -> UInt8 {
    let value = Int32(truncatingIfNeeded: bits & 0x3F)
    var character = value &+ 0x41
    character &+= ((25 &- value) >> 8) & 6
    character &-= ((51 &- value) >> 8) & 75
    character &-= ((61 &- value) >> 8) & 13
    character &+= ((62 &- value) >> 8) & 49
    return UInt8(truncatingIfNeeded: character)
  }
}

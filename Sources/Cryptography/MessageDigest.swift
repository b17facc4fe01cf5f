internal import COpenSSL

/// The digests of FIPS 180-4 that signatures and `Content-Digest` use (RFC 9530 §5).
package enum DigestAlgorithm: UInt8, Hashable, Sendable, CaseIterable {
  case sha256, sha384, sha512

  /// Bytes in a digest.
  package var byteCount: Int {
    switch self {
    case .sha256: 32
    case .sha384: 48
    case .sha512: 64
    }
  }

  /// OpenSSL's implementation, fetched once.
  @unsafe var implementation: OpaquePointer? {
    switch self {
    case .sha256: unsafe Algorithms.sha256
    case .sha384: unsafe Algorithms.sha384
    case .sha512: unsafe Algorithms.sha512
    }
  }

  /// OpenSSL's name.
  var libraryName: StaticString {
    switch self {
    case .sha256: "SHA2-256"
    case .sha384: "SHA2-384"
    case .sha512: "SHA2-512"
    }
  }

  /// The digest of `bytes`.
  package func digest(of bytes: Span<UInt8>) throws(CryptographyError) -> [UInt8] {
    var computation = try MessageDigest(self)
    try computation.update(bytes)
    return try computation.finalize()
  }

  /// The digest of `bytes`.
  package func digest(of bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
    try digest(of: bytes.span)
  }
}

/// One computation of a digest of any of the algorithms: `update` any number of times, then
/// `finalize`. Where only SHA-256 will do, `SHA256` answers without an array.
@safe package struct MessageDigest: ~Copyable {
  private let context: OpaquePointer
  private let algorithm: DigestAlgorithm

  /// Begins a computation.
  package init(_ algorithm: DigestAlgorithm) throws(CryptographyError) {
    OpenSSLErrors.clear()
    guard let made = unsafe EVP_MD_CTX_new() else {
      throw CryptographyError(.digest, cause: .take())
    }
    guard unsafe EVP_DigestInit_ex2(made, algorithm.implementation, nil) == 1 else {
      unsafe EVP_MD_CTX_free(made)
      throw CryptographyError(.digest, cause: .take())
    }
    unsafe context = made
    self.algorithm = algorithm
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  /// Adds bytes to what is digested.
  package mutating func update(_ bytes: Span<UInt8>) throws(CryptographyError) {
    OpenSSLErrors.clear()
    let updated = unsafe bytes.withUnsafeBytes { buffer in
      unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1
    }
    guard updated else { throw CryptographyError(.digest, cause: .take()) }
  }

  /// The digest of everything added.
  package consuming func finalize() throws(CryptographyError) -> [UInt8] {
    OpenSSLErrors.clear()
    var digest = [UInt8](repeating: 0, count: algorithm.byteCount)
    let isDone = unsafe digest.withUnsafeMutableBufferPointer { output in
      unsafe EVP_DigestFinal_ex(context, output.baseAddress, nil) == 1
    }
    guard isDone else { throw CryptographyError(.digest, cause: .take()) }
    return digest
  }
}

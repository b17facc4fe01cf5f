internal import COpenSSL

/// SHA-256 (FIPS 180-4), over OpenSSL.
///
/// The value is one computation: `update` any number of times, then `finalize`. `digest(of:)` does
/// it in one call.
@safe package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// Begins a computation.
  package init() throws(CryptographyError) {
    OpenSSLErrors.clear()
    guard let made = unsafe EVP_MD_CTX_new() else {
      throw CryptographyError(.digest, cause: .take())
    }
    guard unsafe EVP_DigestInit_ex2(made, Algorithms.sha256, nil) == 1 else {
      unsafe EVP_MD_CTX_free(made)
      throw CryptographyError(.digest, cause: .take())
    }
    unsafe context = made
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

  /// Adds bytes to what is digested.
  package mutating func update(_ bytes: [UInt8]) throws(CryptographyError) {
    try update(bytes.span)
  }

  /// The digest of everything added.
  package consuming func finalize() throws(CryptographyError) -> Digest256 {
    OpenSSLErrors.clear()
    return try unsafe Digest256.filled(.digest) { output in
      unsafe EVP_DigestFinal_ex(context, output, nil) == 1
    }
  }

  /// The digest of `bytes`.
  package static func digest(of bytes: Span<UInt8>) throws(CryptographyError) -> Digest256 {
    OpenSSLErrors.clear()
    return try unsafe Digest256.filled(.digest) { output in
      unsafe bytes.withUnsafeBytes { buffer in
        unsafe EVP_Digest(buffer.baseAddress, buffer.count, output, nil, Algorithms.sha256, nil)
          == 1
      }
    }
  }

  /// The digest of `bytes`.
  package static func digest(of bytes: [UInt8]) throws(CryptographyError) -> Digest256 {
    try digest(of: bytes.span)
  }
}

extension Digest256 {
  /// A digest written by `fill` into 32 bytes; what `fill` calls a failure is thrown as
  /// `operation`.
  static func filled(
    _ operation: CryptographyError.Operation,
    by fill: (UnsafeMutablePointer<UInt8>) -> Bool
  ) throws(CryptographyError) -> Digest256 {
    let digest: Digest256? = unsafe withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: byteCount
    ) { buffer in
      guard let start = buffer.baseAddress, unsafe fill(start) else { return nil }
      return unsafe Digest256(UnsafeRawBufferPointer(buffer))
    }
    guard let digest else { throw CryptographyError(operation, cause: .take()) }
    return digest
  }
}

/// Algorithms fetched once from OpenSSL's providers and kept for the life of the process: fetching
/// by name takes a lock and a look-up in every call.
enum Algorithms {
  // Safety: OpenSSL's fetched algorithms are immutable and meant to be shared between threads.
  nonisolated(unsafe) static let sha256 = unsafe EVP_MD_fetch(nil, "SHA2-256", nil)
  nonisolated(unsafe) static let sha384 = unsafe EVP_MD_fetch(nil, "SHA2-384", nil)
  nonisolated(unsafe) static let sha512 = unsafe EVP_MD_fetch(nil, "SHA2-512", nil)
  nonisolated(unsafe) static let hmac = unsafe EVP_MAC_fetch(nil, "HMAC", nil)
}

internal import COpenSSL

/// A key for HMAC with SHA-256 (RFC 2104), ready to use.
///
/// `@unchecked Sendable`, proof: the OpenSSL context is keyed in `init` and only ever duplicated
/// after that, which reads it; every computation works on its own duplicate.
@safe package final class HMACSHA256Key: @unchecked Sendable {
  private let keyed: OpaquePointer

  /// Takes a copy of `key`. A key shorter than 32 bytes is allowed by RFC 2104 and discouraged
  /// there.
  package init(_ key: [UInt8]) throws(CryptographyError) {
    OpenSSLErrors.clear()
    guard let made = unsafe EVP_MAC_CTX_new(Algorithms.hmac) else {
      throw CryptographyError(.authenticationCode, cause: .take())
    }
    // An empty key must still come with an address, else OpenSSL takes it for "no key given".
    let padded = key.isEmpty ? [0] : key
    let initialised = unsafe padded.withUnsafeBufferPointer { bytes in
      unsafe shim_EVP_MAC_init_HMAC_SHA256(made, bytes.baseAddress, key.count) == 1
    }
    guard initialised else {
      unsafe EVP_MAC_CTX_free(made)
      throw CryptographyError(.authenticationCode, cause: .take())
    }
    unsafe keyed = made
  }

  /// A fresh random key of 256 bits.
  package convenience init() throws(CryptographyError) {
    try self.init(randomBytes(32))
  }

  deinit { unsafe EVP_MAC_CTX_free(keyed) }

  /// The authentication code of the bytes.
  package func code(of bytes: Span<UInt8>) throws(CryptographyError) -> Digest256 {
    OpenSSLErrors.clear()
    guard let context = unsafe EVP_MAC_CTX_dup(keyed) else {
      throw CryptographyError(.authenticationCode, cause: .take())
    }
    defer { unsafe EVP_MAC_CTX_free(context) }
    let updated = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe EVP_MAC_update(context, buffer.baseAddress, buffer.count) == 1
    }
    guard updated else { throw CryptographyError(.authenticationCode, cause: .take()) }
    return try unsafe Digest256.filled(.authenticationCode) { output in
      unsafe EVP_MAC_final(context, output, nil, Digest256.byteCount) == 1
    }
  }

  /// The authentication code of the parts, one after the other.
  ///
  /// The parts are not delimited: a caller that joins values of its peers prefixes their lengths.
  package func code(of parts: [UInt8]...) throws(CryptographyError) -> Digest256 {
    OpenSSLErrors.clear()
    guard let context = unsafe EVP_MAC_CTX_dup(keyed) else {
      throw CryptographyError(.authenticationCode, cause: .take())
    }
    defer { unsafe EVP_MAC_CTX_free(context) }
    for part in parts {
      let updated = unsafe part.withUnsafeBufferPointer { bytes in
        unsafe EVP_MAC_update(context, bytes.baseAddress, bytes.count) == 1
      }
      guard updated else { throw CryptographyError(.authenticationCode, cause: .take()) }
    }
    return try unsafe Digest256.filled(.authenticationCode) { output in
      unsafe EVP_MAC_final(context, output, nil, Digest256.byteCount) == 1
    }
  }
}

internal import COpenSSL

/// Owns an `EVP_PKEY` that was looked at before it got here: of a kind, a size and a shape that we
/// take.
///
/// `@unchecked Sendable`, proof: the key is never changed after `init`; OpenSSL 3 lets threads
/// share a key for signing and verifying (what it caches in it is behind a lock of its own), and
/// every operation makes a context for itself. OpenSSL overwrites the private numbers when the last
/// reference is freed.
@safe final class EVPKey: @unchecked Sendable {
  let pointer: OpaquePointer
  let algorithm: SignatureAlgorithm
  let components: PublicKeyComponents
  /// Bytes in a signature as a message carries it.
  let signatureBytes: Int

  /// Takes over `pointer`, also where it throws.
  ///
  /// - Parameter algorithm: What the key is to sign with; nil where its kind says it.
  init(
    owning pointer: OpaquePointer, algorithm wanted: SignatureAlgorithm?
  ) throws(KeyError) {
    let components: PublicKeyComponents
    let algorithm: SignatureAlgorithm
    do throws(KeyError) {
      components = try unsafe PublicKeyComponents(of: pointer)
      algorithm = try components.algorithm(wanted: wanted)
      if unsafe EVP_PKEY_is_a(pointer, "RSA-PSS") == 1, !algorithm.isPSS {
        throw KeyError(.wrongAlgorithm)
      }
    } catch {
      unsafe EVP_PKEY_free(pointer)
      throw error
    }
    unsafe self.pointer = pointer
    self.algorithm = algorithm
    self.components = components
    signatureBytes = components.signatureBytes
  }

  deinit { unsafe EVP_PKEY_free(pointer) }

  // MARK: Operations

  /// Whether `signature` is the key's over `message`. Whatever OpenSSL does not call valid is not.
  func isValid(
    _ signature: Span<UInt8>, over message: Span<UInt8>
  ) throws(CryptographyError) -> Bool {
    guard signature.count == signatureBytes else { return false }
    if let curve = algorithm.curve {
      guard let der = ECDSAEncoding.der(fromRaw: signature, on: curve) else { return false }
      return try verify(der.span, over: message)
    }
    return try verify(signature, over: message)
  }

  private func verify(
    _ signature: Span<UInt8>, over message: Span<UInt8>
  ) throws(CryptographyError) -> Bool {
    OpenSSLErrors.clear()
    guard let context = unsafe EVP_MD_CTX_new() else {
      throw CryptographyError(.verification, cause: .take())
    }
    defer { unsafe EVP_MD_CTX_free(context) }
    var parameters: OpaquePointer?
    guard
      unsafe EVP_DigestVerifyInit_ex(context, &parameters, digestName, nil, nil, pointer, nil)
        == 1, unsafe prepare(parameters)
    else { throw CryptographyError(.verification, cause: .take()) }
    let result = unsafe signature.withUnsafeBufferPointer { signature in
      unsafe message.withUnsafeBufferPointer { message in
        unsafe EVP_DigestVerify(
          context, signature.baseAddress, signature.count, message.baseAddress, message.count)
      }
    }
    // What was wrong with a bad signature is nobody's business, and must not lie in the queue.
    if result != 1 { OpenSSLErrors.clear() }
    return result == 1
  }

  /// Signs `message`; the key has its private half.
  func sign(_ message: Span<UInt8>) throws(CryptographyError) -> [UInt8] {
    OpenSSLErrors.clear()
    guard let context = unsafe EVP_MD_CTX_new() else {
      throw CryptographyError(.signature, cause: .take())
    }
    defer { unsafe EVP_MD_CTX_free(context) }
    var parameters: OpaquePointer?
    guard
      unsafe EVP_DigestSignInit_ex(context, &parameters, digestName, nil, nil, pointer, nil) == 1,
      unsafe prepare(parameters)
    else { throw CryptographyError(.signature, cause: .take()) }
    var count = max(signatureBytes, ECDSAEncoding.maximumBytes)
    var signature = [UInt8](repeating: 0, count: count)
    let isSigned = unsafe signature.withUnsafeMutableBufferPointer { output in
      unsafe message.withUnsafeBufferPointer { message in
        unsafe EVP_DigestSign(
          context, output.baseAddress, &count, message.baseAddress, message.count) == 1
      }
    }
    guard isSigned, count <= signature.count else {
      throw CryptographyError(.signature, cause: .take())
    }
    guard let curve = algorithm.curve else { return Array(signature[..<count]) }
    guard let raw = ECDSAEncoding.raw(fromDER: signature[..<count], on: curve) else {
      throw CryptographyError(.signature, cause: .take())
    }
    return raw
  }

  private var digestName: UnsafePointer<CChar>? {
    guard let name = algorithm.digest?.libraryName else { return nil }
    return unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  /// Sets what PSS leaves open: the salt is as long as the digest (RFC 7518 §3.5, RFC 9421
  /// §3.3.1), and the mask is made with the same digest, as OpenSSL does of itself.
  @unsafe private func prepare(_ parameters: OpaquePointer?) -> Bool {
    guard algorithm.isRSA else { return true }
    guard algorithm.isPSS else {
      return unsafe EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) == 1
    }
    return unsafe EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1
      && EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1
  }

  // MARK: Writing

  /// The private key as PKCS #8 in PEM form, not encrypted.
  func privatePEM() throws(KeyError) -> [UInt8] {
    OpenSSLErrors.clear()
    guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw KeyError(.library, cause: .take()) }
    // OpenSSL overwrites what such a BIO holds when it is freed.
    defer { unsafe BIO_free_all(bio) }
    guard unsafe PEM_write_bio_PKCS8PrivateKey(bio, pointer, nil, nil, 0, nil, nil) == 1 else {
      throw KeyError(.library, cause: .take())
    }
    var start: UnsafePointer<CChar>?
    let count = unsafe shim_BIO_get_mem_data(bio, &start)
    guard let start = unsafe start, count > 0 else { throw KeyError(.library) }
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
  }
}

/// Overwrites a secret in memory with zeros. Reaches no other copy of the array.
package func cleanse(_ secret: inout [UInt8]) {
  unsafe secret.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
}

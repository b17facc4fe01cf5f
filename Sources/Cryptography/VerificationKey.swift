internal import COpenSSL
internal import Primitives

/// A key that tells whether signatures are its own. Immutable, and good for any number of threads
/// at once.
///
/// Its algorithm is part of it: a message has no say in how it is verified. Making one checks the
/// key (sizes, points, exponents), so that using it need not.
package struct VerificationKey: Sendable {
  enum Material: Sendable {
    case asymmetric(EVPKey)
    case secret(HMACSHA256Key)
  }

  package let algorithm: SignatureAlgorithm
  let material: Material

  init(_ key: EVPKey) {
    algorithm = key.algorithm
    material = .asymmetric(key)
  }

  /// The key in a PEM text: a public key, a certificate's, or the public half of a private key.
  ///
  /// - Parameter algorithm: Needed for RSA keys; for others it may be left out.
  package init(pem: [UInt8], algorithm: SignatureAlgorithm? = nil) throws(KeyError) {
    self.init(try unsafe EVPKey(owning: PEMKey.read(pem), algorithm: algorithm))
  }

  /// The key with these public numbers.
  ///
  /// - Parameter algorithm: Needed for RSA keys; for others it may be left out.
  package init(
    _ components: PublicKeyComponents, algorithm: SignatureAlgorithm? = nil
  ) throws(KeyError) {
    try components.check()
    self.init(try unsafe EVPKey(owning: components.makeKey(), algorithm: algorithm))
  }

  /// A secret shared with the one who signs, for HMAC with SHA-256: 32 bytes at least.
  package init(hmacSecret secret: [UInt8]) throws(KeyError) {
    material = .secret(try HMACSHA256Key(checked: secret))
    algorithm = .hmacSHA256
  }

  /// The public numbers, or nil for a shared secret.
  package var components: PublicKeyComponents? {
    guard case .asymmetric(let key) = material else { return nil }
    return key.components
  }

  /// Bytes in a signature by this key; one of another length is invalid.
  package var signatureBytes: Int {
    switch material {
    case .asymmetric(let key): key.signatureBytes
    case .secret: Digest256.byteCount
    }
  }

  /// Whether `signature` is this key's over `message`.
  ///
  /// A signature that is malformed in whatever way is invalid, which is an answer, not an error.
  ///
  /// - Throws: when OpenSSL cannot do the work. The caller takes that as not verified.
  package func isValid(
    _ signature: Span<UInt8>, over message: Span<UInt8>
  ) throws(CryptographyError) -> Bool {
    switch material {
    case .asymmetric(let key): return try key.isValid(signature, over: message)
    case .secret(let key):
      let code = try key.code(of: message).bytes
      return equalsInConstantTime(code.span, signature)
    }
  }

  /// Whether `signature` is this key's over `message`.
  package func isValid(
    _ signature: [UInt8], over message: [UInt8]
  ) throws(CryptographyError) -> Bool {
    try isValid(signature.span, over: message.span)
  }
}

extension HMACSHA256Key {
  /// A secret that was held to `KeyLimits`.
  convenience init(checked secret: [UInt8]) throws(KeyError) {
    guard secret.count >= KeyLimits.minimumSecretBytes else { throw KeyError(.shortSecret) }
    guard secret.count <= KeyLimits.maximumSecretBytes else { throw KeyError(.longSecret) }
    do throws(CryptographyError) {
      try self.init(secret)
    } catch {
      throw KeyError(.library, cause: error.cause)
    }
  }
}

extension PublicKeyComponents {
  /// OpenSSL's key of these numbers, which are checked; the caller owns it.
  func makeKey() throws(KeyError) -> OpaquePointer {
    OpenSSLErrors.clear()
    let key: OpaquePointer?
    switch self {
    case .rsa(let modulus, let exponent):
      unsafe key = shim_EVP_PKEY_fromdata_RSA(
        modulus, Int32(truncatingIfNeeded: modulus.count), exponent,
        Int32(truncatingIfNeeded: exponent.count))
    case .elliptic(let curve, let x, let y):
      let point = [0x04] + x + y
      unsafe key = shim_EVP_PKEY_fromdata_EC(curve.libraryName, point, point.count, nil, 0)
    case .ed25519(let point):
      unsafe key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, point, point.count)
    }
    guard let key = unsafe key else {
      let cause = OpenSSLErrors.take()
      if case .elliptic = self { throw KeyError(.notOnCurve, cause: cause) }
      throw KeyError(.library, cause: cause)
    }
    return unsafe key
  }
}

internal import COpenSSL
internal import Primitives

/// A key that signs. Immutable, and good for any number of threads at once; the secret is
/// overwritten in memory when the last copy of the value goes.
///
/// Making one signs a few bytes and verifies them, so that halves that do not belong together are
/// found before the first message is.
package struct SigningKey: Sendable {
  /// Kinds of keys that are made here.
  package enum Kind: String, Sendable, CaseIterable {
    case ed25519 = "Ed25519"
    case p256 = "P-256"
    case p384 = "P-384"

    fileprivate var curve: EllipticCurve? {
      switch self {
      case .ed25519: nil
      case .p256: .p256
      case .p384: .p384
      }
    }
  }

  /// The half that verifies what this one signs.
  package let verificationKey: VerificationKey

  package var algorithm: SignatureAlgorithm { verificationKey.algorithm }

  private init(_ key: EVPKey) throws(KeyError) {
    verificationKey = VerificationKey(key)
    try check()
  }

  /// The private key in a PEM text: PKCS #8, or the older forms for EC and RSA; not encrypted.
  ///
  /// - Parameter algorithm: Needed for RSA keys; for others it may be left out.
  package init(pem: [UInt8], algorithm: SignatureAlgorithm? = nil) throws(KeyError) {
    let key = try unsafe EVPKey(owning: PEMKey.read(pem), algorithm: algorithm)
    guard PEMKey.isPrivate(pem) else { throw KeyError(.publicOnly) }
    try self.init(key)
  }

  /// The private key of Ed25519 that these 32 bytes are (RFC 8032 §5.1.5).
  ///
  /// - Parameter publicKey: What the public half must be, where that is known.
  package init(ed25519Seed seed: [UInt8], publicKey: [UInt8]? = nil) throws(KeyError) {
    guard seed.count == 32 else { throw KeyError(.wrongLength) }
    OpenSSLErrors.clear()
    guard
      let made = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
    else { throw KeyError(.library, cause: .take()) }
    let key = try unsafe EVPKey(owning: made, algorithm: nil)
    if let publicKey, key.components != .ed25519(publicKey) { throw KeyError(.mismatch) }
    try self.init(key)
  }

  /// The private key of ECDSA with this number and this point.
  package init(
    _ curve: EllipticCurve, x: [UInt8], y: [UInt8], privateNumber: [UInt8]
  ) throws(KeyError) {
    try PublicKeyComponents.elliptic(curve, x: x, y: y).check()
    guard privateNumber.count == curve.fieldBytes else { throw KeyError(.wrongLength) }
    guard curve.holdsScalar(privateNumber.span) else { throw KeyError(.malformed) }
    OpenSSLErrors.clear()
    let point = [0x04] + x + y
    guard
      let made = unsafe shim_EVP_PKEY_fromdata_EC(
        curve.libraryName, point, point.count, privateNumber, Int32(curve.fieldBytes))
    else { throw KeyError(.notOnCurve, cause: .take()) }
    try self.init(try unsafe EVPKey(owning: made, algorithm: nil))
  }

  /// A secret shared with the one who verifies, for HMAC with SHA-256: 32 bytes at least.
  package init(hmacSecret secret: [UInt8]) throws(KeyError) {
    verificationKey = try VerificationKey(hmacSecret: secret)
  }

  /// A fresh key from OpenSSL's generator.
  package static func generate(_ kind: Kind) throws(KeyError) -> SigningKey {
    OpenSSLErrors.clear()
    let type = kind.curve == nil ? "ED25519" : "EC"
    guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil) else {
      throw KeyError(.library, cause: .take())
    }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    var isReady = unsafe EVP_PKEY_keygen_init(context) == 1
    if isReady, let curve = kind.curve {
      isReady = unsafe EVP_PKEY_CTX_set_group_name(context, curve.libraryName) == 1
    }
    var made: OpaquePointer?
    guard isReady, unsafe EVP_PKEY_generate(context, &made) == 1, let made = unsafe made else {
      throw KeyError(.library, cause: .take())
    }
    return try SigningKey(try unsafe EVPKey(owning: made, algorithm: nil))
  }

  /// The signature over `message`, in the form that messages carry: ECDSA's as `r || s`.
  package func sign(_ message: Span<UInt8>) throws(CryptographyError) -> [UInt8] {
    switch verificationKey.material {
    case .asymmetric(let key): return try key.sign(message)
    case .secret(let key): return try key.code(of: message).bytes
    }
  }

  /// The signature over `message`.
  package func sign(_ message: [UInt8]) throws(CryptographyError) -> [UInt8] {
    try sign(message.span)
  }

  /// The private key as PKCS #8 in PEM form, not encrypted, for a file that only its owner reads;
  /// nil for a shared secret. `cleanse` it after use.
  package func privatePEM() throws(KeyError) -> [UInt8]? {
    guard case .asymmetric(let key) = verificationKey.material else { return nil }
    return try key.privatePEM()
  }

  private func check() throws(KeyError) {
    let message = [UInt8](ascii: "countersign: do the halves belong together?")
    do throws(CryptographyError) {
      let signature = try sign(message)
      if try verificationKey.isValid(signature, over: message) { return }
    } catch {
      throw KeyError(.mismatch, cause: error.cause)
    }
    throw KeyError(.mismatch)
  }
}

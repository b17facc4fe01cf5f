internal import Primitives

/// What a key signs with. A key has one of these for its life: nothing that a message says about
/// algorithms changes how it is verified (RFC 8725 §3.1).
package enum SignatureAlgorithm: UInt8, Hashable, Sendable, CaseIterable {
  /// HMAC with SHA-256 (RFC 2104): the one who verifies can also sign.
  case hmacSHA256
  /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2).
  case rsaPKCS1SHA256
  /// RSASSA-PSS with SHA-256, a salt of 32 bytes (RFC 8017 §8.1).
  case rsaPSSSHA256
  /// RSASSA-PSS with SHA-512, a salt of 64 bytes.
  case rsaPSSSHA512
  /// ECDSA over P-256 with SHA-256 (FIPS 186-5); signatures are `r || s`, 64 bytes.
  case ecdsaP256SHA256
  /// ECDSA over P-384 with SHA-384; signatures are `r || s`, 96 bytes.
  case ecdsaP384SHA384
  /// EdDSA over edwards25519 (RFC 8032 §5.1).
  case ed25519

  /// The value of `alg` in a JWS or a JWK that we write (RFC 7518 §3.1, RFC 8037 §3.1).
  package var joseName: StaticString {
    switch self {
    case .hmacSHA256: "HS256"
    case .rsaPKCS1SHA256: "RS256"
    case .rsaPSSSHA256: "PS256"
    case .rsaPSSSHA512: "PS512"
    case .ecdsaP256SHA256: "ES256"
    case .ecdsaP384SHA384: "ES384"
    case .ed25519: "EdDSA"
    }
  }

  /// A second name for the same algorithm: `Ed25519` says what `EdDSA` leaves to the key
  /// (RFC 9864 §2.2).
  package var alternativeJOSEName: StaticString? { self == .ed25519 ? "Ed25519" : nil }

  /// The name in the registry of HTTP signature algorithms (RFC 9421 §3.3), or nil for PS256, which
  /// is not there.
  package var httpSignatureName: StaticString? {
    switch self {
    case .hmacSHA256: "hmac-sha256"
    case .rsaPKCS1SHA256: "rsa-v1_5-sha256"
    case .rsaPSSSHA256: nil
    case .rsaPSSSHA512: "rsa-pss-sha512"
    case .ecdsaP256SHA256: "ecdsa-p256-sha256"
    case .ecdsaP384SHA384: "ecdsa-p384-sha384"
    case .ed25519: "ed25519"
    }
  }

  /// The algorithm with this name in JOSE, or nil for `none` and every other one. Case counts.
  package init?(joseName name: some Collection<UInt8>) {
    let found = Self.allCases.first { algorithm in
      algorithm.isNamed(name)
    }
    guard let found else { return nil }
    self = found
  }

  /// Whether `name` means this algorithm in JOSE. Case counts.
  package func isNamed(_ name: some Collection<UInt8>) -> Bool {
    let bytes = Array(name)
    if bytes.equals(joseName) { return true }
    return alternativeJOSEName.map { bytes.equals($0) } ?? false
  }

  /// What the signed bytes are digested with; nil where the algorithm does that itself.
  var digest: DigestAlgorithm? {
    switch self {
    case .hmacSHA256, .rsaPKCS1SHA256, .rsaPSSSHA256, .ecdsaP256SHA256: .sha256
    case .ecdsaP384SHA384: .sha384
    case .rsaPSSSHA512: .sha512
    case .ed25519: nil
    }
  }

  var curve: EllipticCurve? {
    switch self {
    case .ecdsaP256SHA256: .p256
    case .ecdsaP384SHA384: .p384
    default: nil
    }
  }

  var isPSS: Bool { self == .rsaPSSSHA256 || self == .rsaPSSSHA512 }

  var isRSA: Bool { isPSS || self == .rsaPKCS1SHA256 }
}

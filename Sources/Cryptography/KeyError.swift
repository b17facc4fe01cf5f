/// Why a key cannot be used. Nothing of the key is in it.
package struct KeyError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable, CaseIterable {
    /// The text holds no key in PEM form.
    case noKey = "key-missing"
    /// The text holds more than one key: which one is meant must not be guessed.
    case severalKeys = "key-several"
    case encrypted = "key-encrypted"
    case malformed = "key-malformed"
    case tooLarge = "key-too-large"
    /// A kind of key with which none of our algorithms works.
    case unsupportedType = "key-type-unsupported"
    case unsupportedCurve = "key-curve-unsupported"
    /// The curve is given by its numbers instead of its name.
    case explicitCurve = "key-curve-explicit"
    /// The key cannot sign with the algorithm that it is to have.
    case wrongAlgorithm = "key-algorithm-wrong"
    /// An RSA key can sign in several ways: which one must be said.
    case algorithmNeeded = "key-algorithm-needed"
    case shortSecret = "key-secret-short"
    case longSecret = "key-secret-long"
    case shortModulus = "key-modulus-short"
    case longModulus = "key-modulus-long"
    case badModulus = "key-modulus-bad"
    case badExponent = "key-exponent-bad"
    case wrongLength = "key-length-wrong"
    case notOnCurve = "key-point-not-on-curve"
    /// A point for which many signatures hold for many messages.
    case weakPoint = "key-point-weak"
    case publicOnly = "key-public-only"
    /// The private and the public half do not belong together.
    case mismatch = "key-mismatch"
    case library = "key-library"
  }

  package let code: Code
  /// What OpenSSL said, where it was asked.
  package let cause: OpenSSLErrors?

  package init(_ code: Code, cause: OpenSSLErrors? = nil) {
    self.code = code
    self.cause = cause.flatMap { $0.codes.isEmpty ? nil : $0 }
  }

  /// A clause that continues "the key …", without the full stop.
  package var description: String {
    guard let cause else { return sentence }
    return "\(sentence) (\(cause))"
  }

  private var sentence: String {
    switch code {
    case .noKey: "is not there: no PEM block of a key or a certificate"
    case .severalKeys: "is one of several in the same text; keep one key in a file"
    case .encrypted: "is encrypted; store it decrypted, readable by this user only"
    case .malformed: "is malformed"
    case .tooLarge: "is longer than \(KeyLimits.maximumPEMBytes) bytes of PEM"
    case .unsupportedType: "is of a kind other than Ed25519, EC and RSA"
    case .unsupportedCurve: "is on a curve other than P-256 and P-384"
    case .explicitCurve: "names its curve by numbers; write it with a named curve"
    case .wrongAlgorithm: "cannot be used with the algorithm that is asked for"
    case .algorithmNeeded: "is an RSA key: say whether it signs RS256, PS256 or PS512"
    case .shortSecret: "has fewer than \(KeyLimits.minimumSecretBytes) bytes of secret"
    case .longSecret: "has more than \(KeyLimits.maximumSecretBytes) bytes of secret"
    case .shortModulus: "has a modulus of fewer than \(KeyLimits.minimumModulusBits) bits"
    case .longModulus: "has a modulus of more than \(KeyLimits.maximumModulusBits) bits"
    case .badModulus: "has a modulus that is even or begins with zero bytes"
    case .badExponent: "has an exponent that is even, less than 3 or longer than 4 bytes"
    case .wrongLength: "has not the number of bytes that its curve wants"
    case .notOnCurve: "is not a point of its curve"
    case .weakPoint: "is a point of small order or not in its only spelling"
    case .publicOnly: "is a public key; signing needs the private one"
    case .mismatch: "is made of halves that do not belong together"
    case .library: "is refused by OpenSSL"
    }
  }
}

/// What keys are held to.
package enum KeyLimits {
  /// RFC 7518 §3.2: a secret is at least as long as the digest.
  package static let minimumSecretBytes = 32
  /// More than anybody means; a longer one is a wrong file.
  package static let maximumSecretBytes = 4096
  /// RFC 7518 §3.3.
  package static let minimumModulusBits = 2048
  /// Verifying with the largest modulus that OpenSSL takes (16384) costs milliseconds.
  package static let maximumModulusBits = 8192
  /// An exponent is 3 at least and 2^32 - 1 at most: a long one makes every verification slow.
  package static let maximumExponentBytes = 4
  /// A text with one key or certificate.
  package static let maximumPEMBytes = 65536
}

package import Cryptography

/// Why one key of a set is not used. The set is, without it.
package enum JWKRefusal: Error, Hashable, Sendable {
  case notObject
  /// `kty` is missing or unknown: RFC 7517 §5 has such keys ignored.
  case unsupportedType
  case unsupportedCurve
  /// `alg` is there and unknown, or not for this type of key.
  case unsupportedAlgorithm
  /// `use` is another than `sig`.
  case otherUse
  /// `key_ops` does not hold `verify`.
  case otherOperations
  case malformedMember
  case missingMember
  /// A number is not canonical base64url.
  case encoding
  /// The private half, or a shared secret, stands in a published set: the key is everybody's.
  case secretPublished
  /// Another key of the same algorithm has the same `kid`.
  case duplicateIdentifier
  case identifierTooLong
  /// The numbers are no key that may be used.
  case key(KeyError.Code)

  /// The stable name, in logs and metrics.
  package var code: String {
    switch self {
    case .notObject: "jwk-not-object"
    case .unsupportedType: "jwk-kty-unsupported"
    case .unsupportedCurve: "jwk-crv-unsupported"
    case .unsupportedAlgorithm: "jwk-alg-unsupported"
    case .otherUse: "jwk-use-other"
    case .otherOperations: "jwk-key-ops-other"
    case .malformedMember: "jwk-member-malformed"
    case .missingMember: "jwk-member-missing"
    case .encoding: "jwk-encoding"
    case .secretPublished: "jwk-secret-published"
    case .duplicateIdentifier: "jwk-kid-duplicate"
    case .identifierTooLong: "jwk-kid-too-long"
    case .key(let code): code.rawValue
    }
  }

  /// Whether somebody must be told: this is a mistake of the publisher, or worse. What is not is
  /// the ordinary life of a set that serves others, too.
  package var isAlarming: Bool {
    switch self {
    case .unsupportedType, .unsupportedCurve, .unsupportedAlgorithm, .otherUse, .otherOperations:
      false
    case .notObject, .malformedMember, .missingMember, .encoding, .secretPublished,
      .duplicateIdentifier, .identifierTooLong, .key:
      true
    }
  }
}

/// Why a key set is not used at all.
package enum JWKSetRefusal: String, Error, Hashable, Sendable, CaseIterable {
  case tooLong = "jwks-too-long"
  case syntax = "jwks-syntax"
  case duplicateMember = "jwks-duplicate-member"
  /// No object with an array `keys`.
  case noKeys = "jwks-keys-missing"
  case tooManyKeys = "jwks-too-many-keys"

  /// A clause that continues "the key set …", without the full stop.
  package var explanation: String {
    switch self {
    case .tooLong: "is longer than \(JOSELimits.maximumKeySetBytes) bytes"
    case .syntax: "is not JSON"
    case .duplicateMember: "has a member twice in one object"
    case .noKeys: "is no JSON object with an array 'keys'"
    case .tooManyKeys: "has more than \(JOSELimits.maximumKeys) keys"
    }
  }
}

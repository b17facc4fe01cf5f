/// Why a signed token is not believed. One reason for one cause; nothing of the token is in it.
package enum JWSRefusal: String, Error, Hashable, Sendable, CaseIterable {
  // The spelling (RFC 7515 §7.1).
  case empty = "jws-empty"
  case tooLong = "jws-too-long"
  /// Not three parts between two dots, or the JSON serialization.
  case notCompact = "jws-not-compact"
  /// Five parts: a JWE.
  case encrypted = "jws-encrypted"
  case headerTooLong = "jws-header-too-long"
  case headerEncoding = "jws-header-encoding"
  case payloadEncoding = "jws-payload-encoding"
  case signatureEncoding = "jws-signature-encoding"

  // The protected header (RFC 7515 §4).
  case headerSyntax = "jws-header-syntax"
  case headerDuplicate = "jws-header-duplicate-member"
  case headerNotObject = "jws-header-not-object"
  case algorithmMissing = "jws-alg-missing"
  case algorithmMalformed = "jws-alg-malformed"
  /// `none` in whatever case: nothing is signed.
  case algorithmNone = "jws-alg-none"
  case algorithmUnsupported = "jws-alg-unsupported"
  /// The key it names signs with another algorithm.
  case algorithmMismatch = "jws-alg-mismatch"
  case typeMissing = "jws-typ-missing"
  case typeMalformed = "jws-typ-malformed"
  case typeMismatch = "jws-typ-mismatch"
  case contentTypeMalformed = "jws-cty-malformed"
  case keyIdentifierMalformed = "jws-kid-malformed"
  case keyIdentifierTooLong = "jws-kid-too-long"
  /// `crit`, whatever it lists: no extension is known here (RFC 7515 §4.1.11).
  case critical = "jws-crit"
  /// `b64` (RFC 7797): the payload would be signed in another form.
  case unencodedPayload = "jws-b64"

  // The key.
  case noKeys = "jws-no-keys"
  case keyUnknown = "jws-key-unknown"
  /// Without `kid`, or with one that several keys carry, more than one key would fit.
  case keyAmbiguous = "jws-key-ambiguous"

  // The signature.
  case signatureLength = "jws-signature-length"
  case signatureInvalid = "jws-signature-invalid"
  /// OpenSSL could not do the work; nothing was verified.
  case libraryFailed = "jws-library-failed"

  // The claims (RFC 7519 §4.1).
  case payloadSyntax = "jwt-syntax"
  case payloadDuplicate = "jwt-duplicate-member"
  case payloadNotObject = "jwt-not-object"
  case claimMalformed = "jwt-claim-malformed"
  case audienceMalformed = "jwt-aud-malformed"
  case timeMalformed = "jwt-time-malformed"
  case timeOutOfRange = "jwt-time-out-of-range"
  case issuerMissing = "jwt-iss-missing"
  case subjectMissing = "jwt-sub-missing"
  case audienceMissing = "jwt-aud-missing"
  case expiresMissing = "jwt-exp-missing"
  case issuedAtMissing = "jwt-iat-missing"
  case identifierMissing = "jwt-jti-missing"
  case transactionMissing = "jwt-txn-missing"
  case nonceMissing = "jwt-nonce-missing"
  case issuerMismatch = "jwt-iss-mismatch"
  case audienceMismatch = "jwt-aud-mismatch"
  case nonceMismatch = "jwt-nonce-mismatch"
  case expired = "jwt-expired"
  case notYetValid = "jwt-not-yet-valid"
  case issuedInFuture = "jwt-issued-in-future"
  /// Issued before we asked: an answer to an older question.
  case issuedTooEarly = "jwt-issued-too-early"
  case lifetimeTooLong = "jwt-lifetime-too-long"
  /// It ends before it begins.
  case timesContradict = "jwt-times-contradict"

  /// What is wrong, as a clause that continues "the token …", without the full stop.
  package var explanation: StaticString {
    switch self {
    case .empty: "is empty"
    case .tooLong: "is longer than the limit"
    case .notCompact: "is not three base64url parts between two dots"
    case .encrypted: "is encrypted, not signed"
    case .headerTooLong: "has a header longer than the limit"
    case .headerEncoding: "has a header that is not canonical base64url"
    case .payloadEncoding: "has a payload that is not canonical base64url"
    case .signatureEncoding: "has a signature that is not canonical base64url"
    case .headerSyntax: "has a header that is not JSON"
    case .headerDuplicate: "has a header in which a member occurs twice"
    case .headerNotObject: "has a header that is no JSON object"
    case .algorithmMissing: "names no algorithm"
    case .algorithmMalformed: "names its algorithm by something other than a string"
    case .algorithmNone: "is not signed: its algorithm is 'none'"
    case .algorithmUnsupported: "names an algorithm that is not supported"
    case .algorithmMismatch: "names another algorithm than its key has"
    case .typeMissing: "has no 'typ'"
    case .typeMalformed: "has a 'typ' that is no string"
    case .typeMismatch: "is of another type than is expected here"
    case .contentTypeMalformed: "has a 'cty' that is no string"
    case .keyIdentifierMalformed: "has a 'kid' that is no string"
    case .keyIdentifierTooLong: "has a 'kid' longer than the limit"
    case .critical: "demands an extension by 'crit'"
    case .unencodedPayload: "has 'b64' in its header"
    case .noKeys: "cannot be verified: there are no keys"
    case .keyUnknown: "is signed with a key that is not known"
    case .keyAmbiguous: "does not say which of several keys has signed it"
    case .signatureLength: "has a signature of the wrong length"
    case .signatureInvalid: "is not signed by its key"
    case .libraryFailed: "could not be verified, because OpenSSL failed"
    default: claimExplanation
    }
  }

  private var claimExplanation: StaticString {
    switch self {
    case .payloadSyntax: "has claims that are not JSON"
    case .payloadDuplicate: "has claims in which a member occurs twice"
    case .payloadNotObject: "has claims that are no JSON object"
    case .claimMalformed: "has a claim that must be a string and is not"
    case .audienceMalformed: "has an 'aud' that is neither a string nor some strings"
    case .timeMalformed: "has a time that is not a whole number of seconds"
    case .timeOutOfRange: "has a time before 1970 or after 9999"
    case .issuerMissing: "has no 'iss'"
    case .subjectMissing: "has no 'sub'"
    case .audienceMissing: "has no 'aud'"
    case .expiresMissing: "has no 'exp'"
    case .issuedAtMissing: "has no 'iat'"
    case .identifierMissing: "has no 'jti'"
    case .transactionMissing: "has no 'txn'"
    case .nonceMissing: "has no 'nonce'"
    case .issuerMismatch: "comes from another issuer"
    case .audienceMismatch: "is meant for another audience"
    case .nonceMismatch: "answers another request"
    case .expired: "has expired"
    case .notYetValid: "is not valid yet"
    case .issuedInFuture: "was issued in the future"
    case .issuedTooEarly: "was issued before the request was sent"
    case .lifetimeTooLong: "is valid for longer than is allowed"
    case .timesContradict: "expires before it was issued or becomes valid"
    default: "is refused"
    }
  }
}

/// Why a message signature or a digest field does not count. What is not plainly right is refused:
/// nothing is repaired, and an unknown word is never skipped where it could change what is covered.
package enum SignatureFault: UInt8, Error, CaseIterable, Hashable, Sendable {
  // The fields.
  case fieldTooLong, fieldUnreadable, memberRepeated
  case signatureMissing, signatureAmbiguous, signatureWithoutInput, inputWithoutSignature
  case inputMalformed, signatureMalformed
  // The components.
  case componentMalformed, componentUnknown, componentRepeated, componentMisplaced
  case componentOfTrailer, componentAbsent, componentUnreadable, tooManyComponents
  // What the verifier demands.
  case coverageShort, nonceMissing, nonceOther, createdMissing, createdTooEarly, createdInFuture
  case expired
  // Digests (RFC 9530).
  case digestMissing, digestMalformed, digestUnknown

  /// One sentence for a person, without values.
  package var explanation: StaticString {
    switch self {
    case .fieldTooLong: "a signature or digest field is longer than the limit"
    case .fieldUnreadable: "a signature or digest field is no structured dictionary"
    case .memberRepeated: "a label or a parameter occurs twice"
    case .signatureMissing: "no signature has the tag that counts here"
    case .signatureAmbiguous: "more than one signature has the tag that counts here"
    case .signatureWithoutInput: "a signature lacks its member of Signature-Input"
    case .inputWithoutSignature: "a member of Signature-Input lacks its signature"
    case .inputMalformed: "a member of Signature-Input is no list of components with parameters"
    case .signatureMalformed: "a signature is no byte sequence"
    case .componentMalformed: "a covered component is not written as RFC 9421 demands"
    case .componentUnknown: "a covered component or one of its parameters is not known"
    case .componentRepeated: "a component is covered twice"
    case .componentMisplaced: "a covered component belongs to the other kind of message"
    case .componentOfTrailer: "a covered component is a trailer field, which is not kept"
    case .componentAbsent: "a covered component is not in the message"
    case .componentUnreadable:
      "the value of a covered component cannot be written as the RFC demands"
    case .tooManyComponents: "more components are covered than the limit allows"
    case .coverageShort: "the signature does not cover what the route demands"
    case .nonceMissing: "the signature has no nonce"
    case .nonceOther: "the nonce of the signature is not the one that was sent"
    case .createdMissing: "the signature does not say when it was made"
    case .createdTooEarly: "the signature was made before the request was sent"
    case .createdInFuture: "the signature was made in the future"
    case .expired: "the signature has expired"
    case .digestMissing: "the digest of the content is missing"
    case .digestMalformed: "a digest is no byte sequence of its algorithm's length"
    case .digestUnknown: "the content has no digest by an algorithm that counts"
    }
  }
}

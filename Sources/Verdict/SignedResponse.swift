package import HTTPModel
package import MessageSignatures
internal import Primitives

/// A message signature that is to be checked by whoever holds the keys: over which bytes, and which
/// digests the contents must have.
package struct SignatureCheck: Hashable, Sendable {
  /// What was signed (RFC 9421 §2.5).
  package let base: [UInt8]
  package let signature: [UInt8]
  /// The key it names; nil where it names none.
  package let keyID: [UInt8]?
  /// The algorithm it names, which must be the key's own.
  package let algorithm: [UInt8]?
  /// The digests that the response claims for its content: each must be right.
  package let digests: [ClaimedDigest]
  package let times: SignatureTimes
}

/// When a signature was made, and until when it is to be trusted, in seconds since 1970.
package struct SignatureTimes: Hashable, Sendable {
  let created: Int64?
  let expires: Int64?

  /// Why a signature that holds does not count all the same; nil where it counts.
  func flaw(skew: Seconds, at times: ExchangeTimes) -> RefusalReason? {
    SignatureDemand.timeFault(
      created: created, expires: expires, sentAt: times.sentAt, skew: skew, at: times.now
    ).map { RefusalReason($0) }
  }
}

/// Makes a request one whose answer can be signed: with the digest of its content, and the wish
/// for a signature that has the token for its nonce.
///
/// - Parameter digest: The SHA-256 digest of the content, where one is to be added.
package func prepareSignedRequest(
  _ head: inout RequestHead, token: [UInt8], digest: [UInt8]?, facts: inout RequestFacts,
  under rule: DecisionRule
) {
  guard rule.sendsToken, case .httpSignature(let binding) = rule.binding else { return }
  if let digest {
    let claim = ClaimedDigest(algorithm: .sha256, bytes: digest)
    head.fields.set(.contentDigest, DigestFields.fieldValue(claim))
  }
  guard let wish = binding.wish(nonce: token, of: head, in: rule.mode) else { return }
  head.fields.set(.acceptSignature, wish)
  facts.token = token
}

extension RequestFacts {
  /// Notes the head as it went out, to the last field: what a signed response may speak of.
  ///
  /// - Parameter scheme: Of the connection it went out on.
  package mutating func noteSent(
    _ head: RequestHead, scheme: TargetScheme, under rule: DecisionRule
  ) {
    guard case .httpSignature(let binding) = rule.binding else { return }
    var sent = head
    // The authority that the service sees is the one in `Host`.
    sent.authority = Array(head.fields.only(.host) ?? [])
    signable = SignedMessage(request: sent, scheme: binding.scheme ?? scheme)
  }
}

/// Whether the digests that a request claims for its content can be relied on.
package enum RequestDigest: Hashable, Sendable {
  /// It claims none that counts: one is to be added.
  case absent
  /// It claims these, each to be checked.
  case claimed([ClaimedDigest])
  /// What it claims cannot be read.
  case malformed

  package init(_ fields: FieldSection) {
    do throws(SignatureFault) {
      self = .claimed(try DigestFields.claimed(.content, in: fields))
    } catch {
      self = error == .digestMissing || error == .digestUnknown ? .absent : .malformed
    }
  }
}

/// Finds the one signature that counts, and what it was made over.
func signatureDemand(
  of head: ResponseHead, to request: RequestFacts, under binding: HTTPSignatureRule,
  in mode: EnforcementMode
) -> ProofDemand {
  guard let sent = request.signable else { return .refused(.tokenNotSent) }
  do throws(SignatureFault) {
    let found = try MessageSignature.only(tagged: binding.tag, in: head.fields)
    let parameters = found.parameters
    let fault = SignatureDemand.coverageFault(
      in: parameters, components: binding.demanded(of: sent.request, in: mode), nonce: request.token
    )
    if let fault { throw fault }
    let message = SignedMessage(request: sent.request, scheme: sent.scheme, response: head)
    return .messageSignature(
      SignatureCheck(
        base: try message.signatureBase(parameters), signature: found.signature,
        keyID: parameters.keyID, algorithm: parameters.algorithm,
        digests: try DigestFields.claimed(.content, in: head.fields),
        times: SignatureTimes(created: parameters.created, expires: parameters.expires)))
  } catch {
    return .refused(RefusalReason(error))
  }
}

extension RefusalReason {
  /// The refusal that a fault of a message signature comes to.
  init(_ fault: SignatureFault) {
    self =
      switch fault {
      case .signatureMissing: .proofMissing
      case .signatureAmbiguous, .memberRepeated, .componentRepeated: .proofRepeated
      case .fieldTooLong, .tooManyComponents: .proofTooLong
      case .fieldUnreadable, .signatureWithoutInput, .inputWithoutSignature, .inputMalformed,
        .signatureMalformed, .componentMalformed:
        .proofMalformed
      case .componentUnknown, .componentMisplaced, .componentOfTrailer, .componentAbsent,
        .componentUnreadable:
        .signatureComponentUnusable
      case .coverageShort: .signatureCoverageShort
      case .nonceMissing: .tokenMissing
      case .nonceOther: .tokenMismatch
      case .createdMissing: .signatureUndated
      case .createdTooEarly: .issuedBeforeRequest
      case .createdInFuture: .issuedInFuture
      case .expired: .expired
      case .digestMissing: .responseDigestMissing
      case .digestMalformed: .responseDigestMalformed
      case .digestUnknown: .responseDigestMissing
      }
  }
}

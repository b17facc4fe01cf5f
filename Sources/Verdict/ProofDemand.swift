package import HTTPModel
package import Primitives

/// What has to be checked, by whoever holds the keys, before a response can be verified.
package enum ProofDemand: Hashable, Sendable {
  /// Nothing: the proof is compared, or there is none.
  case none
  /// A compact JWS (RFC 7515 §7.1): its signature, by the key set of the rule.
  case jws([UInt8])
  /// A message signature (RFC 9421) and the digests that go with it.
  case messageSignature(SignatureCheck)
  /// No one proof was found where the rule says.
  case refused(RefusalReason)
}

/// What came of a `ProofDemand`. Made by the target that checks signatures, and here only as
/// `none` and `failed`.
package enum CheckedProof: Hashable, Sendable {
  /// Nothing was demanded.
  case none
  /// The signature holds; what was signed is still to be compared.
  case claims(SignedClaims)
  /// The signature over the response and its request holds, and so do the digests.
  case messageSignature(SignatureTimes)
  /// There is no proof, or its signature does not hold.
  case failed(RefusalReason)
}

/// What a key of the route's set has signed.
package struct SignedClaims: Hashable, Sendable {
  /// The JSON that was signed, as it was signed.
  package let payload: [UInt8]
  /// `typ` of the protected header; nil where it has none.
  package let type: [UInt8]?
  package let digests: ExchangeDigests

  package init(payload: [UInt8], type: [UInt8]?, digests: ExchangeDigests = ExchangeDigests()) {
    self.payload = payload
    self.type = type
    self.digests = digests
  }
}

/// When an exchange was under way, by the wall clock.
package struct ExchangeTimes: Hashable, Sendable {
  /// When the request went out: nothing issued before answers it.
  package let sentAt: WallTime
  package let now: WallTime

  package init(sentAt: WallTime, now: WallTime) {
    self.sentAt = sentAt
    self.now = now
  }
}

/// Finds the one proof of a response, where the rule says and only there: the first phase of
/// verification.
///
/// What it demands is checked with the route's keys, and the answer handed to `verify`. `body` is
/// what came, `state` whether that is all. Where nothing can come of a check (the body was cut
/// short, no token was sent in mode `audit`) nothing is demanded; `verify` says why.
package func proofDemand(
  of head: ResponseHead, body: Span<UInt8>, state: BodyState, to request: RequestFacts,
  under rule: DecisionRule
) -> ProofDemand {
  guard state == .whole else { return .none }
  switch rule.binding {
  case .none, .echo, .legacy: return .none
  case .jwt(let binding):
    guard !request.token.isEmpty else { return .none }
    return signedText(at: binding.proof, of: head, body: body, rule: rule)
  case .introspectionJWT: return signedBody(of: head, body: body)
  case .httpSignature(let binding):
    guard !request.token.isEmpty else { return .none }
    return signatureDemand(of: head, to: request, under: binding, in: rule.mode)
  }
}

// RFC 9701 §5: the whole body is the JWS.
private func signedBody(of head: ResponseHead, body: Span<UInt8>) -> ProofDemand {
  guard !body.isEmpty, let type = MediaType.essence(of: head.fields),
    type.equalsIgnoringASCIICase("application/token-introspection+jwt")
  else { return .refused(.proofMissing) }
  guard !ContentCoding.isCoded(head.fields) else { return .refused(.bodyCoded) }
  guard body.count <= maximumSignedTextBytes else { return .refused(.proofTooLong) }
  var text: [UInt8] = []
  text.reserveCapacity(body.count)
  for index in body.indices { text.append(body[index]) }
  return .jws(text)
}

/// How long a signed text may be, in bytes: what is longer is not worth a signature.
package let maximumSignedTextBytes = 64 << 10

private func signedText(
  at place: ProofPlace, of head: ResponseHead, body: Span<UInt8>, rule: DecisionRule
) -> ProofDemand {
  let text: [UInt8]
  switch place {
  case .field(let name):
    guard let value = head.fields.first(name) else { return .refused(.proofMissing) }
    guard head.fields.count(of: name) == 1 else { return .refused(.proofRepeated) }
    text = Array(value)
  case .json:
    let reading = VerdictReading(head: head, body: body, rule: rule)
    switch reading.json {
    case .notRead: return .refused(.proofMissing)
    case .unreadable(let reason): return .refused(reason)
    case .read(let values):
      guard let index = rule.pointers.proof, let value = values[index] else {
        return .refused(.proofMissing)
      }
      guard value.kind == .string else { return .refused(.proofMalformed) }
      text = value.bytes(in: body)
    }
  }
  return text.count <= maximumSignedTextBytes ? .jws(text) : .refused(.proofTooLong)
}

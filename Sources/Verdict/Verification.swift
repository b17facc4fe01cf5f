package import HTTPModel
internal import Primitives

/// What is known of the binding of a verdict to its request.
package enum BindingProof: Hashable, Sendable {
  case proved
  case failed(RefusalReason)
  /// Mode `audit` without a token: there was nothing to find.
  case notTested
}

/// What verification found.
package enum VerificationOutcome: Sendable, Equatable {
  /// An allow with every proof.
  case verified(VerifiedVerdict)
  /// A no that may go out. Unproved, it is reported.
  case denied(BindingProof)
  /// Nothing that may go out.
  case refused(RefusalReason)
  /// Mode `audit` without a token: an allow whose other checks have passed.
  case untested

  /// Why the verdict was refused, or why its denial is unproved.
  package var reason: RefusalReason? {
    switch self {
    case .verified, .untested, .denied(.proved), .denied(.notTested): nil
    case .denied(.failed(let reason)), .refused(let reason): reason
    }
  }
}

/// How much of a response's body came.
package enum BodyState: Hashable, Sendable {
  case whole
  /// More than `DecisionRule.maximumBodyBytes`.
  case tooLarge
  /// The connection ended first.
  case cutShort
}

/// Checks a response to a decision request against its rule: the second phase of verification,
/// which leaves only the memory to be asked. Everything fails closed:
///
///     status cannot be a verdict ─────────────────────────────▶ refused
///     what does the verdict say?  (rule, else customary members and status)
///       ├─ two things, or nothing readable ───────────────────▶ refused
///       ├─ no:  proved ───────────────────────────────────────▶ denied
///       │       unproved ─┬─ deny: deliver ───────────────────▶ denied, reported
///       │                 └─ deny: verify, or a 2xx that only its body makes a no ─▶ refused
///       └─ yes: token ∧ user ∧ not coded ∧ no age ────────────▶ proven, else refused
///
/// A token or user in the body is looked for only there, in a header field only there; trailers
/// prove nothing. `body` is what came, `state` whether that is all, `proof` what came of what
/// `proofDemand` asks for.
package func verify(
  _ head: ResponseHead, body: Span<UInt8>, state: BodyState, proof: CheckedProof,
  to request: RequestFacts, under rule: DecisionRule, at times: ExchangeTimes
) -> Judgement {
  switch state {
  case .whole: break
  case .tooLarge: return .refused(.bodyTooLarge)
  case .cutShort: return .refused(.bodyIncomplete)
  }
  if let reason = refusal(ofStatus: head.status, request: request) { return .refused(reason) }
  let reading = VerdictReading(head: head, body: body, proof: proof, rule: rule)
  let said =
    batchStatement(
      of: head, body: body, reading: reading, question: request.batch, rule: rule)
    ?? signedStatement(of: head, body: body, reading: reading, rule: rule)
  switch said {
  case .unclear(let reason): return .refused(reason)
  case .deny(let needsProof):
    let binding = bindingFinding(
      of: head, body: body, reading: reading, proof: proof, request: request, rule: rule, at: times)
    return denial(
      binding, needsProof: needsProof, head: head, body: body, reading: reading, request: request,
      rule: rule)
  case .allow:
    let binding = bindingFinding(
      of: head, body: body, reading: reading, proof: proof, request: request, rule: rule, at: times)
    return allowance(
      binding, head: head, body: body, reading: reading, request: request, rule: rule, at: times)
  }
}

// A status that no verdict has.
private func refusal(ofStatus status: Status, request: RequestFacts) -> RefusalReason? {
  if status.isInformational || status.code > 599 { return .statusUnexpected }
  if status == .notModified { return request.wasConditional ? .validated : .notModified }
  if status == .partialContent { return .partialContent }
  return nil
}

// A yes: everything is demanded.
private func allowance(
  _ binding: BindingFinding, head: ResponseHead, body: Span<UInt8>, reading: VerdictReading,
  request: RequestFacts, rule: DecisionRule, at times: ExchangeTimes
) -> Judgement {
  if case .failed(let reason) = binding.proof { return .refused(reason) }
  if !body.isEmpty, ContentCoding.isCoded(head.fields) { return .refused(.bodyCoded) }
  if CacheMarks.hasPositiveAge(head.fields) { return .refused(.servedFromCache) }
  let subject: [UInt8]?
  switch subjectMatch(of: head, body: body, reading: reading, request: request, rule: rule) {
  case .failed(let reason): return .refused(reason)
  case .notCompared: subject = nil
  case .same(let name): subject = name
  }
  if let reason = demandFailure(of: head, body: body, request: request, rule: rule) {
    return .refused(reason)
  }
  if binding.proof == .notTested { return .untested }
  switch singleUseValues(of: head, body: body, request: request, rule: rule, at: times.now) {
  case .refused(let reason): return .refused(reason)
  case .found(let values):
    let all = values.isEmpty ? binding.identifiers : binding.identifiers + values
    return .proven(ProvenVerdict(subject: subject, identifiers: all))
  }
}

// A no: what is missing is reported, and refused only where the route or the form of the no demands
// it.
private func denial(
  _ binding: BindingFinding, needsProof: Bool, head: ResponseHead, body: Span<UInt8>,
  reading: VerdictReading, request: RequestFacts, rule: DecisionRule
) -> Judgement {
  var proof = binding.proof
  let match = subjectMatch(of: head, body: body, reading: reading, request: request, rule: rule)
  if proof == .proved, match == .failed(.subjectMismatch) { proof = .failed(.subjectMismatch) }
  if case .failed(let reason) = proof, needsProof || rule.deny == .verify {
    return .refused(reason)
  }
  return .denied(proof)
}

// MARK: The binding

/// What is known of the binding, and what of the response is to be spent if all else holds.
private struct BindingFinding {
  var proof: BindingProof
  var identifiers: [ResponseIdentifier] = []

  init(_ proof: BindingProof) { self.proof = proof }

  init(signed finding: SignedFinding) {
    switch finding {
    case .failed(let reason): proof = .failed(reason)
    case .proved(let identifiers):
      proof = .proved
      self.identifiers = identifiers
    }
  }
}

private func bindingFinding(
  of head: ResponseHead, body: Span<UInt8>, reading: VerdictReading, proof: CheckedProof,
  request: RequestFacts, rule: DecisionRule, at times: ExchangeTimes
) -> BindingFinding {
  if let reason = request.tokenFailure { return BindingFinding(.failed(reason)) }
  if rule.binding.sendsToken, request.token.isEmpty {
    return BindingFinding(rule.mode == .audit ? .notTested : .failed(.tokenNotSent))
  }
  switch rule.binding {
  case .echo(let echo):
    if let container = echo.container {
      return BindingFinding(
        echoProof(
          inside: container, at: echo.proof, of: head, body: body, token: request.token))
    }
    switch echo.proof {
    case .field(let name):
      return BindingFinding(echoProof(inField: name, of: head.fields, token: request.token))
    case .json:
      return BindingFinding(
        echoProof(inBody: body, reading: reading, token: request.token, rule: rule))
    }
  case .jwt, .introspectionJWT, .httpSignature:
    switch proof {
    case .failed(let reason): return BindingFinding(.failed(reason))
    case .none: return BindingFinding(.failed(.proofMissing))
    case .messageSignature(let signed):
      let flaw = signed.flaw(skew: rule.clockSkew, at: times)
      return BindingFinding(flaw.map { .failed($0) } ?? .proved)
    case .claims(let signed):
      return BindingFinding(
        signed: signedFinding(of: signed, reading: reading, request: request, rule: rule, at: times)
      )
    }
  case .legacy(let legacy):
    let sign = signOfReplay(in: head, under: legacy, skew: rule.clockSkew, times: times)
    return BindingFinding(sign.map { .failed($0) } ?? .proved)
  case .none: return BindingFinding(.failed(.bindingUndeclared))
  }
}

private func signedFinding(
  of signed: SignedClaims, reading: VerdictReading, request: RequestFacts, rule: DecisionRule,
  at times: ExchangeTimes
) -> SignedFinding {
  let claims: ClaimReading
  switch reading.signed {
  case .nothing: return .failed(.proofMissing)
  case .unreadable(let reason): return .failed(reason)
  case .read(let read): claims = read
  }
  switch rule.binding {
  case .jwt(let binding):
    return SignedVerdict(
      claims: claims, rule: binding, request: request, skew: rule.clockSkew, times: times
    ).finding(of: signed)
  case .introspectionJWT(let binding):
    return SignedIntrospection(
      claims: claims, rule: binding, skew: rule.clockSkew, times: times
    ).finding(type: signed.type)
  case .none, .echo, .httpSignature, .legacy: return .failed(.bindingUndeclared)
  }
}

private func echoProof(
  inField name: FieldName, of fields: FieldSection, token: [UInt8]
) -> BindingProof {
  guard let value = fields.first(name) else { return .failed(.tokenMissing) }
  guard fields.count(of: name) == 1 else { return .failed(.tokenRepeated) }
  return equalsInConstantTime(value.span, token.span) ? .proved : .failed(.tokenMismatch)
}

private func echoProof(
  inBody body: Span<UInt8>, reading: VerdictReading, token: [UInt8], rule: DecisionRule
) -> BindingProof {
  switch reading.json {
  case .notRead: return .failed(.tokenMissing)
  case .unreadable(let reason): return .failed(reason)
  case .read(let values):
    guard let index = rule.pointers.proof, let value = values[index] else {
      return .failed(.tokenMissing)
    }
    guard value.kind == .string else { return .failed(.tokenNotText) }
    return value.equalsSecret(token, in: body) ? .proved : .failed(.tokenMismatch)
  }
}

// MARK: The user

private enum SubjectMatch: Equatable {
  case notCompared
  case same([UInt8])
  case failed(RefusalReason)
}

private func subjectMatch(
  of head: ResponseHead, body: Span<UInt8>, reading: VerdictReading, request: RequestFacts,
  rule: DecisionRule
) -> SubjectMatch {
  guard let subjectRule = rule.subject else { return .notCompared }
  let expected: [UInt8]
  switch request.subject {
  case .notAsked: return .failed(.requestSubjectMissing)
  case .unknown(let reason): return .failed(reason)
  case .name(let name): expected = name
  }
  let actual: [UInt8]
  switch reading.value(
    at: subjectRule.verdict, pointer: rule.pointers.subject, of: head, body: body)
  {
  case .absent, .json(.null): return .failed(.subjectMissing)
  case .repeated: return .failed(.subjectRepeated)
  case .unreadable(let reason): return .failed(reason)
  case .json: return .failed(.subjectNotText)
  case .text(let bytes), .number(let bytes), .plain(let bytes): actual = bytes
  }
  guard !actual.isEmpty else { return .failed(.subjectEmpty) }
  return subjectRule.normalisation.isSame(actual, expected)
    ? .same(actual) : .failed(.subjectMismatch)
}

internal import Primitives

/// What a signed text came to.
enum SignedFinding: Equatable {
  /// Everything it says fits. The identifiers are to be spent.
  case proved([ResponseIdentifier])
  case failed(RefusalReason)
}

/// Compares a signed verdict (`binding: jwt`) with the exchange; one rule a function, in order.
struct SignedVerdict {
  let claims: ClaimReading
  let rule: JWTRule
  let request: RequestFacts
  let skew: Seconds
  let times: ExchangeTimes

  func finding(of signed: SignedClaims) -> SignedFinding {
    let reason =
      wrongType(signed.type) ?? wrongIssuer ?? wrongAudience ?? wrongTime ?? wrongNonce
      ?? wrongQuestion
      ?? wrongDigest(signed.digests) ?? wrongDetails ?? missing
    if let reason { return .failed(reason) }
    switch claims.text(.identifier) {
    case .absent: return .proved([])
    case .invalid: return .failed(.claimInvalid)
    case .text(let value):
      return .proved([ResponseIdentifier(.verdict, value, lifetime: lifetimeLeft)])
    }
  }

  // The media type, without which any token signed with the same key could pass for a verdict
  // (RFC 8725 §3.11).
  private func wrongType(_ type: [UInt8]?) -> RefusalReason? {
    guard let type else { return .proofTypeWrong }
    let isVerdict =
      type.equalsIgnoringASCIICase("verdict+jwt")
      || type.equalsIgnoringASCIICase("application/verdict+jwt")
    return isVerdict ? nil : .proofTypeWrong
  }

  private var wrongIssuer: RefusalReason? {
    claims.mismatch(.issuer, rule.issuer, demanded: true, .issuerMismatch)
  }

  private var wrongAudience: RefusalReason? { claims.wrongAudience(rule.audience) }

  private var wrongTime: RefusalReason? {
    claims.wrongTime(skew: skew, times: times, lifetime: rule.lifetime)
  }

  private var wrongNonce: RefusalReason? {
    switch claims.text(.nonce) {
    case .absent: .tokenMissing
    case .invalid: .tokenNotText
    case .text(let nonce):
      equalsInConstantTime(nonce.span, request.token.span) ? nil : .tokenMismatch
    }
  }

  // What was asked: method and target.
  private var wrongQuestion: RefusalReason? {
    guard let asked = request.asked else { return .claimMissing }
    if let reason = claims.mismatch(
      .method, asked.method, demanded: rule.demanded.contains(.method), .methodMismatch)
    {
      return reason
    }
    switch claims.text(.target) {
    case .invalid: return .claimInvalid
    case .absent: if rule.demanded.contains(.target) { return .claimMissing }
    case .text(let uri):
      guard asked.isTarget(of: uri, byPathOnly: rule.comparesPathOnly) else {
        return .targetMismatch
      }
    }
    return nil
  }

  private func wrongDigest(_ digests: ExchangeDigests) -> RefusalReason? {
    let demanded = rule.demanded
    return claims.digestMismatch(
      .credentials, digests.credentials, demanded: demanded.contains(.credentials),
      isCertain: true, .credentialMismatch)
      // Without the demand the content was perhaps not held.
      ?? claims.digestMismatch(
        .requestDigest, digests.request, demanded: demanded.contains(.requestDigest),
        isCertain: demanded.contains(.requestDigest), .requestDigestMismatch)
      ?? claims.digestMismatch(
        .responseDigest, digests.response, demanded: demanded.contains(.responseDigest),
        isCertain: true, .responseDigestMismatch)
  }

  // Scope, resource, action: what the rule compares.
  private var wrongDetails: RefusalReason? {
    for index in rule.compared.indices {
      guard index < request.compared.count, let asked = request.compared[index].bytes else {
        return .scopeMismatch
      }
      guard let value = claims.value(ownAt: RulePointers.firstCompared + index),
        value.kind != .null
      else { return .claimMissing }
      guard value.kind == .string || value.kind == .number else { return .claimInvalid }
      guard claims.isValue(value, asked) else { return .scopeMismatch }
    }
    return nil
  }

  private var missing: RefusalReason? {
    switch claims.kind(.decision) {
    case nil: return .claimMissing
    case .true, .false: break
    case .object, .array, .string, .number, .null: return .claimInvalid
    }
    let demanded = rule.demanded
    if demanded.contains(.identifier), claims.kind(.identifier) == nil { return .claimMissing }
    if demanded.contains(.transaction), claims.kind(.transaction) == nil { return .claimMissing }
    guard claims.kind(.decision) == .true else { return nil }
    if demanded.contains(.subject), claims.kind(.subject) == nil, claims.kind(.userName) == nil {
      return .subjectMissing
    }
    if demanded.contains(.user) {
      guard let user = claims.value(ownAt: RulePointers.user), user.kind == .object,
        user.range.count > 2
      else { return .userObjectMissing }
    }
    return nil
  }

  private var lifetimeLeft: Milliseconds {
    guard case .at(let expires, _) = claims.moment(.expires) else {
      return rule.lifetime.milliseconds
    }
    return Milliseconds(expires - times.now.milliseconds + skew.milliseconds.count)
  }
}

extension ClaimReading {
  /// Whether a claim says something else than is expected. Nothing expected: it may say anything.
  func mismatch(
    _ claim: Standard, _ expected: [UInt8]?, demanded: Bool, _ reason: RefusalReason
  ) -> RefusalReason? {
    guard let expected else { return nil }
    switch text(claim) {
    case .invalid: return .claimInvalid
    case .absent: return demanded ? .claimMissing : nil
    case .text(let value): return value == expected ? nil : reason
    }
  }

  /// The same for a digest, which is not demanded of what is not there. `isCertain`: where there is
  /// none, there is nothing it could be of.
  func digestMismatch(
    _ claim: Standard, _ expected: [UInt8]?, demanded: Bool, isCertain: Bool,
    _ reason: RefusalReason
  ) -> RefusalReason? {
    switch text(claim) {
    case .invalid: return .claimInvalid
    case .absent: return demanded && expected != nil ? .claimMissing : nil
    case .text(let value):
      guard let expected else { return isCertain ? reason : nil }
      return value == expected ? nil : reason
    }
  }

  /// An audience that is expected must be there; one that is not expected must not (RFC 7519
  /// §4.1.3).
  func wrongAudience(_ audience: [UInt8]?) -> RefusalReason? {
    guard let audience else { return kind(.audience) == nil ? nil : .audienceMismatch }
    if kind(.audience) == nil { return .claimMissing }
    switch isFor(audience) {
    case nil: return .claimInvalid
    case true?: return nil
    case false?: return .audienceMismatch
    }
  }

  /// Issued after the request went out, and valid now; for no longer than `lifetime`, which is nil
  /// where an end is not demanded.
  func wrongTime(skew: Seconds, times: ExchangeTimes, lifetime: Seconds?) -> RefusalReason? {
    let skew = skew.milliseconds.count
    let now = times.now.milliseconds
    let issued: Int64
    switch moment(.issuedAt) {
    case .absent: return .claimMissing
    case .invalid: return .claimInvalid
    case .at(let moment, let isWhole):
      issued = moment
      // What is said in whole seconds was issued within that second.
      if moment + (isWhole ? 999 : 0) < times.sentAt.milliseconds - skew {
        return .issuedBeforeRequest
      }
      if moment > now + skew { return .issuedInFuture }
    }
    switch moment(.notBefore) {
    case .absent: break
    case .invalid: return .claimInvalid
    case .at(let moment, _): if moment > now + skew { return .notYetValid }
    }
    switch moment(.expires) {
    case .absent: return lifetime == nil ? nil : .claimMissing
    case .invalid: return .claimInvalid
    case .at(let moment, _):
      if moment <= now - skew || moment < issued { return .expired }
      if let lifetime, moment - issued > lifetime.milliseconds.count { return .lifetimeTooLong }
    }
    return nil
  }
}

internal import Primitives

/// Compares a signed answer of introspection (`binding: introspection-jwt`, RFC 9701) with the
/// exchange.
struct SignedIntrospection {
  let claims: ClaimReading
  let rule: IntrospectionRule
  let skew: Seconds
  let times: ExchangeTimes

  func finding(type: [UInt8]?) -> SignedFinding {
    let reason =
      wrongType(type) ?? claims.mismatch(.issuer, rule.issuer, demanded: true, .issuerMismatch)
      ?? claims.wrongAudience(rule.audience)
      ?? claims.wrongTime(skew: skew, times: times, lifetime: nil) ?? missing
    // Its `jti` is that of the introspected token, which may be asked about again.
    return reason.map { .failed($0) } ?? .proved([])
  }

  // RFC 9701 §5: `token-introspection+jwt`, so that no access token can pass for an answer.
  private func wrongType(_ type: [UInt8]?) -> RefusalReason? {
    guard let type else { return .proofTypeWrong }
    let isAnswer =
      type.equalsIgnoringASCIICase("token-introspection+jwt")
      || type.equalsIgnoringASCIICase("application/token-introspection+jwt")
    return isAnswer ? nil : .proofTypeWrong
  }

  private var missing: RefusalReason? {
    switch claims.value(ownAt: RulePointers.active)?.kind {
    case .true, .false: nil
    case .object, .array, .string, .number, .null: .claimInvalid
    case nil: .claimMissing
    }
  }
}

package import Primitives

/// What a token must say to be believed at one place. Made once from settings.
package struct JWTRules: Sendable {
  /// Claims that must be there.
  package struct Required: OptionSet, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let issuer = Required(rawValue: 1 << 0)
    package static let subject = Required(rawValue: 1 << 1)
    package static let audience = Required(rawValue: 1 << 2)
    package static let expires = Required(rawValue: 1 << 3)
    package static let issuedAt = Required(rawValue: 1 << 4)
    package static let identifier = Required(rawValue: 1 << 5)
    package static let transaction = Required(rawValue: 1 << 6)
    package static let nonce = Required(rawValue: 1 << 7)
  }

  /// What `typ` must be.
  package var type: JWSTypeRule
  /// Who may have issued it; empty where anybody with the key may. Given, `iss` must be there.
  package var issuers: [[UInt8]]
  /// Our own name; given, `aud` must be there and hold it.
  package var audience: [UInt8]?
  package var required: Required
  /// How far the clocks of issuer and verifier may be apart.
  package var skew: Seconds
  /// The longest time between `iat` and `exp`; given, both must be there.
  package var maximumLifetime: Seconds?

  package init(
    type: JWSTypeRule, issuers: [[UInt8]] = [], audience: [UInt8]? = nil,
    required: Required = [.expires], skew: Seconds = Seconds(5), maximumLifetime: Seconds? = nil
  ) {
    self.type = type
    self.issuers = issuers
    self.audience = audience
    self.skew = skew
    self.maximumLifetime = maximumLifetime
    self.required = required
  }

  /// Checks the claims against the clock and against what was asked.
  ///
  /// - Parameters:
  ///   - now: The time of the check.
  ///   - sent: When the request was sent to which the token is the answer; given, `iat` must be
  ///     there and must not be earlier. Times in tokens are whole seconds, so an answer of the
  ///     same second passes.
  ///   - nonce: What `nonce` must be; given, it must be there. Compared in constant time.
  package func check(
    _ claims: JWTClaims, at now: WallTime, sent: WallTime? = nil, nonce: [UInt8]? = nil
  ) throws(JWSRefusal) {
    try checkPresence(of: claims)
    if !issuers.isEmpty {
      guard let issuer = claims.issuer, issuers.contains(issuer) else { throw .issuerMismatch }
    }
    if let audience, !claims.audiences.contains(audience) { throw .audienceMismatch }
    if let nonce {
      guard let claimed = claims.nonce else { throw .nonceMissing }
      guard equalsInConstantTime(claimed.span, nonce.span) else { throw .nonceMismatch }
    }
    try checkTimes(of: claims, at: now.secondsSinceEpoch)
    if let sent {
      guard let issued = claims.issuedAt else { throw .issuedAtMissing }
      guard issued >= sent.secondsSinceEpoch - skew.count else { throw .issuedTooEarly }
    }
  }

  /// What `issuers`, `audience` and `maximumLifetime` need counts as required, whatever `required`
  /// says: a rule that finds nothing to look at has not been kept.
  private func checkPresence(of claims: JWTClaims) throws(JWSRefusal) {
    var required = required
    if !issuers.isEmpty { required.insert(.issuer) }
    if audience != nil { required.insert(.audience) }
    if maximumLifetime != nil { required.formUnion([.expires, .issuedAt]) }
    if required.contains(.issuer), claims.issuer == nil { throw .issuerMissing }
    if required.contains(.subject), claims.subject == nil { throw .subjectMissing }
    if required.contains(.audience), claims.audiences.isEmpty { throw .audienceMissing }
    if required.contains(.expires), claims.expires == nil { throw .expiresMissing }
    if required.contains(.issuedAt), claims.issuedAt == nil { throw .issuedAtMissing }
    if required.contains(.identifier), claims.identifier == nil { throw .identifierMissing }
    if required.contains(.transaction), claims.transaction == nil { throw .transactionMissing }
    if required.contains(.nonce), claims.nonce == nil { throw .nonceMissing }
  }

  /// All times are within the years 1970 to 9999 and the skew within 2^31: nothing overflows.
  private func checkTimes(of claims: JWTClaims, at now: Int64) throws(JWSRefusal) {
    let skew = skew.count
    let now = min(max(now, 0), Int64.max / 2)
    if let expires = claims.expires {
      if let issued = claims.issuedAt {
        guard expires > issued else { throw .timesContradict }
        if let maximumLifetime, expires - issued > maximumLifetime.count {
          throw .lifetimeTooLong
        }
      }
      if let begins = claims.notBefore, begins >= expires { throw .timesContradict }
      // RFC 7519 §4.1.4: "on or after".
      guard now < expires + skew else { throw .expired }
    }
    if let begins = claims.notBefore, now + skew < begins { throw .notYetValid }
    if let issued = claims.issuedAt, now + skew < issued { throw .issuedInFuture }
  }
}

package import Cryptography
package import Primitives

/// Claims that were signed by a key we trust and hold now and here. Only a verification makes one.
package struct VerifiedJWT: Sendable {
  package let claims: JWTClaims
  /// The JSON that was signed, for claims that are not read here. It was read strictly: whoever
  /// reads it again by `JSONReader` finds what was checked.
  package let payload: [UInt8]
  /// The algorithm of the key that signed it.
  package let algorithm: SignatureAlgorithm
  /// `kid`, where the token has one.
  package let keyIdentifier: [UInt8]?

  /// Verifies a token whole: spelling, header, key, signature, claims, in this order.
  ///
  /// - Parameters:
  ///   - now: The time of the check.
  ///   - sent: When the request was sent, where the token must be an answer to it.
  ///   - nonce: What `nonce` must be, where it must be anything.
  package init(
    _ token: Span<UInt8>, by keys: KeySet, rules: JWTRules, at now: WallTime,
    sent: WallTime? = nil, nonce: [UInt8]? = nil
  ) throws(JWSRefusal) {
    let signed = try VerifiedJWS(token, by: keys, type: rules.type)
    let claims = try JWTClaims(parsing: signed.payload.span)
    try rules.check(claims, at: now, sent: sent, nonce: nonce)
    self.claims = claims
    payload = signed.payload
    algorithm = signed.algorithm
    keyIdentifier = signed.header.keyIdentifier
  }

  /// Verifies a token whole.
  package init(
    _ token: [UInt8], by keys: KeySet, rules: JWTRules, at now: WallTime,
    sent: WallTime? = nil, nonce: [UInt8]? = nil
  ) throws(JWSRefusal) {
    try self.init(token.span, by: keys, rules: rules, at: now, sent: sent, nonce: nonce)
  }
}

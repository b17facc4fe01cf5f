/// Mode `introspection-jwt`: the answer of token introspection (RFC 7662) comes signed (RFC 9701).
///
/// It carries no token of ours: what binds it to its request is when it was issued and for whom.
package struct IntrospectionRule: Hashable, Sendable {
  /// The name of the key set.
  package let keys: String
  /// Who must have issued the answer (`iss`); nil to let the keys tell.
  package let issuer: [UInt8]?
  /// For whom the answer must be (`aud`): this program, as the authorization server knows it.
  package let audience: [UInt8]

  package init(keys: String, issuer: [UInt8]? = nil, audience: [UInt8]) {
    self.keys = keys
    self.issuer = issuer
    self.audience = audience
  }
}

package import HTTPModel
package import Primitives

/// How a verdict proves which request it answers. Fixed by the route; a response cannot
/// choose a weaker one.
package enum BindingRule: Hashable, Sendable {
  /// Nothing is declared: a decision found here is hardened and reported, never verified.
  case none
  /// The token comes back unchanged.
  case echo(EchoRule)
  /// A signed verdict about this request: `Verdict-Token`.
  indirect case jwt(JWTRule)
  /// A signature over the response and parts of the request (RFC 9421).
  indirect case httpSignature(HTTPSignatureRule)
  /// A signed answer of token introspection (RFC 9701).
  indirect case introspectionJWT(IntrospectionRule)
  /// Nothing the service would have to do: old answers are looked for, freshness is not proved.
  indirect case legacy(LegacyRule)

  /// The request field that carries the token to the service; nil where no token goes out.
  package var tokenField: FieldName? {
    switch self {
    case .none: nil
    case .echo(let rule): rule.requestField
    case .jwt(let rule): rule.requestField
    case .httpSignature, .introspectionJWT, .legacy: nil
    }
  }

  /// Whether a verdict may answer an identifier that came with the request: elsewhere the token is
  /// one that this program minted.
  var answersRequests: Bool {
    switch self {
    case .echo, .jwt: true
    case .none, .httpSignature, .introspectionJWT, .legacy: false
    }
  }

  /// Whether a token goes to the service, in whatever field.
  package var sendsToken: Bool {
    if case .httpSignature = self { true } else { tokenField != nil }
  }

  /// Where the one proof stands in a response; nil where the response is looked at as a whole.
  package var proof: ProofPlace? {
    switch self {
    case .none: nil
    case .echo(let rule): rule.proof
    case .jwt(let rule): rule.proof
    case .httpSignature, .introspectionJWT, .legacy: nil
    }
  }

  /// The media type that has to be asked for; nil to ask for what the client asks for.
  var acceptedType: StaticString? {
    if case .introspectionJWT = self { "application/token-introspection+jwt" } else { nil }
  }

  /// Whether facts about the request as a whole are compared, so that they have to be noted.
  var comparesQuestion: Bool { if case .jwt = self { true } else { false } }

  /// The claims to be compared with places in the request.
  var compared: [ComparedClaim] { if case .jwt(let rule) = self { rule.compared } else { [] } }

  /// The name of the key set that signatures are checked with; nil where nothing is signed.
  package var keys: String? {
    switch self {
    case .none, .echo, .legacy: nil
    case .jwt(let rule): rule.keys
    case .httpSignature(let rule): rule.keys
    case .introspectionJWT(let rule): rule.keys
    }
  }

  /// As written in settings.
  package var name: StaticString {
    switch self {
    case .none: "none"
    case .echo: "echo"
    case .jwt: "jwt"
    case .httpSignature: "http-signature"
    case .introspectionJWT: "introspection-jwt"
    case .legacy: "legacy"
    }
  }
}

/// Where in a response its proof stands. Looked for only there.
package enum ProofPlace: Hashable, Sendable {
  case field(FieldName)
  case json(JSONPointer)

  /// `Transaction-Token` in the response's header.
  package static let transactionToken = ProofPlace.field(FieldName(.transactionToken))
  /// `Verdict-Token` in the response's header.
  package static let verdictToken = ProofPlace.field(FieldName(.verdictToken))
}

/// Whose identifier a verdict must answer.
package enum TokenSource: Hashable, Sendable {
  /// 128 random bits of this program's own for each request: fresh by birth, so that nothing has
  /// to be remembered.
  case minted
  /// The consumer's own identifier, where the protocol carries one: it is matched, and remembered
  /// so that it serves once.
  case request(RequestSource)
}

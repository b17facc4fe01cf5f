/// What marks a request or a response as a decision. The code is stable: the same in log and
/// `explain`.
package enum DecisionSign: UInt8, CaseIterable, Hashable, Sendable {
  /// A route declares it.
  case declared
  /// A route declares it under another spelling of the path.
  case otherSpelling
  // Named protocol shapes of requests: decisions under services of either kind.
  case tokenEndpoint, introspection, revocation, userInfo, authZEN, openPolicyAgent, forwardAuth
  case kubernetesReview, samlResponse, authorizationCallback
  // Shapes of requests to auth services.
  case credentialsInForm, credentialsInJSON, authorization, sessionCookie, apiKey, clientCertificate
  case unsafeMethod, unexplained
  // Signs in responses.
  case proofField, verdictMediaType, challenge, forbidden, sessionSet, authRedirect, tokensIssued
  case decisionMember, unreadableJSON

  package var code: StaticString {
    switch self {
    case .declared: "declared"
    case .otherSpelling: "other-spelling"
    case .tokenEndpoint: "token-endpoint"
    case .introspection: "introspection"
    case .revocation: "revocation"
    case .userInfo: "userinfo"
    case .authZEN: "authzen"
    case .openPolicyAgent: "open-policy-agent"
    case .forwardAuth: "forward-auth"
    case .kubernetesReview: "kubernetes-review"
    case .samlResponse: "saml-response"
    case .authorizationCallback: "authorization-callback"
    case .credentialsInForm: "credentials-in-form"
    case .credentialsInJSON: "credentials-in-json"
    case .authorization: "authorization"
    case .sessionCookie: "session-cookie"
    case .apiKey: "api-key"
    case .clientCertificate: "client-certificate"
    case .unsafeMethod: "unsafe-method"
    case .unexplained: "unexplained"
    case .proofField: "proof-field"
    case .verdictMediaType: "verdict-media-type"
    case .challenge: "challenge"
    case .forbidden: "forbidden"
    case .sessionSet: "session-set"
    case .authRedirect: "auth-redirect"
    case .tokensIssued: "tokens-issued"
    case .decisionMember: "decision-member"
    case .unreadableJSON: "unreadable-json"
    }
  }
}

/// What explains that a request or a response is no decision.
package enum OtherSign: UInt8, CaseIterable, Hashable, Sendable {
  /// A route declares that it may be cached.
  case declaredCacheable
  /// `/.well-known/…` and other discovery documents.
  case discovery
  case keySet
  case metadata
  case staticAsset
  /// The page with the sign-in form, asked for by nobody in particular.
  case signInPage
  /// A CORS preflight or another OPTIONS request.
  case options
  case plainService
  /// A response that bears none of the signs.
  case noSign

  package var code: StaticString {
    switch self {
    case .declaredCacheable: "declared-cacheable"
    case .discovery: "discovery"
    case .keySet: "key-set"
    case .metadata: "metadata"
    case .staticAsset: "static-asset"
    case .signInPage: "sign-in-page"
    case .options: "options"
    case .plainService: "plain-service"
    case .noSign: "no-sign"
    }
  }
}

/// The class of a request or a response: it decides the lane.
package enum Classification: Hashable, Sendable {
  case decision(DecisionSign)
  case other(OtherSign)

  package var isDecision: Bool {
    switch self {
    case .decision: true
    case .other: false
    }
  }

  /// The stable code of the sign.
  package var code: StaticString {
    switch self {
    case .decision(let sign): sign.code
    case .other(let sign): sign.code
    }
  }
}

/// What the routes say about a request.
package enum RouteDeclaration: UInt8, Hashable, Sendable {
  case decision
  /// The route says how responses are cached. Named protocol shapes and credentials in the body are
  /// decisions all the same: no rule makes a decision storable.
  case cacheable
  case nothing
}

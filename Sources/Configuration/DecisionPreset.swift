internal import HTTPModel
internal import Primitives
internal import Verdict

/// A decision rule for a known protocol or product: what stands in it unless the operator writes
/// something else. One page each in `docs/presets`.
package enum DecisionPreset: String, CaseIterable, Sendable {
  case kubernetesAdmissionReview = "kubernetes-admission-review"
  case kubernetesTokenReview = "kubernetes-token-review"
  case authZEN = "authzen"
  case opa
  case oauthIntrospection = "oauth-introspection"
  case oauthToken = "oauth-token"
  case oidcUserinfo = "oidc-userinfo"
  case oidcIDTokenNonce = "oidc-id-token-nonce"
  case nginxAuthRequest = "nginx-auth-request"
  case traefikForwardAuth = "traefik-forward-auth"
  case envoyExtAuthz = "envoy-ext-authz"
  case oathkeeper
  case privacyIDEA = "privacyidea"
  case loginJSON = "login-json"

  /// The rule as it would be written.
  var draft: DecisionDraft {
    var draft = DecisionDraft()
    draft.hasPreset = true
    switch self {
    case .kubernetesAdmissionReview: draft.fillInAdmissionReview()
    case .authZEN: draft.fillInAuthZEN()
    case .oidcIDTokenNonce: draft.fillInIDTokenNonce()
    case .privacyIDEA: draft.fillInPrivacyIDEA()
    case .loginJSON: draft.fillInLogin()
    case .kubernetesTokenReview: draft.fillInTokenReview()
    case .opa: draft.fillInOPA()
    case .oauthIntrospection: draft.fillInIntrospection()
    case .oauthToken: draft.fillInTokenEndpoint()
    case .oidcUserinfo: draft.fillInUserinfo()
    case .nginxAuthRequest, .traefikForwardAuth, .envoyExtAuthz, .oathkeeper:
      draft.fillInGateway(self)
    }
    return draft
  }
}

extension Key<DecisionDraft> {
  /// The key that fills in all others; printed settings show what it filled in, not the key.
  static var preset: Key<DecisionDraft> {
    let words = Form<DecisionPreset>.words
    return Key(
      name: "preset",
      about: "A known protocol or product, which fills in the other keys; what is written wins.",
      isRequired: false, isReadFirst: true, shape: words.shape,
      read: { tree, draft, reading in
        if let preset = words.read(tree, &reading) { draft = preset.draft }
      },
      write: { _ in nil })
  }
}

extension DecisionDraft {
  /// AdmissionReview v1: the webhook must copy `uid`. Objects may be some MiB long.
  fileprivate mutating func fillInAdmissionReview() {
    token = .request(.json(JSONPointer(tokens: ["request", "uid"])))
    proof = .json(JSONPointer(tokens: ["response", "uid"]))
    allow = allowed(by: ["response", "allowed"])
    refusal = .admissionReview
    bodyBytes = 4 << 20
    requestBodyBytes = 8 << 20
  }

  /// TokenReview v1: nothing binds the answer to its question.
  fileprivate mutating func fillInTokenReview() {
    binding = .legacy
    allow = allowed(by: ["status", "authenticated"])
    demands.required = [.json(JSONPointer(tokens: ["status", "user", "username"]))]
  }

  /// AuthZEN 1.0: the decision point returns `X-Request-ID`; one decision, or one for each
  /// evaluation.
  fileprivate mutating func fillInAuthZEN() {
    token = .request(.field(FieldName(.xRequestID)))
    proof = .field(FieldName(.xRequestID))
    allow = allowed(by: ["decision"])
    refusal = .authZEN
  }

  /// OPA with decision logs: each decision has an identifier of its own.
  fileprivate mutating func fillInOPA() {
    binding = .legacy
    allow = allowed(by: ["result"])
    demands.singleUse = [.json(JSONPointer(tokens: ["decision_id"]))]
  }

  /// RFC 7662.
  fileprivate mutating func fillInIntrospection() {
    binding = .legacy
    allow = allowed(by: ["active"])
    refusal = .introspection
  }

  /// RFC 6749 §5.1: whose a token is, is kept.
  fileprivate mutating func fillInTokenEndpoint() {
    binding = .legacy
    allow = AllowRule(source: .json(JSONPointer(tokens: ["access_token"])), test: .exists)
    demands.sessions = [
      .json(JSONPointer(tokens: ["access_token"])), .json(JSONPointer(tokens: ["refresh_token"])),
    ]
    let fields: [StaticString] = [
      "client_id", "client_secret", "code", "device_code", "refresh_token", "subject_token",
      "username", "password",
    ]
    demands.credentials =
      [.field(FieldName(.authorization))] + fields.map { .form([UInt8](ascii: $0)) }
  }

  /// OpenID Connect Core §5.3.
  fileprivate mutating func fillInUserinfo() {
    binding = .legacy
    allow = AllowRule(source: .json(JSONPointer(tokens: ["sub"])), test: .exists)
  }

  /// OpenID Connect Core §3.2: the nonce of the request comes back inside the ID token that stands
  /// in the fragment of `Location`.
  fileprivate mutating func fillInIDTokenNonce() {
    token = .request(.query([UInt8](ascii: "nonce")))
    proof = .json(JSONPointer(tokens: ["nonce"]))
    proofContainer = .locationParameter([UInt8](ascii: "id_token"))
    allow = AllowRule(
      source: .locationParameter([UInt8](ascii: "id_token")), test: .exists)
    demands.oneTimeValues = [.locationParameter([UInt8](ascii: "code"))]
  }

  /// `/validate/check`: what it is asked with as `nonce` comes back in what it signs.
  fileprivate mutating func fillInPrivacyIDEA() {
    tokenParameter = [UInt8](ascii: "nonce")
    proof = .json(JSONPointer(tokens: ["nonce"]))
    allow = allowed(by: ["result", "value"])
  }

  /// A login that answers in JSON and returns the token.
  fileprivate mutating func fillInLogin() {
    subject = SubjectRule(
      request: .json(JSONPointer(tokens: ["username"])),
      verdict: .json(JSONPointer(tokens: ["user", "name"])))
    allow = allowed(by: ["authorized"])
    demands.required = [.json(JSONPointer(tokens: ["user"]))]
  }

  /// Gateways that ask by a subrequest and take the status for the verdict.
  fileprivate mutating func fillInGateway(_ gateway: DecisionPreset) {
    binding = .legacy
    let takesAnySuccess = gateway == .nginxAuthRequest || gateway == .traefikForwardAuth
    allow = AllowRule(
      source: .status,
      test: .statusIn(takesAnySuccess ? (200...206).map { Status($0) } : [.ok]))
  }

  private func allowed(by members: [StaticString]) -> AllowRule {
    AllowRule(source: .json(JSONPointer(tokens: members)), test: .equals(.boolean(true)))
  }
}

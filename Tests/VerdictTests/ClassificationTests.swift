import HTTPModel
import Testing
import Verdict

private let form: (String, String) = ("Content-Type", "application/x-www-form-urlencoded")
private let json: (String, String) = ("Content-Type", "application/json; charset=utf-8")

private struct RequestRow: Sendable, CustomTestStringConvertible {
  var head: RequestHead
  var body: String
  var declaration: RouteDeclaration
  var certificate: Bool
  var auth: Classification
  var plain: Classification

  init(
    _ method: Method, _ target: String, _ lines: [(String, String)] = [], _ body: String = "",
    declared declaration: RouteDeclaration = .nothing, certificate: Bool = false,
    auth: Classification, plain: Classification = .other(.plainService)
  ) {
    head = requestHead(method, target, lines)
    self.body = body
    self.declaration = declaration
    self.certificate = certificate
    self.auth = auth
    self.plain = plain
  }

  /// The same class under services of either kind.
  static func both(
    _ sign: DecisionSign, _ method: Method, _ target: String, _ lines: [(String, String)] = [],
    _ body: String = "", declared: RouteDeclaration = .nothing
  ) -> RequestRow {
    RequestRow(
      method, target, lines, body, declared: declared, auth: .decision(sign),
      plain: .decision(sign))
  }

  func classification(_ kind: ServiceKind) -> Classification {
    let body = Array(body.utf8)
    return classify(
      head, declaration: declaration, kind: kind, hasClientCertificate: certificate,
      bodyPrefix: body.span)
  }

  var testDescription: String {
    "\(head.method) \(String(decoding: head.target, as: UTF8.self)) \(body)"
  }
}

private let bearer: (String, String) = ("Authorization", "Bearer x")
private let session: (String, String) = ("Cookie", "theme=dark; JSESSIONID=1")

private let protocolRows: [RequestRow] = [
  .both(.declared, .get, "/anything", declared: .decision),
  .both(.tokenEndpoint, .post, "/oauth2/token", [form]),
  .both(.tokenEndpoint, .post, "/realms/a/protocol/openid-connect/TOKEN/", [form]),
  .both(.tokenEndpoint, .post, "/x", [form], "a=b&grant_type=password"),
  .both(.tokenEndpoint, .post, "/token", [form], declared: .cacheable),
  .both(.introspection, .post, "/oauth2/introspect", [form]),
  .both(.introspection, .post, "/introspection", [form]),
  .both(.revocation, .post, "/revoke", [form]),
  .both(.userInfo, .get, "/oidc/userinfo", [bearer]),
  .both(.authZEN, .post, "/access/v1/evaluation", [json]),
  .both(.authZEN, .post, "/pdp/access/v1/evaluations", [json]),
  .both(.openPolicyAgent, .post, "/v1/data/app/allow", [json]),
  .both(.forwardAuth, .get, "/verify", [("X-Forwarded-Uri", "/private")]),
  .both(.forwardAuth, .get, "/static/a.css", [("X-Original-URL", "/private")]),
  .both(.forwardAuth, .get, "/static/a.css", [("x-rewrite-url", "/private")]),
  .both(.unsafeMethod, .get, "/static/a.css", [("X-HTTP-Method-Override", "POST")]),
  .both(.forwardAuth, .get, "/auth", [("X-Original-URI", "/private")]),
  .both(.forwardAuth, .get, "/auth", [("x-forwarded-method", "GET")]),
  .both(.kubernetesReview, .post, "/validate", [json], #"{"kind":"AdmissionReview"}"#),
  .both(.kubernetesReview, .post, "/authenticate", [json], #"{"kind": "TokenReview"}"#),
  .both(
    .kubernetesReview, .post, "/apis/authorization.k8s.io/v1/subjectaccessreviews", [json]),
  .both(.samlResponse, .post, "/saml/acs", [form]),
  .both(.samlResponse, .post, "/x", [form], "RelayState=1&SAMLResponse=PHNhbWw"),
  .both(.samlResponse, .get, "/sso?SAMLResponse=x"),
  .both(.authorizationCallback, .get, "/cb?code=1&state=2"),
  .both(.authorizationCallback, .get, "/cb?state=2&code=1", declared: .cacheable),
]

private let authRows: [RequestRow] = [
  RequestRow(.post, "/login", [form], "user=a&password=b", auth: .decision(.credentialsInForm)),
  RequestRow(
    .post, "/login", [json], #"{"u":"a","password" : "b"}"#,
    auth: .decision(.credentialsInJSON)),
  RequestRow(.post, "/login", [json], #"{"u":"password"}"#, auth: .decision(.unsafeMethod)),
  RequestRow(.get, "/me", [bearer], auth: .decision(.authorization)),
  RequestRow(.get, "/me", [session], auth: .decision(.sessionCookie)),
  RequestRow(.get, "/me", [("Cookie", "theme=dark; lang=en")], auth: .decision(.unexplained)),
  RequestRow(.get, "/me", [("x-api-key", "1")], auth: .decision(.apiKey)),
  RequestRow(.get, "/me?access_token=1", auth: .decision(.apiKey)),
  RequestRow(.get, "/me", certificate: true, auth: .decision(.clientCertificate)),
  RequestRow(.delete, "/me", auth: .decision(.unsafeMethod)),
  RequestRow(.other(Array("REPORT".utf8)), "/", auth: .decision(.unsafeMethod)),
  RequestRow(.get, "/unknown", auth: .decision(.unexplained)),
  RequestRow(.get, "/userinfo", auth: .decision(.unexplained)),
  RequestRow(.get, "/token", auth: .decision(.unexplained)),
  RequestRow(.trace, "/jwks.json", auth: .decision(.unexplained)),
  RequestRow(
    .get, "/me", [bearer], declared: .cacheable, auth: .other(.declaredCacheable),
    plain: .other(.declaredCacheable)),
  RequestRow(
    .post, "/x", declared: .cacheable, auth: .decision(.unsafeMethod),
    plain: .other(.declaredCacheable)),
  RequestRow(
    .get, "/x", [form], "pin=1", declared: .cacheable,
    auth: .decision(.credentialsInForm), plain: .other(.declaredCacheable)),
]

private let harmlessRows: [RequestRow] = [
  RequestRow(.get, "/.well-known/openid-configuration", [bearer], auth: .other(.discovery)),
  RequestRow(.head, "/tenant/.well-known/openid-configuration", auth: .other(.discovery)),
  RequestRow(.get, "/tenant/.hidden/app.css", auth: .decision(.unexplained)),
  RequestRow(.get, "/.well-known", auth: .decision(.unexplained)),
  RequestRow(.get, "/.well-known/jwks.json", auth: .other(.keySet)),
  RequestRow(.get, "/oauth2/v1/certs", auth: .other(.keySet)),
  RequestRow(.get, "/saml/metadata", auth: .other(.metadata)),
  RequestRow(.get, "/static/app.js", [session], auth: .other(.staticAsset)),
  RequestRow(.get, "/avatars/ann", [session], auth: .other(.staticAsset)),
  RequestRow(.get, "/theme/app.css", auth: .other(.staticAsset)),
  RequestRow(.get, "/login", auth: .other(.signInPage)),
  RequestRow(.get, "/login", [session], auth: .decision(.sessionCookie)),
  RequestRow(.options, "/token", auth: .other(.options)),
  RequestRow(.get, "/account/x.css", [session], auth: .decision(.sessionCookie)),
  RequestRow(.get, "/account;x.css", auth: .decision(.unexplained)),
  RequestRow(.get, "/account%2fx.css", auth: .decision(.unexplained)),
  RequestRow(.get, "/account/.css", auth: .decision(.unexplained)),
  RequestRow(.get, "/static/../me", auth: .decision(.unexplained)),
  RequestRow(.get, "/static/..%2fme", auth: .decision(.unexplained)),
  RequestRow(.get, "/static//me", auth: .decision(.unexplained)),
  RequestRow(.get, "/static/\\me", auth: .decision(.unexplained)),
  RequestRow(.get, "/me/static/app", auth: .decision(.unexplained)),
  RequestRow(.get, "/.well-known/../me", auth: .decision(.unexplained)),
]

@Suite struct RequestClassificationTests {
  @Test(arguments: protocolRows + authRows + harmlessRows)
  private func `a request has the class its shape gives`(row: RequestRow) {
    #expect(row.classification(.auth) == row.auth)
    #expect(row.classification(.plain) == row.plain)
  }

  @Test func `no path under an auth service becomes harmless by an added suffix and a session`() {
    for page in ["/me", "/account", "/login", "/oauth2/authorize", "/sso"] {
      for suffix in ["/a.css", ";a.css", "%3ba.css", "%00.css", "%2f..%2fa.js", "/%2e%2e/a.png"] {
        let row = RequestRow(.get, page + suffix, [session], auth: .decision(.sessionCookie))
        #expect(row.classification(.auth) == row.auth, "\(page + suffix)")
      }
    }
  }
}

private struct ResponseRow: Sendable, CustomTestStringConvertible {
  var head: ResponseHead
  var body: String
  var auth: Classification
  var plain: Classification

  init(
    _ status: UInt16, _ lines: [(String, String)] = [], _ body: String = "", auth: Classification,
    plain: Classification = .other(.noSign)
  ) {
    head = responseHead(status, lines)
    self.body = body
    self.auth = auth
    self.plain = plain
  }

  static func both(
    _ sign: DecisionSign, _ status: UInt16, _ lines: [(String, String)], _ body: String = ""
  ) -> ResponseRow {
    ResponseRow(status, lines, body, auth: .decision(sign), plain: .decision(sign))
  }

  func classification(_ kind: ServiceKind) -> Classification {
    let byHead = classify(head, kind: kind)
    guard !byHead.isDecision, !body.isEmpty else { return byHead }
    let body = Array(body.utf8)
    let inspection = ContentInspection(
      of: head, to: requestHead(.get, "/x"), kind: kind, isDeclared: true, isStorable: true,
      length: Int64(body.count))
    if case .decision(let sign) = inspection.finding(in: body.span, isWhole: true) {
      return .decision(sign)
    }
    return byHead
  }

  var testDescription: String { "\(head.status.code) \(body)" }
}

private let responseRows: [ResponseRow] = [
  .both(.proofField, 200, [("Verdict-Token", "x")]),
  .both(.proofField, 200, [("Transaction-Token", "x")]),
  .both(.verdictMediaType, 200, [("Content-Type", "application/token-introspection+jwt")]),
  .both(.verdictMediaType, 200, [("Content-Type", "application/JWT; a=b")]),
  .both(.tokensIssued, 200, [json], #"{"access_token":"x","token_type":"Bearer"}"#),
  .both(.kubernetesReview, 200, [json], #"{"kind":"AdmissionReview","response":{}}"#),
  ResponseRow(401, auth: .decision(.challenge)),
  ResponseRow(200, [("WWW-Authenticate", "Negotiate x")], auth: .decision(.challenge)),
  ResponseRow(403, auth: .decision(.forbidden)),
  ResponseRow(
    200, [("Set-Cookie", "lb=1"), ("Set-Cookie", "connect.sid=1; Path=/")],
    auth: .decision(.sessionSet)),
  ResponseRow(200, [("Set-Cookie", "lb=1")], auth: .other(.noSign)),
  ResponseRow(302, [("Location", "https://a/cb?code=1&state=2")], auth: .decision(.authRedirect)),
  ResponseRow(303, [("Location", "/cb#id_token=1")], auth: .decision(.authRedirect)),
  ResponseRow(302, [("Location", "/login?next=/a")], auth: .decision(.authRedirect)),
  ResponseRow(
    301, [("Location", "https://sso.example/authorize?x")],
    auth: .decision(.authRedirect)),
  ResponseRow(301, [("Location", "/new/place")], auth: .other(.noSign)),
  ResponseRow(201, [("Location", "/login")], auth: .other(.noSign)),
  ResponseRow(200, [json], #"{"id_token":"x"}"#, auth: .decision(.tokensIssued)),
  ResponseRow(200, [json], #"{"active":false}"#, auth: .decision(.decisionMember)),
  ResponseRow(
    200, [json], #"{"status":{"authenticated":true}}"#,
    auth: .decision(.decisionMember)),
  ResponseRow(200, [json], #"{"result":{"allow":true}}"#, auth: .decision(.decisionMember)),
  ResponseRow(200, [json], #"{"active":"yes"}"#, auth: .other(.noSign)),
  ResponseRow(200, [json], #"{"keys":[{"kty":"OKP","use":"sig"}]}"#, auth: .other(.noSign)),
  ResponseRow(
    200, [json], #"{"issuer":"https://a","token_endpoint":"https://a/token"}"#,
    auth: .other(.noSign)),
  ResponseRow(200, [json], #"{"active":true,"active":false}"#, auth: .decision(.unreadableJSON)),
  ResponseRow(200, [json], auth: .other(.noSign)),
  ResponseRow(
    200, [("Content-Type", "text/css")], #"{"active":true}"#, auth: .decision(.decisionMember)),
  ResponseRow(200, [json, ("Content-Encoding", "gzip")], "x", auth: .other(.noSign)),
  ResponseRow(404, [json], "{}", auth: .other(.noSign)),
  ResponseRow(304, [("Location", "/login")], auth: .other(.noSign)),
]

@Suite struct ResponseClassificationTests {
  @Test(arguments: responseRows)
  private func `a response has the class its signs give`(row: ResponseRow) {
    #expect(row.classification(.auth) == row.auth)
    #expect(row.classification(.plain) == row.plain)
  }

  @Test func `every sign stands in a row`() {
    let rows =
      (protocolRows + authRows + harmlessRows).flatMap { [$0.auth, $0.plain] }
      + responseRows.flatMap { [$0.auth, $0.plain] }
    // Only who knows all routes can tell that a path is another's in disguise.
    let decisions = DecisionSign.allCases.filter { $0 != .otherSpelling }
    for sign in decisions { #expect(rows.contains(.decision(sign)), "\(sign)") }
    for sign in OtherSign.allCases { #expect(rows.contains(.other(sign)), "\(sign)") }
    let codes = rows.map { "\($0.code)" }
    #expect(Set(codes).count == decisions.count + OtherSign.allCases.count)
  }
}

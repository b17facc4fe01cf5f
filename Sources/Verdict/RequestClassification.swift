package import HTTPModel
internal import Primitives

/// Tells whether a request asks for a decision: by what routes declare, then by shape.
///
/// `bodyPrefix` is what of the body is at hand, possibly nothing: it can only add signs. Under
/// `auth` what nothing explains is a decision; under `plain` only declared routes and named
/// protocol shapes are.
package func classify(
  _ head: RequestHead, declaration: RouteDeclaration, kind: ServiceKind,
  hasClientCertificate: Bool, bodyPrefix: Span<UInt8>
) -> Classification {
  if declaration == .decision { return .decision(.declared) }
  let path = PathShape(head.path)
  if let sign = protocolShape(head, path: path, bodyPrefix: bodyPrefix) { return .decision(sign) }
  if kind == .plain {
    return .other(declaration == .cacheable ? .declaredCacheable : .plainService)
  }
  if let sign = credentialsInBody(head, bodyPrefix: bodyPrefix) { return .decision(sign) }
  let credential = credentialInHead(head, hasClientCertificate: hasClientCertificate)
  if !head.method.isSafe { return .decision(credential ?? .unsafeMethod) }
  if declaration == .cacheable { return .other(.declaredCacheable) }
  if let sign = explanation(head, path: path, carriesCredential: credential != nil) {
    return .other(sign)
  }
  return .decision(credential ?? .unexplained)
}

/// Without a body at hand.
package func classify(
  _ head: RequestHead, declaration: RouteDeclaration, kind: ServiceKind,
  hasClientCertificate: Bool = false
) -> Classification {
  let none: [UInt8] = []
  return classify(
    head, declaration: declaration, kind: kind, hasClientCertificate: hasClientCertificate,
    bodyPrefix: none.span)
}

// MARK: Named protocols

private func protocolShape(
  _ head: RequestHead, path: PathShape, bodyPrefix: Span<UInt8>
) -> DecisionSign? {
  if isForwardAuth(head.fields) { return .forwardAuth }
  if hidesMethod(head) { return .unsafeMethod }
  if let query = head.query, let sign = callbackShape(query) { return sign }
  if path.endsWithOne(of: Endpoint.userInfo), head.method == .get || head.method == .post,
    head.fields.contains(.authorization)
  {
    return .userInfo
  }
  guard head.method == .post else { return nil }
  if MediaType.isForm(head.fields) { return formShape(path: path, bodyPrefix: bodyPrefix) }
  guard MediaType.isJSON(head.fields) else { return nil }
  if path.endsWithOne(of: Endpoint.evaluation) { return .authZEN }
  if path.containsSegments("/v1/data") { return .openPolicyAgent }
  if path.endsWithOne(of: Endpoint.review)
    || isKubernetesReview(bodyPrefix)
  {
    return .kubernetesReview
  }
  return nil
}

/// What a gateway adds when it asks whether somebody else's request may pass.
private func isForwardAuth(_ fields: FieldSection) -> Bool {
  if fields.contains(.xOriginalURI) || fields.contains(.xOriginalMethod) { return true }
  return fields.lines.contains { line in
    line.known == nil
      && (fields.name(of: line).equalsIgnoringASCIICase("X-Forwarded-Uri")
        || fields.name(of: line).equalsIgnoringASCIICase("X-Forwarded-Method")
        || fields.name(of: line).equalsIgnoringASCIICase("X-Auth-Request-Redirect")
        // These also make some frameworks answer for another path than the one in the target.
        || fields.name(of: line).equalsIgnoringASCIICase("X-Original-URL")
        || fields.name(of: line).equalsIgnoringASCIICase("X-Rewrite-URL"))
  }
}

/// Whether a field makes some frameworks answer a GET as if it were another method: no key of a
/// cache tells the two apart.
private func hidesMethod(_ head: RequestHead) -> Bool {
  head.method.isSafe && head.fields.containsAny(of: overridingFields)
}

private let overridingFields = KnownFieldSet([
  .xHTTPMethod, .xHTTPMethodOverride, .xMethodOverride,
])

private func callbackShape(_ query: ArraySlice<UInt8>) -> DecisionSign? {
  if BodyScan.hasParameter("SAMLResponse", in: query) { return .samlResponse }
  let hasCode =
    BodyScan.hasParameter("code", in: query) || BodyScan.hasParameter("id_token", in: query)
  return hasCode && BodyScan.hasParameter("state", in: query) ? .authorizationCallback : nil
}

private func formShape(path: PathShape, bodyPrefix: Span<UInt8>) -> DecisionSign? {
  if path.endsWithOne(of: Endpoint.token) || BodyScan.hasField("grant_type", in: bodyPrefix) {
    return .tokenEndpoint
  }
  if path.endsWithOne(of: Endpoint.introspection) {
    return .introspection
  }
  if path.endsWithOne(of: Endpoint.revocation) { return .revocation }
  if path.endsWithOne(of: Endpoint.assertionConsumer)
    || BodyScan.hasField("SAMLResponse", in: bodyPrefix)
  {
    return .samlResponse
  }
  return nil
}

private func isKubernetesReview(_ body: Span<UInt8>) -> Bool {
  BodyScan.hasText("AdmissionReview", in: body) || BodyScan.hasText("TokenReview", in: body)
    || BodyScan.hasText("SubjectAccessReview", in: body)
}

// MARK: Credentials

private let credentialNames: [StaticString] = [
  "password", "passwd", "pwd", "pass", "otp", "totp", "passcode", "pin", "client_secret",
  "client_assertion", "grant_type", "refresh_token", "access_token", "id_token", "api_key",
  "assertion", "credential", "secret", "new_password", "old_password", "j_password",
]

private func credentialsInBody(_ head: RequestHead, bodyPrefix: Span<UInt8>) -> DecisionSign? {
  guard !bodyPrefix.isEmpty else { return nil }
  if MediaType.isForm(head.fields) {
    let isFound = credentialNames.contains { BodyScan.hasField($0, in: bodyPrefix) }
    return isFound ? .credentialsInForm : nil
  }
  guard MediaType.isJSON(head.fields) else { return nil }
  let isFound = credentialNames.contains { BodyScan.hasMember($0, in: bodyPrefix) }
  return isFound ? .credentialsInJSON : nil
}

private func credentialInHead(
  _ head: RequestHead, hasClientCertificate: Bool
) -> DecisionSign? {
  if head.fields.contains(.authorization) { return .authorization }
  if Cookies.containsName(in: head.fields, where: Cookies.isSessionName) { return .sessionCookie }
  if hasAPIKey(head) { return .apiKey }
  return hasClientCertificate ? .clientCertificate : nil
}

private func hasAPIKey(_ head: RequestHead) -> Bool {
  if let query = head.query,
    BodyScan.hasParameter("api_key", in: query) || BodyScan.hasParameter("access_token", in: query)
      || BodyScan.hasParameter("apikey", in: query)
  {
    return true
  }
  return head.fields.carriesCredentialField()
}

extension RequestHead {
  /// Whether the request carries what may stand for a user: `Authorization`, a session cookie, an
  /// API key.
  package var carriesCredential: Bool {
    credentialInHead(self, hasClientCertificate: false) != nil
  }
}

// MARK: Explanations

private func explanation(
  _ head: RequestHead, path: PathShape, carriesCredential: Bool
) -> OtherSign? {
  if head.method == .options { return .options }
  guard head.method == .get || head.method == .head, !head.pathTraits.areAmbiguous,
    path.isPlain
  else { return nil }
  if path.endsWithOne(of: Endpoint.keySet) {
    return .keySet
  }
  if path.starts(with: "/.well-known/")
    || path.endsWithOne(
      of: Endpoint.discovery)
  {
    return .discovery
  }
  if path.endsWithOne(of: Endpoint.metadata) {
    return .metadata
  }
  if isAsset(path, carriesCredential: carriesCredential) { return .staticAsset }
  if !carriesCredential, path.endsWithOne(of: Endpoint.signInPage) {
    return .signInPage
  }
  return nil
}

private let assetFolders: [StaticString] = [
  "/static/", "/assets/", "/public/", "/css/", "/js/", "/img/", "/images/", "/fonts/", "/avatars/",
  "/avatar/", "/favicon.ico", "/robots.txt",
]

private let assetExtensions: [StaticString] = [
  "css", "js", "mjs", "map", "png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "avif", "woff",
  "woff2", "ttf", "otf", "wasm",
]

/// A name under an asset folder; elsewhere a file extension explains only what nobody in particular
/// asks for, since a suffix is easily added to a page (web cache deception).
private func isAsset(_ path: PathShape, carriesCredential: Bool) -> Bool {
  if assetFolders.contains(where: { path.starts(with: $0) }) { return true }
  guard !carriesCredential, let name = path.fileExtension else { return false }
  return assetExtensions.contains { name.equals($0) }
}

/// The endings of well-known endpoints.
private enum Endpoint {
  static let userInfo: [StaticString] = ["/userinfo"]
  static let evaluation: [StaticString] = ["/access/v1/evaluation", "/access/v1/evaluations"]
  static let review: [StaticString] = [
    "/tokenreviews", "/subjectaccessreviews", "/selfsubjectaccessreviews",
  ]
  static let token: [StaticString] = ["/token"]
  static let introspection: [StaticString] = ["/introspect", "/introspection", "/token_info"]
  static let revocation: [StaticString] = ["/revoke", "/revocation"]
  static let assertionConsumer: [StaticString] = [
    "/acs", "/saml/sso", "/saml2/sso", "/saml/consume",
  ]
  static let keySet: [StaticString] = [
    "/jwks", "/jwks.json", "/discovery/keys", "/certs", "/oauth2/keys",
  ]
  static let metadata: [StaticString] = [
    "/saml/metadata", "/saml2/metadata", "/metadata.xml", "/descriptor",
  ]
  static let signInPage: [StaticString] = ["/login", "/signin", "/sign-in"]
  static let discovery: [StaticString] = [
    "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
    "/.well-known/authzen-configuration",
  ]
}

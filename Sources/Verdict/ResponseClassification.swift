package import HTTPModel
internal import Primitives

/// How much of a body is read to classify a response; of a longer one no more than its beginning.
package let maximumClassifiedBodyBytes = 16 * 1024

/// Tells whether a response is a decision although its request was not classified as one.
///
/// By its head; what the content says is `ContentInspection`'s to find. Under `plain` only a proof,
/// a verdict's media type, issued tokens and Kubernetes reviews are signs: a 401 or a cookie of an
/// ordinary service is the cache's business.
package func classify(_ head: ResponseHead, kind: ServiceKind) -> Classification {
  let fields = head.fields
  if fields.contains(.verdictToken) || fields.contains(.transactionToken) {
    return .decision(.proofField)
  }
  if isVerdictType(fields) { return .decision(.verdictMediaType) }
  if kind == .auth, let sign = signOfAuth(head) { return .decision(sign) }
  return .other(.noSign)
}

extension Status {
  /// Whether the status finds fault with how this one request was made: with a field, a length or a
  /// method that stands in no key (check PSN-04).
  package var findsFaultWithRequest: Bool {
    switch code {
    case 400, 405, 406, 408, 411, 412, 413, 414, 415, 416, 417, 421, 426, 428, 429, 431, 501, 505:
      true
    default: false
    }
  }
}

private func isVerdictType(_ fields: FieldSection) -> Bool {
  guard let type = MediaType.essence(of: fields), type.count >= 15,
    type.suffix(3).equalsIgnoringASCIICase("jwt")
  else { return false }
  return type.equalsIgnoringASCIICase("application/jwt")
    || type.equalsIgnoringASCIICase("application/verdict+jwt")
    || type.equalsIgnoringASCIICase("application/token-introspection+jwt")
}

private func signOfAuth(_ head: ResponseHead) -> DecisionSign? {
  let fields = head.fields
  if head.status == .unauthorized || head.status.code == 407 || fields.contains(.wwwAuthenticate)
    || fields.contains(.proxyAuthenticate)
  {
    return .challenge
  }
  if head.status == .forbidden { return .forbidden }
  if setsSession(fields) { return .sessionSet }
  return head.isAuthRedirect ? .authRedirect : nil
}

private func setsSession(_ fields: FieldSection) -> Bool {
  guard fields.contains(.setCookie) else { return false }
  for line in fields.lines where line.known == .setCookie {
    guard let cookie = SetCookie(line: fields.value(of: line)) else { continue }
    if Cookies.isSessionName(cookie.name) { return true }
  }
  return false
}

extension ResponseHead {
  /// Whether this redirects to a login or callback, or carries a code, a state or a token.
  package var isAuthRedirect: Bool {
    guard status.isRedirection, status != .notModified, let location = fields.first(.location)
    else { return false }
    let mark = location.firstIndex { $0 == ASCII.questionMark || $0 == 0x23 }
    if let mark,
      parameters.contains(where: { BodyScan.hasParameter($0, in: location[(mark + 1)...]) })
    {
      return true
    }
    let path = PathShape(location[..<(mark ?? location.endIndex)])
    return path.endsWithOne(of: authPaths)
  }
}

private let parameters: [StaticString] = [
  "code", "state", "id_token", "access_token", "SAMLRequest", "SAMLResponse", "ticket", "nonce",
]

private let authPaths: [StaticString] = [
  "/login", "/signin", "/sign-in", "/authorize", "/callback", "/sso", "/auth", "/saml", "/oauth2",
]

// MARK: JSON members

/// In the order of `pointers` below.
private enum Member: Int {
  case accessToken, idToken, tokenType, kind
  /// The first of the members that are a sign where they are true or false.
  case firstDecision
}

private let pointers: [JSONPointer] =
  [
    JSONPointer(tokens: ["access_token"]), JSONPointer(tokens: ["id_token"]),
    JSONPointer(tokens: ["token_type"]), JSONPointer(tokens: ["kind"]),
  ] + CustomaryDecision.pointers

private func isReview(_ kind: JSONValue, in body: Span<UInt8>) -> Bool {
  kind.equals("AdmissionReview".utf8, in: body) || kind.equals("TokenReview".utf8, in: body)
    || kind.equals("SubjectAccessReview".utf8, in: body)
}

func signInJSON(_ body: Span<UInt8>, kind: ServiceKind) -> DecisionSign? {
  let values: JSONValues
  do throws(JSONError) {
    values = try JSONReader.read(body, at: pointers)
  } catch {
    return kind == .auth && error.code != .empty ? .unreadableJSON : nil
  }
  if let review = values[Member.kind.rawValue], review.kind == .string,
    isReview(review, in: body)
  {
    return .kubernetesReview
  }
  let issues =
    values[Member.accessToken.rawValue]?.kind == .string
    || values[Member.idToken.rawValue]?.kind == .string
  if issues, kind == .auth || values[Member.tokenType.rawValue]?.kind == .string {
    return .tokensIssued
  }
  guard kind == .auth else { return nil }
  for index in Member.firstDecision.rawValue..<pointers.count {
    if let value = values[index], value.kind == .true || value.kind == .false {
      return .decisionMember
    }
  }
  return nil
}

internal import HTTPModel
internal import Primitives

/// A response, the request it answers and the rules: what of them keeps a response out of the store
/// before any date is read. Each rule answers with its reason to refuse, or nil.
struct StorageHeads {
  let response: ResponseHead
  let request: RequestHead
  let rules: CacheRules

  /// What the response says of caching.
  var directives: ResponseDirectives { ResponseDirectives(response.fields, rules: rules) }

  /// The rules that look at bits of the heads, in order; the first that refuses gives the reason.
  func firstRefusal() -> CacheReason? {
    if let reason = refusalByRules() ?? refusalByMethod() ?? refusalByRequestContent() {
      return reason
    }
    return refusalByStatus() ?? refusalByErrorOfRequest() ?? refusalByRequestNoStore()
  }

  /// The rules that need the response's directives, in order.
  func firstRefusal(by directives: ResponseDirectives) -> CacheReason? {
    if let reason = refusalByUnknownStatus(directives) ?? refusalByResponseNoStore(directives) {
      return reason
    }
    if let reason = refusalByPrivate(directives) ?? refusalByAuthorization(directives) {
      return reason
    }
    return refusalByRequestCookie() ?? refusalBySetCookie(directives)
  }

  private func refusalByRules() -> CacheReason? { rules.isEnabled ? nil : .cacheDisabled }

  // RFC 9111 §3: the method is understood by the cache. HEAD has nothing to keep, and POST only
  // what is said to be what GET would get.
  private func refusalByMethod() -> CacheReason? {
    if request.method == .get { return nil }
    guard request.method == .post, rules.storesPost else { return .methodNotCacheable }
    let isForTarget =
      response.fields.only(.contentLocation).map { isTarget($0) } ?? false
    let isFit = response.status == .ok && isForTarget && statesLifetime(directives)
    return isFit ? nil : .postNotForTarget
  }

  /// Whether a reference is the request's own target, over either scheme (RFC 9110 §9.3.3). An
  /// empty one is (RFC 3986 §4.4).
  private func isTarget(_ reference: ArraySlice<UInt8>) -> Bool {
    if reference.isEmpty { return true }
    return [Scheme.https, .http].contains { scheme in
      let base = URIReference.Base(
        scheme: scheme, authority: request.authority, path: request.path)
      let query = request.query.map { [ASCII.questionMark] + $0 } ?? []
      return URIReference.targetOnSameOrigin(reference, base: base) == request.path + query
    }
  }

  // Content of a GET is not part of the key (RFC 9110 §9.3.1).
  private func refusalByRequestContent() -> CacheReason? {
    if request.fields.containsAny(of: methodOverrides) { return .methodOverride }
    return request.method == .get && requestHasContent(request.fields) ? .requestContent : nil
  }

  // RFC 9111 §3: the status is final; 206 and 304 complete something stored, or nothing.
  private func refusalByStatus() -> CacheReason? {
    if response.status.isInformational { return .statusNotFinal }
    let isPart = response.status == .partialContent || response.status == .notModified
    return isPart ? .statusNotStorable : nil
  }

  // An error that fields of this request have caused is nothing for others, who ask without them:
  // whoever could have it stored could keep a page from everybody (PSN-04). RFC 9111 §3 allows to
  // store it, and asks for nothing.
  private func refusalByErrorOfRequest() -> CacheReason? {
    guard response.status >= .badRequest else { return nil }
    let isOdd = StatusRules.isAboutRequest(response.status) || request.fields.isOdd
    return isOdd ? .errorOfRequest : nil
  }

  // RFC 9111 §5.2.1.5. Counts whatever the rules say about other request directives.
  private func refusalByRequestNoStore() -> CacheReason? {
    if rules.weakened.contains(.storesDespiteRequestNoStore) { return nil }
    return RequestDirectives(request.fields).noStore ? .requestNoStore : nil
  }

  // RFC 9111 §5.2.2.3.
  private func refusalByUnknownStatus(_ directives: ResponseDirectives) -> CacheReason? {
    let isBlind =
      directives.flags.contains(.mustUnderstand) && !StatusRules.isUnderstood(response.status)
    return isBlind ? .statusNotUnderstood : nil
  }

  // RFC 9111 §5.2.2.5; lifted by `must-understand` (§5.2.2.3) where the rules say so: here the
  // status is understood already.
  private func refusalByResponseNoStore(_ directives: ResponseDirectives) -> CacheReason? {
    let isLifted =
      rules.mustUnderstandLiftsNoStore && directives.flags.contains(.mustUnderstand)
      || rules.weakened.contains(.storesDespiteNoStore)
    return directives.flags.contains(.noStore) && !isLifted ? .responseNoStore : nil
  }

  // RFC 9111 §5.2.2.7. `private="names"` keeps only those fields out.
  private func refusalByPrivate(_ directives: ResponseDirectives) -> CacheReason? {
    let isLifted = rules.weakened.contains(.storesDespitePrivate)
    return directives.flags.contains(.private) && !isLifted ? .responsePrivate : nil
  }

  // RFC 9111 §3.5.
  private func refusalByAuthorization(_ directives: ResponseDirectives) -> CacheReason? {
    guard request.fields.contains(.authorization) else { return nil }
    let allows =
      directives.flags.contains(.public) || directives.flags.contains(.mustRevalidate)
      || directives.sharedMaxAge != nil
    return rules.sharesWithAuthorized && allows ? nil : .authorizationNotShared
  }

  private func refusalByRequestCookie() -> CacheReason? {
    hasDecidingCookie(request.fields, rule: rules.cookies) ? .requestCookie : nil
  }

  // RFC 9111 §7.3. `no-cache="Set-Cookie"` and `private="Set-Cookie"` keep the field out, not the
  // response.
  private func refusalBySetCookie(_ directives: ResponseDirectives) -> CacheReason? {
    guard response.fields.contains(.setCookie) else { return nil }
    let isKeptOut = directives.unstoredFields.contains { $0.equals("set-cookie") }
    return isKeptOut || (rules.storesSetCookie && statesLifetime(directives)) ? nil : .setCookie
  }

  /// Whether the response itself states its lifetime, and that counts (`Freshness.isExplicit`).
  private func statesLifetime(_ directives: ResponseDirectives) -> Bool {
    hasStatedLifetime(response, directives: directives, rules: rules)
  }
}

package import HTTPModel
package import Primitives

/// Whether a response goes into the store.
package enum StorageDecision: Sendable, Equatable {
  case store(StorableResponse)
  case refuse(CacheReason)

  /// The reason code: `stored` or why not.
  package var reason: CacheReason {
    switch self {
    case .store: .stored
    case .refuse(let reason): reason
    }
  }
}

/// Decides whether a response may be stored (RFC 9111 §3). Called once the final head has arrived
/// and the response has been classified, before the first byte of content.
///
/// - `requestedAt`: when the request had been sent upstream; `receivedAt`: when the head had
///   arrived.
/// - `contentLength`: what the framing announced, nil where it announced nothing: a 206 that is not
///   as long as its range is refused.
package func storageDecision(
  for response: ResponseHead, to request: RequestHead, exchange: ExchangeClass,
  requestedAt: WallTime, receivedAt: WallTime, contentLength: Int64? = nil, rules: CacheRules
) -> StorageDecision {
  switch exchange {
  case .decision: return .refuse(.decision)
  case .withheld(let reason): return .refuse(reason)
  case .other: break
  }
  if response.status == .partialContent {
    return partStorageDecision(
      for: response, to: request, requestedAt: requestedAt, receivedAt: receivedAt,
      contentLength: contentLength, rules: rules)
  }
  let question = StorageQuestion(
    response: response, request: request,
    times: ArrivalTimes(of: response, requestedAt: requestedAt, receivedAt: receivedAt),
    rules: rules)
  if let reason = question.firstRefusal() { return .refuse(reason) }
  return question.storable()
}

/// Why a response that may be stored is better not, since somebody may have made it be asked for so
/// that it is found in place of something else; nil for nearly all. Asked after the content was
/// looked at: what it says of a decision comes first.
package func deceptionRefusal(of response: ResponseHead, to request: RequestHead) -> CacheReason? {
  // What is stored under a path that programs read differently may be found under another. Since
  // nothing is stored, nothing need be asked at a lookup.
  if isAmbiguousPath(request.path) { return .ambiguousPath }
  // Under the name of an asset somebody's page would be stored.
  let type = response.fields.first(.contentType)
  let isDeceptive =
    response.status.isSuccessful && contradictsSuffix(path: request.path, type: type)
  return isDeceptive ? .suffixMismatch : nil
}

/// The same for a 206 (RFC 9111 §3.3): stored as the 200 it is a part of.
private func partStorageDecision(
  for response: ResponseHead, to request: RequestHead, requestedAt: WallTime,
  receivedAt: WallTime, contentLength: Int64?, rules: CacheRules
) -> StorageDecision {
  guard rules.storesParts else { return .refuse(.statusNotStorable) }
  if isMultipart(response.fields) { return .refuse(.multipartPart) }
  guard request.method == .get, request.fields.contains(.range),
    !contradictsItsRange(response, contentLength: contentLength),
    let part = ContentRange(response.fields)?.part
  else { return .refuse(.partContradiction) }
  var whole = response
  whole.status = .ok
  whole.reason = []
  let question = StorageQuestion(
    response: whole, request: request,
    times: ArrivalTimes(of: response, requestedAt: requestedAt, receivedAt: receivedAt),
    rules: rules)
  if let reason = question.firstRefusal() { return .refuse(reason) }
  return question.storable(part: part)
}

/// One response and all that decides about storing it. Each rule answers with its reason to refuse,
/// or nil.
struct StorageQuestion {
  let response: ResponseHead
  let request: RequestHead
  let times: ArrivalTimes
  let rules: CacheRules
  let directives: ResponseDirectives
  let freshness: Freshness

  init(response: ResponseHead, request: RequestHead, times: ArrivalTimes, rules: CacheRules) {
    self.response = response
    self.request = request
    self.times = times
    self.rules = rules
    directives = ResponseDirectives(response.fields, rules: rules)
    freshness = freshnessLifetime(
      of: response, directives: directives, times: times, rules: rules)
  }

  /// A stored response updated by another one, as if it had come whole. HEAD freshens, too.
  init(
    merging merged: ResponseHead, request: RequestHead, requestedAt: WallTime,
    receivedAt: WallTime, rules: CacheRules
  ) {
    var fetch = request
    fetch.method = .get
    self.init(
      response: merged, request: fetch,
      times: ArrivalTimes(of: merged, requestedAt: requestedAt, receivedAt: receivedAt),
      rules: rules)
  }

  /// The rules in order; the first that refuses gives the reason.
  func firstRefusal() -> CacheReason? {
    if let reason = refusalByRules() ?? refusalByMethod() ?? refusalByRequestContent() {
      return reason
    }
    if let reason = refusalByStatus() ?? refusalByErrorOfRequest() ?? refusalByRequestNoStore() {
      return reason
    }
    if let reason = refusalByUnknownStatus() { return reason }
    if let reason = refusalByResponseNoStore() ?? refusalByPrivate() ?? refusalByAuthorization() {
      return reason
    }
    if let reason = refusalByRequestCookie() ?? refusalBySetCookie() { return reason }
    return refusalByMissingFreshness() ?? refusalByUselessness()
  }

  private func refusalByRules() -> CacheReason? { rules.isEnabled ? nil : .cacheDisabled }

  // RFC 9111 §3: the method is understood by the cache. HEAD has nothing to keep, and POST only
  // what is said to be what GET would get.
  private func refusalByMethod() -> CacheReason? {
    if request.method == .get { return nil }
    guard request.method == .post, rules.storesPost else { return .methodNotCacheable }
    let isForTarget =
      response.fields.only(.contentLocation).map { isTarget($0) } ?? false
    return response.status == .ok && freshness.isExplicit && isForTarget ? nil : .postNotForTarget
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
  private func refusalByUnknownStatus() -> CacheReason? {
    let isBlind =
      directives.flags.contains(.mustUnderstand) && !StatusRules.isUnderstood(response.status)
    return isBlind ? .statusNotUnderstood : nil
  }

  // RFC 9111 §5.2.2.5; lifted by `must-understand` (§5.2.2.3) where the rules say so: here the
  // status is understood already.
  private func refusalByResponseNoStore() -> CacheReason? {
    let isLifted =
      rules.mustUnderstandLiftsNoStore && directives.flags.contains(.mustUnderstand)
      || rules.weakened.contains(.storesDespiteNoStore)
    return directives.flags.contains(.noStore) && !isLifted ? .responseNoStore : nil
  }

  // RFC 9111 §5.2.2.7. `private="names"` keeps only those fields out.
  private func refusalByPrivate() -> CacheReason? {
    let isLifted = rules.weakened.contains(.storesDespitePrivate)
    return directives.flags.contains(.private) && !isLifted ? .responsePrivate : nil
  }

  // RFC 9111 §3.5.
  private func refusalByAuthorization() -> CacheReason? {
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
  private func refusalBySetCookie() -> CacheReason? {
    guard response.fields.contains(.setCookie) else { return nil }
    let isKeptOut = directives.unstoredFields.contains { $0.equals("set-cookie") }
    return isKeptOut || (rules.storesSetCookie && freshness.isExplicit) ? nil : .setCookie
  }

  // RFC 9111 §3, last item: explicit freshness, `public`, or a status for which it may be assumed.
  private func refusalByMissingFreshness() -> CacheReason? {
    if freshness.source != .none || directives.flags.contains(.public) { return nil }
    let isListed = StatusRules.allowsHeuristics(response.status, rules.heuristics)
    return isListed && hasUsableValidator ? nil : .noFreshness
  }

  // A response that is stale on arrival is kept only for what it may still be good for. That it
  // might be served while the origin is out of reach is not enough to fill the store with it.
  private func refusalByUselessness() -> CacheReason? {
    let isStale = freshness.lifetime.milliseconds <= times.initialAge
    let mayServeStale = staleIfError > .zero || staleWhileRevalidate > .zero
    return isStale && !hasUsableValidator && !mayServeStale ? .uselessWhenStale : nil
  }
}

// MARK: What is kept

extension StorageQuestion {
  private var hasUsableValidator: Bool {
    let hasTag = response.fields.only(.etag).map { EntityTag($0) != nil } ?? false
    return hasTag || lastModified != nil
  }

  private var lastModified: WallTime? {
    response.fields.only(.lastModified).flatMap { HTTPDate.parse($0, now: times.receivedAt) }
  }

  // What the response says wins over the operator's rule.
  private var staleWhileRevalidate: Seconds {
    directives.staleWhileRevalidate ?? rules.staleWhileRevalidate
  }

  private var staleIfError: Seconds { directives.staleIfError ?? rules.staleIfError }

  private var flags: StoredMetadata.Flags {
    var flags: StoredMetadata.Flags = []
    let hasPragma =
      rules.treatsResponsePragmaAsNoCache && !response.fields.contains(.cacheControl)
      && !directives.isTargeted
      && response.fields.listMembers(of: .pragma).contains {
        $0.equalsIgnoringASCIICase("no-cache")
      }
    let isUnasked = rules.weakened.contains(.reusesDespiteNoCache)
    if directives.flags.contains(.noCache) || hasPragma, !isUnasked { flags.insert(.noCache) }
    let mustRevalidate =
      directives.flags.contains(.mustRevalidate) || directives.flags.contains(.proxyRevalidate)
      || directives.sharedMaxAge != nil
    if mustRevalidate, !rules.weakened.contains(.servesStaleDespiteMustRevalidate) {
      flags.insert(.mustRevalidate)
    }
    if directives.flags.contains(.immutable) { flags.insert(.immutable) }
    if lastModified != nil { flags.insert(.hasLastModified) }
    if request.fields.contains(.authorization) { flags.insert(.authorized) }
    if request.method == .post { flags.insert(.fromPost) }
    return flags
  }

  /// What of the request selects this response.
  func varyKey() -> VaryKey.Outcome {
    VaryKey.make(
      for: response.fields, request: request.fields,
      byMeaning: rules.comparesNegotiationByMeaning)
  }

  /// Everything the store needs, or a refusal for `Vary`.
  func storable(part: StoredPart? = nil) -> StorageDecision {
    switch varyKey() {
    case .key(let vary): .store(storable(vary: vary, part: part))
    case .any: .refuse(.varyAny)
    case .tooLarge: .refuse(.varyTooLarge)
    }
  }

  /// The storable form whatever the rules say: for a response that was stored before.
  func storable(vary: VaryKey, part: StoredPart?) -> StorableResponse {
    // An answer from a part says itself which range it is.
    let unstored =
      directives.unstoredFields + (part == nil ? [] : [[UInt8](ascii: "content-range")])
    let head = StoredHead(of: response, dropping: unstored, receivedAt: times.receivedAt)
    var flags = flags
    var annex = StoredAnnex()
    if let part, !part.isWhole {
      flags.insert(.partial)
      annex.append(part)
    }
    for label in cacheLabels(of: response.fields) {
      flags.insert(.labelled)
      annex.append(label)
    }
    if rules.usesNoVarySearch, let search = NoVarySearch(response.fields) {
      flags.insert(.variesBySearch)
      annex.append(search: search.encoded)
    }
    let metadata = StoredMetadata(
      status: response.status, flags: flags, times: times,
      modifiedAt: lastModified ?? times.date, freshness: freshness,
      staleWhileRevalidate: staleWhileRevalidate, staleIfError: staleIfError,
      validators: head.validators)
    return StorableResponse(metadata: metadata, vary: vary, head: head.bytes, annex: annex)
  }
}

// MARK: Rules that requests and responses share

/// Whether the request announces content (RFC 9112 §6).
func requestHasContent(_ fields: FieldSection) -> Bool {
  if fields.contains(.transferEncoding) { return true }
  guard fields.contains(.contentLength) else { return false }
  return fields.first(.contentLength)?.decimalValue() != 0
}

/// Whether the request carries a cookie that the rule does not name as ignorable. What is not
/// `name=value` counts as one.
func hasDecidingCookie(_ fields: FieldSection, rule: CookieRule) -> Bool {
  guard fields.contains(.cookie) else { return false }
  guard case .ignoring(let names) = rule else { return false }
  if names.isEmpty { return true }
  for value in fields.values(of: .cookie) {
    for pair in value.split(separator: ASCII.semicolon) {
      let name = pair.prefix { $0 != ASCII.equals }.trimmingOptionalWhitespace()
      guard names.contains(where: { $0.elementsEqual(name) }) else { return true }
    }
  }
  return false
}

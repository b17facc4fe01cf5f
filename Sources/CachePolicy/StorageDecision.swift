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
/// Where several reasons apply, the first of this order is reported:
///
/// 1. what else is known of the exchange (`exchange`), and what a 206 says of its own range; 2.
/// what the heads say by themselves (`StorageHeads.firstRefusal`): the rules, the method, content
///    of the request, the status, an error of the request, `no-store` in the request;
/// 3. what the response's directives say (`StorageHeads.firstRefusal(by:)`): a status not
///    understood, `no-store`, `private`, `Authorization`, cookies, `Set-Cookie`;
/// 4. its lifetime (`StorageQuestion.refusalByFreshness`): none, or over;
/// 5. `Vary`.
///
/// That is the order of what they cost, too: no date is read before step 4.
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
  return storageDecision(
    about: StorageHeads(response: response, request: request, rules: rules),
    requestedAt: requestedAt, receivedAt: receivedAt)
}

/// Steps 2 to 5 of the order.
private func storageDecision(
  about heads: StorageHeads, part: StoredPart? = nil, requestedAt: WallTime, receivedAt: WallTime
) -> StorageDecision {
  if let reason = heads.firstRefusal() { return .refuse(reason) }
  let directives = heads.directives
  if let reason = heads.firstRefusal(by: directives) { return .refuse(reason) }
  let question = StorageQuestion(
    about: heads, directives: directives,
    times: ArrivalTimes(of: heads.response, requestedAt: requestedAt, receivedAt: receivedAt))
  if let reason = question.refusalByFreshness() { return .refuse(reason) }
  return question.storable(part: part)
}

/// Why a response that may be stored is better not, since somebody may have made it be asked for so
/// that it is found in place of something else; nil for nearly all. Asked after the content was
/// looked at: what it says of a decision comes first.
package func deceptionRefusal(of response: ResponseHead, to request: RequestHead) -> CacheReason? {
  // Under the name of an asset somebody's page would be stored.
  let type = response.fields.first(.contentType)
  let isDeceptive =
    response.status.isSuccessful && contradictsSuffix(path: request.path, type: type)
  if isDeceptive { return .suffixMismatch }
  if contradictsStaticName(of: request, response: response) { return .staticNameMismatch }
  // What is stored under a path that programs read differently may be found under another.
  if request.pathTraits.areAmbiguous { return .ambiguousPath }
  // The key is that of the usual spelling (RFC 3986 §6.2.2): a success is its target's, but a
  // redirection to the usual spelling, or an error, is about this one.
  let isOwn = request.pathTraits.contains(.respelled) && !response.status.isSuccessful
  return isOwn ? .otherSpelling : nil
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
  return storageDecision(
    about: StorageHeads(response: whole, request: request, rules: rules), part: part,
    requestedAt: requestedAt, receivedAt: receivedAt)
}

/// One response, all that decides about storing it, and what would be stored.
struct StorageQuestion {
  let heads: StorageHeads
  let times: ArrivalTimes
  let directives: ResponseDirectives
  let freshness: Freshness
  /// The value of `Last-Modified`, read once.
  let lastModified: WallTime?

  init(about heads: StorageHeads, directives: ResponseDirectives, times: ArrivalTimes) {
    self.heads = heads
    self.times = times
    self.directives = directives
    freshness = freshnessLifetime(
      of: heads.response, directives: directives, times: times, rules: heads.rules)
    lastModified = heads.response.fields.only(.lastModified).flatMap {
      HTTPDate.parse($0, now: times.receivedAt)
    }
  }

  /// A stored response updated by another one, as if it had come whole. HEAD freshens, too.
  init(
    merging merged: ResponseHead, request: RequestHead, requestedAt: WallTime,
    receivedAt: WallTime, rules: CacheRules
  ) {
    var fetch = request
    fetch.method = .get
    let heads = StorageHeads(response: merged, request: fetch, rules: rules)
    self.init(
      about: heads, directives: heads.directives,
      times: ArrivalTimes(of: merged, requestedAt: requestedAt, receivedAt: receivedAt))
  }

  private var response: ResponseHead { heads.response }
  private var request: RequestHead { heads.request }
  private var rules: CacheRules { heads.rules }

  /// The rules in order; the first that refuses gives the reason.
  func firstRefusal() -> CacheReason? {
    heads.firstRefusal() ?? heads.firstRefusal(by: directives) ?? refusalByFreshness()
  }

  /// Why its lifetime keeps it out; the only rules that need dates.
  func refusalByFreshness() -> CacheReason? {
    refusalByMissingFreshness() ?? refusalByUselessness()
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

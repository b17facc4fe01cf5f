package import HTTPModel
package import Primitives

/// How old a stored response is and how long it stays fresh: what `Age` and `ttl` say.
package struct StoredAge: Sendable, Hashable {
  /// `current_age` in whole seconds, rounded down.
  package let age: Seconds
  /// Whole seconds of freshness left, rounded down; negative when stale (RFC 9211 §2.5).
  package let ttl: Int64

  /// The age of a stored response at a moment.
  package init(of stored: StoredMetadata, at now: WallTime) {
    self.init(of: stored, age: stored.currentAge(at: now))
  }

  init(of stored: StoredMetadata, age: Milliseconds) {
    self.age = Seconds(age.count / 1000)
    let left = stored.lifetime.milliseconds.count - age.count
    ttl = left >= 0 ? left / 1000 : (left - 999) / 1000
  }
}

/// What becomes of a stored response that a request selected.
package enum ReuseDecision: Sendable, Hashable {
  /// Answer with it.
  case fresh(StoredAge)
  /// Answer with it although stale: the reason says what allows it. For `.staleWhileRevalidate`
  /// validate it in the background, too.
  case staleAllowed(StoredAge, CacheReason)
  /// Ask the origin first, with `appendValidationFields` where the response has a validator.
  case validate(CacheReason)
  /// Answer 504 (RFC 9111 §5.2.1.7).
  case mustNot(CacheReason)

  package var reason: CacheReason {
    switch self {
    case .fresh: .fresh
    case .staleAllowed(_, let reason), .validate(let reason), .mustNot(let reason): reason
    }
  }
}

/// Decides whether a stored response may answer a request that selects it (RFC 9111 §4).
///
/// `request` is GET or HEAD and passed `lookupDecision`.
package func reuseDecision(
  for request: RequestHead, stored: StoredMetadata, now: WallTime, rules: CacheRules
) -> ReuseDecision {
  let age = stored.currentAge(at: now)
  let fields = request.fields
  let isAsking = fields.contains(.cacheControl) || fields.contains(.pragma)
  if !isAsking || !rules.honoursRequestDirectives {
    return decisionWithoutWishes(stored: stored, age: age)
  }
  let wishes = RequestDirectives(fields)
  let decision = decisionWithWishes(wishes, stored: stored, age: age)
  if case .validate = decision, wishes.onlyIfCached { return .mustNot(.onlyIfCached) }
  return decision
}

/// What an empty store answers: 504 where the client wants nothing but a stored response.
package func missDecision(for request: RequestHead, miss: CacheReason, rules: CacheRules)
  -> ReuseDecision
{
  guard rules.honoursRequestDirectives, request.fields.contains(.cacheControl),
    RequestDirectives(request.fields).onlyIfCached
  else { return .validate(miss) }
  return .mustNot(.onlyIfCached)
}

private func decisionWithoutWishes(stored: StoredMetadata, age: Milliseconds) -> ReuseDecision {
  if stored.flags.contains(.noCache) { return .validate(.responseNoCache) }
  if age < stored.lifetime.milliseconds { return .fresh(StoredAge(of: stored, age: age)) }
  return staleDecision(stored: stored, age: age, maxStale: nil)
}

private func decisionWithWishes(
  _ wishes: RequestDirectives, stored: StoredMetadata, age: Milliseconds
) -> ReuseDecision {
  if wishes.noCache { return .validate(.requestNoCache) }
  if wishes.pragmaNoCache { return .validate(.requestPragma) }
  if stored.flags.contains(.noCache) { return .validate(.responseNoCache) }
  if let maxAge = wishes.maxAge, age > maxAge.milliseconds || maxAge == .zero {
    return .validate(.requestMaxAge)
  }
  let left = stored.lifetime.milliseconds.count - age.count
  if let minFresh = wishes.minFresh, left < minFresh.milliseconds.count {
    return .validate(.requestMinFresh)
  }
  if left > 0 { return .fresh(StoredAge(of: stored, age: age)) }
  return staleDecision(stored: stored, age: age, maxStale: wishes.maxStale)
}

/// What may be done with a response that is no longer fresh (RFC 9111 §4.2.4, RFC 5861 §3).
private func staleDecision(stored: StoredMetadata, age: Milliseconds, maxStale: Seconds?)
  -> ReuseDecision
{
  if stored.flags.contains(.mustRevalidate) { return .validate(.mustRevalidate) }
  let staleFor = age.count - stored.lifetime.milliseconds.count
  if let maxStale, staleFor <= maxStale.milliseconds.count {
    return .staleAllowed(StoredAge(of: stored, age: age), .maxStale)
  }
  if staleFor < stored.staleWhileRevalidate.milliseconds.count {
    return .staleAllowed(StoredAge(of: stored, age: age), .staleWhileRevalidate)
  }
  return .validate(.stale)
}

// MARK: When the origin fails

/// How the origin failed to answer.
package enum OriginFailure: Sendable, Hashable {
  /// It answered with this status.
  case status(Status)
  /// No connection, no answer in time, or an answer that broke off before its head was complete.
  case unreachable
}

/// Whether a stale response may stand in for an origin that failed.
package enum StaleOnErrorDecision: Sendable, Hashable {
  case serve(StoredAge, CacheReason)
  case mustNot(CacheReason)

  package var reason: CacheReason {
    switch self {
    case .serve(_, let reason), .mustNot(let reason): reason
    }
  }
}

/// Decides whether a stored response may answer after the origin failed (RFC 5861 §4, RFC 9111
/// §4.2.4).
package func staleOnErrorDecision(
  for request: RequestHead, stored: StoredMetadata, failure: OriginFailure, now: WallTime,
  rules: CacheRules
) -> StaleOnErrorDecision {
  if case .status(let status) = failure, !isCoveredError(status) {
    return .mustNot(.errorNotCovered)
  }
  if stored.flags.contains(.noCache) { return .mustNot(.responseNoCache) }
  let wishes = RequestDirectives(request.fields)
  if rules.honoursRequestDirectives, wishes.noCache { return .mustNot(.requestNoCache) }
  let age = stored.currentAge(at: now)
  let staleFor = age.count - stored.lifetime.milliseconds.count
  if staleFor >= 0, stored.flags.contains(.mustRevalidate) { return .mustNot(.mustRevalidate) }
  let allowed = max(
    stored.staleIfError, rules.honoursRequestDirectives ? wishes.staleIfError ?? .zero : .zero)
  if staleFor < allowed.milliseconds.count {
    return .serve(StoredAge(of: stored, age: age), .staleIfError)
  }
  if failure == .unreachable, rules.servesStaleWhenDisconnected {
    return .serve(StoredAge(of: stored, age: age), .disconnected)
  }
  return .mustNot(.staleTooLong)
}

/// The errors that RFC 5861 §4 names.
private func isCoveredError(_ status: Status) -> Bool {
  switch status.code {
  case 500, 502, 503, 504: true
  default: false
  }
}

internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives

// What an exchange answers from the store.
extension CacheExchange {
  /// Answers with what the origin has just confirmed.
  func answer(with response: StoredResponse, status: Status) {
    let age = StoredAge(of: response.metadata, at: worker.loop.wallNow)
    var cacheStatus = CacheStatus(forwardedBecause: cause, forwardStatus: status)
    cacheStatus.ttl = age.ttl
    cacheStatus.detail = .validated
    record.cacheReason = .validated
    sendStored(response, age: age, status: cacheStatus)
  }

  /// Looks again after another's fetch has ended; whether that answered the request.
  func answerFromStore() -> Bool {
    guard let permit else { return false }
    let key = key
    guard
      case .found(let response) = worker.shared.store.lookup(
        permit, key: key.span, request: request)
    else { return false }
    stored = response
    let decision = reuseDecision(
      for: request, stored: response.metadata, now: worker.loop.wallNow, rules: rules)
    let age: StoredAge
    switch decision {
    case .fresh(let found), .staleAllowed(let found, _): age = found
    case .validate, .mustNot: return false
    }
    record.isCollapsed = true
    var status = CacheStatus(
      forwardedBecause: cause, forwardStatus: response.metadata.status)
    status.ttl = age.ttl
    status.isCollapsed = true
    sendStored(response, age: age, status: status)
    return true
  }

  /// Whether a stale response may stand in for the origin (RFC 5861 §4, RFC 9111 §4.2.4).
  func mayAnswerStale(_ response: StoredResponse, because failure: OriginFailure) -> Bool {
    guard case .serve = staleDecision(response, failure) else { return false }
    let form = StoredForm.of(response, for: request, now: worker.loop.wallNow, rules: rules)
    if case .fetch = form { return false }
    return true
  }

  /// Answers with a stale response where the rules allow it; whether it did.
  func answerStale(_ response: StoredResponse, because failure: OriginFailure) -> Bool {
    guard mayAnswerStale(response, because: failure),
      case .serve(let age, let reason) = staleDecision(response, failure)
    else { return false }
    var status = CacheStatus(.hit, ttl: age.ttl, detail: reason)
    if case .status(let code) = failure { status.forwardStatus = code }
    record.cacheReason = reason
    sendStored(response, age: age, status: status)
    return true
  }

  private func staleDecision(_ response: StoredResponse, _ failure: OriginFailure)
    -> StaleOnErrorDecision
  {
    staleOnErrorDecision(
      for: request, stored: response.metadata, failure: failure, now: worker.loop.wallNow,
      rules: rules)
  }

  func sendStored(_ response: StoredResponse, age: StoredAge, status: CacheStatus) {
    guard let client else {
      course.answered()
      return finish()
    }
    let answer = StoredAnswer(response, age: age, status: status)
    switch StoredForm.of(response, for: request, now: worker.loop.wallNow, rules: rules) {
    case .usual:
      record.status = response.metadata.status
      record.bytesSent = client.sendStored(answer, to: request, route: route)
    case .range(let range, _):
      record.status = range.status
      record.bytesSent = client.sendStored(answer, as: range, route: route)
    case .fetch(let fetch, let reason): return ask(for: fetch, of: response, because: reason)
    }
    record.outcome = .hit
    course.answered()
    finish()
  }

  /// Whether the client holds the response that comes in already (RFC 9111 §4.3.2).
  func clientHolds(_ storable: StorableResponse) -> Bool {
    guard request.fields.contains(.ifNoneMatch) || request.fields.contains(.ifModifiedSince) else {
      return false
    }
    let range = storable.metadata.entityTagRange
    return conditionDecision(
      for: request, stored: storable.metadata, entityTag: storable.head[range],
      now: worker.loop.wallNow) == .notModified
  }

  func sendNotModified(_ storable: StorableResponse) {
    var status = CacheStatus(forwardedBecause: cause, forwardStatus: storable.metadata.status)
    status.isStored = true
    record.status = .notModified
    let key = key
    client?.sendNotModified(storable.head[...], age: nil, status: status, key: key.span)
  }

  func appendCacheStatus(to head: inout ResponseHead, isStored: Bool) {
    var status = CacheStatus(forwardedBecause: cause, forwardStatus: head.status)
    status.isStored = isStored
    if !isStored, let reason = record.cacheReason { status.detail = reason }
    append(status, to: &head)
  }

  /// Adds this cache's member of `Cache-Status`.
  func append(_ status: CacheStatus, to head: inout ResponseHead) {
    var value: [UInt8] = []
    let key = key
    status.append(to: &value, as: plan.cacheStatusName, key: key.span)
    head.fields.append(.cacheStatus, value)
  }
}

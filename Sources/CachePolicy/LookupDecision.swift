package import HTTPModel

/// Proof that an exchange may touch the store: required to look up, to write, to wait for another's
/// fetch.
///
/// Only `lookupDecision` makes one, and never for a decision.
package struct LookupPermit: Sendable, Hashable {
  fileprivate init() {}
}

/// Whether a request is looked up at all.
package enum LookupDecision: Sendable, Hashable {
  case lookUp(LookupPermit)
  /// Goes to the origin as it came; nothing is reused. `Cache-Status` says `fwd=bypass` or
  /// `fwd=method`.
  case bypass(CacheReason)
}

/// Decides whether a request may be answered from the store (RFC 9111 §4). A handful of bit tests.
package func lookupDecision(
  for request: RequestHead, exchange: ExchangeClass, rules: CacheRules
) -> LookupDecision {
  if exchange == .decision { return .bypass(.decision) }
  if !rules.isEnabled { return .bypass(.cacheDisabled) }
  guard request.method == .get || request.method == .head else {
    return .bypass(.methodNotCacheable)
  }
  let fields = request.fields
  if requestHasContent(fields) { return .bypass(.requestContent) }
  if fields.contains(.ifMatch) || fields.contains(.ifUnmodifiedSince) {
    return .bypass(.requestPrecondition)
  }
  if !rules.sharesWithAuthorized, fields.contains(.authorization) {
    return .bypass(.requestAuthorization)
  }
  if hasDecidingCookie(fields, rule: rules.cookies) { return .bypass(.requestCookie) }
  return .lookUp(LookupPermit())
}

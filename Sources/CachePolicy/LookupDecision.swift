package import HTTPModel
internal import Primitives

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
  /// Goes to the origin as it came; its answer may be stored, under the key of GET (RFC 9110
  /// §9.3.3).
  case fetchOnly(LookupPermit, CacheReason)
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
    return otherMethodDecision(for: request, rules: rules)
  }
  let fields = request.fields
  if requestHasContent(fields) { return .bypass(.requestContent) }
  if fields.containsAny(of: methodOverrides) { return .bypass(.methodOverride) }
  // Nothing is stored under such a path.
  if request.pathTraits.areAmbiguous { return .bypass(.ambiguousPath) }
  if fields.contains(.ifMatch) || fields.contains(.ifUnmodifiedSince) {
    return .bypass(.requestPrecondition)
  }
  if !rules.sharesWithAuthorized {
    if fields.contains(.authorization) { return .bypass(.requestAuthorization) }
    if carriesUnkeyedCredential(fields, rules: rules) { return .bypass(.requestCredential) }
  }
  if let reason = refusalOfSender(fields, rules: rules) { return .bypass(reason) }
  return .lookUp(LookupPermit())
}

/// Fields by which some origins let a request be another method than it says: such a request is not
/// what its key says.
let methodOverrides = KnownFieldSet([.xHTTPMethod, .xHTTPMethodOverride, .xMethodOverride])

/// Whether a field outside the standards says who asks, and is no part of the key.
private func carriesUnkeyedCredential(_ fields: FieldSection, rules: CacheRules) -> Bool {
  fields.carriesCredentialField { name in
    rules.hasRareRules
      && rules.keys.parts.contains { part in
        if case .field(let keyed) = part.source {
          keyed.bytes.equalsIgnoringASCIICase(name)
        } else {
          false
        }
      }
  }
}

/// Why who asks keeps a request out of the cache.
private func refusalOfSender(_ fields: FieldSection, rules: CacheRules) -> CacheReason? {
  if hasDecidingCookie(fields, rule: rules.cookies) { return .requestCookie }
  return rules.hasRareRules && rules.bypass.matches(fields) ? .bypassRule : nil
}

/// POST is never answered from the store, and its answer may be stored where the rules say so.
private func otherMethodDecision(for request: RequestHead, rules: CacheRules) -> LookupDecision {
  guard request.method == .post, rules.storesPost,
    !request.fields.containsAny(of: methodOverrides),
    refusalOfSender(request.fields, rules: rules) == nil
  else { return .bypass(.methodNotCacheable) }
  return .fetchOnly(LookupPermit(), .methodNotCacheable)
}

extension BypassRule {
  /// Whether a request has what keeps it out.
  func matches(_ request: FieldSection) -> Bool {
    fields.contains { request.count(of: $0) > 0 }
      || cookies.contains { !cookieValues(named: $0, in: request).isEmpty }
  }
}

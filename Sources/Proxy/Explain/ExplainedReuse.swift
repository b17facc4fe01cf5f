internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import HTTPModel
internal import Primitives

/// The request that comes after the response was stored.
struct ExplainedReuse {
  let request: RequestHead
  let route: RoutePlan
  let rules: CacheRules
  let store: CacheStore
  let key: [UInt8]
  let isSameKey: Bool
  let time: WallTime
  let plan: Plan
  let certificate: ClientCertificateFacts?

  func explain(_ explanation: inout Explanation) {
    switch plan.course(of: request, framing: .none, client: certificate) {
    case .cache(_, let taken) where taken === route: break
    case .decision, .otherSpelling, .undeclared:
      return explanation.add("then", "asked from the origin", .decision)
    case .cache, .noRoute, .refused:
      return explanation.add("then", "another route takes the next request")
    }
    switch route.lookup(of: request, rules: rules) {
    case .bypass(let reason), .fetchOnly(_, let reason):
      explanation.add("then", "asked from the origin", reason)
    case .lookUp(let permit): lookUp(permit, &explanation)
    }
  }

  private func lookUp(_ permit: LookupPermit, _ explanation: inout Explanation) {
    let details = isSameKey ? [] : ["its key is another one"]
    switch store.lookup(permit, key: key.span, request: request) {
    case .miss(let reason):
      let decision = missDecision(for: request, miss: reason, rules: rules)
      explanation.add("then", words(decision), decision.reason, details: details)
    case .found(let stored):
      let decision = reuseDecision(
        for: request, stored: stored.metadata, now: time, rules: rules)
      switch decision {
      case .fresh(let age), .staleAllowed(let age, _): answer(stored, age, decision, &explanation)
      case .validate, .mustNot: explanation.add("then", words(decision), decision.reason)
      }
    }
  }

  private func answer(
    _ stored: StoredResponse, _ age: StoredAge, _ decision: ReuseDecision,
    _ explanation: inout Explanation
  ) {
    let facts = ["Age: \(age.age.count), ttl \(age.ttl)"]
    let condition = conditionDecision(
      for: request, stored: stored.metadata, entityTag: stored.entityTag, now: time)
    guard condition != .notModified else {
      return explanation.add("then", "answered with 304", .notModified, details: facts)
    }
    switch StoredForm.of(stored, for: request, now: time, rules: rules) {
    case .usual: explanation.add("then", words(decision), decision.reason, details: facts)
    case .range(_, let reason):
      explanation.add("then", "answered in part from the store", reason, details: facts)
    case .fetch(_, let reason): explanation.add("then", "asked from the origin", reason)
    }
  }

  private func words(_ decision: ReuseDecision) -> String {
    switch decision {
    case .fresh: "answered from the store"
    case .staleAllowed: "answered from the store, stale"
    case .validate(.nothingStored), .validate(.noMatchingVariant): "asked from the origin"
    case .validate: "validated with the origin"
    case .mustNot: "answered with 504"
    }
  }
}

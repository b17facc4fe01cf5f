internal import CachePolicy
internal import Configuration
internal import HTTPModel
internal import HTTPWire
internal import Verdict

/// Which way a request takes, by itself: before anything is looked up or asked. The same for the
/// loops and for `explain`.
enum RequestCourse {
  case noRoute
  /// Answered here.
  case refused(ProxyFailure, RoutePlan)
  /// The lane of a declared decision: the route has a rule for it.
  case decision(RoutePlan)
  /// The path is that of this decision route in another spelling.
  case otherSpelling(of: RoutePlan)
  /// A decision that no route declares: hardened, never stored.
  case undeclared(DecisionSign, RoutePlan)
  case cache(OtherSign, RoutePlan)
}

extension Plan {
  /// Decides which way a request takes.
  func course(
    of head: RequestHead, framing: BodyFraming, client: ClientCertificateFacts?
  ) -> RequestCourse {
    guard let route = route(for: head, client: client) else { return .noRoute }
    if let failure = route.refusal(of: head, framing: framing) { return .refused(failure, route) }
    if route.isDecision { return .decision(route) }
    if let meant = decisionMeant(by: head, client: client) {
      guard !meant.isAudit else { return .undeclared(.otherSpelling, route) }
      if let failure = meant.refusal(of: head, framing: framing) {
        return .refused(failure, meant)
      }
      return .otherSpelling(of: meant)
    }
    switch classify(
      head, declaration: route.isDeclaredHarmless ? .cacheable : .nothing,
      kind: route.service.settings.kind, hasClientCertificate: client != nil)
    {
    case .decision(let sign): return .undeclared(sign, route)
    case .other(let sign): return .cache(sign, route)
    }
  }
}

extension RoutePlan {
  /// Why a request is refused before anything else is looked at; nil to go on.
  fileprivate func refusal(of head: RequestHead, framing: BodyFraming) -> ProxyFailure? {
    if head.method == .trace { return .traceRefused }
    if case .length(let count) = framing, let limit = requestBodyBytes, count > limit {
      return .requestBodyTooLarge
    }
    return nil
  }

  /// Whether selecting fields of the request are brought together before it is looked up.
  func normalises(_ request: RequestHead) -> Bool {
    guard normalisesRequests else { return false }
    return request.method == .get || request.method == .head
  }

  /// Whether a request of the cache lane is looked up. The rules are those of the route: they are
  /// lent, since a copy of them costs more than the decision.
  func lookup(of request: RequestHead, rules: CacheRules) -> LookupDecision {
    // A change of protocol is the origin's to answer.
    if !settings.upgrades.isEmpty, request.fields.contains(.upgrade) {
      return .bypass(.methodNotCacheable)
    }
    return lookupDecision(for: request, exchange: .other, rules: rules)
  }
}

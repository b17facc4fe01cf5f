internal import CachePolicy
internal import Configuration
internal import Cryptography
internal import HTTPModel
internal import Primitives
internal import Verdict

/// One exchange on its way through the decisions, and what is to be said about each.
struct ExplainedCourse {
  let plan: Plan
  let secret: HMACSHA256Key
  let exchange: ExplainedExchange
  let url: TargetURL
  var explanation: Explanation

  /// As it is looked up and sent on.
  private var request: RequestHead

  init(
    plan: Plan, secret: HMACSHA256Key, exchange: ExplainedExchange, url: TargetURL,
    explanation: Explanation
  ) {
    self.plan = plan
    self.secret = secret
    self.exchange = exchange
    self.url = url
    self.explanation = explanation
    request = url.request
  }

  mutating func explain(framing: BodyFraming) {
    switch plan.course(of: request, framing: framing, client: exchange.certificate) {
    case .noRoute:
      explanation.add("route", "none takes this request: it is answered with 404")
    case .refused(let failure, let route):
      add(route)
      explanation.add(
        "lane", "none: the request is refused with \(failure.status.code)",
        details: ["\(failure.sentence) (\(failure.rawValue))"])
    case .decision(let route):
      add(route)
      explanation.add("class", "decision: declared")
      addDecisionLane(route)
    case .otherSpelling(let meant):
      add(meant)
      explanation.add("class", "decision: \(DecisionSign.otherSpelling.code)")
      addDecisionLane(meant)
    case .undeclared(let sign, let route):
      add(route)
      explanation.add("class", "decision: \(sign.code)")
      explanation.add(
        "lane", "undeclared decision",
        details: ["on_decision: \(route.settings.onDecision.name)"])
      explanation.add("store", "no", .decision)
    case .cache(let sign, let route):
      add(route)
      explanation.add("class", "no decision: \(sign.code)")
      explainCacheLane(route)
    }
  }

  private mutating func addDecisionLane(_ route: RoutePlan) {
    explanation.add(
      "lane", "decision",
      details: route.decision.map {
        ["mode \($0.mode.name), binding \($0.binding.name)"]
      } ?? [])
    if let report = route.decision?.gradeReport {
      explanation.add(
        "grade", "\(report.grade.name)",
        details: [
          "proves: \(report.proves)", "lacks: \(report.lacks)", "next: \(report.next)",
        ])
    }
    explanation.add("store", "no", .decision)
  }

  private mutating func add(_ route: RoutePlan) {
    let service = route.service.settings
    explanation.add(
      "route", route.settings.name,
      details: ["service \(service.name), kind \(service.kind)"])
  }

  // MARK: The cache lane

  private mutating func explainCacheLane(_ route: RoutePlan) {
    guard let rules = route.cache else {
      explanation.add("lane", "pass")
      return explanation.add("store", "no", .cacheDisabled)
    }
    explanation.add("lane", "cache", details: [ruleSource(route)])
    if route.normalises(request) { rules.vary.normalise(&request.fields) }
    switch route.lookup(of: request, rules: rules) {
    case .bypass(let reason): explanation.add("lookup", "no", reason)
    case .fetchOnly(let permit, let reason):
      explanation.add("lookup", "no, but the answer may be stored", reason)
      explainStore(route, rules, permit)
    case .lookUp(let permit):
      explanation.add("lookup", "yes")
      explainStore(route, rules, permit)
    }
  }

  private func ruleSource(_ route: RoutePlan) -> String {
    if case .cache = route.settings.lane { return "by the 'cache' of this route" }
    let profile = plan.settings.cache.profile
    return "by the section 'cache', profile \(profile); the route has no 'cache' of its own"
  }

  private mutating func explainStore(
    _ route: RoutePlan, _ rules: CacheRules, _ permit: LookupPermit
  ) {
    let key = key(of: request, route: route, rules: rules)
    addKey(key, of: route, rules: rules)
    guard let response = exchange.response else { return }
    var storing = ExplainedStoring(
      request: request, response: response, content: exchange.content, route: route, rules: rules,
      permit: permit, key: key, time: exchange.time, settings: plan.settings)
    storing.explain(&explanation)
    guard let store = storing.store else { return }
    var next = request
    if let fields = exchange.nextFields,
      let asked = TargetURL(exchange.url, method: exchange.method, fields: fields)
    {
      next = asked.request
    }
    if route.normalises(next) { rules.vary.normalise(&next.fields) }
    if next.method == .post { next.method = .get }
    let moment = WallTime(
      milliseconds: exchange.time.milliseconds &+ exchange.wait.milliseconds.count)
    let nextKey = self.key(of: next, route: route, rules: rules)
    ExplainedReuse(
      request: next, route: route, rules: rules, store: store, key: nextKey,
      isSameKey: nextKey == key, time: moment, plan: plan,
      certificate: exchange.certificate
    ).explain(&explanation)
  }

  // MARK: The key

  private func key(of request: RequestHead, route: RoutePlan, rules: CacheRules) -> [UInt8] {
    var key: [UInt8] = []
    CacheKey.write(
      for: request, scheme: url.scheme, partition: route.partition, rules: rules.keys,
      digest: { part in
        do throws(CryptographyError) {
          return Array(try secret.code(of: Array(part)).bytes)
        } catch {
          return []
        }
      }, into: &key)
    return key
  }

  private mutating func addKey(_ key: [UInt8], of route: RoutePlan, rules: CacheRules) {
    guard let layout = CacheKey.Layout(of: key.span) else { return }
    var details = [
      "scheme \(layout.scheme)", "authority \(key[layout.authority].displayText)",
      "target \(key[layout.target].displayText)",
    ]
    for extra in CacheKey.extras(of: key.span) {
      let name = extra.name.displayText
      let part = rules.keys.parts.first { part in
        switch (part.source, extra.kind) {
        case (.field(let field), .field): field.bytes.asciiLowercased() == extra.name
        case (.cookie(let cookie), .cookie): cookie == extra.name
        case (.field, _), (.cookie, _): false
        }
      }
      let isSecret = part?.isSecret ?? true
      let value =
        !extra.isPresent
        ? "absent" : isSecret ? "a keyed digest of its value" : extra.value.displayText
      details.append("\(extra.kind) \(name): \(value)")
    }
    let isOwn = route.partition != route.service.partition
    details.append(isOwn ? "kept apart for this route" : "shared by the routes of this service")
    let plain =
      request.pathTraits.contains(.respelled)
      ? "the target, its path in the normal form" : "the target as it came"
    explanation.add("key", rules.keys.isPlain ? plain : "by the route's rules", details: details)
  }
}

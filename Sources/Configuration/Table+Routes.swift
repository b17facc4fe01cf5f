internal import CachePolicy
internal import HTTPModel
internal import Primitives
internal import Verdict

// The keys of `routes`.

/// A route as it is written.
struct RouteDraft {
  var name: String?
  var match = RouteMatch()
  var service = ""
  var decision: DecisionRule?
  /// Nil where nothing is said, nil within for `off`.
  var cache: CacheRuleDraft??
  var onDecision = UndeclaredDecisionPolicy.deliver
  var requestFields: [FieldRule] = []
  var responseFields: [FieldRule] = []
  var forwarding = ForwardingSettings()
  var upgrades: [[UInt8]] = []
  var timeouts = RouteTimeouts()
  var requestBodyBytes: Int64?
  var loggedPath = LoggedPath.asked
  /// Where it stands; nil in a draft made of settings.
  var places: KeyPlaces?
}

extension RouteDraft {
  /// The draft that says what the settings say.
  init(_ route: RouteSettings, in settings: Settings) {
    name = route.name
    match = route.match
    service = settings.services[route.service].name
    switch route.lane {
    case .undeclared: break
    case .pass: cache = .some(nil)
    case .decision(let rule): decision = rule
    case .cache(let rules):
      cache = .some(CacheRuleDraft(rules, profile: settings.cache.profile))
    }
    onDecision = route.onDecision
    requestFields = route.requestFields
    responseFields = route.responseFields
    forwarding = route.forwarding
    upgrades = route.upgrades
    timeouts = route.timeouts
    requestBodyBytes = route.requestBodyBytes
    loggedPath = route.loggedPath
  }

  /// What the route is called where it has no name: its methods and its first path.
  var standardName: String {
    let methods = match.methods.map { $0.bytes.displayText }.joined(separator: ",")
    let path = match.paths.first?.description ?? match.hosts.first?.text.displayText ?? "/**"
    return methods.isEmpty ? path : "\(methods) \(path)"
  }

  func lane(_ profile: CacheProfile) -> RouteLane {
    if let decision { return .decision(decision) }
    switch cache {
    case .none: return .undeclared
    case .some(.none): return .pass
    case .some(.some(let draft)): return .cache(draft.rules(profile))
    }
  }
}

extension Section<RouteDraft> {
  static var route: Section<RouteDraft> {
    Section(
      name: "routes",
      about: "Which requests go where. The first route that matches takes the request; "
        + "one that none takes is answered with 404.",
      keys: lanes + changes, blank: { RouteDraft() }, check: checkRoute)
  }

  private static var lanes: [Key<RouteDraft>] {
    [
      Key(
        optional: "name", \.name, .line("a name", example: "login"),
        "What logs and metrics call it. Without this key: its methods and first path."),
      Key(
        "match", \.match, Section<RouteMatch>.match.form, isRequired: true,
        "Which requests it takes; {} for all."),
      Key(
        "service", \.service, .name("the name of a service", example: "auth"), isRequired: true,
        "The service that answers."),
      Key(
        optional: "decision", \.decision, .decision,
        "Responses are decisions: never stored, and verified like this."),
      Key(
        optional: "cache", \.cache, .orOff(Section<CacheRuleDraft>.cacheRule.form),
        "Responses that are no decisions are stored like this; off: never."),
      Key(
        "on_decision", \.onDecision,
        .choice(UndeclaredDecisionPolicy.allCases.map { ("\($0.name)", $0) }),
        "A decision that nobody declared: deliver it hardened, or refuse it. Never stored."),
    ]
  }

  private static var changes: [Key<RouteDraft>] {
    [
      Key(
        list: "request_fields", \.requestFields, .fieldRules(.request),
        "Changes to the header fields of requests."),
      Key(
        list: "response_fields", \.responseFields, .fieldRules(.response),
        "Changes to the header fields of responses."),
      Key(
        "forwarding", \.forwarding, Section<ForwardingSettings>.forwarding.form,
        "What the service is told about the client."),
      Key(
        list: "upgrade", \.upgrades,
        .oneOrMore(.token("a protocol", example: "websocket", isLowercase: true)),
        "Protocols that a connection may change to, such as websocket."),
      Key(
        "timeouts", \.timeouts, Section<RouteTimeouts>.routeTimeouts.form,
        "Waits that differ from the service's."),
      Key(
        optional: "max_request_body", \.requestBodyBytes, .bytes,
        "The largest request body. Without this key: that of the section limits."),
      Key(
        "log_path", \.loggedPath, .words,
        "asked: the access log tells the path. pattern: the pattern it matched, for secret paths."),
    ]
  }

  private static func checkRoute(
    _ route: inout RouteDraft, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    route.places = places
    if places.has("decision"), places.has("cache") {
      reading.error(
        "decision-cached",
        "a decision is never cached: a route has 'decision' or 'cache', not both",
        at: places.key("cache"), help: "remove one", note: "the decision is declared here",
        noted: places.key("decision"))
    }
    if places.has("decision"), places.has("upgrade") {
      reading.error(
        "decision-upgrade",
        "a route with 'decision' cannot change protocols: nothing would be "
          + "verified", at: places.key("upgrade"), help: "give the upgrade a route of its own")
    }
    if places.has("decision") { checkHardening(route, places, &reading) }
  }

  /// The header set of a decision is what keeps other caches away from it.
  private static func checkHardening(
    _ route: RouteDraft, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    for rule in route.responseFields {
      let name: FieldName
      switch rule {
      case .set(let changed, _), .add(let changed, _), .remove(let changed): name = changed
      }
      guard isHardening(name) else { continue }
      reading.error(
        "decision-field",
        "'\(name.bytes.displayText)' keeps caches away from decisions and is not "
          + "for rules to change", at: places.key("response_fields"),
        help: "remove it from 'response_fields'")
    }
  }

  private static func isHardening(_ name: FieldName) -> Bool {
    switch name.known {
    case .cacheControl, .pragma, .expires, .surrogateControl, .cdnCacheControl, .xAccelExpires,
      .vary, .etag, .lastModified, .edgeControl, .cacheGroups:
      true
    default: name.bytes.asciiLowercased().suffix(14).equals("-cache-control")
    }
  }
}

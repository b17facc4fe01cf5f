internal import CachePolicy
internal import Primitives

// The keys of `routes.cache`.

/// A cache rule as it is written: what is not given is as the profile says.
struct CacheRuleDraft {
  var profile: CacheProfile?
  var defaultTTL: Seconds?
  var maximumTTL: Seconds?
  var staleIfError: Seconds?
  var staleWhileRevalidate: Seconds?
  var honoursRequestDirectives: Bool?
  var storesSetCookie: Bool?
  var heuristics: HeuristicFreshness?
  var sharesWithAuthorized: Bool?
  var cookies: CookieRule?
  var mustUnderstand: Bool?
  var staleWhenDisconnected: Bool?
  var responsePragma: Bool?

  init() {}

  /// What differs from the profile's rules.
  init(_ rules: CacheRules, profile: CacheProfile) {
    let standard = CacheRules(profile: profile)
    func changed<Value: Equatable>(_ path: KeyPath<CacheRules, Value>) -> Value? {
      rules[keyPath: path] == standard[keyPath: path] ? nil : rules[keyPath: path]
    }
    defaultTTL = rules.defaultTTL
    maximumTTL = changed(\.maximumTTL)
    staleIfError = changed(\.staleIfError)
    staleWhileRevalidate = changed(\.staleWhileRevalidate)
    honoursRequestDirectives = changed(\.honoursRequestDirectives)
    storesSetCookie = changed(\.storesSetCookie)
    heuristics = changed(\.heuristics)
    sharesWithAuthorized = changed(\.sharesWithAuthorized)
    cookies = changed(\.cookies)
    mustUnderstand = changed(\.mustUnderstandLiftsNoStore)
    staleWhenDisconnected = changed(\.servesStaleWhenDisconnected)
    responsePragma = changed(\.treatsResponsePragmaAsNoCache)
  }

  /// The rules, where the file as a whole asks for a profile.
  func rules(_ general: CacheProfile) -> CacheRules {
    var rules = CacheRules(profile: profile ?? general)
    func apply<Value>(_ value: Value?, _ path: WritableKeyPath<CacheRules, Value>) {
      if let value { rules[keyPath: path] = value }
    }
    rules.defaultTTL = defaultTTL
    apply(maximumTTL, \.maximumTTL)
    apply(staleIfError, \.staleIfError)
    apply(staleWhileRevalidate, \.staleWhileRevalidate)
    apply(honoursRequestDirectives, \.honoursRequestDirectives)
    apply(storesSetCookie, \.storesSetCookie)
    apply(heuristics, \.heuristics)
    apply(sharesWithAuthorized, \.sharesWithAuthorized)
    apply(cookies, \.cookies)
    apply(mustUnderstand, \.mustUnderstandLiftsNoStore)
    apply(staleWhenDisconnected, \.servesStaleWhenDisconnected)
    apply(responsePragma, \.treatsResponsePragmaAsNoCache)
    return rules
  }
}

extension Section<CacheRuleDraft> {
  static var cacheRule: Section<CacheRuleDraft> {
    Section(
      name: "routes.cache", about: "How responses of this route are stored and reused.",
      keys: lifetimes + switches, blank: { CacheRuleDraft() },
      check: { draft, places, reading in
        if let standard = draft.defaultTTL, let most = draft.maximumTTL, standard > most {
          reading.error(
            "out-of-range", "'default_ttl' is longer than 'max_ttl'",
            at: places.value("default_ttl"))
        }
      })
  }

  private static var lifetimes: [Key<CacheRuleDraft>] {
    let year = Seconds(365 * 86_400)
    return [
      Key(
        optional: "profile", \.profile, .cacheProfile,
        "What the other keys start from. Without this key: the profile of the section cache."),
      Key(
        optional: "default_ttl", \.defaultTTL, .seconds(Seconds(0), year),
        "How long a response that says nothing is fresh."),
      Key(
        optional: "max_ttl", \.maximumTTL, .seconds(Seconds(0), year),
        "No response is fresh for longer, whatever it says."),
      Key(
        optional: "stale_if_error", \.staleIfError, .seconds(Seconds(0), year),
        "How long after that it may stand in for a failing service (RFC 5861 §4)."),
      Key(
        optional: "stale_while_revalidate", \.staleWhileRevalidate, .seconds(Seconds(0), year),
        "How long after that it may be served while it is validated (RFC 5861 §3)."),
    ]
  }

  private static var switches: [Key<CacheRuleDraft>] {
    [
      Key(
        optional: "request_directives", \.honoursRequestDirectives, .boolean,
        "Whether Cache-Control and Pragma of requests count; no-store always does."),
      Key(
        optional: "store_set_cookie", \.storesSetCookie, .boolean,
        "Whether a response with Set-Cookie and a lifetime is stored."),
      Key(
        optional: "heuristics", \.heuristics,
        .choice([("off", .off), ("without-errors", .withoutErrors), ("all", .everyListedStatus)]),
        "For which statuses a lifetime is guessed from Last-Modified (RFC 9111 §4.2.2)."),
      Key(
        optional: "share_with_authorized", \.sharesWithAuthorized, .boolean,
        "Whether requests with Authorization use the store where RFC 9111 §3.5 allows it."),
      Key(
        optional: "ignore_cookies", \.cookies, .cookieRule,
        "The cookies that do not keep a request out of the store: all, or their names."),
      Key(
        optional: "must_understand", \.mustUnderstand, .boolean,
        "Whether must-understand lifts no-store (RFC 9111 §5.2.2.3)."),
      Key(
        optional: "stale_when_disconnected", \.staleWhenDisconnected, .boolean,
        "Whether a stale response is served when the service cannot be reached."),
      Key(
        optional: "response_pragma", \.responsePragma, .boolean,
        "Whether Pragma: no-cache in a response counts where Cache-Control is missing."),
    ]
  }
}

extension Form<CookieRule> {
  fileprivate static var cookieRule: Form<CookieRule> {
    let names = Form<[[UInt8]]>.list(.token("the name of a cookie", example: "theme"))
    let shape = Shape.either([.choice(["all"]), names.shape])
    return Form(shape: shape) { tree, reading in
      if tree.content == .text("all", isPlain: true) { return .ignoringAll }
      guard case .list = tree.content else {
        tree.mismatch(shape, &reading, help: "write all, or names in brackets")
        return nil
      }
      return names.read(tree, &reading).map { .ignoring(names: $0) }
    } write: { rule in
      switch rule {
      case .ignoringAll: .plain("all")
      case .ignoring(let list): names.write(list)
      }
    }
  }
}

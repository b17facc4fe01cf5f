internal import CachePolicy
internal import HTTPModel
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
  var storesPost: Bool?
  var storesParts: Bool?
  var rangeLimit: Int?
  var noVarySearch: Bool?
  var collapsesRequests: Bool?
  var targetedFields: [FieldName]?
  var targetedFieldsLift: Bool?
  var negotiationByMeaning: Bool?
  var statusTTLs: [StatusTTL] = []
  var key = CacheKeyDraft()
  var vary = VaryDraft()
  var bypass = BypassRule()
  var weakened: [WeakenedRules] = []

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
    storesPost = changed(\.storesPost)
    storesParts = changed(\.storesParts)
    rangeLimit = changed(\.rangeLimit).map(Int.init)
    noVarySearch = changed(\.usesNoVarySearch)
    collapsesRequests = changed(\.collapsesRequests)
    targetedFields = changed(\.targetedFields)
    targetedFieldsLift = changed(\.targetedFieldsLiftNoStore)
    negotiationByMeaning = changed(\.comparesNegotiationByMeaning)
    statusTTLs = rules.statusTTLs
    key = CacheKeyDraft(rules.keys)
    vary = VaryDraft(rules.vary)
    bypass = rules.bypass
    weakened = WeakenedRules.words.map(\.1).filter { rules.weakened.contains($0) }
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
    apply(storesPost, \.storesPost)
    apply(storesParts, \.storesParts)
    apply(rangeLimit.map { UInt8(clamping: $0) }, \.rangeLimit)
    apply(noVarySearch, \.usesNoVarySearch)
    apply(collapsesRequests, \.collapsesRequests)
    apply(targetedFields, \.targetedFields)
    apply(targetedFieldsLift, \.targetedFieldsLiftNoStore)
    apply(negotiationByMeaning, \.comparesNegotiationByMeaning)
    rules.statusTTLs = statusTTLs
    rules.keys = key.rules
    rules.vary = vary.rules
    rules.bypass = bypass
    rules.weakened = WeakenedRules(weakened)
    return rules
  }
}

extension Section<CacheRuleDraft> {
  static var cacheRule: Section<CacheRuleDraft> {
    Section(
      name: "routes.cache", about: "How responses of this route are stored and reused.",
      keys: lifetimes + switches + extensions + operators, blank: { CacheRuleDraft() },
      check: { draft, places, reading in
        reportWeakened(draft, places, &reading)
        if draft.key.dropsParameters {
          reading.warn(
            "unkeyed-query", "two requests that differ in the query may get the same answer",
            at: places.key("key"), help: "leave out only what the service does not read")
        }
        if let standard = draft.defaultTTL, let most = draft.maximumTTL, standard > most {
          reading.error(
            "out-of-range", "'default_ttl' is longer than 'max_ttl'",
            at: places.value("default_ttl"))
        }
      })
  }

  /// One warning for each rule that the RFCs forbid, at its own place.
  private static func reportWeakened(
    _ draft: CacheRuleDraft, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    guard case .list(let entries) = places.tree("against_rfc")?.content else { return }
    for entry in entries {
      guard case .text(let word, _) = entry.content,
        WeakenedRules.words.contains(where: { $0.0 == word })
      else { continue }
      reading.warn(
        "CFG-03", "'against_rfc' does what the RFCs forbid: \(word)", at: entry.place,
        help: "let the service say what may be stored, and for how long")
    }
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

  private static var extensions: [Key<CacheRuleDraft>] {
    [
      Key(
        optional: "store_post", \.storesPost, .boolean,
        "Whether an answer to POST is stored that says it is what GET would get (RFC 9110 §9.3.3)."
      ),
      Key(
        optional: "store_parts", \.storesParts, .boolean,
        "Whether parts of content are stored, completed and used (RFC 9111 §3.3)."),
      Key(
        optional: "max_ranges", \.rangeLimit, .integer(0...255),
        "How many ranges a request may ask for; one with more gets the whole."),
      Key(
        optional: "no_vary_search", \.noVarySearch, .boolean,
        "Whether No-Vary-Search of responses counts."),
      Key(
        optional: "collapse", \.collapsesRequests, .boolean,
        "Whether requests for the same wait for one fetch and share what it brings."),
      Key(
        optional: "targeted_fields", \.targetedFields, .list(.fieldName),
        "The targeted fields that count in place of Cache-Control, best first (RFC 9213)."),
      Key(
        optional: "targeted_fields_lift_no_store", \.targetedFieldsLift, .boolean,
        "Whether they count over no-store and private in Cache-Control, too."),
      Key(
        optional: "negotiation_by_meaning", \.negotiationByMeaning, .boolean,
        "Whether Accept, Accept-Encoding and Accept-Language are compared by what they mean."),
    ]
  }

  private static var operators: [Key<CacheRuleDraft>] {
    [
      Key(
        list: "statuses", \.statusTTLs, .list(Section<StatusTTLDraft>.statusTTL),
        "Lifetimes by status; the first entry that has a status counts."),
      Key("key", \.key, Section<CacheKeyDraft>.cacheKey.form, "What of a request makes the key."),
      Key(
        "vary", \.vary, Section<VaryDraft>.vary.form, "How selecting fields are brought together."),
      Key(
        "bypass", \.bypass, Section<BypassRule>.bypass.form,
        "What of a request keeps it out of the store."),
      Key(
        list: "against_rfc", \.weakened, .list(.choice(WeakenedRules.words)),
        "What the RFCs forbid and this route does all the same; check warns of it."),
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

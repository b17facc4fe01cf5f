package import HTTPModel
package import Primitives

/// What an operator's rules say about one route's cache: the sum of named switches.
///
/// `strict`, the default, turns off what has cost people their sessions: stored `Set-Cookie`, error
/// pages by heuristics, reuse after `Authorization`, answers to requests with `Cookie`, POST.
/// `conformant` does all that the RFCs allow a shared cache. A rule may set each switch singly.
/// None of them reaches decisions: those never get past `lookupDecision` and `storageDecision`.
package struct CacheRules: Sendable, Equatable {
  /// Whether anything is stored or reused at all.
  package var isEnabled: Bool
  /// The lifetime of a response that states none and whose status allows assuming one.
  package var defaultTTL: Seconds?
  /// No stored response is fresh for longer than this, whatever it says.
  package var maximumTTL: Seconds = .maximum
  /// How long past its lifetime a response may stand in for a failing origin (RFC 5861 §4), where
  /// the response itself says nothing.
  package var staleIfError: Seconds = .zero
  /// How long past its lifetime a response may be served while it is validated (RFC 5861 §3), where
  /// the response itself says nothing.
  package var staleWhileRevalidate: Seconds = .zero
  /// Whether `Cache-Control` and `Pragma` of requests count. `no-store` in a request always counts.
  package var honoursRequestDirectives = true
  /// Whether a response with `Set-Cookie` and explicit freshness may be stored, the field included.
  package var storesSetCookie = false
  /// For which responses a lifetime may be guessed from `Last-Modified` (RFC 9111 §4.2.2).
  package var heuristics: HeuristicFreshness = .withoutErrors
  /// Whether requests with `Authorization` are answered from the store, and their responses stored
  /// where RFC 9111 §3.5 allows it.
  package var sharesWithAuthorized = false
  /// Which cookies of a request do not keep it out of the cache.
  package var cookies: CookieRule = .ignoring(names: [])
  /// Whether `must-understand` with an understood status lifts `no-store` (RFC 9111 §5.2.2.3).
  package var mustUnderstandLiftsNoStore = true
  /// Whether a stale response is served when the origin cannot be reached, unless the response
  /// forbids it (RFC 9111 §4.2.4).
  package var servesStaleWhenDisconnected = true
  /// Whether `Pragma: no-cache` in a response without `Cache-Control` counts as `no-cache`.
  package var treatsResponsePragmaAsNoCache = true
  /// Whether a response to POST with explicit freshness and a `Content-Location` equal to the
  /// target is stored for later GET requests (RFC 9110 §9.3.3).
  package var storesPost = false
  /// Whether 206 responses and broken-off ones are stored, completed and used (RFC 9111 §3.3).
  package var storesParts = true
  /// How many ranges a request may ask for and get; one with more gets the whole (RFC 9110 §14.2).
  package var rangeLimit: UInt8 = 8
  /// Whether `No-Vary-Search` of responses counts.
  package var usesNoVarySearch = true
  /// Whether requests for the same wait for one fetch and share what it brings.
  package var collapsesRequests = true
  /// Whether a targeted field (RFC 9213) counts over `no-store` and `private` in `Cache-Control`,
  /// too.
  package var targetedFieldsLiftNoStore = true
  /// Whether values of `Accept`, `Accept-Encoding` and `Accept-Language` are compared by what they
  /// mean: case and order of members count for nothing, and a stored response in the very language
  /// that the request likes best is selected (RFC 9111 §4.1).
  package var comparesNegotiationByMeaning = true
  /// What the RFCs forbid and an operator wants all the same; `check` warns.
  package var weakened: WeakenedRules = []

  // One reference for all that few rules set: copying rules stays cheap.
  private var rare: RareRules?

  /// The rules of a profile.
  package init(profile: CacheProfile = .strict, isEnabled: Bool = true) {
    self.isEnabled = isEnabled
    switch profile {
    case .strict: break
    case .conformant:
      storesSetCookie = true
      heuristics = .everyListedStatus
      sharesWithAuthorized = true
      cookies = .ignoringAll
      treatsResponsePragmaAsNoCache = false
      storesPost = true
    }
  }

  // MARK: What few rules set

  /// Default and longest lifetimes by status, in order: the first row that has a status counts, and
  /// what it does not say is as `defaultTTL` and `maximumTTL` say.
  package var statusTTLs: [StatusTTL] {
    get { (rare ?? .standard).statusTTLs }
    set { change { $0.statusTTLs = newValue } }
  }

  /// The targeted fields that this cache obeys, the first found counts (RFC 9213 §2.2): an
  /// operator's own come before `CDN-Cache-Control`.
  package var targetedFields: [FieldName] {
    get { (rare ?? .standard).targetedFields }
    set { change { $0.targetedFields = newValue } }
  }

  /// How values of selecting fields are brought together.
  package var vary: VaryRules {
    get { (rare ?? .standard).vary }
    set { change { $0.vary = newValue } }
  }

  /// What of a request makes the key.
  package var keys: KeyRules {
    get { (rare ?? .standard).keys }
    set { change { $0.keys = newValue } }
  }

  /// What of a request keeps it out of the cache.
  package var bypass: BypassRule {
    get { (rare ?? .standard).bypass }
    set { change { $0.bypass = newValue } }
  }

  /// Whether any of `statusTTLs`, `targetedFields`, `vary`, `keys` and `bypass` was set: one
  /// comparison for the way of every hit.
  package var hasRareRules: Bool { rare != nil }

  private mutating func change(_ body: (inout RareRules) -> Void) {
    var changed = rare ?? .standard
    body(&changed)
    rare = changed == .standard ? nil : changed
  }
}

/// What few rules set, behind one reference.
private struct RareRules: Sendable, Equatable {
  private final class Values: Sendable {
    let statusTTLs: [StatusTTL]
    let targetedFields: [FieldName]
    let vary: VaryRules
    let keys: KeyRules
    let bypass: BypassRule

    init(
      statusTTLs: [StatusTTL], targetedFields: [FieldName], vary: VaryRules, keys: KeyRules,
      bypass: BypassRule
    ) {
      self.statusTTLs = statusTTLs
      self.targetedFields = targetedFields
      self.vary = vary
      self.keys = keys
      self.bypass = bypass
    }
  }

  static let standard = RareRules(
    Values(
      statusTTLs: [], targetedFields: [FieldName(.cdnCacheControl)], vary: VaryRules(),
      keys: KeyRules(), bypass: BypassRule()))

  private var values: Values

  private init(_ values: Values) { self.values = values }

  var statusTTLs: [StatusTTL] {
    get { values.statusTTLs }
    set { replace(statusTTLs: newValue) }
  }
  var targetedFields: [FieldName] {
    get { values.targetedFields }
    set { replace(targetedFields: newValue) }
  }
  var vary: VaryRules {
    get { values.vary }
    set { replace(vary: newValue) }
  }
  var keys: KeyRules {
    get { values.keys }
    set { replace(keys: newValue) }
  }
  var bypass: BypassRule {
    get { values.bypass }
    set { replace(bypass: newValue) }
  }

  private mutating func replace(
    statusTTLs: [StatusTTL]? = nil, targetedFields: [FieldName]? = nil, vary: VaryRules? = nil,
    keys: KeyRules? = nil, bypass: BypassRule? = nil
  ) {
    values = Values(
      statusTTLs: statusTTLs ?? values.statusTTLs,
      targetedFields: targetedFields ?? values.targetedFields, vary: vary ?? values.vary,
      keys: keys ?? values.keys, bypass: bypass ?? values.bypass)
  }

  static func == (left: RareRules, right: RareRules) -> Bool {
    left.values === right.values
      || left.statusTTLs == right.statusTTLs && left.targetedFields == right.targetedFields
        && left.vary == right.vary && left.keys == right.keys && left.bypass == right.bypass
  }
}

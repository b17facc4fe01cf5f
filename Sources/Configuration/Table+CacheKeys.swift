internal import CachePolicy
internal import HTTPModel
internal import Primitives

// The sections inside `routes.cache`.

/// Lifetimes for statuses, as they are written.
struct StatusTTLDraft {
  var statuses: ClosedRange<UInt16> = 200...200
  var defaultTTL: Seconds?
  var maximumTTL: Seconds?
}

extension Section<StatusTTLDraft> {
  static var statusTTL: Form<StatusTTL> {
    .mapped(section.form) {
      StatusTTL(statuses: $0.statuses, defaultTTL: $0.defaultTTL, maximumTTL: $0.maximumTTL)
    } from: {
      StatusTTLDraft(
        statuses: $0.statuses, defaultTTL: $0.defaultTTL, maximumTTL: $0.maximumTTL)
    }
  }

  private static var section: Section<StatusTTLDraft> {
    let year = Seconds(365 * 86_400)
    return Section(
      name: "routes.cache.statuses", about: "Lifetimes of responses with some statuses.",
      keys: [
        Key(
          "status", \.statuses, .statuses, isRequired: true,
          "A status, a class of them (5xx), or the first and the last of several."),
        Key(
          optional: "default_ttl", \.defaultTTL, .seconds(Seconds(0), year),
          "How long a response that says nothing is fresh."),
        Key(
          optional: "max_ttl", \.maximumTTL, .seconds(Seconds(0), year),
          "No response is fresh for longer, whatever it says."),
      ],
      blank: { StatusTTLDraft() })
  }
}

extension Form<ClosedRange<UInt16>> {
  fileprivate static var statuses: Form<ClosedRange<UInt16>> {
    .parsed(
      "a status, a class or a range of them", example: "5xx",
      pattern: "^[2-9](\\d\\d(-[2-9]\\d\\d)?|xx)$"
    ) { text in
      if let range = statusClass(text) { return .value(range) }
      let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        .map { $0.count == 3 ? UInt16($0) : nil }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2,
        first >= 200, last >= first
      else {
        return .flaw(
          "a status is from 200 to 999, a class like 5xx, a range has '-' between its ends")
      }
      return .value(first...last)
    } write: { statuses in
      if statuses.lowerBound % 100 == 0, statuses.upperBound == statuses.lowerBound + 99 {
        return "\(statuses.lowerBound / 100)xx"
      }
      return statuses.lowerBound == statuses.upperBound
        ? "\(statuses.lowerBound)" : "\(statuses.lowerBound)-\(statuses.upperBound)"
    }
  }

  /// `5xx`: all statuses with this first digit (RFC 9110 §15).
  private static func statusClass(_ text: String) -> ClosedRange<UInt16>? {
    guard text.count == 3, text.hasSuffix("xx"), let digit = text.first?.wholeNumberValue,
      (2...9).contains(digit)
    else { return nil }
    let first = UInt16(digit) * 100
    return first...first + 99
  }
}

/// What makes the key, as it is written.
struct CacheKeyDraft {
  var ignoresQuery = false
  var dropped: [[UInt8]] = []
  var kept: [[UInt8]] = []
  var sorts = false
  var fields: [FieldName] = []
  var secretFields: [FieldName] = []
  var cookies: [[UInt8]] = []

  init() {}

  init(_ rules: KeyRules) {
    switch rules.query {
    case .asItIs: break
    case .none: ignoresQuery = true
    case .dropping(let names): dropped = names
    case .keeping(let names): kept = names
    }
    sorts = rules.sortsQuery
    for part in rules.parts {
      switch part.source {
      // Where credentials are, a rule need not say so.
      case .field(let name):
        let isPlain = part == KeyRules.Part(.field(name))
        if isPlain { fields.append(name) } else { secretFields.append(name) }
      case .cookie(let name): cookies.append(name)
      }
    }
  }

  var dropsParameters: Bool { ignoresQuery || !dropped.isEmpty || !kept.isEmpty }

  var rules: KeyRules {
    var rules = KeyRules()
    if ignoresQuery {
      rules.query = .none
    } else if !kept.isEmpty {
      rules.query = .keeping(names: kept)
    } else if !dropped.isEmpty {
      rules.query = .dropping(names: dropped)
    }
    rules.sortsQuery = sorts
    rules.parts =
      fields.map { KeyRules.Part(.field($0)) }
      + secretFields.map { KeyRules.Part(.field($0), isSecret: true) }
      + cookies.map { KeyRules.Part(.cookie($0)) }
    return rules
  }
}

extension Section<CacheKeyDraft> {
  static var cacheKey: Section<CacheKeyDraft> {
    let parameters = Form<[[UInt8]]>.oneOrMore(.token("a parameter", example: "utm_source"))
    return Section(
      name: "routes.cache.key", about: "What of a request makes the key of a stored response.",
      keys: [
        Key("ignore_query", \.ignoresQuery, .boolean, "Whether the query counts for nothing."),
        Key(
          list: "drop_parameters", \.dropped, parameters,
          "The parameters of the query that count for nothing."),
        Key(
          list: "keep_parameters", \.kept, parameters,
          "The only parameters of the query that count."),
        Key("sort_parameters", \.sorts, .boolean, "Whether the order of parameters means nothing."),
        Key(
          list: "fields", \.fields, .oneOrMore(.fieldName),
          "Header fields that count; those with credentials stand in the key as a keyed digest."),
        Key(
          list: "secret_fields", \.secretFields, .oneOrMore(.fieldName),
          "Header fields that count and stand in the key as a keyed digest."),
        Key(
          list: "cookies", \.cookies, .oneOrMore(.token("the name of a cookie", example: "tenant")),
          "Cookies that count; they stand in the key as a keyed digest."),
      ],
      blank: { CacheKeyDraft() },
      check: { draft, places, reading in
        let ways = [draft.ignoresQuery, !draft.dropped.isEmpty, !draft.kept.isEmpty]
        guard ways.count(where: { $0 }) > 1 else { return }
        reading.error(
          "conflict", "only one of 'ignore_query', 'drop_parameters', 'keep_parameters' can count",
          at: places.whole)
      })
  }
}

/// How selecting fields are brought together, as it is written.
struct VaryDraft {
  var codings: [[UInt8]]?
  var languages: [[UInt8]]?
  var cookies: [[UInt8]]?

  init() {}

  init(_ rules: VaryRules) {
    codings = rules.codings
    languages = rules.languages
    cookies = rules.cookies
  }

  var rules: VaryRules {
    var rules = VaryRules()
    rules.codings = codings
    rules.languages = languages
    rules.cookies = cookies
    return rules
  }
}

extension Section<VaryDraft> {
  static var vary: Section<VaryDraft> {
    Section(
      name: "routes.cache.vary",
      about:
        "How selecting fields are brought together, before anything is looked up or sent.",
      keys: [
        Key(
          optional: "codings", \.codings, .list(.token("a content coding", example: "br")),
          "The codings the service has, best first: Accept-Encoding becomes one of them."),
        Key(
          optional: "languages", \.languages, .list(.token("a language", example: "de-CH")),
          "The languages the service has, best first: Accept-Language becomes one of them."),
        Key(
          optional: "cookies", \.cookies, .list(.token("the name of a cookie", example: "theme")),
          "The cookies that count; the service sees no others."),
      ],
      blank: { VaryDraft() })
  }
}

extension Section<BypassRule> {
  static var bypass: Section<BypassRule> {
    Section(
      name: "routes.cache.bypass", about: "Requests that are not answered from the store.",
      keys: [
        Key(
          list: "fields", \.fields, .oneOrMore(.fieldName),
          "A request with one of these header fields."),
        Key(
          list: "cookies", \.cookies, .oneOrMore(.token("the name of a cookie", example: "editor")),
          "A request with one of these cookies."),
      ],
      blank: { BypassRule() })
  }
}

extension WeakenedRules {
  /// How each is written.
  static let words: [(String, WeakenedRules)] = [
    ("store-despite-no-store", .storesDespiteNoStore),
    ("store-despite-private", .storesDespitePrivate),
    ("reuse-despite-no-cache", .reusesDespiteNoCache),
    ("serve-stale-despite-must-revalidate", .servesStaleDespiteMustRevalidate),
    ("store-despite-request-no-store", .storesDespiteRequestNoStore),
    ("default-ttl-over-response", .defaultTTLOverridesResponse),
  ]
}

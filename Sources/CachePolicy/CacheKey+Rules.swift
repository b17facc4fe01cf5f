package import HTTPModel
internal import Primitives

// Keys by an operator's rules and by `No-Vary-Search`. None of this is on the way of a plain hit.
extension CacheKey {
  /// A keyed digest of a secret part of a key: made with a key that only this process has, so that
  /// nobody can tell from the store what the part was.
  package typealias SecretDigest = (ArraySlice<UInt8>) -> [UInt8]

  private static let fieldKind: UInt8 = 1
  private static let cookieKind: UInt8 = 2
  private static let searchKind: UInt8 = 3

  /// Replaces the content of `key` by the key that the rules make of a request.
  ///
  /// `digest` is called for parts that are secret, and only for these.
  package static func write(
    for request: RequestHead, scheme: Scheme, partition: UInt32 = 0, rules: KeyRules,
    digest: SecretDigest, into key: inout [UInt8]
  ) {
    guard !rules.isPlain else {
      return write(for: request, scheme: scheme, partition: partition, into: &key)
    }
    let target = target(path: request.path, query: request.query, rules: rules)
    write(
      target: target[...], authority: request.authority, scheme: scheme, partition: partition,
      into: &key)
    appendParts(of: request.fields, rules: rules, digest: digest, to: &key)
  }

  /// The base of the keys of a target that invalidation or a purge is about.
  package static func base(
    of target: InvalidTarget, authority: [UInt8], scheme: Scheme, partition: UInt32 = 0,
    rules: KeyRules = KeyRules()
  ) -> [UInt8] {
    let bytes = self.target(
      path: target.path[...], query: target.query.map { $0[...] }, rules: rules)
    var key: [UInt8] = []
    write(
      target: bytes[...], authority: authority, scheme: scheme, partition: partition, into: &key)
    return key
  }

  /// The same for what is stored under a `No-Vary-Search` rule.
  package static func searchBase(
    of target: InvalidTarget, authority: [UInt8], scheme: Scheme, rules: KeyRules,
    search: NoVarySearch
  ) -> [UInt8] {
    let bytes = searchTarget(
      path: target.path[...], query: target.query.map { $0[...] }, rules: rules, search: search)
    var key: [UInt8] = []
    write(target: bytes[...], authority: authority, scheme: scheme, into: &key)
    return key
  }

  /// Replaces the content of `key` by the key under which the newest `No-Vary-Search` rule of a
  /// path is remembered: that of the path without a query.
  package static func writePathKey(
    path: ArraySlice<UInt8>, authority: [UInt8], scheme: Scheme, partition: UInt32 = 0,
    into key: inout [UInt8]
  ) {
    write(target: path, authority: authority, scheme: scheme, partition: partition, into: &key)
  }

  /// Replaces the content of `key` by the key of a request whose query is brought into the normal
  /// form of a `No-Vary-Search` rule. The rule is part of the key: what was stored under another
  /// rule is not found.
  ///
  /// - Parameter generation: Tells times apart in which a path had the same rule, with another one
  ///   or none in between: what was stored before is not found again.
  package static func writeSearchKey(
    for request: RequestHead, scheme: Scheme, partition: UInt32 = 0, rules: KeyRules = KeyRules(),
    digest: SecretDigest, search: NoVarySearch, generation: UInt64 = 0, into key: inout [UInt8]
  ) {
    let target = searchTarget(
      path: request.path, query: request.query, rules: rules, search: search)
    write(
      target: target[...], authority: request.authority, scheme: scheme, partition: partition,
      into: &key)
    appendParts(of: request.fields, rules: rules, digest: digest, to: &key)
    var rule: [UInt8] = []
    append(UInt32(truncatingIfNeeded: generation), to: &rule)
    append(UInt32(truncatingIfNeeded: generation >> 32), to: &rule)
    rule.append(contentsOf: search.encoded)
    appendExtra(searchKind, name: [], presence: 1, value: rule, to: &key)
  }

  private static func searchTarget(
    path: ArraySlice<UInt8>, query: ArraySlice<UInt8>?, rules: KeyRules, search: NoVarySearch
  ) -> [UInt8] {
    // The operator's rules first: what they drop nobody gets to see.
    let reduced = reduced(query, rules: rules)
    var target = Array(path)
    let normal = search.normalForm(of: reduced.map { $0[...] })
    if !normal.isEmpty {
      target.append(ASCII.questionMark)
      target.append(contentsOf: normal)
    }
    return target
  }

  // MARK: The target

  /// Path and query as the rules want them.
  static func target(path: ArraySlice<UInt8>, query: ArraySlice<UInt8>?, rules: KeyRules)
    -> [UInt8]
  {
    var target = Array(path)
    guard let query = reduced(query, rules: rules) else { return target }
    target.append(ASCII.questionMark)
    target.append(contentsOf: query)
    return target
  }

  /// The query as the rules want it; nil where nothing is left of it.
  private static func reduced(_ query: ArraySlice<UInt8>?, rules: KeyRules) -> [UInt8]? {
    guard let query else { return nil }
    if rules.query == .asItIs, !rules.sortsQuery { return Array(query) }
    var parameters = query.split(separator: Search.ampersand).filter { isKept($0, rules.query) }
    if rules.sortsQuery { parameters = Search.sortedByName(parameters) }
    return parameters.isEmpty ? nil : Array(parameters.joined(separator: [Search.ampersand]))
  }

  /// Whether a parameter is part of the key. In doubt it is: an origin that reads the query
  /// otherwise than this must not be made to answer one client with what another asked for. So a
  /// parameter with `;`, which some origins take for another `&`, is never dropped, and what may be
  /// a kept name in another spelling is kept.
  private static func isKept(_ parameter: ArraySlice<UInt8>, _ rule: KeyRules.QueryRule) -> Bool {
    let name = parameter.prefix { $0 != ASCII.equals }
    switch rule {
    case .asItIs: return true
    case .none: return false
    case .dropping(let names):
      return parameter.contains(ASCII.semicolon) || !names.contains { $0.elementsEqual(name) }
    case .keeping(let names):
      if parameter.contains(ASCII.semicolon) { return true }
      let decoded = Search.decoded(name)
      return names.contains { $0.elementsEqual(name) || $0 == decoded }
    }
  }

  // MARK: Extras

  private static func appendParts(
    of fields: FieldSection, rules: KeyRules, digest: SecretDigest, to key: inout [UInt8]
  ) {
    for part in rules.parts {
      switch part.source {
      case .field(let name):
        let value = PartValue(fields.values(named: name.bytes))
        append(value, of: part, kind: fieldKind, name: name.bytes.asciiLowercased(), digest, &key)
      case .cookie(let name):
        let value = PartValue(cookieValues(named: name, in: fields))
        append(value, of: part, kind: cookieKind, name: name, digest, &key)
      }
    }
  }

  /// What stands for all values of one name: nothing, the one value, or several, each with its
  /// length before it.
  private struct PartValue {
    let presence: UInt8
    let bytes: [UInt8]

    init(_ values: [ArraySlice<UInt8>]) {
      presence = UInt8(clamping: min(values.count, 2))
      guard values.count > 1 else {
        bytes = values.first.map { Array($0) } ?? []
        return
      }
      var all: [UInt8] = []
      for value in values {
        CacheKey.append(UInt32(truncatingIfNeeded: value.count), to: &all)
        all.append(contentsOf: value)
      }
      bytes = all
    }
  }

  private static func append(
    _ value: PartValue, of part: KeyRules.Part, kind: UInt8, name: [UInt8],
    _ digest: SecretDigest, _ key: inout [UInt8]
  ) {
    let isHidden = part.isSecret && value.presence > 0
    appendExtra(
      kind, name: name, presence: value.presence,
      value: isHidden ? digest(value.bytes[...]) : value.bytes, to: &key)
  }

  private static func appendExtra(
    _ kind: UInt8, name: [UInt8], presence: UInt8, value: [UInt8], to key: inout [UInt8]
  ) {
    key.append(kind)
    key.append(UInt8(truncatingIfNeeded: name.count))
    key.append(UInt8(truncatingIfNeeded: name.count >> 8))
    key.append(contentsOf: name)
    key.append(presence)
    append(UInt32(truncatingIfNeeded: value.count), to: &key)
    key.append(contentsOf: value)
  }

  private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
    for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(index * 8))) }
  }
}

/// The values of every cookie of this name, in order; compared byte by byte (RFC 6265 §4.2.2).
func cookieValues(named name: [UInt8], in fields: FieldSection) -> [ArraySlice<UInt8>] {
  guard fields.contains(.cookie) else { return [] }
  return fields.values(of: .cookie).flatMap { line in
    line.split(separator: ASCII.semicolon).compactMap { pair -> ArraySlice<UInt8>? in
      guard let equals = pair.firstIndex(of: ASCII.equals),
        pair[..<equals].trimmingOptionalWhitespace().elementsEqual(name)
      else { return nil }
      return pair[(equals + 1)...].trimmingOptionalWhitespace()
    }
  }
}

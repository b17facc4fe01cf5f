package import HTTPModel
internal import Primitives

/// What `No-Vary-Search` of a response says: which differences between queries mean nothing
/// (draft-ietf-httpbis-no-vary-search).
///
/// A field that cannot be read says nothing, and neither does one that says what is so anyway.
package struct NoVarySearch: Sendable, Hashable {
  /// Which parameters mean nothing.
  private enum Ignored: Hashable {
    case these([[UInt8]])
    case allBut([[UInt8]])
  }

  private let ignored: Ignored
  private let ignoresOrder: Bool

  /// Reads the field; nil where it is missing, unreadable, or says nothing.
  package init?(_ fields: FieldSection) {
    guard fields.contains(.noVarySearch),
      let members = StructuredField.dictionary(fields.values(of: .noVarySearch))
    else { return nil }
    var ignoresOrder = false
    var names: [[UInt8]]? = []
    var exceptions: [[UInt8]]?
    for member in members {
      switch member.value {
      case .boolean(let flag) where member.key.equals("key-order"): ignoresOrder = flag
      case .boolean(let flag) where member.key.equals("params"): names = flag ? nil : []
      case .list(let list) where member.key.equals("params"):
        guard let found = Self.names(list) else { return nil }
        names = found
      case .list(let list) where member.key.equals("except"):
        guard let found = Self.names(list) else { return nil }
        exceptions = found
      default:
        let isKnown =
          member.key.equals("key-order") || member.key.equals("params")
          || member.key.equals("except")
        if isKnown { return nil }
      }
    }
    // Exceptions make sense only where all parameters are ignored.
    if exceptions != nil, names != nil { return nil }
    self.init(
      ignored: names.map { .these($0) } ?? .allBut(exceptions ?? []), ignoresOrder: ignoresOrder)
  }

  /// Nil where the rule says what is so anyway.
  private init?(ignored: Ignored, ignoresOrder: Bool) {
    guard ignoresOrder || ignored != .these([]) else { return nil }
    self.ignored = ignored
    self.ignoresOrder = ignoresOrder
  }

  /// A list of strings, decoded as parameter names are; nil where a member is no string.
  private static func names(_ list: [StructuredField.Value]) -> [[UInt8]]? {
    var names: Set<[UInt8]> = []
    for value in list {
      guard case .string(let name) = value else { return nil }
      names.insert(Search.decoded(name[...]))
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  // MARK: Comparing

  /// The query in the one form that all queries have which mean the same by this rule. Empty where
  /// nothing of it means anything, or there is none.
  package func normalForm(of query: ArraySlice<UInt8>?) -> [UInt8] {
    guard let query else { return [] }
    var parameters = Search.parameters(of: query).filter { !isIgnored($0.name) }
    if ignoresOrder { parameters = Search.stablySorted(parameters) { $0.name[...] } }
    var result: [UInt8] = []
    for parameter in parameters {
      if !result.isEmpty { result.append(Search.ampersand) }
      Search.append(encoding: parameter.name, to: &result)
      result.append(ASCII.equals)
      Search.append(encoding: parameter.value, to: &result)
    }
    return result
  }

  /// Whether two queries mean the same by this rule.
  package func areEquivalent(_ one: ArraySlice<UInt8>?, _ other: ArraySlice<UInt8>?) -> Bool {
    normalForm(of: one) == normalForm(of: other)
  }

  private func isIgnored(_ name: [UInt8]) -> Bool {
    switch ignored {
    case .these(let names): names.contains(name)
    case .allBut(let names): !names.contains(name)
    }
  }

  // MARK: As bytes

  /// The rule as bytes, the same for rules that say the same:
  /// `flags │ name length (2) │ name │ …`.
  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    let names: [[UInt8]]
    switch ignored {
    case .these(let list):
      bytes.append(ignoresOrder ? 1 : 0)
      names = list
    case .allBut(let list):
      bytes.append(ignoresOrder ? 3 : 2)
      names = list
    }
    for name in names {
      bytes.append(UInt8(truncatingIfNeeded: name.count))
      bytes.append(UInt8(truncatingIfNeeded: name.count >> 8))
      bytes.append(contentsOf: name)
    }
    return bytes
  }

  /// A rule from `encoded`; nil where the bytes are none.
  package init?(encoded: [UInt8]) {
    guard let flags = encoded.first, flags < 4 else { return nil }
    var names: [[UInt8]] = []
    var rest = encoded.dropFirst()
    while !rest.isEmpty {
      guard rest.count >= 2 else { return nil }
      let length = Int(rest[rest.startIndex]) | Int(rest[rest.startIndex + 1]) << 8
      rest = rest.dropFirst(2)
      guard rest.count >= length else { return nil }
      names.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    self.init(
      ignored: flags & 2 == 0 ? .these(names) : .allBut(names), ignoresOrder: flags & 1 == 1)
  }
}

internal import HTTPModel
internal import Primitives
internal import RawStructuredFieldValues

/// Which fields are structured, and how: without this neither `sf` nor `key` can be computed
/// (RFC 9421 §2.1.1).
package struct StructuredFieldKinds: Sendable {
  package enum Kind: Sendable {
    case item, list, dictionary
  }

  private let kinds: [[UInt8]: Kind]

  /// - Parameter names: in lower case.
  package init(_ names: [[UInt8]: Kind]) { kinds = names }

  func kind(of name: [UInt8]) -> Kind? { kinds[name] }

  /// The fields of the registry of RFC 9651 §6 that HTTP itself and its caches and signatures use.
  package static let standard = StructuredFieldKinds(
    [
      .item: ["client-cert", "idempotency-key", "cross-origin-opener-policy"],
      .list: [
        "accept-ch", "cache-status", "cache-groups", "cache-group-invalidation",
        "client-cert-chain",
        "proxy-status",
      ],
      .dictionary: [
        "accept-signature", "cdn-cache-control", "content-digest", "no-vary-search", "priority",
        "repr-digest", "signature", "signature-input", "want-content-digest", "want-repr-digest",
      ],
    ] as [Kind: [String]])

  private init(_ names: [Kind: [String]]) {
    var kinds: [[UInt8]: Kind] = [:]
    for (kind, names) in names {
      for name in names { kinds[Array(name.utf8)] = kind }
    }
    self.kinds = kinds
  }
}

extension FieldSection {
  /// Appends the value of a field, its lines together, in the form that a signature covers.
  func append(
    field name: [UInt8], as form: ComponentIdentifier.Form, to base: inout [UInt8],
    _ kinds: StructuredFieldKinds
  ) throws(SignatureFault) {
    let lines = values(named: name)
    guard !lines.isEmpty else { throw .componentAbsent }
    switch form {
    case .plain:
      for (index, line) in lines.enumerated() {
        if index > 0 { base += [ASCII.comma, ASCII.space] }
        let value = try FieldLineText.unfolded(line)
        // The signature base is ASCII (RFC 9421 §2.5); `bs` is there for what is not.
        guard value.allSatisfy({ $0 < 0x80 }) else { throw .componentUnreadable }
        base += value
      }
    case .wrapped:
      for (index, line) in lines.enumerated() {
        if index > 0 { base += [ASCII.comma, ASCII.space] }
        base.append(ASCII.colon)
        base += Base64.encode(try FieldLineText.unfolded(line))
        base.append(ASCII.colon)
      }
    case .strict:
      base += try Self.strict(lines, kinds.kind(of: name))
    case .member(let key, _):
      guard kinds.kind(of: name) == .dictionary else { throw .componentUnknown }
      let dictionary = try StructuredDictionary(lines)
      guard let member = dictionary.members[String(decoding: key, as: UTF8.self)] else {
        throw .componentAbsent
      }
      base += try StructuredText.value(member)
    }
  }

  private static func strict(
    _ lines: [ArraySlice<UInt8>], _ kind: StructuredFieldKinds.Kind?
  ) throws(SignatureFault) -> [UInt8] {
    guard let kind else { throw .componentUnknown }
    if kind == .dictionary {
      return try StructuredText.dictionary(StructuredDictionary(lines).members)
    }
    var parser = StructuredFieldValueParser(try StructuredDictionary.joined(lines))
    if kind == .list {
      guard let members = try? parser.parseListFieldValue(), !members.isEmpty else {
        throw .componentUnreadable
      }
      return try StructuredText.list(members)
    }
    guard let item = try? parser.parseItemFieldValue() else { throw .componentUnreadable }
    return try StructuredText.value(.item(item))
  }
}

enum FieldLineText {
  /// A line's value without white space around it, an obsolete fold made one space
  /// (RFC 9421 §2.1). Nothing else in it may end a line.
  static func unfolded(_ line: ArraySlice<UInt8>) throws(SignatureFault) -> ArraySlice<UInt8> {
    let value = line.trimmingOptionalWhitespace()
    guard value.contains(where: { $0 == ASCII.carriageReturn || $0 == ASCII.lineFeed || $0 == 0 })
    else { return value }
    var result: [UInt8] = []
    var index = value.startIndex
    while index < value.endIndex {
      guard let end = foldEnd(in: value, at: index) else {
        let byte = value[index]
        guard byte != ASCII.carriageReturn, byte != ASCII.lineFeed, byte != 0 else {
          throw .componentUnreadable
        }
        result.append(byte)
        index += 1
        continue
      }
      // The fold is the white space before the break, the break, and that after it.
      while let last = result.last, last == ASCII.space || last == ASCII.horizontalTab {
        result.removeLast()
      }
      result.append(ASCII.space)
      index = end
    }
    return result[...]
  }

  /// Where the fold ends that begins here, or nil: a line break and white space.
  private static func foldEnd(in value: ArraySlice<UInt8>, at start: Int) -> Int? {
    var index = start
    if value[index] == ASCII.carriageReturn { index += 1 }
    guard index < value.endIndex, value[index] == ASCII.lineFeed else { return nil }
    index += 1
    let blanks = index
    while index < value.endIndex,
      value[index] == ASCII.space || value[index] == ASCII.horizontalTab
    {
      index += 1
    }
    return index > blanks ? index : nil
  }
}

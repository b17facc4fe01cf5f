internal import HTTPModel
internal import Primitives

/// What a field of content negotiation means, whatever its spelling (RFC 9110 §12.4, §12.5): its
/// members with their weights, in one order.
///
/// Members of the same weight mean the same in any order (§12.5.4); case means nothing in language
/// ranges, codings and media types.
struct Preferences {
  struct Member {
    /// In small letters; for `Accept` with its parameters as they came.
    let name: [UInt8]
    /// In thousandths (RFC 9110 §12.4.2).
    let weight: UInt16
  }

  /// In descending order of weight, then in the order of their bytes, each once.
  let members: [Member]

  /// How many members are looked at; a field with more is compared as it is.
  private static let memberLimit = 64

  /// The fields whose meaning is known.
  static func isKnown(_ field: KnownField?) -> Bool {
    switch field {
    case .accept, .acceptEncoding, .acceptLanguage: true
    default: false
    }
  }

  /// Reads every line of a field. Nil where the field has quoted strings or cannot be read: it is
  /// then compared as it is.
  init?(_ fields: FieldSection, _ field: KnownField) {
    var members: [Member] = []
    for value in fields.values(of: field) {
      if value.contains(ASCII.quote) { return nil }
      for text in value.split(separator: ASCII.comma) {
        let text = text.trimmingOptionalWhitespace()
        if text.isEmpty { continue }
        guard members.count < Self.memberLimit, let member = Self.member(text) else { return nil }
        if !members.contains(where: { $0.name == member.name && $0.weight == member.weight }) {
          members.append(member)
        }
      }
    }
    self.members = members.sorted {
      $0.weight == $1.weight ? $0.name.lexicographicallyPrecedes($1.name) : $0.weight > $1.weight
    }
  }

  private static func member(_ text: ArraySlice<UInt8>) -> Member? {
    guard text.contains(ASCII.semicolon) else {
      return Member(name: text.asciiLowercased(), weight: 1000)
    }
    let parts = text.split(separator: ASCII.semicolon, omittingEmptySubsequences: false)
      .map { $0.trimmingOptionalWhitespace() }
    guard let first = parts.first, !first.isEmpty else { return nil }
    var name = first.asciiLowercased()
    var weight: UInt16 = 1000
    for part in parts.dropFirst() {
      if part.prefix(2).equalsIgnoringASCIICase("q=") {
        guard let read = self.weight(part.dropFirst(2)) else { return nil }
        weight = read
      } else {
        name.append(ASCII.semicolon)
        name.append(contentsOf: part)
      }
    }
    return Member(name: name, weight: weight)
  }

  /// `0`, `1`, or either with up to three decimals; nil for anything else, or more than 1.
  private static func weight(_ text: ArraySlice<UInt8>) -> UInt16? {
    guard let first = text.first, first == ASCII.zero || first == ASCII.zero + 1 else { return nil }
    var rest = text.dropFirst()
    var thousandths: UInt16 = 0
    if let point = rest.popFirst() {
      guard point == 0x2E, rest.count <= 3, rest.allSatisfy(ASCII.isDigit) else { return nil }
      for place in 0..<3 {
        let digit = place < rest.count ? rest[rest.startIndex + place] &- ASCII.zero : 0
        thousandths = thousandths * 10 + UInt16(digit)
      }
    }
    guard first == ASCII.zero || thousandths == 0 else { return nil }
    return first == ASCII.zero ? thousandths : 1000
  }

  /// The preferences in one spelling.
  var normalForm: [UInt8] {
    var bytes: [UInt8] = []
    for member in members {
      bytes.append(contentsOf: member.name)
      bytes.append(0)
      bytes.append(UInt8(truncatingIfNeeded: member.weight >> 8))
      bytes.append(UInt8(truncatingIfNeeded: member.weight))
    }
    return bytes
  }

  /// The one member that weighs more than all others; nil where several do, or none is wanted.
  var favourite: [UInt8]? {
    guard let first = members.first, first.weight > 0,
      members.count < 2 || members[1].weight < first.weight
    else { return nil }
    return first.name
  }

  /// The first of these names, in small letters, that weighs most; nil where none is wanted. A name
  /// that is not there weighs what `*` does.
  func choice(among names: [[UInt8]]) -> [UInt8]? {
    var best: Member?
    for name in names {
      let weight = weight(of: name)
      if weight > best?.weight ?? 0 { best = Member(name: name, weight: weight) }
    }
    return best?.name
  }

  private func weight(of name: [UInt8]) -> UInt16 {
    let own = members.first { $0.name == name } ?? members.first { $0.name == [0x2A] }
    return own?.weight ?? 0
  }

  /// The same for languages, where the range `de` also means `de-CH` (RFC 4647 §3.3.1): the longest
  /// range that means a tag gives its weight.
  func choice(amongLanguages tags: [[UInt8]]) -> [UInt8]? {
    var best: Member?
    for tag in tags {
      let lowercase = tag.asciiLowercased()
      let ranges = members.filter { range in
        range.name == [0x2A] || range.name == lowercase
          || lowercase.starts(with: range.name + [0x2D])
      }
      let weight = ranges.max { $0.name.count < $1.name.count }?.weight ?? 0
      if weight > best?.weight ?? 0 { best = Member(name: tag, weight: weight) }
    }
    return best?.name
  }
}

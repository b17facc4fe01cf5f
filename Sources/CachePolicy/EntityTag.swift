internal import HTTPModel
internal import Primitives

/// An entity tag (RFC 9110 §8.8.3): `"opaque"` or `W/"opaque"`.
package struct EntityTag: Hashable, Sendable {
  package let isWeak: Bool
  /// The opaque part with its quotes.
  package let opaque: ArraySlice<UInt8>

  /// The whole value as one tag, or nil when it is not well formed.
  package init?(_ value: ArraySlice<UInt8>) {
    var rest = value
    guard let tag = EntityTag(readingFrom: &rest), rest.isEmpty else { return nil }
    self = tag
  }

  /// Reads one tag off the front. Nil, and `rest` of no further use, when there is none.
  init?(readingFrom rest: inout ArraySlice<UInt8>) {
    isWeak = rest.prefix(2).equals("W/")
    if isWeak { rest = rest.dropFirst(2) }
    guard rest.first == ASCII.quote,
      let close = rest.dropFirst().firstIndex(of: ASCII.quote)
    else { return nil }
    opaque = rest[rest.startIndex...close]
    rest = rest[(close + 1)...]
    let isClean = opaque.dropFirst().dropLast().allSatisfy { $0 >= 0x21 && $0 != 0x7F }
    guard isClean else { return nil }
  }

  /// Strong comparison (RFC 9110 §8.8.3.2): both strong and the same.
  package func matchesStrongly(_ other: EntityTag) -> Bool {
    !isWeak && !other.isWeak && opaque == other.opaque
  }

  /// Weak comparison (RFC 9110 §8.8.3.2): the same but for weakness.
  package func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }

  /// Whether one tag of an `If-None-Match` or `If-Match` list matches weakly. Stops at the first
  /// member that is not well formed: what comes after it is not understood.
  static func list(_ value: ArraySlice<UInt8>, containsWeakly tag: EntityTag) -> Bool {
    var rest = value
    while true {
      rest = rest.drop {
        $0 == ASCII.comma || $0 == ASCII.space || $0 == ASCII.horizontalTab
      }
      guard let member = EntityTag(readingFrom: &rest) else { return false }
      if member.matchesWeakly(tag) { return true }
      let next = rest.trimmingOptionalWhitespace().first
      guard next == nil || next == ASCII.comma else { return false }
    }
  }
}

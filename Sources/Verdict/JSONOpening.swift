internal import Primitives

/// What the beginning of a JSON text shows, where the text is too long to be read whole.
///
/// It reads names and the first byte of their values, and checks nothing: good for signs, never for
/// proof.
struct JSONOpening {
  /// A member that says yes or no, or a token, where protocols have them.
  private(set) var sign: DecisionSign?
  private var hasKeys = false
  private var hasIssuer = false
  private var hasEndpoint = false
  /// A name was escaped: what it says was not looked at.
  private var hasEscapedName = false

  /// Whether this is a key set (RFC 7517 §5) or a discovery document (RFC 8414), by the shape that
  /// no verdict has.
  var isPublicDocument: Bool {
    sign == nil && !hasEscapedName && (hasKeys || hasIssuer && hasEndpoint)
  }

  /// - Parameter text: Begins at the first significant byte, or before the first brace that counts.
  init(_ text: Span<UInt8>) {
    var depth = 0
    var position = 0
    // The member of the outermost object in which we are.
    var parent = 0..<0
    while position < text.count {
      switch text[position] {
      case 0x7B, 0x5B: depth += 1
      case 0x7D, 0x5D: depth = max(depth - 1, 0)
      case ASCII.quote:
        let end = Self.endOfString(in: text, from: position)
        if let value = Self.valueAfterName(in: text, from: end) {
          let name = (position + 1)..<max(end - 1, position + 1)
          if depth == 1 { parent = name }
          member(name, in: depth == 1 ? 0..<0 : parent, depth, valueAt: value, of: text)
        }
        position = end
        continue
      default: break
      }
      position += 1
    }
  }

  private mutating func member(
    _ name: Range<Int>, in parent: Range<Int>, _ depth: Int, valueAt value: Int,
    of text: Span<UInt8>
  ) {
    guard depth <= 2 else { return }
    if text.extracting(name).indices.contains(where: { text[name.lowerBound + $0] == 0x5C }) {
      hasEscapedName = true
    }
    func isNamed(_ range: Range<Int>, _ words: [StaticString]) -> Bool {
      words.contains { Self.equals(text, range, $0) }
    }
    let first = text[value]
    let saysYesOrNo = first == 0x74 || first == 0x66
    if depth == 1 {
      if saysYesOrNo, isNamed(name, Self.decisions) { sign = sign ?? .decisionMember }
      if first == ASCII.quote, isNamed(name, ["access_token", "id_token"]) {
        sign = .tokensIssued
      }
      hasKeys = hasKeys || first == 0x5B && isNamed(name, ["keys"])
      hasIssuer = hasIssuer || first == ASCII.quote && isNamed(name, ["issuer"])
      hasEndpoint =
        hasEndpoint || first == ASCII.quote && isNamed(name, Self.endpoints)
    } else if saysYesOrNo, isNamed(parent, ["result", "response", "status"]),
      isNamed(name, ["allow", "allowed", "authenticated"])
    {
      sign = sign ?? .decisionMember
    }
  }

  /// As in `CustomaryDecision`.
  private static let decisions: [StaticString] = [
    "decision", "allowed", "active", "authorized", "authenticated", "result",
  ]

  private static let endpoints: [StaticString] = [
    "jwks_uri", "authorization_endpoint", "token_endpoint", "introspection_endpoint",
  ]

  /// The offset after the closing quote, or the end of the text.
  private static func endOfString(in text: Span<UInt8>, from quote: Int) -> Int {
    var position = quote + 1
    while position < text.count {
      if text[position] == ASCII.quote { return position + 1 }
      position += text[position] == 0x5C ? 2 : 1
    }
    return text.count
  }

  /// Where the value begins when the string that ended here is a name; nil when it is none, or the
  /// value is not at hand.
  private static func valueAfterName(in text: Span<UInt8>, from end: Int) -> Int? {
    var position = end
    while position < text.count, text[position] <= ASCII.space { position += 1 }
    guard position < text.count, text[position] == ASCII.colon else { return nil }
    position += 1
    while position < text.count, text[position] <= ASCII.space { position += 1 }
    return position < text.count ? position : nil
  }

  private static func equals(
    _ text: Span<UInt8>, _ range: Range<Int>, _ word: StaticString
  ) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { bytes in
      for offset in 0..<range.count
      where unsafe bytes[offset] != text[range.lowerBound + offset] {
        return false
      }
      return true
    }
  }
}

/// A place in a JSON text (RFC 6901), parsed once from settings.
///
/// `""` is the whole text; `/user/name` a member of a member; `/evaluations/0` an array's element.
package struct JSONPointer: Hashable, Sendable {
  /// The pointer as written.
  package let text: [UInt8]
  /// The reference tokens, `~1` and `~0` undone, in order.
  package let tokens: [[UInt8]]

  /// How many tokens a pointer may have; also the depth to which the reader can be asked to look.
  package static let maximumTokens = 32

  /// Parses RFC 6901 §3. The bytes are UTF-8; member names are compared as bytes.
  package init(parsing text: some Collection<UInt8>) throws(JSONPointerError) {
    let bytes = Array(text)
    self.text = bytes
    guard let first = bytes.first else {
      tokens = []
      return
    }
    guard first == ASCII.slash else { throw .missingLeadingSlash }
    var tokens: [[UInt8]] = []
    for part in bytes.dropFirst().split(separator: ASCII.slash, omittingEmptySubsequences: false) {
      tokens.append(try Self.unescape(part))
      guard tokens.count <= Self.maximumTokens else { throw .tooManyTokens }
    }
    self.tokens = tokens
  }

  /// A pointer known to the program, given as its tokens.
  package init(tokens: [StaticString]) {
    self.tokens = tokens.map { [UInt8](ascii: $0) }
    text = tokens.reduce(into: []) { text, token in
      text.append(ASCII.slash)
      for byte in [UInt8](ascii: token) {
        switch byte {
        case ASCII.slash: text.append(ascii: "~1")
        case tilde: text.append(ascii: "~0")
        default: text.append(byte)
        }
      }
    }
  }

  private static func unescape(_ part: ArraySlice<UInt8>) throws(JSONPointerError) -> [UInt8] {
    guard part.contains(tilde) else { return Array(part) }
    var token: [UInt8] = []
    var afterTilde = false
    for byte in part {
      switch (afterTilde, byte) {
      case (true, ASCII.zero): token.append(tilde)
      case (true, ASCII.zero + 1): token.append(ASCII.slash)
      case (true, _): throw .badEscape
      case (false, tilde): break
      case (false, _): token.append(byte)
      }
      afterTilde = !afterTilde && byte == tilde
    }
    guard !afterTilde else { throw .badEscape }
    return token
  }
}

private let tilde: UInt8 = 0x7E

/// Why a text is no JSON Pointer.
package enum JSONPointerError: Error, Hashable, Sendable {
  case missingLeadingSlash
  /// A `~` not followed by `0` or `1`.
  case badEscape
  case tooManyTokens

  /// The sentence for the operator.
  package var explanation: StaticString {
    switch self {
    case .missingLeadingSlash: "a JSON Pointer is empty or begins with '/' (RFC 6901)"
    case .badEscape: "in a JSON Pointer '~' is written '~0' and '/' is written '~1' (RFC 6901)"
    case .tooManyTokens: "a JSON Pointer here has at most 32 tokens"
    }
  }
}

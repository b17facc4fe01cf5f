internal import Primitives

/// Reads the directives of one `Cache-Control` value, one by one, without copying (RFC 9111 §5.2).
///
///     max-age=60, private="Set-Cookie", no-store
///     ╰name╯ ╰argument: token, quoted, none or malformed
///
/// Never fails. What is not well formed is told as `.malformed`, and a quoted string that does not
/// end is not allowed to hide the directives after it: reading goes on inside it.
struct DirectiveReader: ~Escapable {
  let bytes: Span<UInt8>
  private var position: Int
  private let end: Int

  struct Directive: Equatable {
    var name: Range<Int>
    var argument: Argument
  }

  enum Argument: Equatable {
    case none
    case token(Range<Int>)
    /// What stands between the quotes, escapes not resolved.
    case quoted(Range<Int>)
    case malformed
  }

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, in range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  @_lifetime(self: copy self)
  mutating func next() -> Directive? {
    while position < end, isOptionalWhitespace(bytes[position]) || bytes[position] == ASCII.comma {
      position += 1
    }
    guard position < end else { return nil }
    let start = position
    while position < end, ASCII.isTokenCharacter(bytes[position]) { position += 1 }
    let name = start..<position
    guard position < end, bytes[position] == ASCII.equals else {
      return Directive(name: name, argument: skipToComma() ? .none : .malformed)
    }
    position += 1
    guard position < end, bytes[position] == ASCII.quote else {
      return Directive(name: name, argument: readToken())
    }
    return Directive(name: name, argument: readQuoted())
  }

  /// Moves to the next comma; says whether nothing but white space stood before it.
  @_lifetime(self: copy self)
  private mutating func skipToComma() -> Bool {
    var isClean = true
    while position < end, bytes[position] != ASCII.comma {
      if !isOptionalWhitespace(bytes[position]) { isClean = false }
      position += 1
    }
    return isClean
  }

  @_lifetime(self: copy self)
  private mutating func readToken() -> Argument {
    let start = position
    while position < end, ASCII.isTokenCharacter(bytes[position]) { position += 1 }
    let token = start..<position
    return skipToComma() && !token.isEmpty ? .token(token) : .malformed
  }

  @_lifetime(self: copy self)
  private mutating func readQuoted() -> Argument {
    let start = position + 1
    var index = start
    while index < end, bytes[index] != ASCII.quote {
      index += bytes[index] == ASCII.backslash ? 2 : 1
    }
    guard index < end else {
      position = start
      return .malformed
    }
    position = index + 1
    return skipToComma() ? .quoted(start..<index) : .malformed
  }

  private func isOptionalWhitespace(_ byte: UInt8) -> Bool {
    byte == ASCII.space || byte == ASCII.horizontalTab
  }

  /// Whether the directive has this name, given in lowercase; directives are case-insensitive.
  func isNamed(_ directive: Directive, _ name: StaticString) -> Bool {
    guard directive.name.count == name.utf8CodeUnitCount else { return false }
    return name.withUTF8Buffer { expected in
      for offset in 0..<expected.count {
        let byte = ASCII.lowercased(bytes[directive.name.lowerBound + offset])
        guard unsafe byte == expected[offset] else { return false }
      }
      return true
    }
  }

  /// The argument as `delta-seconds` (RFC 9111 §1.2.2), quoted or not; too large a number counts as
  /// 2^31. Nil when it is missing or anything but digits.
  func seconds(_ argument: Argument) -> Seconds? {
    let range: Range<Int>
    switch argument {
    case .token(let found), .quoted(let found): range = found
    case .none, .malformed: return nil
    }
    guard !range.isEmpty else { return nil }
    var value: Int64 = 0
    for index in range {
      guard ASCII.isDigit(bytes[index]) else { return nil }
      value = min(value * 10 + Int64(bytes[index] &- ASCII.zero), Seconds.maximum.count)
    }
    return Seconds(value)
  }

  /// The argument as a list of field names in lowercase. Nil when there is none, it is empty, or a
  /// member is not a token.
  func fieldNames(_ argument: Argument) -> [[UInt8]]? {
    let range: Range<Int>
    switch argument {
    case .token(let found), .quoted(let found): range = found
    case .none, .malformed: return nil
    }
    var text: [UInt8] = []
    for index in range { text.append(ASCII.lowercased(bytes[index])) }
    let names = text.split(separator: ASCII.comma).map { Array($0.trimmingOptionalWhitespace()) }
      .filter { !$0.isEmpty }
    guard !names.isEmpty, names.allSatisfy({ $0.allSatisfy(ASCII.isTokenCharacter) }) else {
      return nil
    }
    return names
  }
}

/// How large a JSON text may be in each direction. What is beyond is refused.
package struct JSONLimits: Hashable, Sendable {
  package let maximumBytes: Int
  /// Arrays and objects within one another.
  package let maximumDepth: Int
  /// Members of one object: bounds the search for names that repeat.
  package let maximumMembers: Int

  package init(maximumBytes: Int = 1 << 20, maximumDepth: Int = 64, maximumMembers: Int = 1024) {
    self.maximumBytes = min(maximumBytes, Int(UInt32.max))
    self.maximumDepth = maximumDepth
    self.maximumMembers = maximumMembers
  }
}

/// Why bytes are not read as JSON, and where.
package struct JSONError: Error, Hashable, Sendable {
  package enum Code: UInt8, Hashable, Sendable, CaseIterable {
    /// Nothing, or white space only.
    case empty
    /// The text ends inside a value.
    case truncated
    /// A byte that cannot stand here: bad literals, missing commas, a byte order mark.
    case unexpectedByte
    case badNumber
    case badEscape
    /// A byte below 0x20 inside a string.
    case controlCharacter
    case badUTF8
    /// A `\u` surrogate without its partner.
    case loneSurrogate
    /// Two members of one object have the same name after unescaping (RFC 8259 §4: "SHOULD be
    /// unique"; readers differ on which one counts, so here none does).
    case duplicateMember
    case trailingBytes
    case tooDeep
    case tooLarge
    case tooManyMembers
  }

  package let code: Code
  /// The offset of the byte at which reading stopped.
  package let offset: Int
}

/// The values found for the pointers of one reading, by the pointer's index.
package struct JSONValues: Sendable {
  /// How many pointers one reading takes.
  package static let capacity = 16

  private var slots = InlineArray<16, JSONValue?>(repeating: nil)

  init() {}

  package internal(set) subscript(index: Int) -> JSONValue? {
    get { index >= 0 && index < Self.capacity ? slots[index] : nil }
    set {
      if index >= 0, index < Self.capacity { slots[index] = newValue }
    }
  }
}

/// Reads JSON strictly (RFC 8259): everything is checked to the last byte, nothing is kept.
///
/// Duplicate names, bad UTF-8, lone surrogates, bytes after the text and anything past the limits
/// are refused, because a consumer's reader may take from such a text something else than this one
/// does. Numbers stay text. No memory is allocated unless objects with more than 32 open names
/// occur.
package enum JSONReader {
  /// Checks the text and finds the values at the pointers in one pass; a pointer that leads nowhere
  /// gives nil. Pointers past the 16th are not looked for.
  package static func read(
    _ text: Span<UInt8>, at pointers: [JSONPointer] = [], limits: JSONLimits = JSONLimits()
  ) throws(JSONError) -> JSONValues {
    guard text.count <= limits.maximumBytes else {
      throw JSONError(code: .tooLarge, offset: limits.maximumBytes)
    }
    var scanner = JSONScanner(text, pointers: pointers, limits: limits)
    try scanner.scan()
    return scanner.found
  }

  private static let rootPointer = [JSONPointer(tokens: [])]

  /// Checks the text and answers its one value, for a walk through its members.
  package static func root(
    of text: Span<UInt8>, limits: JSONLimits = JSONLimits()
  ) throws(JSONError) -> JSONValue {
    guard let root = try read(text, at: rootPointer, limits: limits)[0] else {
      throw JSONError(code: .empty, offset: 0)
    }
    return root
  }

  /// Where the elements of an array stand that was found in a text already read, at most so many;
  /// nil for other kinds and for more of them.
  package static func elements(
    of value: JSONValue, in text: Span<UInt8>, atMost most: Int
  ) -> [Range<Int>]? {
    guard value.kind == .array, value.range.upperBound <= text.count else { return nil }
    var elements: [Range<Int>] = []
    var depth = 0
    var insideString = false
    var start = value.range.lowerBound + 1
    var position = value.range.lowerBound
    while position < value.range.upperBound {
      let byte = text[position]
      position += 1
      if insideString {
        if byte == ASCII.backslash { position += 1 }
        insideString = byte != ASCII.quote
        continue
      }
      switch byte {
      case ASCII.quote: insideString = true
      case 0x5B, 0x7B: depth += 1
      case 0x5D, 0x7D: depth -= 1
      default: break
      }
      guard depth == 0 || depth == 1 && byte == ASCII.comma else { continue }
      guard elements.count < most else { return nil }
      elements.append(start..<max(position - 1, start))
      start = position
    }
    // Of an empty array the one piece is what stands between its brackets.
    return elementCount(of: value, in: text) == 0 ? [] : elements
  }

  /// How many elements the array has that was found in a text already read; 0 for other kinds.
  package static func elementCount(of value: JSONValue, in text: Span<UInt8>) -> Int {
    guard value.kind == .array, value.range.upperBound <= text.count else { return 0 }
    var count = 0
    var depth = 0
    var sawElement = false
    var insideString = false
    var position = value.range.lowerBound
    while position < value.range.upperBound {
      let byte = text[position]
      position += 1
      if insideString {
        if byte == ASCII.backslash { position += 1 }
        insideString = byte != ASCII.quote
        continue
      }
      switch byte {
      case ASCII.quote:
        insideString = true
        sawElement = true
      case 0x5B, 0x7B:
        if depth > 0 { sawElement = true }
        depth += 1
      case 0x5D, 0x7D: depth -= 1
      case ASCII.comma: if depth == 1 { count += 1 }
      case ASCII.space, ASCII.horizontalTab, ASCII.lineFeed, ASCII.carriageReturn: break
      default: sawElement = true
      }
    }
    return sawElement ? count + 1 : 0
  }
}

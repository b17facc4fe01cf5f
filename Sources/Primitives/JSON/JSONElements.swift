/// One element of an array, or one member of an object.
package struct JSONElement: Hashable, Sendable {
  /// The member's name; nil in an array.
  package let name: JSONValue?
  package let value: JSONValue
}

/// Walks through an object's members or an array's elements, in their order, one level deep.
///
/// For a text that `JSONReader` has read: it finds its way by brackets and quotes, and checks
/// nothing. On any other text it ends early, and neither traps nor leaves the text.
package struct JSONElements {
  private var position: Int
  private let end: Int
  private let isObject: Bool

  /// - Parameter value: A value found in a text already read; what is neither array nor object has
  ///   no elements.
  package init(of value: JSONValue) {
    let isContainer = value.kind == .object || value.kind == .array
    position = value.range.lowerBound + 1
    end = isContainer ? value.range.upperBound - 1 : 0
    isObject = value.kind == .object
  }

  /// The next element; nil after the last.
  package mutating func next(in text: Span<UInt8>) -> JSONElement? {
    skipSeparators(in: text)
    guard position < limit(text) else { return nil }
    var name: JSONValue?
    if isObject {
      name = value(in: text)
      guard name?.kind == .string else { return nil }
      skipSeparators(in: text)
    }
    guard position < limit(text) else { return nil }
    return JSONElement(name: name, value: value(in: text))
  }

  private func limit(_ text: Span<UInt8>) -> Int { min(end, text.count) }

  /// White space, commas and colons: in a checked text they stand only where they belong.
  private mutating func skipSeparators(in text: Span<UInt8>) {
    while position < limit(text) {
      switch text[position] {
      case ASCII.space, ASCII.horizontalTab, ASCII.lineFeed, ASCII.carriageReturn, ASCII.comma,
        ASCII.colon:
        position += 1
      default: return
      }
    }
  }

  private mutating func value(in text: Span<UInt8>) -> JSONValue {
    let start = position
    switch text[start] {
    case ASCII.quote: return string(in: text)
    case 0x7B, 0x5B:
      skipContainer(in: text)
      return JSONValue(kind: text[start] == 0x7B ? .object : .array, range: start..<position)
    case 0x74:
      skipScalar(in: text)
      return JSONValue(kind: .true, range: start..<position)
    case 0x66:
      skipScalar(in: text)
      return JSONValue(kind: .false, range: start..<position)
    case 0x6E:
      skipScalar(in: text)
      return JSONValue(kind: .null, range: start..<position)
    default:
      skipScalar(in: text)
      return JSONValue(kind: .number, range: start..<position)
    }
  }

  private mutating func string(in text: Span<UInt8>) -> JSONValue {
    let start = position + 1
    let hasEscapes = skipString(in: text)
    // The closing quote is not part of it.
    return JSONValue(
      kind: .string, range: start..<max(position - 1, start), hasEscapes: hasEscapes)
  }

  /// Moves behind the closing quote; answers whether there was an escape.
  private mutating func skipString(in text: Span<UInt8>) -> Bool {
    var hasEscapes = false
    position += 1
    while position < limit(text) {
      let byte = text[position]
      position += 1
      if byte == ASCII.quote { break }
      if byte == ASCII.backslash {
        hasEscapes = true
        position += 1
      }
    }
    return hasEscapes
  }

  private mutating func skipContainer(in text: Span<UInt8>) {
    var depth = 0
    while position < limit(text) {
      switch text[position] {
      case ASCII.quote:
        _ = skipString(in: text)
        continue
      case 0x7B, 0x5B: depth += 1
      case 0x7D, 0x5D: depth -= 1
      default: break
      }
      position += 1
      if depth == 0 { return }
    }
  }

  private mutating func skipScalar(in text: Span<UInt8>) {
    while position < limit(text) {
      switch text[position] {
      case ASCII.comma, ASCII.space, ASCII.horizontalTab, ASCII.lineFeed, ASCII.carriageReturn,
        0x7D, 0x5D:
        return
      default: position += 1
      }
    }
  }
}

/// One pass over a JSON text: checks it and records the values at the pointers.
///
/// Which pointers still follow the path to the current value is a set of bits that shrinks on the
/// way down; where it is empty, scanning is checking only.
struct JSONScanner: ~Escapable, ~Copyable {
  private let text: Span<UInt8>
  private let pointers: [JSONPointer]
  private let limits: JSONLimits
  private var position = 0
  private var names = JSONNameStack()
  private(set) var found = JSONValues()

  @_lifetime(copy text)
  init(_ text: Span<UInt8>, pointers: [JSONPointer], limits: JSONLimits) {
    self.text = text
    self.pointers = pointers
    self.limits = limits
  }

  /// Reads the whole text: one value and white space (RFC 8259 §2).
  mutating func scan() throws(JSONError) {
    skipWhitespace()
    guard position < text.count else { throw failure(.empty) }
    let all = UInt32(truncatingIfNeeded: 1 << min(pointers.count, JSONValues.capacity) - 1)
    try value(depth: 0, live: all)
    skipWhitespace()
    guard position == text.count else { throw failure(.trailingBytes) }
  }

  private func failure(_ code: JSONError.Code) -> JSONError {
    JSONError(code: code, offset: position)
  }

  private mutating func skipWhitespace() {
    while position < text.count {
      switch text[position] {
      case ASCII.space, ASCII.lineFeed, ASCII.carriageReturn, ASCII.horizontalTab: position += 1
      default: return
      }
    }
  }

  private func peek() throws(JSONError) -> UInt8 {
    guard position < text.count else { throw failure(.truncated) }
    return text[position]
  }

  // MARK: Values

  private mutating func value(depth: Int, live: UInt32) throws(JSONError) {
    let start = position
    let value: JSONValue
    switch try peek() {
    case 0x7B:
      try object(depth: depth + 1, live: live)
      value = JSONValue(kind: .object, range: start..<position)
    case 0x5B:
      try array(depth: depth + 1, live: live)
      value = JSONValue(kind: .array, range: start..<position)
    case ASCII.quote: value = try string()
    case 0x74: value = try literal(0x65_75_72, count: 3, .true)
    case 0x66: value = try literal(0x65_73_6C_61, count: 4, .false)
    case 0x6E: value = try literal(0x6C_6C_75, count: 3, .null)
    case 0x2D, ASCII.zero...0x39:
      try number()
      value = JSONValue(kind: .number, range: start..<position)
    default: throw failure(.unexpectedByte)
    }
    if live != 0 { record(value, depth: depth, live: live) }
  }

  private mutating func record(_ value: JSONValue, depth: Int, live: UInt32) {
    for index in 0..<min(pointers.count, JSONValues.capacity)
    where live >> UInt32(index) & 1 == 1 && pointers[index].tokens.count == depth {
      found[index] = value
    }
  }

  private mutating func object(depth: Int, live: UInt32) throws(JSONError) {
    guard depth <= limits.maximumDepth else { throw failure(.tooDeep) }
    let mark = names.count
    position += 1
    skipWhitespace()
    if try peek() == 0x7D {
      position += 1
      return
    }
    while true {
      guard try peek() == ASCII.quote else { throw failure(.unexpectedByte) }
      let name = try string()
      try remember(name, since: mark)
      skipWhitespace()
      guard try peek() == ASCII.colon else { throw failure(.unexpectedByte) }
      position += 1
      skipWhitespace()
      try value(depth: depth, live: live == 0 ? 0 : following(name, depth: depth, live: live))
      guard try anotherFollows(before: 0x7D) else { break }
    }
    names.truncate(to: mark)
  }

  private mutating func array(depth: Int, live: UInt32) throws(JSONError) {
    guard depth <= limits.maximumDepth else { throw failure(.tooDeep) }
    position += 1
    skipWhitespace()
    if try peek() == 0x5D {
      position += 1
      return
    }
    var index: UInt64 = 0
    while true {
      try value(depth: depth, live: live == 0 ? 0 : following(index, depth: depth, live: live))
      index += 1
      guard try anotherFollows(before: 0x5D) else { break }
    }
  }

  /// Reads the comma before the next element and answers true, or the closing byte and answers
  /// false.
  private mutating func anotherFollows(before close: UInt8) throws(JSONError) -> Bool {
    skipWhitespace()
    let byte = try peek()
    guard byte == ASCII.comma || byte == close else { throw failure(.unexpectedByte) }
    position += 1
    guard byte == ASCII.comma else { return false }
    skipWhitespace()
    return true
  }

  // MARK: Paths

  /// The pointers whose next token is this member name.
  private func following(_ name: JSONValue, depth: Int, live: UInt32) -> UInt32 {
    var result: UInt32 = 0
    for index in 0..<min(pointers.count, JSONValues.capacity)
    where live >> UInt32(index) & 1 == 1 && pointers[index].tokens.count >= depth
      && name.equals(pointers[index].tokens[depth - 1], in: text)
    {
      result |= 1 << UInt32(index)
    }
    return result
  }

  /// The pointers whose next token is this element's index, written without leading zeros.
  private func following(_ element: UInt64, depth: Int, live: UInt32) -> UInt32 {
    var result: UInt32 = 0
    for index in 0..<min(pointers.count, JSONValues.capacity)
    where live >> UInt32(index) & 1 == 1 && pointers[index].tokens.count >= depth {
      let token = pointers[index].tokens[depth - 1]
      let isCanonical = token.count == 1 || token.first != ASCII.zero
      if isCanonical, let wanted = token.decimalValue(), UInt64(wanted) == element {
        result |= 1 << UInt32(index)
      }
    }
    return result
  }

  private mutating func remember(_ name: JSONValue, since mark: Int) throws(JSONError) {
    guard names.count - mark < limits.maximumMembers else { throw failure(.tooManyMembers) }
    guard !names.contains(name, since: mark, in: text) else { throw failure(.duplicateMember) }
    names.push(name, in: text)
  }

  // MARK: Scalars

  /// Reads a literal name (RFC 8259 §3); `letters` are those after the first, the next one lowest.
  private mutating func literal(
    _ letters: UInt32, count: Int, _ kind: JSONKind
  ) throws(JSONError) -> JSONValue {
    let start = position
    position += 1
    var remaining = letters
    for _ in 0..<count {
      guard try peek() == UInt8(truncatingIfNeeded: remaining) else {
        throw failure(.unexpectedByte)
      }
      remaining >>= 8
      position += 1
    }
    return JSONValue(kind: kind, range: start..<position)
  }

  /// `[ minus ] int [ frac ] [ exp ]` (RFC 8259 §6). What follows is the caller's to judge.
  private mutating func number() throws(JSONError) {
    if text[position] == 0x2D { position += 1 }
    guard position < text.count else { throw failure(.truncated) }
    if text[position] == ASCII.zero {
      position += 1
    } else {
      try digits()
    }
    if position < text.count, text[position] == 0x2E {
      position += 1
      try digits()
    }
    guard position < text.count, text[position] | 0x20 == 0x65 else { return }
    position += 1
    if position < text.count, text[position] == 0x2B || text[position] == 0x2D { position += 1 }
    try digits()
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while position < text.count, ASCII.isDigit(text[position]) { position += 1 }
    guard position > start else {
      throw failure(position < text.count ? .badNumber : .truncated)
    }
  }

  /// Reads a string; the position is at its opening quote.
  private mutating func string() throws(JSONError) -> JSONValue {
    position += 1
    let start = position
    var hasEscapes = false
    while position < text.count {
      let byte = text[position]
      switch byte {
      case ASCII.quote:
        let value = JSONValue(kind: .string, range: start..<position, hasEscapes: hasEscapes)
        position += 1
        return value
      case ASCII.backslash:
        hasEscapes = true
        try escape()
      case 0..<0x20: throw failure(.controlCharacter)
      case 0x20..<0x80: position += 1
      default: try multibyteCharacter(lead: byte)
      }
    }
    throw failure(.truncated)
  }

  private mutating func escape() throws(JSONError) {
    position += 1
    switch try peek() {
    case ASCII.quote, ASCII.backslash, ASCII.slash, 0x62, 0x66, 0x6E, 0x72, 0x74: position += 1
    case 0x75:
      position += 1
      let unit = try fourDigits()
      if unit & 0xFC00 == 0xDC00 { throw failure(.loneSurrogate) }
      if unit & 0xFC00 == 0xD800 { try lowSurrogate() }
    default: throw failure(.badEscape)
    }
  }

  private mutating func lowSurrogate() throws(JSONError) {
    guard position + 1 < text.count else { throw failure(.loneSurrogate) }
    guard text[position] == ASCII.backslash, text[position + 1] == 0x75 else {
      throw failure(.loneSurrogate)
    }
    position += 2
    guard try fourDigits() & 0xFC00 == 0xDC00 else { throw failure(.loneSurrogate) }
  }

  private mutating func fourDigits() throws(JSONError) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = ASCII.hexadecimalValue(try peek()) else { throw failure(.badEscape) }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }

  /// Well-formed UTF-8 only (RFC 3629 §4): no overlong forms, no surrogates, nothing past U+10FFFF.
  private mutating func multibyteCharacter(lead: UInt8) throws(JSONError) {
    let second: ClosedRange<UInt8>
    let length: Int
    switch lead {
    case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
    case 0xE0: (second, length) = (0xA0...0xBF, 3)
    case 0xED: (second, length) = (0x80...0x9F, 3)
    case 0xE1...0xEF: (second, length) = (0x80...0xBF, 3)
    case 0xF0: (second, length) = (0x90...0xBF, 4)
    case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
    case 0xF4: (second, length) = (0x80...0x8F, 4)
    default: throw failure(.badUTF8)
    }
    guard position + length <= text.count, second.contains(text[position + 1]) else {
      throw failure(.badUTF8)
    }
    for offset in 2..<max(length, 2) where text[position + offset] & 0xC0 != 0x80 {
      throw failure(.badUTF8)
    }
    position += length
  }
}

/// The names of the objects open at this moment, with a hash each, to find one that repeats.
struct JSONNameStack: ~Copyable {
  private struct Entry {
    var hash: UInt32
    var name: JSONValue
  }

  private static let inlineCount = 32
  private var inline = InlineArray<32, Entry>(
    repeating: Entry(hash: 0, name: JSONValue(kind: .null, range: 0..<0)))
  private var spill: [Entry] = []
  private(set) var count = 0

  mutating func push(_ name: JSONValue, in text: Span<UInt8>) {
    let entry = Entry(hash: hash(of: name, in: text), name: name)
    if count < Self.inlineCount { inline[count] = entry } else { spill.append(entry) }
    count += 1
  }

  mutating func truncate(to mark: Int) {
    if count > Self.inlineCount {
      spill.removeLast(count - max(mark, Self.inlineCount))
    }
    count = mark
  }

  /// Whether a name since the mark has the same bytes after unescaping.
  func contains(_ name: JSONValue, since mark: Int, in text: Span<UInt8>) -> Bool {
    guard count > mark else { return false }
    let hash = hash(of: name, in: text)
    for index in mark..<count {
      let entry = index < Self.inlineCount ? inline[index] : spill[index - Self.inlineCount]
      if entry.hash == hash, isSame(entry.name, name, in: text) { return true }
    }
    return false
  }

  private func isSame(_ one: JSONValue, _ other: JSONValue, in text: Span<UInt8>) -> Bool {
    var left = JSONUnescaper(one)
    var right = JSONUnescaper(other)
    while let byte = left.next(in: text) {
      guard right.next(in: text) == byte else { return false }
    }
    return right.next(in: text) == nil
  }

  // FNV-1a; only a filter before the comparison, so collisions cost time and nothing else.
  private func hash(of name: JSONValue, in text: Span<UInt8>) -> UInt32 {
    var reader = JSONUnescaper(name)
    var hash: UInt32 = 2_166_136_261
    while let byte = reader.next(in: text) { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return hash
  }
}

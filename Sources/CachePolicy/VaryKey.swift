package import HTTPModel
internal import Primitives

/// What of a request selected a stored response: the fields that `Vary` names, with their values
/// (RFC 9111 §4.1).
///
///     entry   known │ name length │ name, lowercase │ present │ value length │ value, normalised
///             1       1             n                 1         4              n
///
/// Values are normalised by white space only: lines joined, none around commas outside quotes. A
/// field that is missing differs from an empty one. Entries come in the order of their names, each
/// name once.
package struct VaryKey: Sendable, Hashable {
  /// How many fields `Vary` may name.
  package static let fieldLimit = 16
  /// How long all entries together may be.
  package static let byteLimit = 4096

  /// The entries; empty when the response does not vary.
  package let bytes: [UInt8]

  package init() { bytes = [] }

  /// Entries read back from a store.
  package init(entries bytes: [UInt8]) { self.bytes = bytes }

  package var isEmpty: Bool { bytes.isEmpty }

  /// What `Vary` and the request make.
  enum Outcome {
    case key(VaryKey)
    /// `*`: no request can match.
    case any
    /// More than the limits.
    case tooLarge
  }

  static func make(for response: FieldSection, request: FieldSection) -> Outcome {
    guard response.contains(.vary) else { return .key(VaryKey()) }
    var names: [[UInt8]] = []
    for member in response.listMembers(of: .vary) {
      if member.equals("*") { return .any }
      let name = member.asciiLowercased()
      guard name.count <= 255, name.allSatisfy(ASCII.isTokenCharacter) else { return .tooLarge }
      if !names.contains(name) { names.append(name) }
    }
    guard names.count <= fieldLimit else { return .tooLarge }
    var bytes: [UInt8] = []
    for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      appendEntry(name, request: request, to: &bytes)
      guard bytes.count <= byteLimit else { return .tooLarge }
    }
    return .key(VaryKey(entries: bytes))
  }

  private static func appendEntry(
    _ name: [UInt8], request: FieldSection, to bytes: inout [UInt8]
  ) {
    bytes.append(KnownField(name: name)?.rawValue ?? 255)
    bytes.append(UInt8(truncatingIfNeeded: name.count))
    bytes.append(contentsOf: name)
    let presentAt = bytes.count
    bytes.append(contentsOf: [0, 0, 0, 0, 0])
    let storage = request.storage
    let lines = request.lines
    let nameSpan = name.span
    var reader = SelectingValueReader(storage: storage.span, lines: lines.span, name: nameSpan)
    let start = bytes.count
    while let byte = reader.next(), bytes.count <= byteLimit { bytes.append(byte) }
    let count = UInt32(truncatingIfNeeded: bytes.count - start)
    bytes[presentAt] = reader.isPresent ? 1 : 0
    for index in 0..<4 {
      bytes[presentAt + 1 + index] = UInt8(truncatingIfNeeded: count >> UInt32(index * 8))
    }
  }

  /// Whether a request selects the response with these entries. Allocates nothing. Bytes that are
  /// no entries match nothing.
  package static func entries(_ bytes: Span<UInt8>, match request: FieldSection) -> Bool {
    if bytes.isEmpty { return true }
    let storage = request.storage
    let lines = request.lines
    var position = 0
    while position < bytes.count {
      guard let entry = Entry(bytes, at: position) else { return false }
      position = entry.value.upperBound
      if entry.known != 255, let field = KnownField(rawValue: entry.known),
        request.contains(field) != entry.isPresent
      {
        return false
      }
      var reader = SelectingValueReader(
        storage: storage.span, lines: lines.span, name: bytes.extracting(entry.name))
      for index in entry.value {
        guard let byte = reader.next(), byte == bytes[index] else { return false }
      }
      guard reader.next() == nil, reader.isPresent == entry.isPresent else { return false }
    }
    return true
  }

  /// Whether a request selects the response stored with this key.
  package func matches(_ request: FieldSection) -> Bool {
    Self.entries(bytes.span, match: request)
  }

  /// Where one entry's parts are.
  private struct Entry {
    let known: UInt8
    let name: Range<Int>
    let isPresent: Bool
    let value: Range<Int>

    init?(_ bytes: Span<UInt8>, at start: Int) {
      guard bytes.count - start >= 2 else { return nil }
      known = bytes[start]
      let nameEnd = start + 2 + Int(bytes[start + 1])
      name = start + 2..<nameEnd
      guard bytes.count - nameEnd >= 5 else { return nil }
      isPresent = bytes[nameEnd] == 1
      var length: UInt32 = 0
      for index in (0..<4).reversed() { length = length << 8 | UInt32(bytes[nameEnd + 1 + index]) }
      guard bytes.count - nameEnd - 5 >= Int(length) else { return nil }
      value = nameEnd + 5..<nameEnd + 5 + Int(length)
    }
  }
}

/// Gives the normalised bytes of all lines of one name, one at a time.
private struct SelectingValueReader: ~Escapable {
  private let storage: Span<UInt8>
  private let lines: Span<FieldLine>
  private let name: Span<UInt8>
  private var line = -1
  private var position = 0
  private var end = 0
  /// White space before this position is known to mean something: looked at once, however long.
  private var keptUntil = 0
  private var isQuoted = false
  private var isEscaped = false
  /// Whether the last byte given was a comma, or none has been given: white space after it means
  /// nothing.
  private var isAfterComma = true
  /// Whether at least one line has the name; complete once `next` has returned nil.
  private(set) var isPresent = false

  @_lifetime(copy storage, copy lines, copy name)
  init(storage: Span<UInt8>, lines: Span<FieldLine>, name: Span<UInt8>) {
    self.storage = storage
    self.lines = lines
    self.name = name
  }

  @_lifetime(self: copy self)
  mutating func next() -> UInt8? {
    while true {
      if position >= end {
        let wasPresent = isPresent
        guard moveToNextLine() else { return nil }
        guard wasPresent else { continue }
        isAfterComma = true
        return ASCII.comma
      }
      let byte = storage[position]
      if !isQuoted, position >= keptUntil, isWhitespace(byte) {
        let runEnd = endOfWhitespace()
        if isAfterComma || runEnd == end || storage[runEnd] == ASCII.comma {
          position = runEnd
          continue
        }
        keptUntil = runEnd
      }
      position += 1
      track(byte)
      return byte
    }
  }

  @_lifetime(self: copy self)
  private mutating func track(_ byte: UInt8) {
    isAfterComma = byte == ASCII.comma && !isQuoted
    if isEscaped {
      isEscaped = false
    } else if byte == ASCII.backslash, isQuoted {
      isEscaped = true
    } else if byte == ASCII.quote {
      isQuoted.toggle()
    }
  }

  private func endOfWhitespace() -> Int {
    var index = position
    while index < end, isWhitespace(storage[index]) { index += 1 }
    return index
  }

  private func isWhitespace(_ byte: UInt8) -> Bool {
    byte == ASCII.space || byte == ASCII.horizontalTab
  }

  @_lifetime(self: copy self)
  private mutating func moveToNextLine() -> Bool {
    line += 1
    while line < lines.count {
      let candidate = lines[line]
      if isNamed(candidate) {
        isPresent = true
        isQuoted = false
        isEscaped = false
        keptUntil = 0
        position = candidate.valueRange.lowerBound
        end = candidate.valueRange.upperBound
        return true
      }
      line += 1
    }
    return false
  }

  private func isNamed(_ candidate: FieldLine) -> Bool {
    guard Int(candidate.nameLength) == name.count else { return false }
    let start = Int(candidate.nameStart)
    for offset in 0..<name.count
    where ASCII.lowercased(storage[start + offset]) != name[offset] {
      return false
    }
    return true
  }
}

package import HTTPModel
internal import Primitives

/// What of a request selected a stored response: the fields that `Vary` names, with their values
/// (RFC 9111 §4.1).
///
///     entry   known │ name length │ name, lowercase │ kind │ value length │ value, normalised
///             1       1             n                 1      4              n
///     kind    0 missing │ 1 present │ 2 present, and compared by meaning: then follow
///             meaning length │ meaning │ language length │ language
///             4                n         1                 n
///
/// Values are normalised by white space only: lines joined, none around commas outside quotes. A
/// field that is missing differs from an empty one. Entries come in the order of their names, each
/// name once. A value that differs is compared by meaning where the entry has one (`Preferences`);
/// a response in one language is also selected by a request that likes this one best.
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

  /// - `byMeaning`: whether fields of content negotiation are compared by what they mean.
  static func make(
    for response: FieldSection, request: FieldSection, byMeaning: Bool = false
  ) -> Outcome {
    var names = ForgottenVary.names(for: response, request: request)
    guard response.contains(.vary) || !names.isEmpty else { return .key(VaryKey()) }
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
      if byMeaning { appendMeaning(of: name, request: request, response: response, to: &bytes) }
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
    let kindAt = bytes.count
    bytes.append(contentsOf: [0, 0, 0, 0, 0])
    let storage = request.storage
    let lines = request.lines
    let nameSpan = name.span
    var reader = SelectingValueReader(storage: storage.span, lines: lines.span, name: nameSpan)
    let start = bytes.count
    while let byte = reader.next(), bytes.count <= byteLimit { bytes.append(byte) }
    let count = UInt32(truncatingIfNeeded: bytes.count - start)
    bytes[kindAt] = reader.isPresent ? Entry.present : Entry.missing
    for index in 0..<4 {
      bytes[kindAt + 1 + index] = UInt8(truncatingIfNeeded: count >> UInt32(index * 8))
    }
  }

  /// Makes the entry that was just appended one that is compared by meaning, where its field has
  /// one.
  private static func appendMeaning(
    of name: [UInt8], request: FieldSection, response: FieldSection, to bytes: inout [UInt8]
  ) {
    guard let field = KnownField(name: name), Preferences.isKnown(field), request.contains(field),
      let meaning = Preferences(request, field)?.normalForm,
      let kindAt = startOfLastEntry(bytes).map({ $0 + 2 + name.count })
    else { return }
    bytes[kindAt] = Entry.meant
    let count = UInt32(truncatingIfNeeded: meaning.count)
    for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: count >> UInt32(index * 8))) }
    bytes.append(contentsOf: meaning)
    let language = field == .acceptLanguage ? onlyLanguage(of: response) : []
    bytes.append(UInt8(truncatingIfNeeded: language.count))
    bytes.append(contentsOf: language)
  }

  private static func startOfLastEntry(_ bytes: [UInt8]) -> Int? {
    var last: Int?
    var position = 0
    while let entry = Entry(bytes.span, at: position) {
      last = position
      position = entry.end
    }
    return last
  }

  /// The language of the response in small letters, empty where it has none or several.
  private static func onlyLanguage(of response: FieldSection) -> [UInt8] {
    guard let value = response.only(.contentLanguage), value.count <= 255,
      value.allSatisfy({ ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == 0x2D })
    else { return [] }
    return value.asciiLowercased()
  }

  /// Whether a request selects the response with these entries. Allocates nothing where values are
  /// the same byte for byte. Bytes that are no entries match nothing.
  package static func entries(_ bytes: Span<UInt8>, match request: FieldSection) -> Bool {
    if bytes.isEmpty { return true }
    let storage = request.storage
    let lines = request.lines
    var position = 0
    while position < bytes.count {
      guard let entry = Entry(bytes, at: position) else { return false }
      position = entry.end
      if entry.known != 255, let field = KnownField(rawValue: entry.known),
        request.contains(field) != entry.isPresent
      {
        return false
      }
      if isSpelled(bytes, entry, storage.span, lines.span) { continue }
      var reader = SelectingValueReader(
        storage: storage.span, lines: lines.span, name: bytes.extracting(entry.name))
      if hasValue(bytes, entry.value, &reader), reader.isPresent == entry.isPresent { continue }
      guard entry.isMeant, means(bytes, entry, request) else { return false }
    }
    return true
  }

  /// Whether the request has a known field on one line that is the entry's value but for white
  /// space after commas: what nearly every request looks like, in one loop. False only means that
  /// the reader has to look more closely; quotes are left to it.
  private static func isSpelled(
    _ bytes: Span<UInt8>, _ entry: Entry, _ storage: Span<UInt8>, _ lines: Span<FieldLine>
  ) -> Bool {
    guard entry.known != 255, entry.isPresent else { return false }
    var found = -1
    for index in lines.indices where lines[index].knownRawValue == entry.known {
      guard found < 0 else { return false }
      found = index
    }
    guard found >= 0 else { return false }
    var position = entry.value.lowerBound
    let end = entry.value.upperBound
    var isAfterComma = false
    for index in lines[found].valueRange {
      let byte = storage[index]
      if isAfterComma, byte == ASCII.space || byte == ASCII.horizontalTab { continue }
      guard position < end, byte == bytes[position], byte != ASCII.quote else { return false }
      isAfterComma = byte == ASCII.comma
      position += 1
    }
    return position == end
  }

  /// Whether the reader gives exactly these bytes.
  private static func hasValue(
    _ bytes: Span<UInt8>, _ value: Range<Int>, _ reader: inout SelectingValueReader
  ) -> Bool {
    for index in value {
      guard let byte = reader.next(), byte == bytes[index] else { return false }
    }
    return reader.next() == nil
  }

  /// Whether the request's field means what the entry's does, or likes best the language that the
  /// response is in.
  private static func means(_ bytes: Span<UInt8>, _ entry: Entry, _ request: FieldSection) -> Bool {
    guard let field = KnownField(rawValue: entry.known),
      let preferences = Preferences(request, field)
    else { return false }
    if holds(bytes, entry.meaning, preferences.normalForm) { return true }
    guard !entry.language.isEmpty, let favourite = preferences.favourite else { return false }
    return holds(bytes, entry.language, favourite)
  }

  private static func holds(_ bytes: Span<UInt8>, _ range: Range<Int>, _ other: [UInt8]) -> Bool {
    guard range.count == other.count else { return false }
    for (offset, byte) in other.enumerated() where bytes[range.lowerBound + offset] != byte {
      return false
    }
    return true
  }

  /// What a request has in the fields of this key, by value: two requests with the same select the
  /// same response.
  package func values(of request: FieldSection) -> VaryKey {
    var values: [UInt8] = []
    var position = 0
    while let entry = Entry(bytes.span, at: position), values.count <= Self.byteLimit {
      Self.appendEntry(Array(bytes[entry.name]), request: request, to: &values)
      position = entry.end
    }
    return VaryKey(entries: values)
  }

  /// Whether a request selects the response stored with this key.
  package func matches(_ request: FieldSection) -> Bool {
    Self.entries(bytes.span, match: request)
  }

  /// Whether entries hold the value of a field that carries credentials: for a place where those
  /// would outlive the process.
  package static func holdCredentials(_ bytes: Span<UInt8>) -> Bool {
    var position = 0
    while let entry = Entry(bytes, at: position) {
      position = entry.end
      let field = KnownField(rawValue: entry.known)
      guard entry.isPresent else { continue }
      if let field {
        if field.carriesCredentials { return true }
      } else if CredentialFields.contain(entry.name.map { bytes[$0] }) {
        return true
      }
    }
    return false
  }

  /// Where one entry's parts are.
  private struct Entry {
    static let missing: UInt8 = 0
    static let present: UInt8 = 1
    static let meant: UInt8 = 2

    let known: UInt8
    let name: Range<Int>
    private let kind: UInt8
    let value: Range<Int>
    /// Empty where the value is compared as it is.
    let meaning: Range<Int>
    let language: Range<Int>
    let end: Int

    var isPresent: Bool { kind != Self.missing }
    var isMeant: Bool { kind == Self.meant }

    init?(_ bytes: Span<UInt8>, at start: Int) {
      guard bytes.count - start >= 2 else { return nil }
      known = bytes[start]
      let nameEnd = start + 2 + Int(bytes[start + 1])
      name = start + 2..<nameEnd
      guard bytes.count - nameEnd >= 5 else { return nil }
      kind = bytes[nameEnd]
      guard let value = Self.block(bytes, at: nameEnd + 1) else { return nil }
      self.value = value
      guard kind == Self.meant else {
        meaning = 0..<0
        language = 0..<0
        end = value.upperBound
        return
      }
      guard let meaning = Self.block(bytes, at: value.upperBound),
        meaning.upperBound < bytes.count
      else { return nil }
      let languageEnd = meaning.upperBound + 1 + Int(bytes[meaning.upperBound])
      guard languageEnd <= bytes.count else { return nil }
      self.meaning = meaning
      language = meaning.upperBound + 1..<languageEnd
      end = languageEnd
    }

    /// The bytes after a length of four bytes; nil where there are not as many.
    private static func block(_ bytes: Span<UInt8>, at start: Int) -> Range<Int>? {
      guard bytes.count - start >= 4 else { return nil }
      var length: UInt32 = 0
      for index in (0..<4).reversed() { length = length << 8 | UInt32(bytes[start + index]) }
      guard bytes.count - start - 4 >= Int(length) else { return nil }
      return start + 4..<start + 4 + Int(length)
    }
  }
}

internal import Primitives
internal import RawStructuredFieldValues

/// A structured dictionary (RFC 9651 §3.2) of which nothing was lost in reading.
///
/// Of two members or parameters with one name a reader keeps the last (RFC 9651 §4.2.2): two
/// readers that do otherwise would see two messages. Here the second one is a fault, found by
/// counting: a dictionary that could be read has one comma between members and one semicolon before
/// each parameter, outside of strings.
///
/// Departure: RFC 9651 §4.2.2 has the last of two members count.
struct StructuredDictionary {
  /// How long a field may be, all lines together.
  static let byteLimit = 8192

  let members: OrderedMap<String, ItemOrInnerList>

  /// The dictionary that all lines of a field make together.
  init(_ lines: [ArraySlice<UInt8>]) throws(SignatureFault) {
    let text = try Self.joined(lines)
    members = try Self.read(text)
    let marks = Self.marks(in: text)
    var parameters = 0
    for (_, member) in members { parameters += Self.parameterCount(member) }
    guard members.count == marks.commas + 1, parameters == marks.semicolons else {
      throw .memberRepeated
    }
  }

  /// Lines as one, with a comma between them (RFC 9651 §4.2).
  static func joined(_ lines: [ArraySlice<UInt8>]) throws(SignatureFault) -> [UInt8] {
    var text: [UInt8] = []
    for line in lines {
      guard line.count <= byteLimit - min(text.count, byteLimit) else { throw .fieldTooLong }
      if !text.isEmpty { text += [ASCII.comma, ASCII.space] }
      text += line
    }
    guard text.count <= byteLimit else { throw .fieldTooLong }
    return text
  }

  private static func read(
    _ text: [UInt8]
  ) throws(SignatureFault) -> OrderedMap<String, ItemOrInnerList> {
    var parser = StructuredFieldValueParser(text)
    guard let found = try? parser.parseDictionaryFieldValue(), found.count > 0 else {
      throw .fieldUnreadable
    }
    return found
  }

  private static func parameterCount(_ member: ItemOrInnerList) -> Int {
    switch member {
    case .item(let item): item.rfc9651Parameters.count
    case .innerList(let list):
      list.bareInnerList.reduce(list.rfc9651Parameters.count) {
        $0 + $1.rfc9651Parameters.count
      }
    }
  }

  private struct Marks {
    var commas = 0
    var semicolons = 0
  }

  /// Commas and semicolons outside of strings, in a text that could be read. A display string
  /// (`%"…"`) knows no escapes.
  private static func marks(in text: [UInt8]) -> Marks {
    var marks = Marks()
    var isString = false
    var isDisplayString = false
    var previous: UInt8 = 0
    for byte in text {
      if isString {
        if byte == ASCII.quote, isDisplayString || previous != ASCII.backslash {
          isString = false
        }
        // The second of two backslashes escapes nothing more.
        previous = previous == ASCII.backslash && byte == ASCII.backslash ? 0 : byte
        continue
      }
      switch byte {
      case ASCII.quote:
        isString = true
        isDisplayString = previous == 0x25
      case ASCII.comma: marks.commas += 1
      case ASCII.semicolon: marks.semicolons += 1
      default: break
      }
      previous = byte
    }
    return marks
  }
}

/// Writing structured values the one way RFC 9651 §4.1 allows.
enum StructuredText {
  /// A member's value with its parameters, without its key.
  static func value(_ member: ItemOrInnerList) throws(SignatureFault) -> [UInt8] {
    try list([member])
  }

  static func list(_ members: [ItemOrInnerList]) throws(SignatureFault) -> [UInt8] {
    var serializer = StructuredFieldValueSerializer()
    guard let text = try? serializer.writeListFieldValue(members) else {
      throw .componentUnreadable
    }
    return text
  }

  static func dictionary(
    _ members: OrderedMap<String, ItemOrInnerList>
  ) throws(SignatureFault) -> [UInt8] {
    var serializer = StructuredFieldValueSerializer()
    guard let text = try? serializer.writeDictionaryFieldValue(members) else {
      throw .componentUnreadable
    }
    return text
  }
}

extension [UInt8] {
  /// Appends a structured string (RFC 9651 §4.1.6); false, with nothing appended, where a byte
  /// cannot stand in one.
  mutating func append(structuredString text: some Collection<UInt8>) -> Bool {
    guard text.allSatisfy({ (0x20...0x7E).contains($0) }) else { return false }
    append(ASCII.quote)
    for byte in text {
      if byte == ASCII.quote || byte == ASCII.backslash { append(ASCII.backslash) }
      append(byte)
    }
    append(ASCII.quote)
    return true
  }
}

internal import HTTPModel
internal import Primitives
internal import RawStructuredFieldValues

/// Structured fields (RFC 9651) as the cache needs them: dictionaries and lists, whole or not at
/// all. For rare fields: reading allocates.
enum StructuredField {
  /// What a member is; parameters mean nothing to the cache.
  enum Value: Equatable {
    case integer(Int64)
    case boolean(Bool)
    case string([UInt8])
    case token([UInt8])
    /// A kind that no cache field uses.
    case other
    case list([Value])
  }

  struct Member: Equatable {
    let key: [UInt8]
    let value: Value
  }

  /// How long a field may be, all lines together; longer ones are as if they could not be read.
  static let byteLimit = 8192

  /// The dictionary that all lines of a field make (RFC 9651 §4.2.2); nil where it cannot be read.
  /// Of a repeated key the last value counts.
  static func dictionary(_ lines: [ArraySlice<UInt8>]) -> [Member]? {
    guard let text = joined(lines) else { return nil }
    var parser = StructuredFieldValueParser(text)
    guard let map = try? parser.parseDictionaryFieldValue() else { return nil }
    return map.map { Member(key: Array($0.0.utf8), value: Value($0.1)) }
  }

  /// The list that all lines of a field make (RFC 9651 §4.2.1); nil where it cannot be read.
  static func list(_ lines: [ArraySlice<UInt8>]) -> [Value]? {
    guard let text = joined(lines) else { return nil }
    var parser = StructuredFieldValueParser(text)
    guard let members = try? parser.parseListFieldValue() else { return nil }
    return members.map { Value($0) }
  }

  /// Lines as one, with commas between them (RFC 9651 §4.2).
  private static func joined(_ lines: [ArraySlice<UInt8>]) -> [UInt8]? {
    let text = Array(lines.joined(separator: [ASCII.comma, ASCII.space]))
    return text.count <= byteLimit ? text : nil
  }
}

extension StructuredField.Value {
  fileprivate init(_ member: ItemOrInnerList) {
    switch member {
    case .item(let item): self = .init(item)
    case .innerList(let list): self = .list(list.bareInnerList.map { .init($0) })
    }
  }

  private init(_ item: Item) {
    self =
      switch item.rfc9651BareItem {
      case .integer(let number): .integer(number)
      case .bool(let flag): .boolean(flag)
      case .string(let text): .string(Array(text.utf8))
      case .token(let text): .token(Array(text.utf8))
      default: .other
      }
  }
}

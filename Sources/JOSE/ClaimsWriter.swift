internal import Primitives

/// Writes the claims of a token to be signed: one JSON object, members in the order they are added.
///
/// A value that is not UTF-8 makes the whole unusable: what is signed must say exactly what was
/// meant. Whoever writes gives every name once.
package struct ClaimsWriter {
  private var text: [UInt8] = [0x7B]
  private var isUsable = true

  package init() { text.reserveCapacity(512) }

  /// The object, or nil where a value could not be written as it is.
  package consuming func finish() -> [UInt8]? {
    guard isUsable else { return nil }
    text.append(0x7D)
    return text
  }

  /// Adds a string.
  package mutating func add(_ name: StaticString, string value: Span<UInt8>) {
    begin(name)
    guard value.isUTF8 else {
      isUsable = false
      return
    }
    text.append(jsonString: value)
  }

  /// Adds a string.
  package mutating func add(_ name: StaticString, string value: [UInt8]) {
    add(name, string: value.span)
  }

  /// Adds a time, or another whole number.
  package mutating func add(_ name: StaticString, number value: Int64) {
    begin(name)
    text.append(contentsOf: String(value).utf8)
  }

  package mutating func add(_ name: StaticString, boolean value: Bool) {
    begin(name)
    text.append(ascii: value ? "true" : "false")
  }

  /// Adds a value that is JSON already, from a text that was read strictly, such as a user object.
  package mutating func add(_ name: StaticString, json value: Span<UInt8>) {
    begin(name)
    guard (try? JSONReader.read(value)) != nil else {
      isUsable = false
      return
    }
    text.append(value)
  }

  private mutating func begin(_ name: StaticString) {
    if text.count > 1 { text.append(ASCII.comma) }
    text.append(ASCII.quote)
    text.append(ascii: name)
    text.append(ascii: "\":")
  }
}

internal import Primitives

/// A field name from settings: a token (RFC 9110 §5.6.2), kept as written, equal in any case.
package struct FieldName: Sendable {
  package let bytes: [UInt8]
  /// The known field of this name, looked up once.
  package let known: KnownField?

  package init(_ known: KnownField) {
    bytes = [UInt8](ascii: known.name)
    self.known = known
  }

  /// The name, or nil where the bytes are empty, longer than 256, or hold what is no token
  /// character.
  package init?(_ name: some Collection<UInt8>) {
    guard !name.isEmpty, name.count <= 256, name.allSatisfy(ASCII.isTokenCharacter) else {
      return nil
    }
    bytes = Array(name)
    known = KnownField(name: name)
  }
}

extension FieldName: Hashable {
  package static func == (left: FieldName, right: FieldName) -> Bool {
    left.bytes.equalsIgnoringASCIICase(right.bytes)
  }

  package func hash(into hasher: inout Hasher) {
    for byte in bytes { hasher.combine(ASCII.lowercased(byte)) }
  }
}

extension FieldSection {
  /// Whether this line has the name.
  package func matches(_ line: FieldLine, _ name: FieldName) -> Bool {
    if let known = name.known { return line.knownRawValue == known.rawValue }
    return line.known == nil && self.name(of: line).equalsIgnoringASCIICase(name.bytes)
  }

  /// The value of the first line of this name.
  package func first(_ name: FieldName) -> ArraySlice<UInt8>? {
    if let known = name.known, !contains(known) { return nil }
    for line in lines where matches(line, name) { return value(of: line) }
    return nil
  }

  package func count(of name: FieldName) -> Int {
    if let known = name.known, !contains(known) { return 0 }
    return lines.count { matches($0, name) }
  }

  /// Removes every line of this name.
  package mutating func removeAll(_ name: FieldName) {
    if let known = name.known { removeAll(known) } else { removeAll(named: name.bytes) }
  }

  /// Replaces every line of this name by one. The caller has checked the value
  /// (`FieldValue.isValid`).
  package mutating func set(_ name: FieldName, _ value: some Collection<UInt8>) {
    removeAll(name)
    if let known = name.known {
      append(known, value)
    } else {
      append(name: name.bytes, value: value)
    }
  }
}

internal import Primitives

/// One field line: where its name and value lie in the section's bytes, and which known field it
/// is.
@usableFromInline package struct FieldLine: Sendable, Equatable {
  @usableFromInline package var nameStart: UInt32
  @usableFromInline package var valueStart: UInt32
  @usableFromInline package var valueLength: UInt32
  @usableFromInline package var nameLength: UInt16
  /// The raw value of the `KnownField`, or 255.
  @usableFromInline package var knownRawValue: UInt8

  @inlinable package init(
    nameStart: UInt32, nameLength: UInt16, valueStart: UInt32, valueLength: UInt32,
    known: KnownField?
  ) {
    self.nameStart = nameStart
    self.nameLength = nameLength
    self.valueStart = valueStart
    self.valueLength = valueLength
    self.knownRawValue = known?.rawValue ?? 255
  }

  @inlinable package var known: KnownField? { KnownField(rawValue: knownRawValue) }
  /// Whether this is a line of that field: one comparison.
  @inlinable package func isNamed(_ field: KnownField) -> Bool { knownRawValue == field.rawValue }

  @inlinable package var nameRange: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameLength) }
  @inlinable package var valueRange: Range<Int> {
    Int(valueStart)..<Int(valueStart) + Int(valueLength)
  }
}

/// The field lines of a head or of trailers, in order, repeated ones kept apart (RFC 9110 §5.2,
/// §5.3).
///
/// One run of bytes holds every name and value; a line is four numbers into it:
///
///     storage  Host example.com Accept */* ...
///     lines    (0,4 5,11 host) (17,6 24,3 accept) ...
///
/// Names are tokens and values hold no CR, LF or NUL: parsers check before they append; what the
/// program itself appends is checked by the caller (`FieldValue.isValid`).
@usableFromInline package struct FieldSection: Sendable {
  @usableFromInline package private(set) var storage: [UInt8]
  @usableFromInline package private(set) var lines: [FieldLine]
  /// Bit n tells whether the known field of raw value n is present.
  @usableFromInline var presence: (low: UInt64, high: UInt64) = (0, 0)

  @inlinable package init() {
    storage = []
    lines = []
  }

  /// Takes over the bytes of a parsed head and the lines found in it. Called by the parser only.
  @inlinable package init(storage: [UInt8], lines: [FieldLine]) {
    self.storage = storage
    self.lines = lines
    for line in lines { markPresent(line.knownRawValue) }
  }

  @inlinable package var count: Int { lines.count }
  @inlinable package var isEmpty: Bool { lines.isEmpty }

  @inlinable mutating func markPresent(_ rawValue: UInt8) {
    if rawValue < 64 {
      presence.low |= 1 << UInt64(rawValue)
    } else if rawValue < 128 {
      presence.high |= 1 << UInt64(rawValue - 64)
    }
  }

  private mutating func markAbsent(_ field: KnownField) {
    if field.rawValue < 64 {
      presence.low &= ~(1 << UInt64(field.rawValue))
    } else {
      presence.high &= ~(1 << UInt64(field.rawValue - 64))
    }
  }

  // MARK: Reading

  /// Whether at least one line has this name: one bit test.
  @inlinable package func contains(_ field: KnownField) -> Bool {
    field.rawValue < 64
      ? presence.low >> UInt64(field.rawValue) & 1 == 1
      : presence.high >> UInt64(field.rawValue - 64) & 1 == 1
  }

  @inlinable package func name(of line: FieldLine) -> ArraySlice<UInt8> { storage[line.nameRange] }
  @inlinable package func value(of line: FieldLine) -> ArraySlice<UInt8> {
    storage[line.valueRange]
  }

  /// The value of the first line of this name.
  @inlinable package func first(_ field: KnownField) -> ArraySlice<UInt8>? {
    guard contains(field) else { return nil }
    for line in lines where line.knownRawValue == field.rawValue { return value(of: line) }
    return nil
  }

  /// The value of the only line of this name; nil when there is none or more than one.
  @inlinable package func only(_ field: KnownField) -> ArraySlice<UInt8>? {
    count(of: field) == 1 ? first(field) : nil
  }

  @inlinable package func count(of field: KnownField) -> Int {
    guard contains(field) else { return 0 }
    return lines.count { $0.knownRawValue == field.rawValue }
  }

  /// The values of every line of this name, in order.
  package func values(of field: KnownField) -> [ArraySlice<UInt8>] {
    guard contains(field) else { return [] }
    return lines.filter { $0.knownRawValue == field.rawValue }.map { value(of: $0) }
  }

  /// The values of every line of this name, in any case, known or not.
  package func values(named name: some Collection<UInt8>) -> [ArraySlice<UInt8>] {
    if let field = KnownField(name: name) { return values(of: field) }
    return lines.filter { $0.known == nil && self.name(of: $0).equalsIgnoringASCIICase(name) }
      .map { value(of: $0) }
  }

  /// The members of a comma-separated list over all lines of this name, trimmed, empty ones left
  /// out (RFC 9110 §5.6.1). Splits at every comma: only for lists whose members hold no quoted
  /// commas.
  package func listMembers(of field: KnownField) -> [ArraySlice<UInt8>] {
    values(of: field).flatMap { value in
      value.split(separator: ASCII.comma).map { $0.trimmingOptionalWhitespace() }
        .filter { !$0.isEmpty }
    }
  }

  // MARK: Changing

  package mutating func reserveCapacity(bytes: Int, lines lineCount: Int) {
    storage.reserveCapacity(bytes)
    lines.reserveCapacity(lineCount)
  }

  package mutating func append(_ field: KnownField, _ value: some Collection<UInt8>) {
    append(field, Array(value).span)
  }

  // Heads are made of arrays and slices: for these, no generic code runs across modules.

  package mutating func append(_ field: KnownField, _ value: [UInt8]) { append(field, value.span) }

  package mutating func append(_ field: KnownField, _ value: ArraySlice<UInt8>) {
    append(field, value.span)
  }

  package mutating func append(_ field: KnownField, _ value: Span<UInt8>) {
    let nameStart = storage.count
    storage.append(ascii: field.name)
    let valueStart = storage.count
    unsafe value.withUnsafeBufferPointer { unsafe storage.append(contentsOf: $0) }
    finishLine(nameStart: nameStart, valueStart: valueStart, known: field)
  }

  package mutating func append(_ field: KnownField, _ value: StaticString) {
    let nameStart = storage.count
    storage.append(ascii: field.name)
    let valueStart = storage.count
    storage.append(ascii: value)
    finishLine(nameStart: nameStart, valueStart: valueStart, known: field)
  }

  /// Appends a line whose name the caller has checked to be a token.
  package mutating func append(name: some Collection<UInt8>, value: some Collection<UInt8>) {
    let nameStart = storage.count
    storage.append(contentsOf: name)
    appendLine(nameStart: nameStart, value: value, known: KnownField(name: name))
  }

  private mutating func appendLine(
    nameStart: Int, value: some Collection<UInt8>, known: KnownField?
  ) {
    let valueStart = storage.count
    storage.append(contentsOf: value)
    finishLine(nameStart: nameStart, valueStart: valueStart, known: known)
  }

  private mutating func finishLine(nameStart: Int, valueStart: Int, known: KnownField?) {
    lines.append(
      FieldLine(
        nameStart: UInt32(nameStart), nameLength: UInt16(valueStart - nameStart),
        valueStart: UInt32(valueStart), valueLength: UInt32(storage.count - valueStart),
        known: known))
    if let known { markPresent(known.rawValue) }
  }

  /// Removes every line of this name. Bytes stay in `storage` until the section goes.
  package mutating func removeAll(_ field: KnownField) {
    guard contains(field) else { return }
    lines.removeAll { $0.knownRawValue == field.rawValue }
    markAbsent(field)
  }

  /// Removes every line of this name, in any case, known or not.
  package mutating func removeAll(named name: some Collection<UInt8>) {
    if let field = KnownField(name: name) {
      removeAll(field)
    } else {
      let bytes = storage
      lines.removeAll { $0.known == nil && bytes[$0.nameRange].equalsIgnoringASCIICase(name) }
    }
  }

  /// Removes every line for which the condition holds.
  package mutating func removeAll(where condition: (FieldLine) -> Bool) {
    lines.removeAll(where: condition)
    presence = (0, 0)
    for line in lines { markPresent(line.knownRawValue) }
  }

  /// Removes every line for which the condition on it and its name holds.
  package mutating func removeLines(whereNamed condition: (FieldLine, ArraySlice<UInt8>) -> Bool) {
    let bytes = storage
    removeAll { condition($0, bytes[$0.nameRange]) }
  }

  /// Replaces every line of this name by one.
  package mutating func set(_ field: KnownField, _ value: some Collection<UInt8>) {
    removeAll(field)
    append(field, value)
  }

  /// Replaces every line of this name by one.
  package mutating func set(_ field: KnownField, _ value: [UInt8]) {
    removeAll(field)
    append(field, value.span)
  }

  /// Replaces every line of this name by one.
  package mutating func set(_ field: KnownField, _ value: StaticString) {
    removeAll(field)
    append(field, value)
  }

  /// Replaces every line of this name by one. The caller has checked that the name is a token.
  package mutating func set(name: some Collection<UInt8>, value: some Collection<UInt8>) {
    removeAll(named: name)
    append(name: name, value: value)
  }

  /// Forgets every line and keeps the memory for the next head.
  package mutating func removeAll(keepingCapacity: Bool) {
    storage.removeAll(keepingCapacity: keepingCapacity)
    lines.removeAll(keepingCapacity: keepingCapacity)
    presence = (0, 0)
  }
}

extension FieldSection: Equatable {
  /// Whether both hold the same lines in the same order, names compared without regard to case.
  @usableFromInline package static func == (left: FieldSection, right: FieldSection) -> Bool {
    left.lines.count == right.lines.count
      && zip(left.lines, right.lines).allSatisfy { one, other in
        left.name(of: one).equalsIgnoringASCIICase(right.name(of: other))
          && left.value(of: one) == right.value(of: other)
      }
  }
}

/// What may be a field's value.
package enum FieldValue {
  /// Whether the bytes hold no control character but tab, and neither begin nor end with white
  /// space (RFC 9110 §5.5).
  package static func isValid(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
    bytes.allSatisfy(ASCII.isFieldValueCharacter)
      && bytes.trimmingOptionalWhitespace().count == bytes.count
  }
}

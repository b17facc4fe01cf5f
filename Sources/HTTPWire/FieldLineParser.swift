internal import HTTPModel
internal import Primitives

/// Field lines (RFC 9112 §5): name, colon, value, no white space before the colon, no folding.
///
///     Name ":" OWS value OWS CR LF
///     ↑ token               ↑ tab, space, visible ASCII, obs-text
enum FieldLineParser {
  /// Room left after the lines of a head for the fields a proxy adds, so that adding seldom
  /// reallocates.
  private static let roomForAddedFields = 256
  private static let usualLineCount = 24

  /// The lines from `start` to the empty line, which must be the last thing in `bytes`.
  static func parse(_ bytes: Span<UInt8>, from start: Int, limits: WireLimits)
    throws(ProtocolViolation) -> FieldSection
  {
    guard bytes.count <= WireLimits.ceiling else { throw ProtocolViolation(.headTooLarge) }
    var lines: [FieldLine] = []
    lines.reserveCapacity(usualLineCount)
    var lineStart = start
    while true {
      let lineEnd = try end(ofLineAt: lineStart, in: bytes)
      if lineEnd == lineStart { break }
      guard lines.count < limits.fieldLines else {
        throw ProtocolViolation(.tooManyFieldLines, at: lineStart)
      }
      lines.append(try line(bytes, lineStart..<lineEnd, base: start, limits))
      lineStart = lineEnd &+ 2
    }
    guard lineStart &+ 2 == bytes.count else {
      throw ProtocolViolation(.incompleteHead, at: lineStart &+ 2)
    }
    let storage = bytes.copy(start..<lineStart, reserving: roomForAddedFields)
    return FieldSection(storage: storage, lines: lines)
  }

  /// The index of the CR of the CR LF that ends the line at `start`.
  static func end(ofLineAt start: Int, in bytes: Span<UInt8>) throws(ProtocolViolation) -> Int {
    var found = bytes.firstControlByte(from: start, to: bytes.count)
    while found < bytes.count, bytes[found] == ASCII.horizontalTab {
      found = bytes.firstControlByte(from: found &+ 1, to: bytes.count)
    }
    guard found &+ 1 < bytes.count else { throw ProtocolViolation(.incompleteHead, at: found) }
    switch bytes[found] {
    case ASCII.carriageReturn:
      guard bytes[found &+ 1] == ASCII.lineFeed else {
        throw ProtocolViolation(.bareCarriageReturn, at: found)
      }
      return found
    case ASCII.lineFeed: throw ProtocolViolation(.bareLineFeed, at: found)
    default: throw ProtocolViolation(.controlByte, at: found)
    }
  }

  private static func line(
    _ bytes: Span<UInt8>, _ range: Range<Int>, base: Int, _ limits: WireLimits
  ) throws(ProtocolViolation) -> FieldLine {
    let start = range.lowerBound
    let colon = bytes.firstIndex(of: ASCII.colon, from: start, to: range.upperBound)
    let known =
      colon < range.upperBound ? KnownField(name: bytes.extracting(start..<colon)) : nil
    if known == nil {
      try checkName(bytes, range, colon: colon, limits)
    }
    let value = bytes.trimmingOptionalWhitespace((colon &+ 1)..<range.upperBound)
    return FieldLine(
      nameStart: UInt32(truncatingIfNeeded: start &- base),
      nameLength: UInt16(truncatingIfNeeded: colon &- start),
      valueStart: UInt32(truncatingIfNeeded: value.lowerBound &- base),
      valueLength: UInt32(truncatingIfNeeded: value.count), known: known)
  }

  /// Throws unless `range` begins with a token and a colon right after it. Reports what stands
  /// first.
  private static func checkName(
    _ bytes: Span<UInt8>, _ range: Range<Int>, colon: Int, _ limits: WireLimits
  ) throws(ProtocolViolation) {
    var index = range.lowerBound
    while index < colon, ASCII.isTokenCharacter(bytes[index]) { index &+= 1 }
    let length = index &- range.lowerBound
    if index == colon {
      guard colon < range.upperBound else { throw ProtocolViolation(.missingColon, at: index) }
      guard length > 0 else { throw ProtocolViolation(.emptyFieldName, at: index) }
      guard length <= limits.boundedFieldName else {
        throw ProtocolViolation(.fieldNameTooLong, at: range.lowerBound)
      }
      return
    }
    guard bytes[index] == ASCII.space || bytes[index] == ASCII.horizontalTab else {
      throw ProtocolViolation(.invalidFieldName, at: index)
    }
    throw ProtocolViolation(length == 0 ? .foldedLine : .spaceBeforeColon, at: index)
  }
}

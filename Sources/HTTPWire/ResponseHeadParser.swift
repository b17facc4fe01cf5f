package import HTTPModel
internal import Primitives

/// Makes a `ResponseHead` of the bytes of one complete head (RFC 9112 §4).
package enum ResponseHeadParser {
  /// The head these bytes spell, from the first byte to the empty line, as `HeadScanner` found it.
  ///
  /// Throws for whatever is not exactly a response head; repairs nothing. Framing fields are the
  /// business of `responseFraming`.
  ///
  /// Departure: the space after the status code may be missing where the reason is empty. RFC 9112
  /// §4 asks for it, old servers leave it out, and no reading of such a line differs from another.
  package static func parse(_ head: Span<UInt8>, limits: WireLimits = WireLimits())
    throws(ProtocolViolation) -> ResponseHead
  {
    guard head.count <= limits.boundedHead else { throw ProtocolViolation(.headTooLarge) }
    let lineEnd = try FieldLineParser.end(ofLineAt: 0, in: head)
    guard lineEnd > 0 else { throw ProtocolViolation(.emptyStartLine, at: 0) }
    guard lineEnd <= limits.statusLine else { throw ProtocolViolation(.statusLineTooLong, at: 0) }
    // HTTP/1.1 SP 200, at the least.
    guard lineEnd >= 12, head[8] == ASCII.space else {
      throw ProtocolViolation(.malformedStatusLine, at: 0)
    }
    let version = try HTTPVersionParser.parse(head, 0..<8)
    let status = try status(head)
    guard lineEnd == 12 || head[12] == ASCII.space else {
      throw ProtocolViolation(.malformedStatusLine, at: 12)
    }
    let reason = lineEnd > 13 ? head.copy(13..<lineEnd) : []
    let fields = try FieldLineParser.parse(head, from: lineEnd &+ 2, limits: limits)
    return ResponseHead(status: status, version: version, reason: reason, fields: fields)
  }

  private static func status(_ head: Span<UInt8>) throws(ProtocolViolation) -> Status {
    var code: UInt16 = 0
    for index in 9..<12 {
      guard ASCII.isDigit(head[index]) else {
        throw ProtocolViolation(.malformedStatusLine, at: index)
      }
      code = code &* 10 &+ UInt16(head[index] &- ASCII.zero)
    }
    guard code >= 100 else { throw ProtocolViolation(.malformedStatusLine, at: 9) }
    return Status(code)
  }
}

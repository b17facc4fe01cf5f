internal import HTTPModel
internal import Primitives

/// The parts of a request target (RFC 9112 §3.2), as ranges of the head it stands in.
///
///     origin      /path?query
///     absolute    http://host:port/path?query
///     authority   host:port                       CONNECT only
///     asterisk    *                               OPTIONS only
///
/// Only visible ASCII; no fragment; no user information; no backslash in the path, which some
/// servers take for a slash. Other bytes that RFC 3986 would have percent-encoded (`|`, `{`, `"`)
/// pass: clients send them, and they part nothing. What escapes in the path spell is looked at
/// when the head is made (`PathTraits`).
struct RequestTarget {
  let form: TargetForm
  let range: Range<Int>
  let path: Range<Int>
  let query: Range<Int>?
  let authority: Range<Int>?

  static func parse(_ head: Span<UInt8>, _ range: Range<Int>, isConnect: Bool, isOptions: Bool)
    throws(ProtocolViolation) -> RequestTarget
  {
    let (start, end) = (range.lowerBound, range.upperBound)
    guard head.isVisibleASCII(from: start, to: end) else {
      throw ProtocolViolation(.invalidTarget, at: start)
    }
    guard head.firstIndex(of: 0x23, from: start, to: end) == end else {
      throw ProtocolViolation(.fragmentInTarget, at: start)
    }
    if isConnect { return try authorityForm(head, range) }
    if head[start] == ASCII.slash {
      return try finish(head, range, form: .origin, authority: nil, pathStart: start)
    }
    if head[start] == 0x2A, range.count == 1 {
      guard isOptions else { throw ProtocolViolation(.misplacedAsterisk, at: start) }
      return RequestTarget(
        form: .asterisk, range: range, path: start..<start, query: nil, authority: nil)
    }
    return try absoluteForm(head, range)
  }

  private static func authorityForm(_ head: Span<UInt8>, _ range: Range<Int>)
    throws(ProtocolViolation) -> RequestTarget
  {
    guard Authority.isValid(head, range, needsPort: true) else {
      throw ProtocolViolation(.authorityFormExpected, at: range.lowerBound)
    }
    let nowhere = range.lowerBound..<range.lowerBound
    return RequestTarget(
      form: .authority, range: range, path: nowhere, query: nil, authority: range)
  }

  private static func absoluteForm(_ head: Span<UInt8>, _ range: Range<Int>)
    throws(ProtocolViolation) -> RequestTarget
  {
    let (start, end) = (range.lowerBound, range.upperBound)
    let colon = head.firstIndex(of: ASCII.colon, from: start, to: end)
    guard colon > start, head.extracting(..<end).holds("://", at: colon) else {
      throw ProtocolViolation(.invalidTarget, at: start)
    }
    guard isHTTPScheme(head, start..<colon) else {
      throw ProtocolViolation(.unsupportedScheme, at: start)
    }
    let authorityStart = colon &+ 3
    var pathStart = authorityStart
    while pathStart < end, head[pathStart] != ASCII.slash, head[pathStart] != ASCII.questionMark {
      pathStart &+= 1
    }
    let authority = authorityStart..<pathStart
    guard head.firstIndex(of: 0x40, from: authorityStart, to: pathStart) == pathStart else {
      throw ProtocolViolation(.userInformationInTarget, at: authorityStart)
    }
    guard Authority.isValid(head, authority, needsPort: false) else {
      throw ProtocolViolation(.invalidHost, at: authorityStart)
    }
    return try finish(head, range, form: .absolute, authority: authority, pathStart: pathStart)
  }

  private static func isHTTPScheme(_ head: Span<UInt8>, _ range: Range<Int>) -> Bool {
    func matches(_ scheme: StaticString) -> Bool {
      Authority.equalsIgnoringCase(head, range, scheme)
    }
    return matches("http") || matches("https")
  }

  /// Splits what follows the authority into path and query.
  private static func finish(
    _ head: Span<UInt8>, _ range: Range<Int>, form: TargetForm, authority: Range<Int>?,
    pathStart: Int
  ) throws(ProtocolViolation) -> RequestTarget {
    let end = range.upperBound
    let mark = head.firstIndex(of: ASCII.questionMark, from: pathStart, to: end)
    guard head.firstIndex(of: ASCII.backslash, from: pathStart, to: mark) == mark else {
      throw ProtocolViolation(.backslashInPath, at: pathStart)
    }
    return RequestTarget(
      form: form, range: range, path: pathStart..<mark, query: mark < end ? (mark &+ 1)..<end : nil,
      authority: authority)
  }
}

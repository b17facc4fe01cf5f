package import HTTPModel
internal import Primitives

/// Makes a `RequestHead` of the bytes of one complete head (RFC 9112 §3).
package enum RequestHeadParser {
  /// The head these bytes spell, from the first byte to the empty line, as `HeadScanner` found it.
  /// One empty line before the request line is skipped.
  ///
  /// Throws for whatever is not exactly a request head; repairs nothing. Framing fields are the
  /// business of `requestFraming`.
  package static func parse(_ head: Span<UInt8>, limits: WireLimits = WireLimits())
    throws(ProtocolViolation) -> RequestHead
  {
    guard head.count <= limits.boundedHead else { throw ProtocolViolation(.headTooLarge) }
    let start = head.holds("\r\n", at: 0) ? 2 : 0
    let lineEnd = try FieldLineParser.end(ofLineAt: start, in: head)
    guard lineEnd > start else { throw ProtocolViolation(.emptyStartLine, at: start) }
    guard lineEnd &- start <= limits.requestLine else {
      throw ProtocolViolation(.requestLineTooLong, at: start)
    }
    let methodEnd = try endOfMethod(head, start..<lineEnd, limits)
    let targetEnd = head.firstIndex(of: ASCII.space, from: methodEnd &+ 1, to: lineEnd)
    guard targetEnd > methodEnd &+ 1, targetEnd < lineEnd else {
      throw ProtocolViolation(.malformedRequestLine, at: targetEnd)
    }
    let version = try HTTPVersionParser.parse(head, (targetEnd &+ 1)..<lineEnd)
    let method = method(head, start..<methodEnd)
    let target = try RequestTarget.parse(
      head, (methodEnd &+ 1)..<targetEnd, isConnect: method == .connect,
      isOptions: method == .options)
    let fields = try FieldLineParser.parse(head, from: lineEnd &+ 2, limits: limits)
    try refuseDisguisedNames(fields)
    let authority = try authority(of: target, in: head, version: version, fields: fields)
    let request = makeHead(
      head, method: method, version: version, target: target, authority: authority, fields: fields)
    try refuseUnreadablePath(request.pathTraits, at: target.path.lowerBound)
    return request
  }

  /// Throws for paths that no URI has, and for escaped control characters, at which some servers
  /// take a path to end: `/login%00.css` (RFC 3986 §2.1).
  private static func refuseUnreadablePath(_ traits: PathTraits, at start: Int)
    throws(ProtocolViolation)
  {
    guard traits.areRefused else { return }
    if traits.contains(.brokenEscape) { throw ProtocolViolation(.brokenEscapeInPath, at: start) }
    if traits.contains(.escapedControl) {
      throw ProtocolViolation(.escapedControlInPath, at: start)
    }
    throw ProtocolViolation(.backslashInPath, at: start)
  }

  /// Throws for `Content_Length`, `X_Forwarded_For` and the like. Gateways that hand fields on as
  /// variables (CGI, RFC 3875 §4.1.18, and all that copied it) make one name of hyphen and
  /// underscore, so a client could put beside a field that this proxy sets another one that its
  /// origin cannot tell apart.
  private static func refuseDisguisedNames(_ fields: FieldSection) throws(ProtocolViolation) {
    for line in fields.lines where line.knownRawValue == 255 {
      guard fields.name(of: line).contains(0x5F) else { continue }
      let hyphenated = fields.name(of: line).map { $0 == 0x5F ? 0x2D : $0 }
      if let field = KnownField(name: hyphenated) {
        throw ProtocolViolation(.disguisedFieldName, field: field)
      }
    }
  }

  private static func makeHead(
    _ head: Span<UInt8>, method: consuming Method, version: HTTPVersion, target: RequestTarget,
    authority: consuming [UInt8], fields: consuming FieldSection
  ) -> RequestHead {
    let base = target.range.lowerBound
    let bytes = head.copy(target.range)
    let path: ArraySlice<UInt8> =
      if target.path.isEmpty && target.form == .absolute {
        [ASCII.slash]
      } else {
        bytes[(target.path.lowerBound &- base)..<(target.path.upperBound &- base)]
      }
    let query = target.query.map { bytes[($0.lowerBound &- base)..<($0.upperBound &- base)] }
    return RequestHead(
      method: method, version: version, targetForm: target.form, target: bytes, path: path,
      query: query, authority: authority, fields: fields)
  }

  /// The index of the space after the method.
  private static func endOfMethod(_ head: Span<UInt8>, _ line: Range<Int>, _ limits: WireLimits)
    throws(ProtocolViolation) -> Int
  {
    var index = line.lowerBound
    while index < line.upperBound, ASCII.isTokenCharacter(head[index]) { index &+= 1 }
    guard index < line.upperBound else { throw ProtocolViolation(.malformedRequestLine, at: index) }
    guard head[index] == ASCII.space, index > line.lowerBound else {
      throw ProtocolViolation(.invalidMethod, at: index)
    }
    guard index &- line.lowerBound <= limits.method else {
      throw ProtocolViolation(.methodTooLong, at: line.lowerBound)
    }
    return index
  }

  private static func method(_ head: Span<UInt8>, _ range: Range<Int>) -> Method {
    if head.holds("GET", in: range) { return .get }
    if head.holds("POST", in: range) { return .post }
    if head.holds("HEAD", in: range) { return .head }
    return Method(token: head.copy(range))
  }

  /// The authority the request is for: Host, exactly one in HTTP/1.1 and at most one in HTTP/1.0,
  /// valid, and the same as that of the target where the target has one (RFC 9112 §3.2, §3.2.2).
  ///
  /// Departure: RFC 9112 §3.2.2 has a proxy take the target's authority and ignore Host. A request
  /// that says two different things is refused here, because whoever stands behind may believe the
  /// other one.
  private static func authority(
    of target: RequestTarget, in head: Span<UInt8>, version: HTTPVersion, fields: FieldSection
  ) throws(ProtocolViolation) -> [UInt8] {
    var host: Range<Int>?
    for line in fields.lines where line.isNamed(.host) {
      guard host == nil else { throw ProtocolViolation(.repeatedHost, field: .host) }
      host = line.valueRange
    }
    guard let host else {
      guard version == .http10 else { throw ProtocolViolation(.missingHost, field: .host) }
      return target.authority.map { head.copy($0) } ?? []
    }
    let bytes = Array(fields.storage[host])
    let span = bytes.span
    guard Authority.isValid(span, 0..<span.count, needsPort: false) else {
      throw ProtocolViolation(.invalidHost, field: .host)
    }
    if let authority = target.authority {
      guard Authority.areEqual(span, 0..<span.count, head, authority) else {
        throw ProtocolViolation(.hostMismatch, field: .host)
      }
    }
    return bytes
  }
}

/// The version at the end of a request line and at the start of a status line (RFC 9112 §2.3).
enum HTTPVersionParser {
  /// Departure: a higher minor version of HTTP/1 is refused like another major one, although RFC
  /// 9110 §2.5 would have it read as 1.1. None was ever published, and what sends one is not a
  /// browser.
  static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ProtocolViolation)
    -> HTTPVersion
  {
    let start = range.lowerBound
    guard range.count == 8, bytes.holds("HTTP/", at: start), ASCII.isDigit(bytes[start &+ 5]),
      bytes[start &+ 6] == 0x2E, ASCII.isDigit(bytes[start &+ 7])
    else { throw ProtocolViolation(.malformedVersion, at: start) }
    guard bytes[start &+ 5] == 0x31, bytes[start &+ 7] &- ASCII.zero < 2 else {
      throw ProtocolViolation(.unsupportedVersion, at: start)
    }
    return bytes[start &+ 7] == 0x31 ? .http11 : .http10
  }
}

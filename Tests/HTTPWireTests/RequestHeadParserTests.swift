import HTTPModel
import HTTPWire
import Testing

@Suite struct RequestHeadParserTests {
  private func parse(_ text: String) throws(ProtocolViolation) -> RequestHead {
    let bytes = Array(text.utf8)
    return try RequestHeadParser.parse(bytes.span)
  }

  @Test func `a head keeps its lines in order and knows the names`() throws {
    let head = try parse(
      "POST /login?next=%2F HTTP/1.1\r\nhost: Auth.Example:8443\r\n"
        + "X-Odd:\t a\tb \r\nACCEPT:\r\n\r\n"
    )
    #expect(head.method == .post)
    #expect(head.version == .http11)
    #expect(head.targetForm == .origin)
    #expect(head.path.elementsEqual("/login".utf8))
    #expect(head.query?.elementsEqual("next=%2F".utf8) == true)
    #expect(head.authority.elementsEqual("Auth.Example:8443".utf8))
    #expect(head.fields.count == 3)
    #expect(head.fields.first(.accept)?.isEmpty == true)
    #expect(head.fields.values(named: "x-odd".utf8).map { Array($0) } == [Array("a\tb".utf8)])
  }

  @Test func `an absolute form gives path and query, and is sent on in origin form`() throws {
    let cases: [(target: String, path: String, query: String?, sent: String)] = [
      ("http://a.example/b/c?d=/e", "/b/c", "d=/e", "/b/c?d=/e"),
      ("https://a.example", "/", nil, "/"),
      ("HTTP://a.example?d", "/", "d", "/?d"),
    ]
    for one in cases {
      let head = try parse("GET \(one.target) HTTP/1.1\r\nHost: a.example\r\n\r\n")
      #expect(head.targetForm == .absolute)
      #expect(head.path.elementsEqual(one.path.utf8))
      #expect(head.query.map { Array($0) } == one.query.map { Array($0.utf8) })
      #expect(MessageSerializer.forwardTarget(of: head).elementsEqual(one.sent.utf8))
    }
    let options = try parse("OPTIONS http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect(MessageSerializer.forwardTarget(of: options).elementsEqual("*".utf8))
  }

  @Test func `an absolute form of HTTP 1 0 without Host gives the authority`() throws {
    let head = try parse("GET http://a.example:81/ HTTP/1.0\r\n\r\n")
    #expect(head.authority.elementsEqual("a.example:81".utf8))
    #expect(head.version == .http10)
  }

  @Test func `bytes after the head are refused by the parser itself`() {
    #expect(throws: ProtocolViolation(.incompleteHead, at: 35)) {
      try parse("GET / HTTP/1.1\r\nHost: a.example\r\n\r\nX")
    }
  }

  @Test func `a shorter limit refuses what the default takes`() throws {
    let text = "GET /abcdef HTTP/1.1\r\nHost: a.example\r\nX-A: b\r\n\r\n"
    let bytes = Array(text.utf8)
    var limits = WireLimits()
    limits.requestLine = 19
    #expect(code(bytes, limits) == .requestLineTooLong)
    limits.requestLine = 20
    #expect(code(bytes, limits) == nil)
    limits.head = bytes.count - 1
    #expect(code(bytes, limits) == .headTooLarge)
    limits.head = bytes.count
    #expect(code(bytes, limits) == nil)
    limits.fieldLines = 1
    #expect(code(bytes, limits) == .tooManyFieldLines)
    limits.fieldLines = 2
    limits.fieldLine = 14
    #expect(code(bytes, limits) == .fieldLineTooLong)
    limits.fieldLine = 15
    #expect(code(bytes, limits) == nil)
    limits.method = 2
    #expect(code(bytes, limits) == .methodTooLong)
  }

  private func code(_ bytes: [UInt8], _ limits: WireLimits) -> ProtocolViolation.Code? {
    do throws(ProtocolViolation) {
      var scanner = HeadScanner(.request)
      guard try scanner.scan(bytes.span, limits: limits) == bytes.count else {
        return .incompleteHead
      }
      _ = try RequestHeadParser.parse(bytes.span, limits: limits)
      return nil
    } catch {
      return error.code
    }
  }
}

import HTTP2
import HTTPModel
import HTTPWire
import Testing

/// What field sections become requests, and what they become; by the sections of RFC 9113.
@Suite struct HTTP2FieldsTests {
  private static let start = [
    (":method", "GET"), (":scheme", "https"), (":authority", "auth.example"), (":path", "/a?b=c"),
  ]

  private static func fields(_ lines: [(String, String)]) -> HTTP2Fields {
    HTTP2Fields(lines.map { (name: Array($0.0.utf8), value: Array($0.1.utf8)) })
  }

  @Test func `8.3.1 the pseudo-header fields become the request line and Host`() throws {
    let head = try Self.fields(Self.start + [("accept", "*/*")]).requestHead()
    #expect(head.method == .get)
    #expect(head.path.elementsEqual("/a".utf8))
    #expect(head.query?.elementsEqual("b=c".utf8) == true)
    #expect(head.authority.elementsEqual("auth.example".utf8))
    #expect(head.fields.only(.host)?.elementsEqual("auth.example".utf8) == true)
    #expect(head.fields.only(.accept)?.elementsEqual("*/*".utf8) == true)
  }

  @Test func `8.2.3 the crumbs of a cookie become one field`() throws {
    let head = try Self.fields(
      Self.start + [("cookie", "a=1"), ("te", "trailers"), ("cookie", "b=2")]
    )
    .requestHead()
    #expect(head.fields.only(.cookie)?.elementsEqual("a=1; b=2".utf8) == true)
    #expect(!head.fields.contains(.te))
  }

  @Test func `8.3.1 without an authority Host stands for it`() throws {
    let lines = Self.start.filter { $0.0 != ":authority" } + [("host", "auth.example")]
    #expect(try Self.fields(lines).requestHead().authority.elementsEqual("auth.example".utf8))
  }

  @Test(arguments: [
    ("connection", "close"), ("transfer-encoding", "chunked"), ("upgrade", "h2c"),
    ("keep-alive", "timeout=5"), ("proxy-connection", "keep-alive"), ("te", "gzip"),
    ("host", "other.example"), ("x-a", "1\r\nx-b: 2"), ("x-a", "1\u{0}"), ("x-a", "1\n"),
    ("X-Upper", "1"), ("x a", "1"), ("", "1"), ("x:a", "1"), (":unknown", "1"),
    (":status", "200"), ("content_length", "3"),
  ])
  func `8.2 a section with such a line is no request`(name: String, value: String) {
    #expect(throws: ProtocolViolation.self) {
      try Self.fields(Self.start + [(name, value)]).requestHead()
    }
  }

  @Test(arguments: [
    (":method", "GET /x HTTP/1.1\r\nx: y"), (":method", "G T"), (":method", ""),
    (":path", "/a HTTP/1.1"), (":path", "/a b"), (":path", ""), (":path", "a"), (":path", "*"),
    (":path", "/a#b"), (":path", "/a\\b"), (":authority", "a@b"), (":authority", "a b"),
    (":authority", "a\r\nx: y"), (":path", "/\u{7F}"),
  ])
  func `8.3.1 a request line of such parts is none`(name: String, value: String) {
    let lines = Self.start.map { $0.0 == name ? (name, value) : $0 }
    #expect(throws: ProtocolViolation.self) { try Self.fields(lines).requestHead() }
  }

  @Test(arguments: [":method", ":scheme", ":path"])
  func `8.3.1 a request lacks none of its parts`(missing: String) {
    #expect(throws: ProtocolViolation.self) {
      try Self.fields(Self.start.filter { $0.0 != missing }).requestHead()
    }
  }

  @Test func `8.5 CONNECT has an authority and nothing else`() throws {
    let connect = [(":method", "CONNECT"), (":authority", "auth.example:443")]
    #expect(
      try Self.fields(connect + [("host", "auth.example:443")]).requestHead().method == .connect)
    #expect(throws: ProtocolViolation.self) {
      try Self.fields(connect + [(":path", "/")]).requestHead()
    }
  }

  @Test func `8.1 trailers hold no pseudo-header field and nothing that comes too late`() throws {
    #expect(try Self.fields([("grpc-status", "0")]).trailers().count == 1)
    for line in [(":status", "200"), ("content-length", "3"), ("authorization", "x")] {
      #expect(throws: ProtocolViolation.self) { try Self.fields([line]).trailers() }
    }
  }
}

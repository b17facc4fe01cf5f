import HTTPModel
import HTTPWire
import Primitives
import Testing

@Suite struct ConnectionFieldsTests {
  private func fields(_ lines: [(String, String)]) -> FieldSection {
    var section = FieldSection()
    for (name, value) in lines { section.append(name: name.utf8, value: value.utf8) }
    return section
  }

  private func names(_ section: FieldSection) -> [String] {
    section.lines.map { section.name(of: $0).displayText }
  }

  @Test func `fields of one connection go, and all others stay`() throws {
    var section = fields([
      ("Host", "a.example"), ("Connection", "X-Hop, close"), ("connection", "x-Other"),
      ("X-Hop", "1"), ("x-hop", "2"), ("X-OTHER", "3"), ("Keep-Alive", "timeout=5"),
      ("Proxy-Connection", "keep-alive"), ("TE", "trailers"), ("Transfer-Encoding", "chunked"),
      ("Upgrade", "websocket"), ("Proxy-Authorization", "Basic YTpi"),
      ("Proxy-Authenticate", "Basic"), ("Proxy-Authentication-Info", "a"), ("Trailer", "X-T"),
      ("Authorization", "Basic YTpi"), ("Cookie", "a=b"),
    ])
    try removeHopByHopFields(from: &section)
    #expect(names(section) == ["Host", "Trailer", "Authorization", "Cookie"])
  }

  @Test func `a section without such fields is left as it is`() throws {
    var section = fields([("Host", "a.example"), ("X-A", "b")])
    let before = section
    try removeHopByHopFields(from: &section)
    #expect(section == before)
  }

  @Test func `whether a connection persists is told by version and options`() {
    let cases: [(HTTPVersion, [String], ConnectionPersistence)] = [
      (.http11, [], .keepAlive), (.http11, ["close"], .close), (.http11, ["CLOSE"], .close),
      (.http11, ["keep-alive"], .keepAlive), (.http11, ["keep-alive, close"], .close),
      (.http11, ["upgrade", "close"], .close), (.http11, ["closed"], .keepAlive),
      (.http10, [], .close), (.http10, ["keep-alive"], .keepAlive),
      (.http10, ["Keep-Alive, x"], .keepAlive), (.http10, ["keep-alive", "close"], .close),
    ]
    for (version, values, expected) in cases {
      let section = fields(values.map { ("Connection", $0) })
      #expect(
        connectionPersistence(version: version, fields: section) == expected, "\(values)")
    }
  }

  @Test func `how long an idle connection is kept is told by Keep-Alive`() {
    let cases: [([String], Int64?)] = [
      ([], nil), (["timeout=5"], 5), (["timeout=5, max=100"], 5), (["max=100, Timeout = 7"], 7),
      (["timeout=9", "timeout=4"], 4), (["timeout"], nil), (["timeout=x"], nil), (["max=3"], nil),
      (["timeout=-1"], nil), (["timeout=99999999999999999999"], nil), (["timeout=0"], 0),
    ]
    for (values, expected) in cases {
      let section = fields(values.map { ("Keep-Alive", $0) })
      #expect(keepAliveTimeout(section)?.count == expected, "\(values)")
    }
  }

  @Test func `trailers are taken by who says so`() {
    #expect(acceptsTrailers(fields([("TE", "deflate, Trailers")])))
    #expect(!acceptsTrailers(fields([("TE", "deflate")])))
    #expect(!acceptsTrailers(FieldSection()))
  }

  @Test func `an upgrade counts where Connection names it`() throws {
    let offered = fields([("Connection", "Upgrade"), ("Upgrade", "WebSocket, h2c, IRC/6.9")])
    let protocols = try upgradeProtocols(version: .http11, fields: offered)
    #expect(protocols.map { $0.name.displayText } == ["WebSocket", "h2c", "IRC"])
    #expect(protocols.map(\.isWebSocket) == [true, false, false])
    #expect(protocols.last?.version?.displayText == "6.9")
    #expect(try upgradeProtocols(version: .http10, fields: offered).isEmpty)
    let unnamed = fields([("Upgrade", "websocket")])
    #expect(try upgradeProtocols(version: .http11, fields: unnamed).isEmpty)
  }
}

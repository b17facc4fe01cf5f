import Configuration
import HTTPModel
import JourneySupport
import Primitives
import Testing
import Verdict

/// What changes in a message on its way.
@Suite struct ForwardingTests {
  /// What the origin sees of a request, and what the client sees of the answer.
  private func pass(
    _ request: String, answer: String = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    _ change: (inout Settings) throws -> Void = { _ in }
  ) throws -> (request: RawMessage?, response: RawMessage) {
    let origin = try ScriptedOrigin { _ in answer }
    let proxy = try RunningProxy(before: origin.endpoint, change)
    let response = try proxy.ask(request)
    return (origin.requests.first, response)
  }

  private static func trusting(_ settings: inout Settings) {
    settings.listeners[0].trustedPeers = [
      AddressBlock(base: IPAddress(v4: 0x7F00_0000), prefixLength: 8)
    ]
  }

  @Test func `fields of one hop end here, those that Connection names too`() throws {
    let fields =
      "Connection: close, X-One, keep-alive\r\nKeep-Alive: 9\r\nX-One: 1\r\nX-Two: 2\r\n"
      + "Proxy-Connection: close\r\nTE: trailers\r\nUpgrade: h2c\r\n"
    let (request, response) = try pass(
      "GET / HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n",
      answer: "HTTP/1.1 200 OK\r\n\(fields)Content-Length: 2\r\n\r\nok")
    let seen = try #require(request)
    for message in [seen, response] {
      for name in ["Keep-Alive", "X-One", "Proxy-Connection", "Upgrade"] {
        #expect(message[name] == nil, "\(name) in \(message.startLine)")
      }
      #expect(message["X-Two"] == "2")
    }
    #expect(seen["Connection"] == nil)
    #expect(seen["TE"] == nil)
    #expect(response["Connection"] == "close")
  }

  @Test func `Via is added to what came`() throws {
    let (request, _) = try pass("GET / HTTP/1.0\r\nHost: a.example\r\nVia: 1.1 before\r\n\r\n")
    #expect(request?["Via"] == "1.1 before, 1.0 countersign")
    #expect(request?.startLine == "GET / HTTP/1.1")
  }

  private static let claims =
    "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\n"
    + "X-Forwarded-Port: 1\r\nForwarded: for=6.6.6.6\r\n"

  @Test func `nobody believes what a stranger says about himself`() throws {
    let (request, _) = try pass("GET / HTTP/1.1\r\nHost: a.example\r\n\(Self.claims)\r\n") {
      $0.routes[0].forwarding.forwarded = .append
    }
    #expect(request?["X-Forwarded-For"] == "127.0.0.1")
    #expect(request?["X-Forwarded-Host"] == "a.example")
    #expect(request?["X-Forwarded-Proto"] == "http")
    #expect(request?["Forwarded"]?.contains("6.6.6.6") == false)
    #expect(request?["Forwarded"]?.hasPrefix("for=127.0.0.1;proto=http;host=") == true)
  }

  private static let otherClaims = [
    "X-Host", "X-Forwarded-Prefix", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-Server",
    "X-Forwarded-Path", "X-Original-Host", "Front-End-Https", "X-Real-IP", "True-Client-IP",
    "X_Forwarded_Prefix",
  ]

  @Test(arguments: otherClaims, ["GET", "POST"])
  func `no name for a claim gets past, unless the peer is trusted`(name: String, method: String)
    throws
  {
    let request = "\(method) /a HTTP/1.1\r\nHost: a.example\r\n\(name): evil\r\n\r\n"
    #expect(try pass(request).request?.text.contains("evil") == false)
    #expect(try pass(request) { Self.trusting(&$0) }.request?[name] == "evil")
  }

  @Test func `a claim in a trailer does not get past either`() throws {
    let (request, _) = try pass(
      "POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "1\r\na\r\n0\r\nX-Forwarded-Prefix: evil\r\nX-Sum: 1\r\n\r\n")
    #expect(request?.text.hasSuffix("0\r\nX-Sum: 1\r\n\r\n") == true)
  }

  @Test func `an operator's rule may set what a stranger may not`() throws {
    let (request, _) = try pass(
      "GET /a HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Prefix: evil\r\n\r\n"
    ) {
      let name = try #require(FieldName(Array("X-Forwarded-Prefix".utf8)))
      $0.routes[0].requestFields = [.set(name: name, value: Array("/auth".utf8))]
    }
    #expect(request?["X-Forwarded-Prefix"] == "/auth")
  }

  @Test func `what a gateway asks about reaches the service`() throws {
    let (request, _) = try pass(
      "GET /verify HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Uri: /private\r\n\r\n")
    #expect(request?["X-Forwarded-Uri"] == "/private")
  }

  @Test func `OPTIONS for a whole server goes out with an asterisk`() throws {
    for (target, sent) in [("http://a.example", "*"), ("http://a.example/", "/"), ("*", "*")] {
      let (request, _) = try pass("OPTIONS \(target) HTTP/1.1\r\nHost: a.example\r\n\r\n")
      #expect(request?.startLine == "OPTIONS \(sent) HTTP/1.1")
    }
    let (request, _) = try pass("GET http://a.example?q HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect(request?.startLine == "GET /?q HTTP/1.1")
  }

  @Test func `a trusted peer's word stays, and its address is added`() throws {
    let (request, _) = try pass("GET / HTTP/1.1\r\nHost: a.example\r\n\(Self.claims)\r\n") {
      Self.trusting(&$0)
      $0.routes[0].forwarding.forwarded = .append
    }
    #expect(request?["X-Forwarded-For"] == "6.6.6.6, 127.0.0.1")
    #expect(request?["X-Forwarded-Host"] == "evil")
    #expect(request?["X-Forwarded-Proto"] == "https")
    #expect(request?["Forwarded"]?.hasPrefix("for=6.6.6.6, for=127.0.0.1") == true)
  }

  @Test func `switched off, no forwarding field goes out`() throws {
    let (request, _) = try pass("GET / HTTP/1.1\r\nHost: a.example\r\n\(Self.claims)\r\n") {
      Self.trusting(&$0)
      $0.routes[0].forwarding.xForwarded = .off
    }
    let seen = try #require(request)
    #expect(!seen.fields.contains { $0.name.lowercased().contains("forwarded") })
  }

  @Test func `Host is the client's, or the origin's where the route says so`() throws {
    #expect(try pass("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").request?["Host"] == "a.example")
    let (request, _) = try pass("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n") {
      $0.routes[0].forwarding.preservesHost = false
    }
    #expect(request?["Host"]?.hasPrefix("127.") == true)
    #expect(request?["X-Forwarded-Host"] == "a.example")
  }

  @Test func `an old client without Host gives the origin one all the same`() throws {
    let (request, response) = try pass("GET / HTTP/1.0\r\n\r\n")
    #expect(response.status == 200)
    #expect(request?["Host"]?.hasPrefix("127.") == true)
    #expect(request?["X-Forwarded-Host"] == nil)
  }

  @Test func `an absolute target becomes an origin's`() throws {
    let (request, _) = try pass(
      "GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect(request?.startLine == "GET /x?y HTTP/1.1")
    #expect(request?["Host"] == "a.example")
  }

  @Test func `field rules set, add and remove on both ways`() throws {
    let rules: [FieldRule] = [
      .set(name: FieldName("X-User".utf8)!, value: Array("proxy".utf8)),
      .add(name: FieldName("X-Tag".utf8)!, value: Array("b".utf8)),
      .remove(name: FieldName("X-Secret".utf8)!),
    ]
    let fields = "X-User: me\r\nx-user: too\r\nX-Tag: a\r\nX-Secret: s\r\n"
    let (request, response) = try pass(
      "GET / HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n",
      answer: "HTTP/1.1 200 OK\r\n\(fields)Content-Length: 2\r\n\r\nok"
    ) {
      $0.routes[0].requestFields = rules
      $0.routes[0].responseFields = rules
    }
    for message in [try #require(request), response] {
      #expect(message.values("X-User") == ["proxy"])
      #expect(message.values("X-Tag") == ["a", "b"])
      #expect(message["X-Secret"] == nil)
    }
  }

  @Test(arguments: ["X_User", "x_user", "X_uSeR", "X-Secret_Name", "X_Secret-Name"])
  func `a name that many servers read as an operator's is refused`(name: String) throws {
    let (request, response) = try pass(
      "GET / HTTP/1.1\r\nHost: a.example\r\n\(name): mallory\r\n\r\n"
    ) {
      $0.routes[0].requestFields = [
        .set(name: FieldName("X-User".utf8)!, value: Array("nobody".utf8)),
        .remove(name: FieldName("X-Secret-Name".utf8)!),
      ]
    }
    #expect(response.status == 400)
    #expect(response.text.contains("disguised-field-name"))
    #expect(request == nil)
  }

  @Test func `a name that many servers read as the one a decision reads is refused`() throws {
    let origin = try ScriptedOrigin { request in
      "HTTP/1.1 200 OK\r\nTransaction-Token: \(request["Transaction-Token"] ?? "")\r\n"
        + "X-Who: alice\r\nContent-Length: 2\r\n\r\n{}"
    }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      try settings.decide(
        "/login",
        DecisionRule(
          binding: .echo(EchoRule(requestField: FieldName("X-Check".utf8)!)),
          subject: SubjectRule(
            request: try RequestSource(parsing: Array("field:X-User".utf8)),
            verdict: try VerdictSource(parsing: Array("field:X-Who".utf8)))))
    }
    for line in ["X_User: mallory", "X_Check: mine"] {
      let answer = try proxy.get("/login", "X-User: alice", line)
      #expect(answer.status == 400 || answer.status == 403)
      #expect(answer.text.contains("disguised-field-name"))
    }
    #expect(origin.requests.isEmpty)
    // A name that nobody speaks of is nobody's disguise.
    _ = try proxy.get("/login", "X-User: alice", "X_Other: b")
    #expect(origin.requests.count == 1)
  }

  @Test(arguments: ["CONNECT a.example:443", "TRACE /"])
  func `CONNECT and TRACE are refused`(line: String) throws {
    let (request, response) = try pass(
      "\(line) HTTP/1.1\r\nHost: a.example\(line.hasPrefix("C") ? ":443" : "")\r\n\r\n")
    #expect(response.status == 405)
    #expect(request == nil)
  }
}

import CachePolicy
import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Testing
import Verdict

/// The decision lane over real connections: what proves nothing does not pass.
@Suite struct DecisionLaneTests {
  private static let request =
    "POST /login HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n"
    + "Content-Length: 17\r\n\r\n{\"user\":\"alice\" }"

  private static func token(_ request: RawMessage) -> String { request["Transaction-Token"] ?? "-" }

  /// An answer of status 200 with the token and these further lines.
  private static func allow(_ request: RawMessage, _ fields: String = "", body: String = "{}")
    -> String
  {
    "HTTP/1.1 200 OK\r\nTransaction-Token: \(token(request))\r\n\(fields)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private static func subject() throws -> SubjectRule {
    SubjectRule(
      request: try RequestSource(parsing: Array("json:/user".utf8)),
      verdict: try VerdictSource(parsing: Array("json:/user".utf8)))
  }

  private func proxy(
    _ mode: EnforcementMode = .enforce, subject: SubjectRule? = nil, maximumBodyBytes: Int = 4096,
    before origin: ScriptedOrigin
  ) throws -> RunningProxy {
    try RunningProxy(before: origin.endpoint) { settings in
      settings.services[0].ejection = nil
      try settings.decide(
        "/login",
        DecisionRule(
          mode: mode, binding: .echo(EchoRule()), subject: subject,
          maximumBodyBytes: maximumBodyBytes))
    }
  }

  @Test func `a verdict that carries its token is delivered hardened, without the proof`() throws {
    let origin = try ScriptedOrigin { request in
      Self.allow(
        request, "Cache-Control: public, max-age=600\r\nETag: \"x\"\r\nSet-Cookie: s=1\r\n")
    }
    let proxy = try proxy(subject: nil, before: origin)
    let answer = try proxy.ask(Self.request)
    #expect(answer.status == 200)
    #expect(answer["Cache-Control"] == "private, no-store")
    #expect(answer["Vary"] == "*")
    #expect(answer["ETag"] == nil)
    #expect(answer["Transaction-Token"] == nil)
    #expect(answer["Set-Cookie"] == "s=1")
    let first = try #require(origin.requests.first)
    #expect(Self.token(first).utf8.count >= 22)
    #expect(first.bodyText == "{\"user\":\"alice\" }")
    _ = try proxy.ask(Self.request)
    #expect(Set(origin.requests.map(Self.token)).count == 2)
  }

  /// How answers go wrong, and the reason each is refused with.
  static let wrong: [(String, @Sendable (RawMessage) -> String, String)] = [
    ("no token", { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" }, "token-missing"),
    (
      "another token",
      { _ in
        "HTTP/1.1 200 OK\r\nTransaction-Token: AAAAAAAAAAAAAAAAAAAAAA\r\n"
          + "Content-Length: 2\r\n\r\n{}"
      },
      "token-mismatch"
    ),
    (
      "the token twice",
      { allow($0, "Transaction-Token: \(token($0))\r\n") }, "token-repeated"
    ),
    (
      "a token in a trailer",
      {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
          + "X-A: \(token($0))\r\n\r\n"
      }, "token-missing"
    ),
    ("a coded body", { allow($0, "Content-Encoding: gzip\r\n") }, "body-coded"),
    ("an old answer", { allow($0, "Age: 3\r\n") }, "served-from-cache"),
    (
      "a 304",
      { "HTTP/1.1 304 Not Modified\r\nTransaction-Token: \(token($0))\r\n\r\n" }, "not-modified"
    ),
    (
      "a part",
      {
        "HTTP/1.1 206 Partial Content\r\nTransaction-Token: \(token($0))\r\n"
          + "Content-Range: bytes 0-1/2\r\nContent-Length: 2\r\n\r\n{}"
      }, "partial-content"
    ),
    (
      "too long a body",
      { allow($0, body: "{\"a\":\"" + String(repeating: "x", count: 5000) + "\"}") },
      "body-too-large"
    ),
    (
      "too long a body in chunks",
      {
        "HTTP/1.1 200 OK\r\nTransaction-Token: \(token($0))\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "1400\r\n" + String(repeating: "x", count: 0x1400) + "\r\n0\r\n\r\n"
      }, "body-too-large"
    ),
    (
      "a cut body",
      {
        "HTTP/1.1 200 OK\r\nTransaction-Token: \(token($0))\r\nContent-Length: 200\r\n\r\n{}"
      }, "body-incomplete"
    ),
    (
      "a change of protocol",
      { _ in "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" },
      "origin-protocol-error"
    ),
  ]

  @Test(arguments: Self.wrong.map(\.0))
  func `an answer that proves nothing is refused`(name: String) throws {
    let (_, answer, reason) = try #require(Self.wrong.first { $0.0 == name })
    let origin = try ScriptedOrigin { request, connection in
      try connection.send(answer(request))
      connection.close()
    }
    let proxy = try proxy(before: origin)
    let response = try proxy.ask(Self.request)
    #expect(response.status == 403 || response.status == 502, "\(response.text)")
    #expect(response.text.contains(reason), "\(response.text)")
    #expect(response["Cache-Control"]?.contains("no-store") == true)
    #expect(response["Date"] != nil)
    // A decision is asked for once, whatever comes of it.
    #expect(origin.requests.count == 1)
  }

  @Test func `interim answers prove nothing and do not pass`() throws {
    let origin = try ScriptedOrigin { request in
      "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n"
        + "Transaction-Token: \(Self.token(request))\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    }
    #expect(try proxy(before: origin).ask(Self.request).status == 403)
  }

  @Test(arguments: [("alice", 200), ("mallory", 403), ("Alice", 403), ("alic\\u0065", 200)])
  func `the user in the verdict is the user in the request`(user: String, status: Int) throws {
    let origin = try ScriptedOrigin { Self.allow($0, body: "{\"user\":\"\(user)\"}") }
    let proxy = try proxy(subject: Self.subject(), before: origin)
    #expect(try proxy.ask(Self.request).status == status)
  }

  @Test func `two names of one member are no name`() throws {
    let origin = try ScriptedOrigin {
      Self.allow($0, body: "{\"user\":\"mallory\",\"user\":\"alice\"}")
    }
    let proxy = try proxy(subject: Self.subject(), before: origin)
    #expect(try proxy.ask(Self.request).status == 403)
  }

  @Test func `a mode of warning says what failed and delivers it hardened`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" }
    let answer = try proxy(.warn, before: origin).ask(Self.request)
    #expect(answer.status == 200)
    #expect(answer["Proxy-Status"]?.contains("token-missing") == true)
    #expect(answer["Cache-Control"] == "private, no-store")
  }

  @Test func `auditing changes nothing that an intermediary need not change`() throws {
    let fields =
      "Date: Sun, 22 Nov 2026 10:00:00 GMT\r\nServer: x\r\nCache-Control: public, max-age=600\r\n"
      + "ETag: \"v\"\r\nVary: Accept\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nX-Odd:  spaced  \r\n"
      + "Content-Length: 2\r\n\r\n"
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 Fine\r\n\(fields){}" }
    let proxy = try proxy(.audit, before: origin)
    let text =
      "GET /login?x=1 HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 1.2.3.4\r\n"
      + "If-None-Match: \"v\"\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip\r\n"
      + "Transaction-Token: client\r\nX_Odd: y\r\nCookie: a=1\r\n"
    let answer = try proxy.ask(text + "Keep-Alive: 3\r\nConnection: keep-alive\r\n\r\n")
    #expect(answer.startLine == "HTTP/1.1 200 Fine")
    #expect(
      answer.text.replacing("X-Odd: spaced", with: "X-Odd:  spaced  ").hasSuffix(fields + "{}"))
    let request = try #require(origin.requests.first)
    #expect(request.text == text + "Via: 1.1 countersign\r\n\r\n")
  }

  @Test func `nothing that brings an old or partial answer goes to the origin`() throws {
    let origin = try ScriptedOrigin { Self.allow($0) }
    let proxy = try proxy(before: origin)
    let answer = try proxy.get(
      "/login", "If-None-Match: \"a\"", "If-Modified-Since: Sun, 22 Nov 2026 10:00:00 GMT",
      "If-Range: \"a\"", "Range: bytes=0-1", "Accept-Encoding: gzip", "Transaction-Token: mine")
    #expect(answer.status == 200)
    let request = try #require(origin.requests.first)
    for name in ["If-None-Match", "If-Modified-Since", "If-Range", "Range"] {
      #expect(request[name] == nil)
    }
    #expect(request["Accept-Encoding"] == "identity")
    #expect(request.values("Transaction-Token").count == 1)
    #expect(request["Transaction-Token"] != "mine")
  }

  @Test func `a request too long to read the user from is refused unsent`() throws {
    let origin = try ScriptedOrigin { Self.allow($0) }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      try settings.decide(
        "/login",
        DecisionRule(
          binding: .echo(EchoRule()), subject: Self.subject(), maximumRequestBodyBytes: 100))
    }
    for framing in ["Content-Length: 200\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nc8\r\n"] {
      let client = try proxy.connect()
      try client.send("POST /login HTTP/1.1\r\nHost: a.example\r\n\(framing)")
      try client.send([UInt8](repeating: 0x61, count: 200))
      let answer = try client.receiveResponse(to: "POST")
      #expect(answer.status == 403 || answer.status == 413)
      #expect(client.receiveAll().isEmpty)
    }
    #expect(origin.requests.isEmpty)
  }

  @Test func `a client that expects a 100 gets the proxy's where the request is held`() throws {
    let origin = try ScriptedOrigin { Self.allow($0, body: "{\"user\":\"alice\"}") }
    let proxy = try proxy(subject: Self.subject(), before: origin)
    let client = try proxy.connect()
    try client.send(
      "POST /login HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n"
        + "Expect: 100-continue\r\nContent-Length: 16\r\n\r\n")
    #expect(try client.receiveResponse(to: "POST").status == 100)
    try client.send("{\"user\":\"alice\"}")
    #expect(try client.receiveResponse(to: "POST").status == 200)
    #expect(origin.requests.first?["Expect"] == nil)
  }

  @Test func `a decision that nobody declared is never stored, a key set is`() throws {
    let origin = try ScriptedOrigin { request in
      let body =
        request.target == "/keys" ? "{\"keys\":[]}" : "{\"authenticated\":true,\"user\":\"a\"}"
      return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        + "Cache-Control: public, max-age=600\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      settings.services[0].kind = .auth
      settings.routes[0].lane = .cache(CacheRules())
    }
    for _ in 0..<3 {
      let answer = try proxy.get("/state")
      #expect(answer["Cache-Control"] == "private, no-store")
      #expect(answer["Age"] == nil)
      _ = try proxy.get("/keys")
    }
    #expect(origin.requests.filter { $0.target == "/state" }.count == 3)
    #expect(origin.requests.filter { $0.target == "/keys" }.count == 1)
  }

  @Test func `a stale response stands in for a dead origin, never a decision`() throws {
    let origin = try ScriptedOrigin { request, connection in
      let isKept = request.target == "/kept"
      try connection.send(
        isKept
          ? "HTTP/1.1 200 OK\r\nCache-Control: max-age=0, stale-if-error=600\r\nETag: \"a\"\r\n"
            + "Connection: close\r\nContent-Length: 4\r\n\r\nkept"
          : Self.allow(request, "Connection: close\r\nCache-Control: stale-if-error=600\r\n"))
      connection.close()
    }
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/kept").bodyText == "kept")
    #expect(try proxy.ask(Self.request).status == 200)
    origin.stop()
    let stale = try eventually("the origin to be gone") { () -> RawMessage? in
      let answer = try proxy.get("/kept")
      return answer["Cache-Status"]?.contains("hit") == true ? answer : nil
    }
    #expect(stale.bodyText == "kept")
    let refused = try proxy.ask(Self.request)
    #expect(refused.status == 403 || refused.status == 502)
    #expect(refused.text.contains("origin-unreachable"))
  }

  @Test func `a decision is not sent twice when a kept connection closes under it`() throws {
    let count = Shared(0)
    let origin = try RawOrigin { connection, number in
      guard let request = try connection.receiveRequest() else { return }
      count.change { $0 += 1 }
      try connection.send(Self.allow(request))
      // The next one dies with its connection.
      guard number == 1, try connection.receiveRequest() != nil else { return }
      count.change { $0 += 1 }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      settings.process.loops = 1
      try settings.decide("/login", DecisionRule(binding: .echo(EchoRule())))
    }
    let client = try proxy.connect()
    #expect(try client.exchange("GET /login HTTP/1.1\r\nHost: a.example\r\n\r\n").status == 200)
    #expect(try client.exchange("GET /login HTTP/1.1\r\nHost: a.example\r\n\r\n").status != 200)
    #expect(count.value == 2)
  }
}

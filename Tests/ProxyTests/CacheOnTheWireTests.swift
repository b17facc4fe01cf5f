import CachePolicy
import Configuration
import JourneySupport
import Proxy
import Testing

/// What a cache does that no table of decisions shows: which bytes go to the origin and which come
/// back to the client, over real sockets.
@Suite(.timeLimit(.minutes(2))) struct CacheOnTheWireTests {
  private static let past = "Sun, 06 Nov 1994 08:49:37 GMT"

  /// An origin that gives its answers one after the other, each to one request, whatever is asked,
  /// and closes the connection where none is left.
  private func origin(_ answers: String...) throws -> ScriptedOrigin {
    let rest = Shared(answers)
    return try ScriptedOrigin { _, connection in
      let answer = rest.change { $0.isEmpty ? nil : $0.removeFirst() }
      guard let answer else { return connection.close() }
      try connection.send(answer)
    }
  }

  private func proxy(before origin: ScriptedOrigin, _ profile: CacheProfile = .strict) throws
    -> RunningProxy
  {
    try RunningProxy(before: origin.endpoint) {
      $0.process.loops = 1
      $0.routes[0].lane = .cache(CacheRules(profile: profile))
    }
  }

  private func ok(_ fields: String..., body: String = "body") -> String {
    "HTTP/1.1 200 OK\r\n\(fields.lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func isHit(_ answer: RawMessage) -> Bool {
    answer["Cache-Status"]?.contains("; hit") == true && answer["Age"] != nil
  }

  // MARK: Heads

  // RFC 9111 §4.2.3, §5.1; RFC 9110 §6.6.1.
  @Test func `a stored response keeps its date and tells its age`() throws {
    let origin = try origin(
      ok(
        "Date: \(Self.past)", "Age: 30", "Cache-Control: max-age=2147483648",
        "Expires: \(Self.past)", "Last-Modified: \(Self.past)"))
    let proxy = try proxy(before: origin)
    let first = try proxy.get("/a")
    let second = try proxy.get("/a")
    #expect(first.values("Date") == [Self.past])
    #expect(isHit(second))
    #expect(second.values("Date") == [Self.past])
    #expect(second.values("Expires") == [Self.past])
    // Since 1994: the date counts where it makes the response older than `Age` does.
    #expect(second.values("Age").compactMap { Int($0) }.allSatisfy { $0 > 900_000_000 })
    #expect(second.values("Age").count == 1)
  }

  // RFC 9111 §3.1.
  @Test func `fields of one connection are not stored`() throws {
    let origin = try origin(
      ok(
        "Cache-Control: max-age=60", "Connection: X-Hop, x-other", "X-Hop: 1", "X-Other: 2",
        "Keep-Alive: timeout=5", "Proxy-Authentication-Info: a", "X-Kept: 3"))
    let proxy = try proxy(before: origin)
    for _ in 0..<2 {
      let answer = try proxy.get("/a")
      #expect(answer["X-Kept"] == "3")
      for name in ["Connection", "X-Hop", "X-Other", "Keep-Alive", "Proxy-Authentication-Info"] {
        #expect(answer[name] == nil, "\(name)")
      }
    }
    #expect(origin.requests.count == 1)
  }

  // RFC 9110 §15.2, RFC 8297 §2, RFC 9111 §3.
  @Test func `interim responses reach the client, and neither they nor their fields are stored`()
    throws
  {
    let origin = try origin(
      "HTTP/1.1 102 Processing\r\n\r\n"
        + "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Hint: 1\r\n\r\n"
        + ok("Cache-Control: max-age=60"))
    let proxy = try proxy(before: origin)
    let client = try proxy.connect()
    try client.send("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect(try client.receiveResponse().status == 102)
    let hints = try client.receiveResponse()
    #expect(hints.status == 103)
    #expect(hints["X-Hint"] == "1")
    let answer = try client.receiveResponse()
    #expect(answer.status == 200)
    #expect(answer["X-Hint"] == nil)
    let stored = try client.exchange("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect(stored.status == 200)
    #expect(isHit(stored))
    #expect(stored["Link"] == nil)
    #expect(stored["X-Hint"] == nil)
  }

  // RFC 9112 §6.3: the length is what counts, and what follows belongs to nobody.
  @Test func `bytes past the length are neither delivered nor stored`() throws {
    let origin = try origin(
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nbodyand more",
      ok(body: "next"))
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/a").bodyText == "body")
    #expect(try proxy.get("/a").bodyText == "body")
    #expect(try proxy.get("/b").bodyText == "next")
    #expect(origin.requests.map(\.target) == ["/a", "/b"])
    #expect(origin.connectionCount == 2)
  }

  // RFC 9110 §9.3.2.
  @Test func `HEAD is answered by what a GET left, and asked as HEAD where there is nothing`()
    throws
  {
    let origin = try origin(
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\n",
      ok("Cache-Control: max-age=60"))
    let proxy = try proxy(before: origin)
    let head = "HEAD /a HTTP/1.1\r\nHost: a.example\r\n\r\n"
    #expect(try proxy.ask(head).status == 200)
    #expect(try proxy.get("/a").bodyText == "body")
    let stored = try proxy.ask(head)
    #expect(isHit(stored))
    #expect(stored["Content-Length"] == "4")
    #expect(origin.requests.map(\.method) == ["HEAD", "GET"])
  }

  // MARK: Validation

  // RFC 9111 §4.3.1, §4.3.4, §3.2.
  @Test func `a stale response is validated with its own validators and updated by the 304`()
    throws
  {
    let origin = try origin(
      ok("Cache-Control: max-age=0", "ETag: \"v\"", "Last-Modified: \(Self.past)", "X-Version: 1"),
      "HTTP/1.1 304 Not Modified\r\nETag: \"v\"\r\nCache-Control: max-age=60\r\n"
        + "X-Version: 2\r\nContent-Length: 99\r\n\r\n")
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/a")["X-Version"] == "1")
    let validated = try proxy.get(
      "/a", "If-None-Match: \"mine\"", "If-Modified-Since: \(Self.past)")
    let stored = try proxy.get("/a")
    for answer in [validated, stored] {
      #expect(answer.status == 200)
      #expect(answer.bodyText == "body")
      #expect(answer.values("X-Version") == ["2"])
      #expect(answer.values("Content-Length") == ["4"])
    }
    #expect(isHit(stored))
    let asked = origin.requests
    #expect(asked.count == 2)
    #expect(asked.last?.values("If-None-Match") == ["\"v\""])
    #expect(asked.last?.values("If-Modified-Since") == [Self.past])
  }

  // RFC 9111 §4.3.2, RFC 9110 §13.2.2, §15.4.5.
  @Test(arguments: [
    "If-None-Match: \"v\"", "If-None-Match: \"x\", W/\"v\"", "If-None-Match: *",
    "If-Modified-Since: \(past)", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT",
    "If-None-Match: \"v\"\r\nIf-Modified-Since: Sat, 05 Nov 1994 08:49:37 GMT",
  ])
  func `a client that holds what is stored gets a 304 with the fields that belong in it`(
    condition: String
  ) throws {
    let origin = try origin(
      ok(
        "Cache-Control: max-age=60", "ETag: \"v\"", "Last-Modified: \(Self.past)",
        "Vary: Accept-Encoding", "Content-Type: text/plain"))
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/a").status == 200)
    let answer = try proxy.get("/a", condition)
    #expect(answer.status == 304)
    #expect(answer["ETag"] == "\"v\"")
    #expect(answer["Cache-Control"] == "max-age=60")
    #expect(answer["Vary"] == "Accept-Encoding")
    #expect(answer["Date"] != nil)
    #expect(answer["Content-Type"] == nil)
    #expect(origin.requests.count == 1)
  }

  // MARK: When the origin fails

  // RFC 9111 §4.2.4.
  @Test func `a stale response stands in where the origin breaks off before it answers`() throws {
    let origin = try origin(ok("Cache-Control: max-age=0", "ETag: \"v\""))
    let proxy = try proxy(before: origin, .conformant)
    #expect(try proxy.get("/a").bodyText == "body")
    let stale = try proxy.get("/a")
    #expect(stale.status == 200)
    #expect(stale.bodyText == "body")
    #expect(isHit(stale))
  }

  // RFC 9111 §4.2.4, §5.2.2.2, §5.2.2.4, §5.2.2.8, §5.2.2.10.
  @Test(arguments: ["must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=0"])
  func `what the response forbids is an error and no stale answer`(directive: String) throws {
    let origin = try origin(ok("Cache-Control: max-age=0, \(directive)", "ETag: \"v\""))
    let proxy = try proxy(before: origin, .conformant)
    #expect(try proxy.get("/a").bodyText == "body")
    let refused = try proxy.get("/a")
    #expect(refused.status == 502)
    #expect(refused["ETag"] == nil)
    #expect(!isHit(refused))
  }

  // MARK: Methods

  // RFC 9110 §9.1, RFC 9111 §4.4.
  @Test(arguments: [200, 500])
  func `a method nobody knows goes through, and its success makes what is stored invalid`(
    status: Int
  ) throws {
    let origin = try origin(
      ok("Cache-Control: max-age=60", body: "old"),
      "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n",
      ok("Cache-Control: max-age=60", body: "new"))
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/a").bodyText == "old")
    let answer = try proxy.ask(
      "M-FROB /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc")
    #expect(answer.status == status)
    #expect(origin.requests.last?.method == "M-FROB")
    #expect(origin.requests.last?.bodyText == "abc")
    #expect(try proxy.get("/a").bodyText == (status == 200 ? "new" : "old"))
  }

  // MARK: Keys

  // RFC 9111 §4.1, RFC 9110 §5.3: lines of one name are one list.
  @Test func `what varies is compared by what it says, not by how it is laid out`() throws {
    let origin = try ScriptedOrigin { request in
      let body = request["X-Kind"] ?? "none"
      return "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nVary: x-kind\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/a", "X-Kind: 1, 2").bodyText == "1, 2")
    #expect(try proxy.get("/a").bodyText == "none")
    #expect(isHit(try proxy.get("/a", "X-Kind: 1", "X-Kind: 2")))
    #expect(isHit(try proxy.get("/a")))
    #expect(!isHit(try proxy.get("/a", "X-Kind:")))
    #expect(!isHit(try proxy.get("/a", "X-Kind: 2, 1")))
  }

  // MARK: At once

  // Whoever has seen the end of an answer finds it stored, however it was framed.
  @Test func `what was answered to the end is there for whoever asks next`() throws {
    let origin = try ScriptedOrigin { request, connection in
      let number = Int(request.target.dropFirst(3)) ?? 0
      let head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n"
      switch number % 3 {
      case 0: try connection.send("\(head)Content-Length: 4\r\n\r\nbody")
      case 1:
        try connection.send("\(head)Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n")
        try connection.send("0\r\n\r\n")
      default:
        try connection.send("\(head)Connection: close\r\n\r\nbody")
        connection.close()
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let clients = try (0..<70).map { _ in try proxy.connect() }
    for (number, client) in clients.enumerated() {
      try client.send("GET /a/\(number) HTTP/1.1\r\nHost: a.example\r\n\r\n")
    }
    for (number, client) in clients.enumerated() {
      #expect(try client.receiveResponse().bodyText == "body")
      let again = try proxy.get("/a/\(number)")
      #expect(isHit(again), "\(number)")
      #expect(again.bodyText == "body")
    }
    #expect(origin.requests.count == 70)
  }

  @Test func `the cache goes by the configured name, and tells keys where that is asked for`()
    throws
  {
    let origin = try ScriptedOrigin { request in
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\nContent-Length: 1\r\n\r\nx"
    }
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.name = Array("1st-edge".utf8)
      $0.cache.showsKey = true
    }
    let key = "key=\"http://a.example/a?b=%41\""
    let first = try proxy.get("/%61?b=%41")
    #expect(
      first["Cache-Status"]
        == "\"1st-edge\"; fwd=uri-miss; fwd-status=200; stored; detail=nothing-stored; \(key)")
    for fields in [[], ["If-None-Match: \"a\""], ["Range: bytes=0-0"]] {
      let next = try proxy.ask(
        "GET /a?b=%41 HTTP/1.1\r\nHost: a.example\r\n\(fields.lines)\r\n")
      let status = try #require(next["Cache-Status"])
      #expect(status.hasPrefix("\"1st-edge\"; hit; ttl="))
      #expect(status.hasSuffix("; \(key)"))
    }
    let passed = try proxy.get("/a?b=%41", "Authorization: Basic x")
    #expect(passed["Cache-Status"]?.hasPrefix("\"1st-edge\"; fwd=bypass") == true)
    #expect(passed["Cache-Status"]?.contains("key=") == false)
  }
}

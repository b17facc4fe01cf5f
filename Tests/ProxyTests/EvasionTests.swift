import CachePolicy
import Configuration
import HTTPModel
import JourneySupport
import Primitives
import Testing
import Verdict

/// Ways round the decision lane and into the cache, as somebody would try them who is up to no
/// good.
@Suite struct EvasionTests {
  private static let cacheable = "Cache-Control: max-age=600\r\nContent-Length: 2\r\n\r\nok"

  private func proxy(
    _ kind: ServiceKind = .plain, before origin: ScriptedOrigin,
    _ change: (inout Settings) throws -> Void = { _ in }
  ) throws -> RunningProxy {
    try RunningProxy(before: origin.endpoint) { settings in
      settings.services[0].kind = kind
      try settings.decide("/login", DecisionRule(binding: .echo(EchoRule())))
      try change(&settings)
    }
  }

  @Test(arguments: ["//login", "/login/", "/LOGIN", "/login;x", "/a/../login", "/login%2f"])
  func `a decision's path in another spelling is not stored`(target: String) throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\n\(Self.cacheable)" }
    let proxy = try proxy(before: origin)
    for _ in 0..<2 {
      #expect(try proxy.get(target)["Cache-Control"] == "private, no-store")
    }
    #expect(origin.requests.count == 2)
  }

  @Test(arguments: ["//login", "/login/", "/LOGIN", "/login;x", "/a/../login", "/login%2f"])
  func `a decision's path in another spelling is verified like the path itself`(target: String)
    throws
  {
    let isOld = Shared(false)
    let origin = try ScriptedOrigin { request in
      let token = isOld.value ? "an-old-one" : request["Transaction-Token"] ?? ""
      return "HTTP/1.1 200 OK\r\nTransaction-Token: \(token)\r\n\(Self.cacheable)"
    }
    let proxy = try proxy(before: origin)
    let post = "POST \(target) HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"
    #expect(try proxy.ask(post).status == 200)
    isOld.change { $0 = true }
    let refused = try proxy.ask(post)
    #expect(refused.status == 403)
    #expect(refused["Proxy-Status"]?.contains("token-mismatch") == true)
    #expect(origin.requests.allSatisfy { $0.target == target })
    #expect(proxy.scrape.contains { $0.hasPrefix("countersign_findings_total{check=\"PTH-0") })
  }

  @Test func `what follows a refused CONNECT is not read as requests`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\n\(Self.cacheable)" }
    let proxy = try proxy(before: origin)
    let client = try proxy.connect()
    try client.send(
      "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"
        + "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
    let answers = String(decoding: client.receiveAll(), as: UTF8.self)
    #expect(answers.hasPrefix("HTTP/1.1 405"))
    #expect(answers.ranges(of: "HTTP/1.1 ").count == 1)
    #expect(origin.requests.isEmpty)
  }

  @Test(arguments: [400, 405, 414, 431, 501])
  func `an error that finds fault with one request is not stored for others`(status: Int) throws {
    let origin = try ScriptedOrigin { request in
      let code = request["X-Odd"] == nil ? 200 : status
      return "HTTP/1.1 \(code) As It Is\r\nContent-Type: text/css\r\n\(Self.cacheable)"
    }
    let proxy = try proxy(.auth, before: origin)
    let odd = try proxy.get("/static/a.css", "X-Odd: 1")
    #expect(odd["Cache-Status"]?.contains("detail=error-of-request") == true)
    #expect(try proxy.get("/static/a.css").status == 200)
  }

  @Test(arguments: [
    "X-Original-URL: /login", "X-Rewrite-URL: /login", "X-HTTP-Method-Override: PUT",
  ])
  func `a field that asks for something else than the target keeps the answer out of the store`(
    field: String
  ) throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\n\(Self.cacheable)" }
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/a.css", field)["Cache-Control"] == "private, no-store")
    _ = try proxy.get("/a.css")
    #expect(origin.requests.count == 2)
  }

  @Test func `the origin hears the host as the key spells it`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\n\(Self.cacheable)" }
    let proxy = try proxy(before: origin)
    _ = try proxy.ask("GET /a HTTP/1.1\r\nHost: A.Example:80\r\n\r\n")
    _ = try proxy.get("/a")
    #expect(origin.requests.map { $0["Host"] } == ["a.example"])
    #expect(origin.requests.first?["X-Forwarded-Host"] == "a.example")
  }

  @Test(arguments: ["Transaction-Token", "Verdict-Token"])
  func `a client's own token is not what an origin echoes`(name: String) throws {
    let origin = try ScriptedOrigin { request in
      let echo = request[name].map { "\(name): \($0)\r\n" } ?? ""
      return "HTTP/1.1 200 OK\r\n\(echo)\(Self.cacheable)"
    }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a", "\(name): mine")
    #expect(try proxy.get("/a")["Cache-Status"]?.contains("hit") == true)
    #expect(origin.requests.map { $0[name] } == [nil])
  }

  @Test func `no client empties the store by getting a no out of the origin`() throws {
    let origin = try ScriptedOrigin { request in
      request["Authorization"] == nil
        ? "HTTP/1.1 200 OK\r\n\(Self.cacheable)"
        : "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    }
    let proxy = try proxy(.auth, before: origin) {
      $0.cache.profile = .conformant
    }
    _ = try proxy.get("/static/a")
    let refused = try proxy.get("/static/a", "Authorization: Bearer x", "Cache-Control: no-cache")
    #expect(refused.status == 401)
    #expect(refused["Cache-Control"] == "private, no-store")
    #expect(try proxy.get("/static/a")["Cache-Status"]?.contains("hit") == true)
    #expect(origin.requests.count == 2)
  }

  @Test func `coded JSON of an auth service is not stored: it may say yes`() throws {
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
        + Self.cacheable
    }
    let proxy = try proxy(.auth, before: origin)
    for _ in 0..<2 { _ = try proxy.get("/static/a", "Accept-Encoding: gzip") }
    #expect(origin.requests.count == 2)
  }

  @Test func `a 304 that hands out a session is asked again and not merged`() throws {
    let origin = try ScriptedOrigin { request in
      request["If-None-Match"] == nil
        ? "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nCache-Control: no-cache\r\nContent-Length: 2\r\n\r\nok"
        : "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nSet-Cookie: session=1\r\n\r\n"
    }
    let proxy = try proxy(.auth, before: origin)
    for _ in 0..<2 {
      let answer = try proxy.get("/static/a.css")
      #expect(answer.status == 200)
      #expect(answer["Set-Cookie"] == nil)
    }
    #expect(origin.requests.count == 3)
  }

  @Test func `a trailer does not bring back a field that a rule removed`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" }
    let name = try #require(FieldName(Array("X-Remote-User".utf8)))
    let proxy = try proxy(before: origin) { settings in
      for index in settings.routes.indices {
        settings.routes[index].requestFields = [.remove(name: name)]
      }
    }
    let answer = try proxy.ask(
      "POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "1\r\na\r\n0\r\nX-Remote-User: root\r\nX_Remote_User: root\r\nX-Sum: 1\r\n\r\n")
    #expect(answer.status == 200)
    let seen = try #require(origin.requests.first)
    #expect(seen.text.hasSuffix("0\r\nX-Sum: 1\r\n\r\n"))
    #expect(!seen.text.contains("root"))
  }
}

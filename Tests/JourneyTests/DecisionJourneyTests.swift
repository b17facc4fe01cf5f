import JourneySupport
import Testing

/// People and applications log in, reset and ask through Countersign, which wants proof of every
/// yes.
@Suite struct DecisionJourneyTests {
  @Test func `right, wrong and right again are answered yes, no and yes`() throws {
    let auth = try SampleAuth()
    let proxy = try Countersign(before: auth.endpoint)
    for (password, status) in [("wonderland", 200), ("wrong", 401), ("wonderland", 200)] {
      let answer = try logIn("alice", password, at: proxy.endpoint)
      #expect(answer.status == status)
      #expect(answer.member("authorized") == (status == 200 ? "1" : "0"))
    }
    #expect(try auth.loginCount(reaching: 3) == 3)
    #expect(proxy.findings(mentioning: "BND-").isEmpty)
  }

  @Test func `a delivered decision keeps every cache off and its proof to itself`() throws {
    let auth = try SampleAuth("--careless")
    let proxy = try Countersign(before: auth.endpoint)
    let answer = try logIn("alice", "wonderland", at: proxy.endpoint)
    #expect(answer.status == 200)
    #expect(answer["Cache-Control"] == "private, no-store")
    #expect(answer["Pragma"] == "no-cache")
    #expect(answer["Expires"] == "0")
    #expect(answer["Surrogate-Control"] == "no-store")
    #expect(answer["CDN-Cache-Control"] == "no-store")
    #expect(answer["X-Accel-Expires"] == "0")
    #expect(answer["Vary"] == "*")
    #expect(answer["Transaction-Token"] == nil)
    _ = try proxy.finding(mentioning: "RSP-02")
  }

  @Test func `each login goes upstream with a fresh token, whatever the client sends`() throws {
    let origin = try ScriptedOrigin { request in
      let body = #"{"authorized":true,"user":{"name":"alice"}}"#
      return "HTTP/1.1 200 OK\r\nTransaction-Token: \(request["Transaction-Token"] ?? "")\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n\(body)"
    }
    let proxy = try Countersign(before: origin.endpoint)
    for _ in 0..<2 {
      let answer = try logIn(
        "alice", "wonderland", at: proxy.endpoint, ["--header", "Transaction-Token: chosen"])
      #expect(answer.status == 200)
    }
    let tokens = origin.requests.map { $0.values("Transaction-Token") }
    #expect(tokens.allSatisfy { $0.count == 1 && $0[0].count >= 22 && $0[0] != "chosen" })
    #expect(Set(tokens).count == 2)
    #expect(origin.requests.allSatisfy { $0["Accept-Encoding"] == "identity" })
  }

  @Test func `a yes with the token of another request is refused and reads as no`() throws {
    let origin = try ScriptedOrigin { _ in
      let body = #"{"authorized":true,"user":{"name":"alice"}}"#
      return "HTTP/1.1 200 OK\r\nTransaction-Token: AAAAAAAAAAAAAAAAAAAAAA\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n\(body)"
    }
    let proxy = try Countersign(before: origin.endpoint)
    let answer = try logIn("alice", "wonderland", at: proxy.endpoint)
    #expect(answer.status == 403)
    #expect(!answer.body.contains("true"))
    #expect(answer["Proxy-Status"]?.contains("BND-01") == true)
    #expect(answer["Content-Type"]?.hasPrefix("application/problem+json") == true)
    #expect(answer["Cache-Control"] == "private, no-store")
    let finding = try proxy.finding(mentioning: "BND-01")
    #expect(!finding.contains("wonderland"))
  }

  @Test func `a yes for another user is refused`() throws {
    let origin = try ScriptedOrigin { request in
      let body = #"{"authorized":true,"user":{"name":"mallory"}}"#
      return "HTTP/1.1 200 OK\r\nTransaction-Token: \(request["Transaction-Token"] ?? "")\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n\(body)"
    }
    let proxy = try Countersign(before: origin.endpoint)
    #expect(try logIn("alice", "wonderland", at: proxy.endpoint).status == 403)
    _ = try proxy.finding(mentioning: "BND-03")
  }

  @Test func `an auth service that knows no tokens is refused where proof is demanded`() throws {
    let auth = try SampleAuth("--no-echo")
    let proxy = try Countersign(before: auth.endpoint)
    let yes = try logIn("alice", "wonderland", at: proxy.endpoint)
    #expect(yes.status == 403)
    _ = try proxy.finding(mentioning: "BND-01")
    // A denial needs no proof to be believed.
    #expect(try logIn("alice", "wrong", at: proxy.endpoint).status == 401)
  }

  @Test func `customer service resets a password through the proxy`() throws {
    let auth = try SampleAuth()
    let proxy = try Countersign(before: auth.endpoint)
    let answer = try resetPassword(
      "bob", "mason", by: "customer-service:service-desk", at: proxy.endpoint)
    #expect(answer.status == 200)
    #expect(answer.member("reset") == "1")
    #expect(try logIn("bob", "builder", at: proxy.endpoint).status == 401)
    #expect(try logIn("bob", "mason", at: proxy.endpoint).status == 200)
    #expect(try resetPassword("bob", "x", by: nil, at: proxy.endpoint).status == 401)
  }

  @Test func `a token is introspected through the proxy, and is inactive when it is not proved`()
    throws
  {
    let auth = try SampleAuth()
    let proxy = try Countersign(before: auth.endpoint)
    let login = try logIn("alice", "wonderland", at: proxy.endpoint)
    let token = try #require(login.member("access_token"))
    #expect(try introspect(token, at: proxy.endpoint).member("active") == "1")
    #expect(try introspect("made-up", at: proxy.endpoint).member("active") == "0")

    let stale = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
        + #"{"active":true}"#
    }
    let refusing = try Countersign(before: stale.endpoint)
    let refused = try introspect(token, at: refusing.endpoint)
    #expect(refused.status == 200)
    #expect(refused.member("active") == "0")
  }

  @Test func `the check of the old days passes in audit mode, and is reported`() throws {
    let auth = try SampleAuth()
    let proxy = try Countersign(before: auth.endpoint)
    let check = ["--data", "username=alice&password=wonderland", proxy.url("/legacy/check")]
    #expect(try curl(check).status == 200)
    _ = try proxy.finding(mentioning: "RSP-12")
  }
}

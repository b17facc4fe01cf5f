import CachePolicy
import Configuration
import Dispatch
import HTTPModel
import JourneySupport
import Primitives
import Testing
import Verdict

/// Stale responses: served while they are validated, or instead of an origin that fails.
@Suite struct StaleTests {
  /// A response that is stale when it comes.
  private static func stale(_ directives: String, tag: String = "1", content: String = "old")
    -> String
  {
    "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\(directives)\r\nAge: 100\r\nETag: \"\(tag)\"\r\n"
      + "Content-Type: text/css\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)"
  }

  private static let confirmation =
    "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: \"1\"\r\n\r\n"

  private func refreshes(_ result: String, of proxy: RunningProxy) -> Int? {
    proxy.metric("countersign_cache_refreshes_total{result=\"\(result)\"}").map(Int.init)
  }

  private func waitForRefresh(_ result: String, of proxy: RunningProxy) throws {
    _ = try eventually("a refresh to be \(result)") {
      refreshes(result, of: proxy).flatMap { $0 > 0 ? true : nil }
    }
  }

  // MARK: While it is validated

  @Test func `a response is served at once and validated behind the client's back`() throws {
    let origin = try HeldOrigin(holding: "If-None-Match") { request in
      request["If-None-Match"] == nil
        ? Self.stale(", stale-while-revalidate=600") : Self.confirmation
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    // Answered although the origin says nothing yet; validated once for all of them.
    for _ in 0..<5 {
      let answer = try proxy.get("/a", "Cache-Control: max-stale=0", "X-Whose: client")
      #expect(answer.bodyText == "old")
      #expect(answer["Cache-Status"]?.contains("detail=stale-while-revalidate") == true)
      #expect(answer["Cache-Status"]?.contains("; hit; ttl=-") == true)
    }
    origin.waitUntilAsked()
    let validation = try #require(origin.requests.last)
    #expect(validation["If-None-Match"] == "\"1\"")
    #expect(validation["Cache-Control"] == nil)
    origin.answer()
    try waitForRefresh("confirmed", of: proxy)
    let fresh = try proxy.get("/a")
    #expect(fresh["Cache-Status"]?.contains("detail=fresh") == true)
    #expect(origin.requests.count == 2)
  }

  @Test func `a new response takes the place of the stale one`() throws {
    let origin = try ScriptedOrigin { request in
      request["If-None-Match"] == nil
        ? Self.stale(", stale-while-revalidate=600")
        : "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\r\nnew"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    #expect(try proxy.get("/a").bodyText == "old")
    try waitForRefresh("replaced", of: proxy)
    #expect(try proxy.get("/a").bodyText == "new")
    #expect(origin.requests.count == 2)
  }

  @Test func `a HEAD is answered stale and what is validated is the GET`() throws {
    let origin = try ScriptedOrigin { request in
      request["If-None-Match"] == nil
        ? Self.stale(", stale-while-revalidate=600") : Self.confirmation
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    let head = try proxy.ask("HEAD /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect(head["Content-Length"] == "3")
    #expect(try origin.requests(atLeast: 2).last?.method == "GET")
    try waitForRefresh("confirmed", of: proxy)
  }

  @Test func `what may be stored no more is served no more`() throws {
    let origin = try ScriptedOrigin { request in
      request["If-None-Match"] == nil
        ? Self.stale(", stale-while-revalidate=600")
        : "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 3\r\n\r\nnew"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    #expect(try proxy.get("/a").bodyText == "old")
    try waitForRefresh("dropped", of: proxy)
    #expect(try proxy.get("/a")["Cache-Status"]?.contains("fwd=uri-miss") == true)
  }

  @Test func `a decision found in the background is stored by nobody`() throws {
    let body = "{\"authorized\":true,\"user\":{\"name\":\"u\"}}"
    let origin = try ScriptedOrigin { request in
      request["If-None-Match"] == nil
        ? Self.stale(", stale-while-revalidate=600")
        : "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Type: application/json\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.services[0].kind = .auth }
    _ = try proxy.get("/static/a.css")
    #expect(try proxy.get("/static/a.css").bodyText == "old")
    try waitForRefresh("dropped", of: proxy)
    let next = try proxy.get("/static/a.css")
    #expect(next["Cache-Status"]?.contains("hit") != true)
  }

  @Test func `a refresh that fails leaves the stale response and rests`() throws {
    let number = Shared(0)
    let origin = try RawOrigin { connection, _ in
      while try connection.receiveRequest() != nil {
        let count = number.change { count in
          count += 1
          return count
        }
        guard count == 1 else { return }
        try connection.send(Self.stale(", stale-while-revalidate=600"))
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.services[0].retries = 0 }
    _ = try proxy.get("/a")
    #expect(try proxy.get("/a").bodyText == "old")
    try waitForRefresh("failed", of: proxy)
    #expect(try proxy.get("/a").bodyText == "old")
    #expect(proxy.metric("countersign_exchanges_in_flight") == 0)
  }

  // MARK: Instead of an origin that fails

  @Test func `an error is hidden behind a stale response as long as that allows it`() throws {
    let origin = try ScriptedOrigin { request in
      request["If-None-Match"] == nil
        ? Self.stale(request.target == "/sie" ? ", stale-if-error=600" : "")
        : "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    for target in ["/sie", "/plain"] { _ = try proxy.get(target) }
    let hidden = try proxy.get("/sie")
    #expect(hidden.bodyText == "old")
    #expect(hidden["Cache-Status"]?.contains("fwd-status=503") == true)
    let shown = try proxy.get("/plain")
    #expect(shown.status == 503)
  }

  @Test(arguments: [
    "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9 9\r\n\r\n",
  ])
  func `an origin that breaks off before an answer is hidden unless a rule says no`(
    beginning: String
  ) throws {
    let origin = try RawOrigin { connection, _ in
      while let request = try connection.receiveRequest() {
        guard request["If-None-Match"] == nil else { return try connection.send(beginning) }
        try connection.send(
          Self.stale(request.target == "/must" ? ", must-revalidate" : ""))
      }
    }
    for isHidden in [false, true] {
      let proxy = try RunningProxy(before: origin.endpoint) {
        var rules = CacheRules()
        rules.servesStaleWhenDisconnected = isHidden
        $0.routes[0].lane = .cache(rules)
        $0.services[0].retries = 0
      }
      _ = try proxy.get("/a")
      _ = try proxy.get("/must")
      let answer = try proxy.get("/a")
      #expect(answer.status == (isHidden ? 200 : 502))
      #expect(try proxy.get("/must").status == 502)
    }
  }

  @Test func `an answer that breaks off while it is held is hidden, too`() throws {
    let origin = try RawOrigin { connection, _ in
      while let request = try connection.receiveRequest() {
        guard request["If-None-Match"] == nil else {
          return try connection.send(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{\"a\"")
        }
        try connection.send(Self.stale(", stale-if-error=600"))
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.services[0].retries = 0 }
    _ = try proxy.get("/a")
    let answer = try proxy.get("/a")
    #expect(answer.status == 200)
    #expect(answer.bodyText == "old")
  }

  @Test func `many who ask a dead origin are answered stale`() throws {
    let isAsked = DispatchSemaphore(value: 0)
    let mayFail = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, _ in
      while let request = try connection.receiveRequest() {
        guard request["If-None-Match"] == nil else {
          isAsked.signal()
          mayFail.wait()
          mayFail.signal()
          return
        }
        try connection.send(
          "HTTP/1.1 200 OK\r\nCache-Control: max-age=1, stale-if-error=600\r\nETag: \"1\"\r\n"
            + "Content-Length: 3\r\n\r\nold")
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.services[0].retries = 0 }
    _ = try proxy.get("/a")
    try proxy.waitForStaleness(of: "/a")
    let clients = try (0..<10).map { _ in try proxy.begin("/a") }
    isAsked.wait()
    try proxy.waitForExchanges(10)
    mayFail.signal()
    let answers = try clients.map { try $0.receiveResponse() }
    #expect(answers.allSatisfy { $0.bodyText == "old" })
    // Who led asked and was told; the others did not go and see for themselves.
    #expect(origin.connectionCount <= 3)
  }
}

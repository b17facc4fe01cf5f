import CachePolicy
import Configuration
import Dispatch
import HTTPModel
import JourneySupport
import Primitives
import Synchronization
import Testing
import Verdict

/// What methods other than GET do to what is stored, and what is forwarded and never stored.
@Suite struct CacheMethodTests {
  private static func ok(_ content: String, _ fields: String = "") -> String {
    "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\n\(fields)"
      + "Content-Length: \(content.utf8.count)\r\n\r\n\(content)"
  }

  private func proxy(before origin: ScriptedOrigin, _ profile: CacheProfile = .conformant) throws
    -> RunningProxy
  {
    try RunningProxy(before: origin.endpoint) {
      $0.routes[0].lane = .cache(CacheRules(profile: profile))
    }
  }

  private func ask(
    _ method: String, _ target: String, _ proxy: RunningProxy, _ rest: String = "\r\n"
  )
    throws -> RawMessage
  {
    try proxy.ask("\(method) \(target) HTTP/1.1\r\nHost: a.example\r\n\(rest)")
  }

  // MARK: HEAD

  @Test func `a HEAD is answered from a stored GET`() throws {
    let origin = try ScriptedOrigin { _ in Self.ok("hello") }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a")
    let head = try ask("HEAD", "/a", proxy)
    #expect(head["Content-Length"] == "5")
    #expect(head["Cache-Status"]?.contains("; hit") == true)
    #expect(origin.requests.count == 1)
  }

  @Test func `a HEAD that finds what is stored stale freshens it`() throws {
    let origin = try ScriptedOrigin { request in
      switch (request.method, request["If-None-Match"]) {
      case ("GET", nil): Self.ok("hello", "Age: 700\r\nETag: \"1\"\r\n")
      case ("HEAD", "\"1\""):
        "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=600\r\nETag: \"1\"\r\n\r\n"
      default: "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
      }
    }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a")
    #expect(try ask("HEAD", "/a", proxy)["Content-Length"] == "5")
    #expect(try proxy.get("/a")["Cache-Status"]?.contains("detail=fresh") == true)
  }

  @Test func `the whole answer to a HEAD freshens what it agrees with and removes the rest`() throws
  {
    let origin = try ScriptedOrigin { request in
      let tag = request.target == "/other" && request.method == "HEAD" ? "2" : "1"
      let head =
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nETag: \"\(tag)\"\r\nContent-Length: 5\r\n"
      return request.method == "HEAD" ? "\(head)\r\n" : "\(head)Age: 700\r\n\r\nhello"
    }
    let proxy = try proxy(before: origin)
    for target in ["/same", "/other"] {
      _ = try proxy.get(target)
      #expect(try ask("HEAD", target, proxy).status == 200)
    }
    #expect(try proxy.get("/same")["Cache-Status"]?.contains("detail=fresh") == true)
    #expect(try proxy.get("/other")["Cache-Status"]?.contains("fwd=uri-miss") == true)
  }

  // MARK: 304

  @Test func `a 304 freshens every variant with its strong tag`() throws {
    let number = Shared(0)
    let origin = try ScriptedOrigin { request in
      let count = number.change { count in
        count += 1
        return count
      }
      guard request["If-None-Match"] == nil else {
        return "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=600\r\nVary: Accept\r\n"
          + "ETag: \"1\"\r\n\r\n"
      }
      return Self.ok("v\(count)", "Age: 700\r\nVary: Accept\r\nETag: \"1\"\r\n")
    }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a", "Accept: text/css")
    _ = try proxy.get("/a", "Accept: text/html")
    #expect(try proxy.get("/a", "Accept: text/css").bodyText == "v1")
    let other = try proxy.get("/a", "Accept: text/html")
    #expect(other.bodyText == "v2")
    #expect(other["Cache-Status"]?.contains("detail=fresh") == true)
    #expect(origin.requests.count == 3)
  }

  // MARK: POST

  @Test(arguments: CacheProfile.all)
  func `the answer to a POST is stored for its own target where the profile allows it`(
    profile: CacheProfile
  ) throws {
    let origin = try ScriptedOrigin { request in
      Self.ok(request.method, "Content-Location: \(request.target)\r\n")
    }
    let proxy = try proxy(before: origin, profile)
    _ = try proxy.get("/a")
    #expect(try ask("POST", "/a", proxy, "Content-Length: 2\r\n\r\nhi").bodyText == "POST")
    #expect(try proxy.get("/a").bodyText == (profile == .conformant ? "POST" : "GET"))
    #expect(origin.requests.count == (profile == .conformant ? 2 : 3))
    // POST itself always goes to the origin.
    _ = try ask("POST", "/a", proxy, "Content-Length: 2\r\n\r\nhi")
    #expect(origin.requests.last?.method == "POST")
  }

  // MARK: Invalidation

  @Test func `success of an unsafe method invalidates what every route has stored`() throws {
    let origin = try ScriptedOrigin { request in
      request.method == "GET"
        ? Self.ok("x") : "HTTP/1.1 204 No Content\r\nLocation: /b\r\n\r\n"
    }
    let name = try #require(FieldName(Array("X-Added".utf8)))
    let ownName = try #require(FieldName(Array("X-Own".utf8)))
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      // A route with a part of the store of its own.
      var own = settings.routes[0]
      own.name = "own"
      own.match.fields = [FieldCondition(name: ownName, test: .present)]
      own.requestFields = [.set(name: name, value: Array("1".utf8))]
      settings.routes.insert(own, at: 0)
    }
    for _ in 0..<2 {
      for target in ["/a", "/b"] {
        _ = try proxy.get(target)
        _ = try proxy.get(target, "X-Own: yes")
      }
    }
    #expect(origin.requests.count == 4)
    #expect(try ask("PUT", "/a", proxy, "Content-Length: 0\r\n\r\n").status == 204)
    for target in ["/a", "/b"] {
      #expect(try proxy.get(target)["Cache-Status"]?.contains("fwd=") == true)
      #expect(try proxy.get(target, "X-Own: yes")["Cache-Status"]?.contains("fwd=") == true)
    }
  }

  @Test(arguments: [false, true])
  func `a decision by an unsafe method invalidates what is stored for its target`(
    isDeclared: Bool
  ) throws {
    let origin = try ScriptedOrigin { request in
      let token = request["Transaction-Token"].map { "Transaction-Token: \($0)\r\n" } ?? ""
      return request.method == "GET"
        ? Self.ok("x") : "HTTP/1.1 200 OK\r\n\(token)Content-Length: 0\r\n\r\n"
    }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      settings.services[0].kind = .auth
      guard isDeclared else { return }
      try settings.decide("/avatars/ann", DecisionRule(binding: .echo(EchoRule())))
      settings.routes[0].match.methods = [.put]
    }
    let avatar = "/avatars/ann"
    for _ in 0..<2 { _ = try proxy.get(avatar) }
    #expect(origin.requests.count == 1)
    #expect(try ask("PUT", avatar, proxy, "Content-Length: 0\r\n\r\n").status == 200)
    #expect(try proxy.get(avatar)["Cache-Status"]?.contains("fwd=") == true)
  }

  @Test func `a group is invalidated together, on its own host`() throws {
    let origin = try ScriptedOrigin { request in
      guard request.method == "GET" else {
        return "HTTP/1.1 204 No Content\r\nCache-Group-Invalidation: \"people\"\r\n\r\n"
      }
      let group = request.target == "/3" ? "\"places\"" : "\"people\", \"all\""
      return Self.ok("x", "Cache-Groups: \(group)\r\n")
    }
    let proxy = try proxy(before: origin)
    for target in ["/1", "/2", "/3"] { _ = try proxy.get(target) }
    _ = try proxy.ask("GET /1 HTTP/1.1\r\nHost: b.example\r\n\r\n")
    _ = try ask("POST", "/people", proxy, "Content-Length: 0\r\n\r\n")
    for (target, isThere) in [("/1", false), ("/2", false), ("/3", true)] {
      #expect(try proxy.get(target)["Cache-Status"]?.contains("; hit") == isThere)
    }
    let other = try proxy.ask("GET /1 HTTP/1.1\r\nHost: b.example\r\n\r\n")
    #expect(other["Cache-Status"]?.contains("; hit") == true)
  }

  // MARK: Queries

  @Test func `a response that does not change with parts of the query answers for all of them`()
    throws
  {
    let origin = try ScriptedOrigin { _ in Self.ok("x", "No-Vary-Search: params=(\"utm\")\r\n") }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a?x=1&utm=1")
    for target in ["/a?x=1&utm=2", "/a?x=1", "/a?utm=3&x=1&utm=4"] {
      #expect(try proxy.get(target)["Cache-Status"]?.contains("; hit") == true)
    }
    #expect(try proxy.get("/a?x=2")["Cache-Status"]?.contains("; hit") == false)
    #expect(try proxy.get("/b?x=1")["Cache-Status"]?.contains("; hit") == false)
    #expect(try ask("PUT", "/a?x=1&utm=9", proxy, "Content-Length: 0\r\n\r\n").status == 200)
    #expect(try proxy.get("/a?x=1")["Cache-Status"]?.contains("; hit") == false)
  }

  @Test func `a change on another route reaches what answers for many queries`() throws {
    let origin = try ScriptedOrigin { _ in Self.ok("x", "No-Vary-Search: params=(\"utm\")\r\n") }
    let name = try #require(FieldName(Array("X-Added".utf8)))
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      // A route with a part of the store of its own.
      var changes = settings.routes[0]
      changes.name = "changes"
      changes.match.methods = [.put]
      changes.requestFields = [.set(name: name, value: Array("1".utf8))]
      settings.routes.insert(changes, at: 0)
    }
    for _ in 0..<2 { _ = try proxy.get("/a?x=1&utm=1") }
    #expect(origin.requests.count == 1)
    #expect(try ask("PUT", "/a?x=1&utm=2", proxy, "Content-Length: 0\r\n\r\n").status == 200)
    #expect(try proxy.get("/a?x=1&utm=3")["Cache-Status"]?.contains("; hit") == false)
  }

  @Test func `a change while it is fetched keeps out what answers for many queries`() throws {
    let endpoint = Mutex<Endpoint?>(nil)
    let origin = try ScriptedOrigin { _, connection in
      if let proxy = endpoint.withLock({ $0.take() }) {
        // Before the answer: the target is changed by somebody else.
        let change = "PUT /a?x=1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"
        _ = try RawConnection(to: proxy).exchange(change)
      }
      try connection.send(Self.ok("x", "No-Vary-Search: params=(\"utm\")\r\n"))
    }
    let proxy = try proxy(before: origin)
    endpoint.withLock { $0 = proxy.endpoint }
    #expect(try proxy.get("/a?x=1").status == 200)
    #expect(try proxy.get("/a?x=1")["Cache-Status"]?.contains("; hit") == false)
    #expect(try proxy.get("/a?x=1&utm=2")["Cache-Status"]?.contains("; hit") == true)
  }

  @Test(arguments: ["/a?x=1&utm=7", "/%61?x=1&utm=7"])
  func `a change for a sibling while it is fetched keeps out what answers for many queries`(
    changed: String
  ) throws {
    let endpoint = Mutex<Endpoint?>(nil)
    let origin = try ScriptedOrigin { _, connection in
      if let proxy = endpoint.withLock({ $0.take() }) {
        let change = "PUT \(changed) HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"
        _ = try RawConnection(to: proxy).exchange(change)
      }
      try connection.send(Self.ok("x", "No-Vary-Search: params=(\"utm\")\r\n"))
    }
    let proxy = try proxy(before: origin)
    // Once with a rule that nobody knows yet, once with one that is known.
    for query in ["x=1", "x=1"] {
      endpoint.withLock { $0 = proxy.endpoint }
      let response = try proxy.get("/a?\(query)&utm=1")
      #expect(response["Cache-Status"]?.contains("detail=invalidated") == true)
      #expect(
        try proxy.get("/a?\(query)&utm=2")["Cache-Status"]?.contains("; stored") == true)
      #expect(try proxy.get("/a?\(query)&utm=3")["Cache-Status"]?.contains("; hit") == true)
      _ = try ask("PUT", "/a?\(query)", proxy, "Content-Length: 0\r\n\r\n")
    }
  }

  @Test(arguments: ["Location", "Content-Location"])
  func `what a change names reaches what answers for many queries`(field: String) throws {
    let origin = try ScriptedOrigin { request in
      request.method == "POST"
        ? "HTTP/1.1 201 Created\r\n\(field): /a?utm=9&x=1\r\nContent-Length: 0\r\n\r\n"
        : Self.ok("x", "No-Vary-Search: params=(\"utm\")\r\n")
    }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a?x=1&utm=1")
    _ = try proxy.get("/a?x=2&utm=1")
    #expect(try ask("POST", "/all", proxy, "Content-Length: 0\r\n\r\n").status == 201)
    #expect(try proxy.get("/a?x=2")["Cache-Status"]?.contains("; hit") == true)
    #expect(try proxy.get("/a?x=1")["Cache-Status"]?.contains("; hit") == false)
  }

  @Test func `a rule that comes back finds nothing that a change in between could not reach`()
    throws
  {
    let rule = Mutex("utm")
    let origin = try ScriptedOrigin { _ in
      Self.ok("x", "No-Vary-Search: params=(\"\(rule.withLock { $0 })\")\r\n")
    }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a?utm=1&b=1")
    rule.withLock { $0 = "b" }
    _ = try proxy.get("/a?other=1")
    _ = try ask("PUT", "/a?utm=1&b=1", proxy, "Content-Length: 0\r\n\r\n")
    rule.withLock { $0 = "utm" }
    _ = try proxy.get("/a?another=1")
    #expect(try proxy.get("/a?utm=1&b=1")["Cache-Status"]?.contains("; hit") == false)
  }

  @Test func `a refused change leaves what answers for many queries where it is`() throws {
    let origin = try ScriptedOrigin { request in
      request.method == "PUT"
        ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        : Self.ok("x", "No-Vary-Search: params=(\"utm\")\r\n")
    }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a?x=1&utm=1")
    #expect(try ask("PUT", "/a?x=1&utm=2", proxy, "Content-Length: 0\r\n\r\n").status == 403)
    #expect(try proxy.get("/a?x=1&utm=3")["Cache-Status"]?.contains("; hit") == true)
  }

  // MARK: Forwarded, never stored

  @Test func `a method nobody knows is forwarded and its success invalidates`() throws {
    let origin = try ScriptedOrigin { _ in Self.ok("x") }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a")
    #expect(try ask("FROB", "/a", proxy).status == 200)
    #expect(origin.requests.last?.method == "FROB")
    _ = try proxy.get("/a")
    #expect(origin.requests.count == 3)
  }

  @Test func `interim responses pass and are not stored`() throws {
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        + Self.ok("x")
    }
    let proxy = try proxy(before: origin)
    let client = try proxy.connect()
    let request = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"
    #expect(try client.exchange(request).status == 102)
    #expect(try client.receiveResponse().status == 103)
    #expect(try client.receiveResponse().status == 200)
    let stored = try client.exchange(request)
    #expect(stored.status == 200)
    #expect(stored["Link"] == nil)
    #expect(origin.requests.count == 1)
  }

  @Test func `trailers pass and are not stored with the fields`() throws {
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n"
    }
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/a").text.contains("X-Sum: 1"))
    let stored = try proxy.get("/a")
    #expect(stored.bodyText == "x")
    #expect(stored["Cache-Status"]?.contains("; hit") == true)
    #expect(!stored.text.contains("X-Sum"))
  }
}

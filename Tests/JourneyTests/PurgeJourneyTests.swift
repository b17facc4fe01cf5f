import Glibc
import JourneySupport
import Testing

/// What operators take out of the store, with the program they would use.
@Suite(.timeLimit(.minutes(1))) struct PurgeJourneyTests {
  private static let routes = """
      - match: { path: /assets/**, header: { X-Tenant: acme } }
        service: auth
        cache: { key: { fields: [ X-Part ] } }
      - match: { path: /sorted/** }
        service: auth
        cache: { key: { sort_parameters: true } }
      - match: { path: /** }
        service: auth
        cache: {}
    """

  /// An origin whose answers carry a validator, labels, and the number of the request.
  private static func origin() throws -> ScriptedOrigin {
    try ScriptedOrigin { request in
      if request["If-None-Match"] != nil {
        return "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nCache-Control: max-age=600\r\n\r\n"
      }
      return "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nETag: \"a\"\r\nVary: X-Kind\r\n"
        + "Surrogate-Key: all logos\r\nCache-Groups: \"assets\"\r\nContent-Length: 2\r\n\r\nhi"
    }
  }

  private func purge(_ proxy: Countersign, _ arguments: String...) throws -> String {
    let process = try ChildProcess(
      try Programs.countersign(),
      ["purge", "--socket", proxy.directory.path("admin.sock")] + arguments)
    #expect(try process.waitForEnd() == .exited(0), "\(process.errors.text)")
    return process.output.text
  }

  /// Whether a request is answered without the origin.
  private func isHit(_ proxy: Countersign, _ path: String, _ fields: String...) throws -> Bool {
    let answer = try curl(fields.flatMap { ["--header", $0] } + [proxy.url(path)])
    #expect(answer.status == 200)
    return answer["Cache-Status"]?.contains("hit") ?? false
  }

  @Test func `what is purged by whatever name is fetched again`() throws {
    let origin = try Self.origin()
    let proxy = try Countersign(before: origin.endpoint, routes: Self.routes)
    let ways: [[String]] = [
      ["--url", proxy.url("/assets/a?x=1")],
      ["--url", "HTTP://" + proxy.url("/assets/a?x=1").dropFirst(7)],
      ["--prefix", proxy.url("/assets/")], ["--prefix", proxy.url("/assets/a?x")],
      ["--host", "\(proxy.endpoint)"], ["--host", proxy.endpoint.host],
      ["--tag", "logos"], ["--group", "assets"],
      ["--host", proxy.endpoint.host, "--service", "auth"],
    ]
    for way in ways {
      // In the usual partition, in one of a route's own with a part of the key, and two variants.
      let askers = [[], ["X-Tenant: acme", "X-Part: 1"], ["X-Kind: b"]]
      for asker in askers {
        _ = try curl(asker.flatMap { ["--header", $0] } + [proxy.url("/assets/a?x=1")])
        let again = try curl(asker.flatMap { ["--header", $0] } + [proxy.url("/assets/a?x=1")])
        #expect(again["Cache-Status"]?.contains("hit") == true)
      }
      let process = try ChildProcess(
        try Programs.countersign(),
        ["purge", "--socket", proxy.directory.path("admin.sock")] + way)
      #expect(try process.waitForEnd() == .exited(0), "\(process.errors.text)")
      #expect(process.output.text == "{\"removed\":3,\"staled\":0}\n", "\(way)")
      for asker in askers {
        let gone = try curl(asker.flatMap { ["--header", $0] } + [proxy.url("/assets/a?x=1")])
        #expect(
          gone["Cache-Status"]?.contains("fwd=uri-miss") == true
            || gone["Cache-Status"]?.contains("fwd=vary-miss") == true, "\(way)")
      }
    }
    #expect(try proxy.admin("/metrics").body.contains("cache_purges_total{kind=\"hard\"} 9"))
  }

  @Test func `what was not named stays`() throws {
    let origin = try Self.origin()
    let proxy = try Countersign(before: origin.endpoint, routes: Self.routes)
    _ = try isHit(proxy, "/assets/b")
    for way in [
      ["--url", proxy.url("/assets/a")], ["--prefix", proxy.url("/assets/b/")],
      ["--host", "other.example"], ["--tag", "logo"], ["--group", "all"],
      ["--url", "https://" + proxy.url("/assets/b").dropFirst(7)],
    ] {
      #expect(try purge(proxy, way[0], way[1]) == "{\"removed\":0,\"staled\":0}\n")
    }
    #expect(try isHit(proxy, "/assets/b"))
  }

  @Test func `a URL names what is stored, in whatever order its parameters stand in the key`()
    throws
  {
    let origin = try Self.origin()
    let proxy = try Countersign(before: origin.endpoint, routes: Self.routes)
    _ = try isHit(proxy, "/sorted/a?b=1&a=2")
    #expect(try isHit(proxy, "/sorted/a?a=2&b=1"))
    #expect(
      try purge(proxy, "--url", proxy.url("/sorted/a?b=1&a=2")) == "{\"removed\":1,\"staled\":0}\n")
    #expect(try !isHit(proxy, "/sorted/a?a=2&b=1"))
  }

  @Test func `a URL names what answers other queries, too`() throws {
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nNo-Vary-Search: params=(\"utm\")\r\n"
        + "Content-Length: 2\r\n\r\nhi"
    }
    let proxy = try Countersign(before: origin.endpoint, routes: Self.routes)
    _ = try isHit(proxy, "/assets/a?x=1&utm=2")
    #expect(try isHit(proxy, "/assets/a?utm=3&x=1"))
    #expect(
      try purge(proxy, "--url", proxy.url("/assets/a?x=1&utm=4"))
        == "{\"removed\":1,\"staled\":0}\n")
    #expect(try !isHit(proxy, "/assets/a?utm=3&x=1"))
  }

  @Test func `a soft purge has what is stored validated`() throws {
    let origin = try Self.origin()
    let proxy = try Countersign(before: origin.endpoint, routes: Self.routes)
    _ = try isHit(proxy, "/assets/a")
    #expect(try purge(proxy, "--tag", "all", "--soft") == "{\"removed\":0,\"staled\":1}\n")
    let answer = try curl(proxy.url("/assets/a"))
    #expect(answer.body == "hi")
    #expect(answer["Cache-Status"]?.contains("fwd-status=304") == true)
    #expect(origin.requests.last?["If-None-Match"] == "\"a\"")
    #expect(try isHit(proxy, "/assets/a"))
  }

  @Test func `a purge is told in the log, without the query`() throws {
    let origin = try Self.origin()
    let proxy = try Countersign(before: origin.endpoint, routes: Self.routes)
    _ = try purge(proxy, "--url", proxy.url("/assets/a?token=secret"))
    let log = try eventually("the line of the purge") {
      proxy.process.errors.text.contains("Stored responses were purged.")
        ? proxy.process.errors.text : nil
    }
    #expect(log.contains("url \(proxy.url("/assets/a"))"))
    #expect(!log.contains("secret"))
  }

  @Test func `what cannot be purged is refused with a sentence`() throws {
    let origin = try Self.origin()
    let proxy = try Countersign(before: origin.endpoint, routes: Self.routes)
    let socket = proxy.directory.path("admin.sock")
    for (arguments, status, words) in [
      (["--socket", socket, "--url", "/assets/a"], 64, "absolute"),
      (["--socket", socket, "--host", "a/b"], 64, "a name"),
      (["--socket", socket, "--host", "a", "--service", "nobody"], 64, "no service"),
      (["--socket", socket], 64, "Name one"),
      (["--socket", socket, "--host", "a", "--tag", "b"], 64, "Name one"),
      (["--admin", "http://127.0.0.1:1", "--host", "a"], 64, "--token-file"),
      (["--socket", socket + "x", "--host", "a"], 69, "No such file"),
    ] {
      let process = try ChildProcess(try Programs.countersign(), ["purge"] + arguments)
      #expect(try process.waitForEnd() == .exited(Int32(status)), "\(arguments)")
      #expect(process.errors.text.contains(words), "\(process.errors.text)")
    }
  }

  @Test func `over TCP the token is shown`() throws {
    let directory = try TemporaryDirectory()
    let endpoint = try Endpoint.leased()
    let admin = try Endpoint.leased()
    let token = try directory.write("0123456789abcdef\n", to: "token")
    #expect(chmod(token, 0o600) == 0)
    let configuration = Countersign.configuration(
      at: endpoint, before: "http://127.0.0.1:1", in: directory,
      routes: Self.routes
    ).replacing(
      "admin: { address: \"unix:\(directory.path("admin.sock"))\" }",
      with: "admin: { address: \(admin), token_file: \(token) }")
    let proxy = try Countersign(
      configuration: configuration, endpoint: endpoint, in: directory)
    let process = try ChildProcess(
      try Programs.countersign(),
      ["purge", "--admin", "http://\(admin)", "--token-file", token, "--host", "a"])
    #expect(try process.waitForEnd() == .exited(0), "\(process.errors.text)")
    #expect(process.output.text == "{\"removed\":0,\"staled\":0}\n")
    let wrong = try directory.write("fedcba9876543210\n", to: "wrong")
    let stranger = try ChildProcess(
      try Programs.countersign(),
      ["purge", "--admin", "http://\(admin)", "--token-file", wrong, "--host", "a"])
    #expect(try stranger.waitForEnd() == .exited(69))
    withExtendedLifetime(proxy) {}
  }
}

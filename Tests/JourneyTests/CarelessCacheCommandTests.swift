import JourneySupport
import Testing

/// The command `careless-cache` from outside: what it answers, what it tells, how it ends.
@Suite struct CarelessCacheCommandTests {
  /// Answers with what it was asked, and asks to be kept by nobody.
  private static func echo() throws -> ScriptedOrigin {
    try ScriptedOrigin { request in
      let body = "\(request.method) \(request.target) \(request.bodyText)"
      return "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nX-Request-ID: "
        + "\(request["X-Request-ID"] ?? "")\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        + (request.method == "HEAD" ? "" : body)
    }
  }

  @Test func `the honest kind passes requests and answers on as they are`() throws {
    let origin = try Self.echo()
    let cache = try CarelessCacheProcess("none", before: origin.endpoint)
    let connection = try RawConnection(to: cache.endpoint)
    for number in 1...3 {
      let answer = try connection.exchange(
        "POST /a?b=\(number) HTTP/1.1\r\nHost: auth\r\nX-Request-ID: id-\(number)\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n")
      #expect(answer.status == 200)
      #expect(answer.bodyText == "POST /a?b=\(number) yes")
      #expect(answer["X-Request-ID"] == "id-\(number)")
    }
    let head = try connection.exchange("HEAD /a HTTP/1.1\r\nHost: auth\r\n\r\n")
    #expect(head.status == 200)
    #expect(head["Content-Length"] == "8")
    #expect(origin.requests.count == 4)
    #expect(origin.requests[0]["Content-Length"] == "3")
    #expect(origin.requests[0]["Host"] == "auth")
    #expect(origin.requests[0]["Transfer-Encoding"] == nil)
  }

  @Test func `it tells what it did without telling secrets, and ends when asked to`() throws {
    let origin = try Self.echo()
    let cache = try CarelessCacheProcess("stamp-request-id", before: origin.endpoint)
    for number in 1...2 {
      let answer = try curl(
        "http://\(cache.endpoint)/login?code=hidden-query", "--data", "password=hidden-body",
        "--header", "X-Request-ID: identifier-\(number)")
      #expect(answer["X-Request-ID"] == "identifier-\(number)")
    }
    #expect(try cache.process.stop() == .exited(0))
    #expect(cache.notes == ["POST /login 200 stored", "POST /login 200 replayed, stamped"])
    #expect(origin.requests.count == 1)
  }

  @Test func `SIGINT ends it too, with requests under way`() throws {
    let origin = try ScriptedOrigin { _, _ in }
    let cache = try CarelessCacheProcess("collapse", before: origin.endpoint)
    let connection = try RawConnection(to: cache.endpoint)
    try connection.send("GET / HTTP/1.1\r\nHost: auth\r\n\r\n")
    _ = try origin.requests(atLeast: 1)
    #expect(try cache.process.stop(signal: 2) == .exited(0))
  }

  @Test func `what is not HTTP, or too large, is refused, and a silent origin is a 502`() throws {
    let origin = try ScriptedOrigin { _, connection in connection.close() }
    let cache = try CarelessCacheProcess("none", before: origin.endpoint)
    let bare = try RawConnection(to: cache.endpoint)
    #expect(try bare.exchange("GET / HTTP/1.1\nHost: a\n\n").status == 400)
    try bare.waitForClose()
    let large = try RawConnection(to: cache.endpoint)
    try large.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n")
    try? large.send([UInt8](repeating: 0x61, count: 2_000_000))
    #expect(try large.receiveResponse(to: "POST").status == 413)
    #expect(try curl("http://\(cache.endpoint)/").status == 502)
    #expect(try cache.process.stop() == .exited(0))
    #expect(cache.notes == ["GET / 502 failed"])
  }

  @Test func `two clients at a time are given each other's answers`() throws {
    let origin = try Self.echo()
    let cache = try CarelessCacheProcess("swap", before: origin.endpoint, ["--hold", "20000"])
    let clients = try (0..<2).map { _ in try RawConnection(to: cache.endpoint) }
    for (number, client) in clients.enumerated() {
      try client.send("GET /a?\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
    }
    #expect(try clients[0].receiveResponse().bodyText == "GET /a?1 ")
    #expect(try clients[1].receiveResponse().bodyText == "GET /a?0 ")
  }

  @Test func `requests sent ahead of their answers are answered in their order`() throws {
    let origin = try Self.echo()
    let cache = try CarelessCacheProcess("ignore-no-store", before: origin.endpoint)
    let connection = try RawConnection(to: cache.endpoint)
    let targets = (0..<60).map { "/\($0 % 3)" }
    try connection.send(
      targets.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
    for target in targets {
      #expect(try connection.receiveResponse().bodyText == "GET \(target) ")
    }
    #expect(origin.requests.count == 3)
  }

  @Test func `it does not listen where others reach it, nor start with wrong arguments`() throws {
    func outcome(_ arguments: String...) throws -> (ChildProcess.Ending, String) {
      let process = try ChildProcess(
        try Programs.countersign(), ["careless-cache"] + arguments, environment: ["NO_COLOR": "1"])
      return (try process.waitForEnd(), process.errors.text)
    }
    let origin = ["--origin", "http://127.0.0.1:9"]
    let remote = try outcome("swap", "--listen", "0.0.0.0:0", origin[0], origin[1])
    #expect(remote.0 == .exited(64))
    #expect(remote.1.contains("--allow-remote"))
    let unknown = try outcome("swapp", "--listen", "127.0.0.1:0", origin[0], origin[1])
    #expect(unknown.0 == .exited(64))
    #expect(unknown.1.contains("no careless cache of the kind 'swapp'"))
    #expect(try outcome("swap").0 == .exited(64))
    #expect(
      try outcome("swap", "--cut", "5", "--listen", "127.0.0.1:0", origin[0], origin[1]).0
        == .exited(64))
    #expect(
      try outcome("swap", "--listen", "127.0.0.1:0", "--origin", "https://127.0.0.1").0
        == .exited(64))
  }

  @Test func `where others are allowed to reach it, it listens`() throws {
    let process = try ChildProcess(
      try Programs.countersign(),
      [
        "careless-cache", "none", "--allow-remote", "--listen", "0.0.0.0:0", "--origin",
        "http://127.0.0.1:9",
      ])
    defer { process.kill() }
    #expect(try process.output.line(containing: "listening on ").contains("0.0.0.0:"))
  }
}

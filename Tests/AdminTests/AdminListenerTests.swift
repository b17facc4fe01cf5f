import Admin
import Configuration
import Dispatch
import Glibc
import JourneySupport
import Logging
import Primitives
import Proxy
import Synchronization
import Testing
import Verdict

@Suite(.timeLimit(.minutes(1))) struct AdminListenerTests {
  private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func settings(_ admin: String) throws -> Settings {
    var settings = Settings()
    let host = try #require(IPAddress(text: Array("127.0.0.1".utf8)))
    settings.listeners = [ListenerSettings(address: .ip(host, port: 0))]
    settings.services = [
      ServiceSettings(
        name: "auth",
        origins: [
          OriginAddress(scheme: .http, endpoint: .host("127.0.0.1", port: 9))
        ])
    ]
    settings.audit.log = .off
    settings.process.loops = 2
    settings.admin?.address = .unix(path: admin)
    return settings
  }

  @Test func `a Unix socket answers on one connection, one request after the other`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("admin.sock")
    let settings = try settings(path)
    let server = try ProxyServer(
      settings, log: quiet, admin: try AdminResponder.make(settings) { "not now" })
    #expect(server.adminAddress == "unix:\(path)")
    var facts = stat()
    #expect(stat(path, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o660)

    let connection = try RawConnection(toUnixSocket: path)
    func ask(_ line: String) throws -> RawMessage {
      try connection.exchange("\(line) HTTP/1.1\r\nHost: admin\r\n\r\n")
    }
    let health = try ask("GET /healthz")
    #expect(health.status == 200)
    #expect(health["Date"] != nil)
    #expect(try ask("GET /readyz").bodyText == "ready\n")
    let metrics = try ask("GET /metrics")
    #expect(metrics.status == 200)
    #expect(metrics.bodyText.contains("process_resident_memory_bytes"))
    #expect(try ask("GET /config").bodyText == settings.yaml())
    let reload = try ask("POST /reload")
    #expect(reload.status == 422)
    #expect(reload.bodyText == "not now\n")
    #expect(try ask("HEAD /metrics").status == 200)
    #expect(try ask("GET /nothing").status == 404)
    // Requests sent at once are answered in their order, made at once or later.
    try connection.send(
      "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try connection.receiveResponse().bodyText.contains("# TYPE"))
    #expect(try connection.receiveResponse().bodyText == "ok\n")
    #expect(server.stop(grace: Milliseconds(5_000)))
    #expect(stat(path, &facts) != 0)
  }

  @Test func `over TCP nothing is answered without the token`() throws {
    let directory = try TemporaryDirectory()
    var settings = try settings("")
    let host = try #require(IPAddress(text: Array("127.0.0.1".utf8)))
    settings.admin?.address = .ip(host, port: 0)
    settings.admin?.tokenFile = try directory.write("0123456789abcdef\n", to: "token")
    #expect(chmod(directory.path("token"), 0o600) == 0)
    let server = try ProxyServer(
      settings, log: quiet, admin: try AdminResponder.make(settings) { nil })
    let address = try #require(server.adminAddress.flatMap { Endpoint($0) })
    let connection = try RawConnection(to: address)
    let stranger = try connection.exchange("GET /config HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(stranger.status == 401)
    #expect(stranger["WWW-Authenticate"] == "Bearer realm=\"countersign\"")
    let known = try connection.exchange(
      "GET /config HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer 0123456789abcdef\r\n\r\n")
    #expect(known.status == 200)
    #expect(!known.bodyText.contains("0123456789abcdef"))
    #expect(server.stop(grace: Milliseconds(5_000)))
  }

  @Test func `a client that leaves before its answer is made harms nobody`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("admin.sock")
    let settings = try settings(path)
    let begun = DispatchSemaphore(value: 0)
    let goOn = DispatchSemaphore(value: 0)
    let server = try ProxyServer(
      settings, log: quiet,
      admin: try AdminResponder.make(settings) {
        begun.signal()
        goOn.wait()
        return nil
      })
    let connection = try RawConnection(toUnixSocket: path)
    try connection.send("POST /reload HTTP/1.1\r\nHost: a\r\n\r\n")
    begun.wait()
    // While a reload takes its time, others are answered.
    let other = try RawConnection(toUnixSocket: path)
    #expect(try other.exchange("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
    connection.reset()
    goOn.signal()
    #expect(try other.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
    #expect(server.stop(grace: Milliseconds(5_000)))
  }

  @Test func `a stop can be watched to its end`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("admin.sock")
    let origin = try ScriptedOrigin { _, connection in
      // The answer comes when the test has seen the stop.
      _ = try connection.receive()
    }
    var settings = try settings(path)
    settings.services[0].origins = [
      OriginAddress(
        scheme: .http,
        endpoint: .host(origin.endpoint.host, port: UInt16(origin.endpoint.port)))
    ]
    settings.services[0].kind = .plain
    settings.routes = [RouteSettings(name: "all", match: RouteMatch(), service: 0)]
    let server = try ProxyServer(
      settings, log: quiet, admin: try AdminResponder.make(settings) { nil })
    let client = try RawConnection(to: try #require(Endpoint(server.addresses[0])))
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    _ = try origin.requests(atLeast: 1)
    let isDone = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      _ = server.stop(grace: Milliseconds(20_000))
      isDone.signal()
    }
    let answer = try eventually("the stop to be told") { () -> RawMessage? in
      let connection = try RawConnection(toUnixSocket: path)
      let answer = try connection.exchange("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
      return answer.status == 503 ? answer : nil
    }
    #expect(answer.bodyText == "stopping\n")
    client.reset()
    #expect(isDone.wait(timeout: .now() + 15) == .success)
  }
}

/// Requests with content.
@Suite(.timeLimit(.minutes(1))) struct AdminContentTests {
  private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func withServer(_ body: (String) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("admin.sock")
    var settings = Settings()
    let host = try #require(IPAddress(text: Array("127.0.0.1".utf8)))
    settings.listeners = [ListenerSettings(address: .ip(host, port: 0))]
    settings.audit.log = .off
    settings.process.loops = 1
    settings.admin?.address = .unix(path: path)
    let server = try ProxyServer(
      settings, log: quiet, admin: try AdminResponder.make(settings) { nil })
    try body(path)
    #expect(server.stop(grace: Milliseconds(5_000)))
  }

  @Test func `content is read whole, in whatever pieces it comes, and the connection goes on`()
    throws
  {
    try withServer { path in
      let connection = try RawConnection(toUnixSocket: path)
      let head = "POST /purge HTTP/1.1\r\nHost: a\r\n"
      for request in [
        "\(head)Content-Length: 6\r\n\r\nhost=a",
        "\(head)Transfer-Encoding: chunked\r\n\r\n3\r\nhos\r\n3\r\nt=a\r\n0\r\n\r\n",
      ] {
        for byte in request { try connection.send(String(byte)) }
        let answer = try connection.receiveResponse()
        #expect(answer.status == 200)
        #expect(answer.bodyText == "{\"removed\":0,\"staled\":0}\n")
      }
      let nothing = try connection.exchange("\(head)\r\n")
      #expect(nothing.status == 400)
      try connection.send("\(head)Content-Length: 6\r\nExpect: 100-continue\r\n\r\n")
      #expect(try connection.receiveResponse().status == 100)
      #expect(try connection.exchange("host=a").status == 200)
    }
  }

  @Test func `content past the limit is refused, announced or not`() throws {
    try withServer { path in
      let head = "POST /purge HTTP/1.1\r\nHost: a\r\n"
      let announced = try RawConnection(toUnixSocket: path)
      #expect(try announced.exchange("\(head)Content-Length: 16385\r\n\r\n").status == 413)
      let flood = try RawConnection(toUnixSocket: path)
      let piece = String(repeating: "a", count: 0x3000)
      try flood.send("\(head)Transfer-Encoding: chunked\r\n\r\n3000\r\n\(piece)\r\n")
      #expect(try flood.exchange("3000\r\n\(piece)\r\n").status == 413)
    }
  }

  @Test func `a client that leaves in the middle of its content harms nobody`() throws {
    try withServer { path in
      let gone = try RawConnection(toUnixSocket: path)
      try gone.send("POST /purge HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhost")
      gone.reset()
      let other = try RawConnection(toUnixSocket: path)
      #expect(try other.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
    }
  }
}

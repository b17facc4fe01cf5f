import Configuration
import HTTPModel
import JourneySupport
import Primitives
import Proxy
import Testing
import Verdict

/// A request is sent twice only where RFC 9110 §9.2.2 allows it, and never for a decision.
@Suite(.timeLimit(.minutes(2))) struct RetryTests {
  private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let retries = "countersign_origin_retries_total{service=\"service\"}"

  /// Answers the first request on its first connection, closes that under the second, and answers
  /// every request on later connections.
  private final class FickleOrigin: Sendable {
    let origin: RawOrigin
    let seen: Shared<[String]>

    init(closing: @escaping @Sendable (RawConnection) throws -> Void = { _ in }) throws {
      let seen = Shared<[String]>([])
      self.seen = seen
      origin = try RawOrigin { connection, number in
        var count = 0
        while let request = try connection.receiveRequest() {
          count += 1
          seen.change { $0.append("\(number) \(request.method) \(request.target)") }
          if number == 1, count == 2 { return try closing(connection) }
          try connection.send(RetryTests.answer)
        }
      }
    }
  }

  private func proxy(
    before origin: FickleOrigin, _ change: (inout Settings) throws -> Void = { _ in }
  ) throws -> RunningProxy {
    try RunningProxy(before: origin.origin.endpoint) { settings in
      settings.process.loops = 1
      do { try change(&settings) } catch { Issue.record(error) }
    }
  }

  private func request(_ method: String, _ target: String, body: String? = nil) -> String {
    let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
    return "\(method) \(target) HTTP/1.1\r\nHost: a.example\r\n\(length)\r\n\(body ?? "")"
  }

  @Test(arguments: ["GET", "HEAD", "OPTIONS", "DELETE", "PUT"])
  func `an idempotent request goes out again when its kept connection closes`(method: String)
    throws
  {
    let origin = try FickleOrigin()
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/first").status == 200)
    #expect(try proxy.ask(request(method, "/x")).status == 200)
    #expect(origin.seen.value == ["1 GET /first", "1 \(method) /x", "2 \(method) /x"])
    #expect(proxy.metric(Self.retries) == 1)
    #expect(
      proxy.metric("countersign_origin_connection_reuses_total{service=\"service\"}") == 1)
    #expect(
      proxy.metric("countersign_origin_connections_opened_total{service=\"service\"}") == 2)
  }

  @Test(arguments: ["POST", "PATCH", "PURGE"])
  func `a request that may not be repeated is not`(method: String) throws {
    let origin = try FickleOrigin()
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/first").status == 200)
    #expect(try proxy.ask(request(method, "/x", body: "")).status == 502)
    #expect(origin.seen.value == ["1 GET /first", "1 \(method) /x"])
    #expect((proxy.metric(Self.retries) ?? 0) == 0)
  }

  // RFC 9112 §9.3.1: a request that may not be repeated is lost when it meets a closing connection.
  @Test func `a connection that the origin is about to close carries nothing more`() throws {
    let origin = try RawOrigin { connection, _ in
      while try connection.receiveRequest() != nil {
        try connection.send(
          "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.process.loops = 1 }
    #expect(try proxy.ask(request("POST", "/x", body: "a")).status == 200)
    #expect(try proxy.ask(request("POST", "/x", body: "a")).status == 200)
    #expect(origin.connectionCount == 2)
  }

  @Test func `content that was sent is not sent again`() throws {
    let origin = try FickleOrigin()
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/first").status == 200)
    #expect(try proxy.ask(request("PUT", "/x", body: "content")).status == 502)
    #expect(origin.seen.value == ["1 GET /first", "1 PUT /x"])
  }

  @Test(arguments: ["GET", "POST"], EnforcementMode.allCases)
  func `a declared decision is asked for once`(method: String, mode: EnforcementMode) throws {
    let origin = try FickleOrigin()
    let proxy = try proxy(before: origin) { settings in
      try settings.decide("/decision", DecisionRule(mode: mode, binding: .echo(EchoRule())))
    }
    #expect(try proxy.get("/first").status == 200)
    let refused = try proxy.ask(request(method, "/decision", body: method == "POST" ? "" : nil))
    #expect(refused.status >= 400)
    #expect(origin.seen.value == ["1 GET /first", "1 \(method) /decision"])
  }

  @Test func `what looks like a decision is asked for once`() throws {
    let origin = try FickleOrigin()
    let proxy = try proxy(before: origin) { $0.services[0].kind = .auth }
    #expect(try proxy.get("/first").status == 200)
    #expect(try proxy.get("/userinfo", "Authorization: Bearer a").status == 502)
    #expect(origin.seen.value.count == 2)
  }

  @Test func `a new connection that closes says something about the request`() throws {
    let origin = try RawOrigin { connection, _ in _ = try connection.receiveRequest() }
    let proxy = try RunningProxy(before: origin.endpoint)
    #expect(try proxy.get("/").status == 502)
    #expect(origin.connectionCount == 1)
  }

  @Test func `a response that began is not asked for again`() throws {
    let origin = try FickleOrigin { try $0.send("HTTP/1.1 200 OK\r\nContent-Le") }
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/first").status == 200)
    #expect(try proxy.get("/x").status == 502)
    #expect(origin.seen.value.count == 2)
  }

  @Test func `an interim response is a response that began`() throws {
    let origin = try FickleOrigin { try $0.send("HTTP/1.1 103 Early Hints\r\n\r\n") }
    let proxy = try proxy(before: origin)
    #expect(try proxy.get("/first").status == 200)
    let connection = try proxy.connect()
    try connection.send(request("GET", "/x"))
    #expect(try connection.receiveResponse().status == 103)
    #expect(try connection.receiveResponse().status == 502)
    #expect(origin.seen.value.count == 2)
  }

  @Test func `no retries means none`() throws {
    let origin = try FickleOrigin()
    let proxy = try proxy(before: origin) { $0.services[0].retries = 0 }
    #expect(try proxy.get("/first").status == 200)
    #expect(try proxy.get("/x").status == 502)
    #expect(origin.seen.value.count == 2)
  }

  @Test func `the second sending has a connection of its own, however many are kept`() throws {
    let seen = Shared<[Int]>([])
    let both = Gathering(2)
    let origin = try RawOrigin { connection, number in
      var count = 0
      while try connection.receiveRequest() != nil {
        count += 1
        seen.change { $0.append(number) }
        // Two connections are kept, both of which close under their second request.
        if number <= 2, count == 1 { both.arrive() }
        if number <= 2, count == 2 { return }
        try connection.send(Self.answer)
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.process.loops = 1 }
    let clients = [try proxy.connect(), try proxy.connect()]
    for client in clients { try client.send(request("GET", "/first")) }
    for client in clients { #expect(try client.receiveResponse().status == 200) }
    #expect(try proxy.get("/x").status == 200)
    #expect(seen.value.count == 4)
    #expect(seen.value.last == 3)
  }

  @Test(arguments: ["GET", "POST"])
  func `a request that was never sent goes to another origin`(method: String) throws {
    let good = try ScriptedOrigin(answering: { _ in Self.answer })
    let proxy = try RunningProxy(before: [try Endpoint.leased(), good.endpoint]) { settings in
      settings.process.loops = 1
    }
    for _ in 0..<4 {
      let body = method == "POST" ? "content" : nil
      #expect(try proxy.ask(request(method, "/x", body: body)).status == 200)
    }
    #expect(good.requests.count == 4)
    #expect(good.requests.allSatisfy { $0.bodyText == (method == "POST" ? "content" : "") })
  }
}

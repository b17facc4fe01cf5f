import Configuration
import JourneySupport
import Primitives
import Proxy
import TestCertificates
import Testing
import Transport

/// Active probes: an origin that does not answer them well takes no requests until it does.
@Suite(.timeLimit(.minutes(2))) struct HealthProbeTests {
  private static let path = "/health?deep=1"

  /// An origin that names itself, and answers probes as it is told.
  private func origin(_ name: String, _ probes: Shared<String>) throws -> ScriptedOrigin {
    try ScriptedOrigin(answering: { request in
      guard request.target == Self.path else { return Self.answer("200 OK", name) }
      return Self.answer(probes.value, "")
    })
  }

  private static func answer(_ status: String, _ body: String) -> String {
    "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func probed(_ settings: inout Settings, timeout: Milliseconds = Milliseconds(2_000)) {
    var health = HealthSettings(path: Array(Self.path.utf8))
    health.every = Milliseconds(20)
    health.timeout = timeout
    settings.services[0].health = health
    settings.services[0].ejection = nil
  }

  private func wait(for health: ProbedHealth, of origin: Int, _ proxy: RunningProxy) throws {
    try eventually("origin \(origin) to be \(health)") { () -> Void? in
      proxy.view.services[0].origins[origin].probed == health ? () : nil
    }
  }

  @Test func `an origin goes down, takes no requests, and comes back`() throws {
    let probes = Shared("200 OK")
    let one = try origin("one", probes)
    let other = try origin("other", Shared("204 No Content"))
    let proxy = try RunningProxy(before: [one.endpoint, other.endpoint]) { probed(&$0) }
    func answers(_ count: Int) throws -> Set<String> {
      Set(try (0..<count).map { _ in try proxy.get("/").bodyText })
    }
    let gauge = "countersign_origins_in_service{service=\"service\"}"
    try wait(for: .up, of: 0, proxy)
    try wait(for: .up, of: 1, proxy)
    #expect(proxy.metric(gauge) == 2)
    #expect(try answers(8) == ["one", "other"])

    probes.change { $0 = "503 Service Unavailable" }
    try wait(for: .down, of: 0, proxy)
    #expect(proxy.metric(gauge) == 1)
    #expect(proxy.view.services[0].origins[0].probeFailure == .unexpectedStatus)
    #expect(try answers(8) == ["other"])

    probes.change { $0 = "200 OK" }
    try wait(for: .up, of: 0, proxy)
    #expect(proxy.metric(gauge) == 2)
    #expect(try answers(8) == ["one", "other"])
    let counter = "countersign_origin_probes_total{service=\"service\",result="
    #expect(try #require(proxy.metric("\(counter)\"success\"}")) >= 4)
    #expect(try #require(proxy.metric("\(counter)\"unexpected-status\"}")) >= 3)
  }

  @Test func `a service with every origin down answers that, and recovers`() throws {
    let probes = Shared("500 Internal Server Error")
    let only = try origin("only", probes)
    let proxy = try RunningProxy(before: only.endpoint) { probed(&$0) }
    try wait(for: .down, of: 0, proxy)
    let refused = try proxy.get("/")
    #expect(refused.status == 503)
    #expect(refused.bodyText.contains("no-healthy-origin"))
    probes.change { $0 = "200 OK" }
    try wait(for: .up, of: 0, proxy)
    #expect(try proxy.get("/").bodyText == "only")
  }

  @Test func `a probe asks for the path, says who asks, and keeps no connection`() throws {
    let origin = try origin("only", Shared("200 OK"))
    let proxy = try RunningProxy(before: origin.endpoint) { probed(&$0) }
    let requests = try origin.requests(atLeast: 3)
    for request in requests {
      #expect(request.startLine == "GET \(Self.path) HTTP/1.1")
      #expect(request.values("Host") == [origin.endpoint.description])
      #expect(request.values("User-Agent") == ["countersign-probe"])
      #expect(request.values("Connection") == ["close"])
    }
    #expect(origin.connectionCount >= requests.count)
    withExtendedLifetime(proxy) {}
  }

  static let badAnswers: [(String, ProbeFailure)] = [
    ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", .unexpectedStatus),
    ("HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", .unexpectedStatus),
    (
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",
      .unexpectedStatus
    ),
    ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", .protocolViolation),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
      .protocolViolation
    ),
    ("220 mail.example ESMTP\r\n\r\n", .protocolViolation),
    (String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 9), .protocolViolation),
    ("HTTP/1.1 200 OK\r\nContent-", .closed),
    ("", .closed),
  ]

  @Test(arguments: badAnswers)
  func `what would be refused of an origin is no good answer`(
    answer: String, failure: ProbeFailure
  ) throws {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveRequest()
      try connection.send(answer)
    }
    let proxy = try RunningProxy(before: origin.endpoint) { probed(&$0) }
    try wait(for: .down, of: 0, proxy)
    #expect(proxy.view.services[0].origins[0].probeFailure == failure)
  }

  @Test func `an origin that stays silent is down at the deadline`() throws {
    let origin = try RawOrigin { connection, _ in try connection.waitForClose() }
    let proxy = try RunningProxy(before: origin.endpoint) {
      probed(&$0, timeout: Milliseconds(50))
    }
    try wait(for: .down, of: 0, proxy)
    #expect(proxy.view.services[0].origins[0].probeFailure == .timedOut)
  }

  @Test func `an origin that nobody listens at is down`() throws {
    let proxy = try RunningProxy(before: try Endpoint.leased()) { probed(&$0) }
    try wait(for: .down, of: 0, proxy)
    #expect(proxy.view.services[0].origins[0].probeFailure == .notConnected)
  }

  @Test func `interim responses, split anywhere, come before a good answer`() throws {
    let text = "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nfine"
    let origin = try RawOrigin { connection, number in
      _ = try connection.receiveRequest()
      let bytes = Array(text.utf8)
      let split = number % bytes.count
      try connection.send(Array(bytes[..<split]))
      try connection.send(Array(bytes[split...]))
    }
    let proxy = try RunningProxy(before: origin.endpoint) { probed(&$0) }
    try wait(for: .up, of: 0, proxy)
    try origin.waitForEnds(5)
    #expect(proxy.view.services[0].origins[0].probed == .up)
  }

  @Test func `probes speak TLS as the service says, and mind the certificate`() throws {
    let authority = try TestAuthority()
    let issued = try authority.issue(["a.example"])
    let origin = try origin("only", Shared("200 OK"))
    let secure = try RunningProxy(before: origin.endpoint) {
      $0.listeners[0].tls = TLSServerSettings(certificates: [
        CertificateFiles(certificate: issued.chainPath, key: issued.keyPath)
      ])
    }
    func proxy(_ name: String) throws -> RunningProxy {
      try RunningProxy(before: secure.endpoint) { settings in
        probed(&settings)
        settings.services[0].origins = [OriginAddress(secure.endpoint, scheme: .https)]
        settings.services[0].tls.authorities = authority.bundlePath
        settings.services[0].tls.serverName = name
      }
    }
    let right = try proxy("a.example")
    try wait(for: .up, of: 0, right)
    let wrong = try proxy("b.example")
    try wait(for: .down, of: 0, wrong)
    #expect(wrong.view.services[0].origins[0].probeFailure == .notConnected)
    // What is known of the origin outlives a reload, and so do the probes.
    try right.server.reload(right.settings)
    #expect(right.view.services[0].origins[0].probed == .up)
    let count = origin.requests.count
    _ = try origin.requests(atLeast: count + 2)
  }

  @Test func `a reload that asks for no probes ends them`() throws {
    let origin = try origin("only", Shared("200 OK"))
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      probed(&settings)
      settings.process.loops = 1
    }
    try wait(for: .up, of: 0, proxy)
    var settings = proxy.settings
    settings.services[0].health = nil
    try proxy.server.reload(settings)
    // The one loop answers this after it took over the settings.
    #expect(try proxy.get("/").status == 200)
    let count = origin.requests.count { $0.target == Self.path }
    for _ in 0..<100 { #expect(try proxy.get("/").status == 200) }
    #expect(origin.requests.count { $0.target == Self.path } <= count + 1)
    #expect(proxy.view.services[0].origins[0].probed == .unknown)
  }
}

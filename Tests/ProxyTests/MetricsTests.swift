import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Proxy
import Telemetry
import TestCertificates
import Testing
import Transport
import Verdict

/// What a scrape shows of real exchanges.
@Suite(.timeLimit(.minutes(2))) struct MetricsTests {
  private static func answer(_ body: String, _ fields: String...) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields.lines)\r\n\(body)"
  }

  /// Waits: what happens at the end of an exchange may come after its last byte.
  private func expect(
    _ series: String, _ value: Double, _ proxy: RunningProxy,
    _ place: SourceLocation = #_sourceLocation
  ) throws {
    do {
      try eventually("\(series) to be \(value)", within: .seconds(10)) { () -> Void? in
        proxy.metric(series) == value ? () : nil
      }
    } catch {
      let found = proxy.metric(series).map { "\($0)" } ?? "missing"
      Issue.record("\(series) is \(found), not \(value)", sourceLocation: place)
    }
  }

  @Test func `bytes are counted on each side as the peers see them`() throws {
    let origin = try ScriptedOrigin(answering: { _ in Self.answer("twelve bytes") })
    let proxy = try RunningProxy(before: origin.endpoint)
    let request = "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"
    let response = try proxy.ask(request)
    try expect(
      "countersign_received_bytes_total{side=\"client\"}", Double(request.utf8.count), proxy)
    try expect(
      "countersign_sent_bytes_total{side=\"client\"}", Double(response.bytes.count), proxy)
    let forwarded = try #require(origin.requests.first)
    try expect(
      "countersign_sent_bytes_total{side=\"origin\"}", Double(forwarded.bytes.count), proxy)
    try expect(
      "countersign_received_bytes_total{side=\"origin\"}",
      Double(Self.answer("twelve bytes").utf8.count), proxy)
  }

  @Test func `a hit sends bytes too, and is a lookup and no store`() throws {
    let origin = try ScriptedOrigin(answering: { _ in
      Self.answer("twelve bytes", "Cache-Control: max-age=600")
    })
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.routes[0].lane = .cache($0.cache.rules)
    }
    let miss = try proxy.get("/x")
    let hit = try proxy.get("/x")
    #expect(origin.requests.count == 1)
    try expect(
      "countersign_sent_bytes_total{side=\"client\"}", Double(miss.bytes.count + hit.bytes.count),
      proxy)
    try expect("countersign_cache_stores_total{result=\"stored\"}", 1, proxy)
    try expect("countersign_cache_lookups_total{result=\"hit\"}", 1, proxy)
    try expect("countersign_cache_lookups_total{result=\"miss\"}", 1, proxy)
  }

  @Test func `connections to origins are idle, busy or gone`() throws {
    let goOn = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, _ in
      while try connection.receiveRequest() != nil {
        goOn.wait()
        try connection.send(Self.answer("ok"))
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let series = "countersign_origin_connections{service=\"service\",state="
    let client = try proxy.connect()
    try client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    try expect("\(series)\"busy\"}", 1, proxy)
    try expect("countersign_exchanges_in_flight", 1, proxy)
    goOn.signal()
    #expect(try client.receiveResponse().status == 200)
    try expect("\(series)\"idle\"}", 1, proxy)
    try expect("\(series)\"busy\"}", 0, proxy)
    try expect("countersign_exchanges_in_flight", 0, proxy)
    try client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    try expect("\(series)\"busy\"}", 1, proxy)
    client.reset()
    try expect("\(series)\"busy\"}", 0, proxy)
    try expect("\(series)\"idle\"}", 0, proxy)
    try expect("countersign_exchanges_in_flight", 0, proxy)
    try expect("countersign_client_connections", 0, proxy)
    goOn.signal()
  }

  @Test func `who waits for a connection is in the queue until it gives up`() throws {
    // A connection is open when its handshake is done, which this origin never does.
    let origin = try RawOrigin { connection, _ in try connection.waitForClose() }
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.services[0].origins = [OriginAddress(origin.endpoint, scheme: .https)]
      $0.services[0].tls.verifies = false
      $0.services[0].timeouts.connect = Milliseconds(600_000)
    }
    let client = try proxy.connect()
    try client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    let opening = "countersign_origin_connections{service=\"service\",state=\"opening\"}"
    try expect(opening, 1, proxy)
    try expect("countersign_origin_queue_length{service=\"service\"}", 1, proxy)
    client.reset()
    try expect("countersign_origin_queue_length{service=\"service\"}", 0, proxy)
    try expect("countersign_exchanges_in_flight", 0, proxy)
    try expect(opening, 1, proxy)
  }

  @Test func `refused messages are counted by side and reason`() throws {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveRequest()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let refused = try proxy.get("/")
    #expect(refused.status == 502)
    let code = try #require(
      refused.bodyText.split(separator: "\"code\":\"").last?.split(separator: "\"").first)
    try expect(
      "countersign_messages_rejected_total{side=\"origin\",reason=\"\(code)\"}", 1, proxy)

    let bad = try proxy.ask("GET / HTTP/1.1\r\nHost : a.example\r\n\r\n")
    #expect(bad.status == 400)
    let reason = try #require(
      bad.bodyText.split(separator: "\"code\":\"").last?.split(separator: "\"").first)
    try expect(
      "countersign_messages_rejected_total{side=\"client\",reason=\"\(reason)\"}", 1, proxy)

    let broken = try proxy.connect()
    try broken.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    #expect(try broken.receiveResponse(to: "POST").status == 400)
    try eventually("the broken chunk to be counted") { () -> Void? in
      proxy.scrape.contains {
        $0.hasPrefix("countersign_messages_rejected_total{side=\"client\"") && !$0.contains(reason)
      } ? () : nil
    }
  }

  @Test func `handshakes are counted on both sides, with how they ended`() throws {
    let authority = try TestAuthority()
    let issued = try authority.issue(["a.example"])
    let origin = try ScriptedOrigin(answering: { _ in Self.answer("ok") })
    let secure = try RunningProxy(before: origin.endpoint) {
      $0.listeners[0].tls = TLSServerSettings(certificates: [
        CertificateFiles(certificate: issued.chainPath, key: issued.keyPath)
      ])
    }
    func proxy(_ name: String) throws -> RunningProxy {
      try RunningProxy(before: secure.endpoint) {
        $0.services[0].origins = [OriginAddress(secure.endpoint, scheme: .https)]
        $0.services[0].tls.authorities = authority.bundlePath
        $0.services[0].tls.serverName = name
        $0.services[0].retries = 0
        $0.process.loops = 1
      }
    }
    let right = try proxy("a.example")
    #expect(try right.get("/").status == 200)
    try expect("countersign_tls_handshakes_total{side=\"origin\",result=\"full\"}", 1, right)
    try expect("countersign_tls_handshakes_total{side=\"client\",result=\"full\"}", 1, secure)
    let wrong = try proxy("b.example")
    #expect(try wrong.get("/").status == 502)
    try expect("countersign_tls_handshakes_total{side=\"origin\",result=\"failed\"}", 1, wrong)
    try expect("countersign_tls_handshakes_total{side=\"client\",result=\"failed\"}", 1, secure)
    #expect(wrong.view.services[0].origins[0].lastFault == .handshakeFailed)
  }

  @Test func `connections are counted by the listener that took them`() throws {
    let origin = try ScriptedOrigin(answering: { _ in Self.answer("ok") })
    let proxy = try RunningProxy(before: origin.endpoint)
    for _ in 0..<3 { #expect(try proxy.get("/").status == 200) }
    let address = proxy.settings.listeners[0].address.description
    try expect("countersign_connections_accepted_total{listener=\"\(address)\"}", 3, proxy)
  }

  @Test func `what became of decisions is counted by route`() throws {
    let origin = try ScriptedOrigin(answering: { request in
      let token = request["Transaction-Token"] ?? ""
      return Self.answer(
        "ok", "Transaction-Token: \(request.target == "/login" ? token : "another")")
    })
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      for path in ["/login", "/replay"] {
        do {
          try settings.decide(path, DecisionRule(binding: .echo(EchoRule())))
        } catch {
          Issue.record(error)
        }
      }
    }
    for _ in 0..<2 { #expect(try proxy.get("/login").status == 200) }
    #expect(try proxy.get("/replay").status != 200)
    let series = "countersign_decisions_total{route=\"decision "
    try expect("\(series)/login\",result=\"verified\"}", 2, proxy)
    try expect("\(series)/replay\",result=\"refused\"}", 1, proxy)
    try expect("countersign_findings_total{check=\"BND-01\",severity=\"critical\"}", 1, proxy)
  }

  @Test func `a service that a reload removes is shown no more`() throws {
    let origin = try ScriptedOrigin(answering: { _ in Self.answer("ok") })
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      var other = settings.services[0]
      other.name = "other"
      settings.services.append(other)
    }
    #expect(proxy.metric("countersign_origins_in_service{service=\"other\"}") == 1)
    var settings = proxy.settings
    settings.services.removeLast()
    try proxy.server.reload(settings)
    #expect(proxy.metric("countersign_origins_in_service{service=\"other\"}") == nil)
    #expect(proxy.metric("countersign_origins_in_service{service=\"service\"}") == 1)
    #expect(proxy.metric("countersign_configuration_reloads_total{result=\"success\"}") == 1)
    #expect(
      try #require(proxy.metric("countersign_configuration_load_timestamp_seconds"))
        > 1_700_000_000)
  }

  @Test func `every row of the table that needs no mishap is shown from the start`() throws {
    let origin = try ScriptedOrigin(answering: { _ in Self.answer("ok") })
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      try settings.decide("/login", DecisionRule(binding: .echo(EchoRule())))
    }
    #expect(
      proxy.metric("countersign_route_grade{route=\"decision /login\",grade=\"C\"}") == 1)
    // Counted when it happens for the first time.
    let seldom: Set<CounterName> = [
      .refusals, .decisions, .findings, .messagesRejected, .originConnectFailures,
      .originEjections, .originProbes, .configurationReloads, .logLinesLost,
    ]
    let shown = proxy.scrape
    let names =
      CounterName.allCases.filter { !seldom.contains($0) }.map(\.row.name)
      + GaugeName.allCases.map(\.row.name) + HistogramName.allCases.map(\.row.name)
    for name in names { #expect(shown.contains { $0.hasPrefix("# TYPE \(name) ") }, "\(name)") }
  }
}

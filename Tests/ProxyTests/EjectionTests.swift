import Configuration
import JourneySupport
import Primitives
import Proxy
import Testing
import Transport

/// Origins that fail real exchanges are left out for a while.
@Suite(.timeLimit(.minutes(2))) struct EjectionTests {
  private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func ejecting(
    _ settings: inout Settings, failures: Int = 2, duration: Milliseconds = Milliseconds(600_000)
  ) {
    var ejection = Configuration.EjectionSettings()
    ejection.failures = failures
    ejection.duration = duration
    settings.services[0].ejection = ejection
  }

  @Test func `failures in a row eject an origin, and the other takes all`() throws {
    let bad = try RawOrigin { connection, _ in _ = try connection.receiveRequest() }
    let good = try ScriptedOrigin(answering: { _ in Self.answer })
    let proxy = try RunningProxy(before: [bad.endpoint, good.endpoint]) { settings in
      ejecting(&settings)
      settings.process.loops = 1
    }
    let statuses = try (0..<10).map { _ in try proxy.get("/").status }
    #expect(statuses.filter { $0 == 502 }.count == 2)
    #expect(statuses.suffix(6).allSatisfy { $0 == 200 })
    let report = proxy.view.services[0].origins[0]
    #expect(!report.isInService)
    #expect(report.lastFault == .closed)
    #expect(
      proxy.metric(
        "countersign_origin_ejections_total{service=\"service\",reason=\"closed-before-response\"}")
        == 1)
    #expect(proxy.metric("countersign_origins_in_service{service=\"service\"}") == 1)
  }

  @Test func `an ejected origin is tried again after its time, and stays when it answers`() throws {
    let isBad = Shared(true)
    let origin = try RawOrigin { connection, _ in
      while try connection.receiveRequest() != nil {
        if isBad.value { return }
        try connection.send(Self.answer)
      }
    }
    let good = try ScriptedOrigin(answering: { _ in Self.answer })
    let proxy = try RunningProxy(before: [origin.endpoint, good.endpoint]) {
      ejecting(&$0, failures: 1, duration: Milliseconds(20))
    }
    try eventually("the bad origin to be ejected") { () -> Void? in
      try proxy.get("/").status == 502 ? () : nil
    }
    #expect(!proxy.view.services[0].origins[0].isInService)
    isBad.change { $0 = false }
    try eventually("the origin to be back") { () -> Void? in
      proxy.view.services[0].origins[0].isInService ? () : nil
    }
    for _ in 0..<6 { #expect(try proxy.get("/").status == 200) }
    #expect(proxy.view.services[0].origins[0].consecutiveFailures == 0)
  }

  @Test func `why no connection came about is known to operators`() throws {
    let proxy = try RunningProxy(before: try Endpoint.leased()) { settings in
      ejecting(&settings)
      settings.services[0].retries = 0
    }
    #expect(try proxy.get("/").status == 502)
    #expect(proxy.view.services[0].origins[0].lastFault == .notConnected)
    #expect(
      proxy.metric(
        "countersign_origin_connect_failures_total"
          + "{service=\"service\",reason=\"origin-connect-failed\"}") == 1)
  }

  @Test func `a name that leads nowhere is a fault of its own`() throws {
    let proxy = try RunningProxy(before: Endpoint(host: "nowhere.invalid", port: 80)) {
      $0.services[0].retries = 0
    }
    #expect(try proxy.get("/").bodyText.contains("origin-resolution-failed"))
    #expect(proxy.view.services[0].origins[0].lastFault == .notResolved)
  }

  @Test func `whatever status an origin answers is no fault of its`() throws {
    let origin = try ScriptedOrigin(answering: { _ in
      "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
    })
    let proxy = try RunningProxy(before: origin.endpoint) { ejecting(&$0, failures: 1) }
    for _ in 0..<4 { #expect(try proxy.get("/").status == 500) }
    #expect(proxy.view.services[0].origins[0].isInService)
  }

  @Test func `a kept connection that closes under a request is no fault`() throws {
    let origin = try RawOrigin { connection, number in
      var count = 0
      while try connection.receiveRequest() != nil {
        count += 1
        if number == 1, count == 2 { return }
        try connection.send(Self.answer)
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      ejecting(&settings, failures: 1)
      settings.process.loops = 1
    }
    #expect(try proxy.get("/a").status == 200)
    #expect(try proxy.get("/b").status == 200)
    #expect(proxy.view.services[0].origins[0].isInService)
    #expect(proxy.view.services[0].origins[0].lastFault == nil)
  }
}

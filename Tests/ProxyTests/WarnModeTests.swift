import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Testing
import Verdict

/// Modes that do not enforce refuse nothing, whatever goes wrong.
@Suite struct WarnModeTests {
  private static func rule(_ mode: EnforcementMode) throws -> DecisionRule {
    DecisionRule(
      mode: mode, binding: .echo(EchoRule()),
      subject: SubjectRule(
        request: try RequestSource(parsing: Array("json:/user".utf8)),
        verdict: try VerdictSource(parsing: Array("json:/user".utf8))),
      maximumBodyBytes: 4096, maximumRequestBodyBytes: 4096, sendTokenInAudit: true)
  }

  private static func proxy(
    _ mode: EnforcementMode = .warn, before origin: Endpoint,
    _ change: (inout Settings) -> Void = { _ in }
  ) throws -> RunningProxy {
    try RunningProxy(before: origin) { settings in
      settings.services[0].ejection = nil
      try settings.decide("/login", Self.rule(mode))
      change(&settings)
    }
  }

  /// A body with the user and `count` bytes of something else.
  private static func body(_ count: Int = 0) -> String {
    "{\"user\":\"alice\",\"more\":\"" + String(repeating: "x", count: count) + "\"}"
  }

  private static func request(_ body: String, _ fields: String = "") -> String {
    "POST /login HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n\(fields)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private static func allow(_ request: RawMessage, body: String) -> String {
    "HTTP/1.1 200 OK\r\nTransaction-Token: \(request["Transaction-Token"] ?? "-")\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func `an origin that is not there is a failure of the way, no refusal`() throws {
    let endpoint = try Endpoint.leased()
    let proxy = try Self.proxy(before: endpoint)
    let answer = try proxy.ask(Self.request(Self.body()))
    #expect(answer.status == 502)
    #expect(answer.text.contains("origin-connect-failed"))
    #expect(answer["Cache-Control"]?.contains("no-store") == true)
  }

  @Test func `an origin that breaks off, says nothing or babbles is a failure of the way`() throws {
    let scripts: [(String, Int)] = [
      ("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}", 502), ("hello\r\n\r\n", 502), ("", 502),
    ]
    for (text, status) in scripts {
      let origin = try ScriptedOrigin { _, connection in
        try connection.send(text)
        connection.close()
      }
      let answer = try Self.proxy(before: origin.endpoint).ask(Self.request(Self.body()))
      #expect(answer.status == status)
    }
    let silent = try ScriptedOrigin { _, connection in _ = try connection.receive() }
    let proxy = try Self.proxy(before: silent.endpoint) {
      $0.services[0].timeouts.firstByte = Milliseconds(50)
    }
    #expect(try proxy.ask(Self.request(Self.body())).status == 504)
  }

  @Test(arguments: ["Content-Length", "chunked"])
  func `an answer too long to be verified passes whole, and that is said`(framing: String) throws {
    let long = Self.body(100_000)
    let origin = try ScriptedOrigin { request in
      guard framing == "chunked" else { return Self.allow(request, body: long) }
      return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: public\r\n\r\n"
        + "\(String(long.utf8.count, radix: 16))\r\n\(long)\r\n0\r\n\r\n"
    }
    let proxy = try Self.proxy(before: origin.endpoint)
    let client = try proxy.connect()
    // Twice on one connection: the first has an orderly end.
    for _ in 0..<2 {
      let answer = try client.exchange(Self.request(Self.body()))
      #expect(answer.status == 200)
      #expect(answer.bodyText == long)
      #expect(answer["Proxy-Status"]?.contains("body-too-large") == true)
      #expect(answer["Cache-Control"] == "private, no-store")
      #expect(answer["Transaction-Token"] == nil)
    }
  }

  @Test(arguments: [false, true])
  func `a request too long to be read passes whole`(isChunked: Bool) throws {
    let origin = try ScriptedOrigin { Self.allow($0, body: Self.body()) }
    let proxy = try Self.proxy(before: origin.endpoint)
    let long = Self.body(100_000)
    let client = try proxy.connect()
    for expectation in ["", "Expect: 100-continue\r\n"] {
      let text =
        isChunked
        ? "POST /login HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n"
          + "\(expectation)Transfer-Encoding: chunked\r\n\r\n"
          + "\(String(long.utf8.count, radix: 16))\r\n\(long)\r\n0\r\n\r\n"
        : Self.request(long, expectation)
      try client.send(text)
      var answer = try client.receiveResponse(to: "POST")
      while answer.status == 100 { answer = try client.receiveResponse(to: "POST") }
      #expect(answer.status == 200)
      #expect(answer["Proxy-Status"] != nil)
    }
    #expect(origin.requests.map(\.bodyText) == [long, long])
    #expect(origin.requests.allSatisfy { $0["Transaction-Token"] != nil })
  }

  @Test func `a wish for another protocol is passed over`() throws {
    let origin = try ScriptedOrigin { Self.allow($0, body: Self.body()) }
    let answer = try Self.proxy(before: origin.endpoint).ask(
      Self.request(Self.body(), "Connection: upgrade\r\nUpgrade: websocket\r\n"))
    #expect(answer.status == 200)
    #expect(answer["Proxy-Status"] == nil)
    #expect(origin.requests.first?["Upgrade"] == nil)
  }

  @Test func `an audit that sends a token finds it in the answer, and the user of the request`()
    throws
  {
    let origin = try ScriptedOrigin { Self.allow($0, body: Self.body()) }
    let proxy = try Self.proxy(.audit, before: origin.endpoint)
    #expect(try proxy.ask(Self.request(Self.body())).status == 200)
    _ = try eventually("the exchange to be counted") {
      proxy.scrape.contains { $0.hasPrefix("countersign_requests_total{lane=\"decision\"") }
        ? true : nil
    }
    let findings = proxy.scrape.filter { $0.hasPrefix("countersign_findings_total{") }
    #expect(!findings.contains { $0.contains("BND-") || $0.contains("SUB-") }, "\(findings)")
  }
}

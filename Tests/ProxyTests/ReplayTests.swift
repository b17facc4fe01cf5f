import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Testing
import Verdict

/// What serves once, over real connections and all loops: repeated values are refused, lawful
/// repetition passes.
@Suite struct ReplayTests {
  private static func source(_ text: String) throws -> VerdictSource {
    try VerdictSource(parsing: Array(text.utf8))
  }

  private static func place(_ text: String) throws -> RequestSource {
    try RequestSource(parsing: Array(text.utf8))
  }

  private static func login(_ user: String, _ password: String, _ fields: String = "") -> String {
    let body = "{\"user\":\"\(user)\",\"password\":\"\(password)\"}"
    return "POST /login HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n\(fields)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// An origin that gives the same answer again and again, the token alone fresh: what a hop makes
  /// of a stored answer that stamps the token onto it.
  private static func stamping(_ fields: String, _ body: String = "{}") throws -> ScriptedOrigin {
    try ScriptedOrigin { request in
      "HTTP/1.1 200 OK\r\nTransaction-Token: \(request["Transaction-Token"] ?? "-")\r\n\(fields)"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
  }

  private static func proxy(
    before origin: ScriptedOrigin, _ demands: VerdictDemands?, mode: EnforcementMode = .enforce,
    binding: BindingRule = .echo(EchoRule()), token: TokenSource = .minted,
    _ change: (inout Settings) -> Void = { _ in }
  ) throws -> RunningProxy {
    try RunningProxy(before: origin.endpoint) { settings in
      settings.services[0].ejection = nil
      try settings.decide(
        "/login", DecisionRule(mode: mode, binding: binding, token: token, demands: demands))
      change(&settings)
    }
  }

  @Test func `a session handed to other credentials is refused, and critical`() throws {
    let origin = try Self.stamping("Set-Cookie: sid=s-1; Path=/\r\n")
    let proxy = try Self.proxy(
      before: origin,
      VerdictDemands(
        sessions: [Self.source("cookie:sid")],
        credentials: [Self.place("json:/user"), Self.place("json:/password")]))
    #expect(try proxy.ask(Self.login("ann", "x")).status == 200)
    // The same person may be given the same session again.
    #expect(try proxy.ask(Self.login("ann", "x")).status == 200)
    let shared = try proxy.ask(Self.login("bob", "y"))
    #expect(shared.status == 403)
    #expect(shared.bodyText.contains("session-shared"))
    #expect(shared["Set-Cookie"] == nil)
    #expect(
      proxy.metric("countersign_findings_total{check=\"REP-02\",severity=\"critical\"}") == 1)
    // A wrong password for the right user is other credentials as well.
    #expect(try proxy.ask(Self.login("ann", "z")).status == 403)
    // Who brings the session gets it back, whoever had it first.
    #expect(try proxy.ask(Self.login("bob", "y", "Cookie: sid=s-1\r\n")).status == 200)
  }

  @Test func `sessions without credentials are nobody's, and serve once`() throws {
    let origin = try Self.stamping("Set-Cookie: sid=s-1\r\n")
    let proxy = try Self.proxy(
      before: origin,
      VerdictDemands(
        sessions: [Self.source("cookie:sid")], credentials: [Self.place("field:Authorization")]))
    #expect(try proxy.ask(Self.login("ann", "x")).status == 200)
    #expect(try proxy.ask(Self.login("ann", "x")).status == 403)
  }

  @Test func `preferences and deleted cookies repeat on every loop`() throws {
    let origin = try Self.stamping("Set-Cookie: lang=de\r\nSet-Cookie: sid=; Max-Age=0\r\n")
    let proxy = try Self.proxy(
      before: origin,
      VerdictDemands(
        sessions: [Self.source("cookie:sid")], credentials: [Self.place("json:/user")]))
    for user in ["ann", "bob", "cyd", "dan", "eve", "fay", "gus", "hal"] {
      #expect(try proxy.ask(Self.login(user, "x")).status == 200)
    }
  }

  @Test func `an identifier of a verdict serves once, on whichever loop it comes again`() throws {
    let origin = try Self.stamping("", "{\"decision_id\":\"d-1\"}")
    let proxy = try Self.proxy(
      before: origin, VerdictDemands(singleUse: [Self.source("json:/decision_id")]))
    #expect(try proxy.ask(Self.login("ann", "x")).status == 200)
    for _ in 0..<8 {
      let again = try proxy.ask(Self.login("ann", "x"))
      #expect(again.bodyText.contains("identifier-repeated"))
    }
    #expect(
      proxy.metric("countersign_findings_total{check=\"REP-01\",severity=\"critical\"}") == 8)
    #expect(proxy.metric("countersign_replay_entries") == 1)
  }

  @Test func `a refused verdict uses up no identifier`() throws {
    let origin = try ScriptedOrigin { request in
      // The first request gets another one's token, with the identifier of the next.
      let token = request.bodyText.contains("mallory") ? "AAAA" : request["Transaction-Token"]
      return "HTTP/1.1 200 OK\r\nTransaction-Token: \(token ?? "-")\r\n"
        + "Content-Length: 12\r\n\r\n{\"id\":\"d-1\"}"
    }
    let proxy = try Self.proxy(
      before: origin, VerdictDemands(singleUse: [Self.source("json:/id")]))
    #expect(try proxy.ask(Self.login("mallory", "x")).bodyText.contains("token-mismatch"))
    #expect(try proxy.ask(Self.login("ann", "x")).status == 200)
  }

  @Test func `one-time values are handed out once`() throws {
    let origin = try Self.stamping("Location: https://app.example/cb?code=c-1&state=s\r\n")
    let proxy = try Self.proxy(
      before: origin, VerdictDemands(oneTimeValues: [Self.source("location:code")]))
    #expect(try proxy.ask(Self.login("ann", "x")).status == 200)
    #expect(try proxy.ask(Self.login("bob", "x")).bodyText.contains("one-time-value-repeated"))
    #expect(
      proxy.metric("countersign_findings_total{check=\"REP-03\",severity=\"critical\"}") == 1)
  }

  @Test func `the consumer's own identifier is answered once and comes back`() throws {
    let origin = try ScriptedOrigin { request in
      "HTTP/1.1 200 OK\r\nX-Request-ID: \(request["X-Request-ID"] ?? "-")\r\n"
        + "Content-Length: 2\r\n\r\n{}"
    }
    let proxy = try Self.proxy(
      before: origin, nil, binding: .echo(EchoRule(proof: .field(FieldName(.xRequestID)))),
      token: .request(.field(FieldName(.xRequestID))))
    let first = try proxy.ask(Self.login("ann", "x", "X-Request-ID: r-1\r\n"))
    #expect(first.status == 200)
    #expect(first["X-Request-ID"] == "r-1")
    let again = try proxy.ask(Self.login("ann", "x", "X-Request-ID: r-1\r\n"))
    #expect(again.bodyText.contains("token-reused"))
    // Without one of its own the consumer sees nothing of the one that stood in.
    let without = try proxy.ask(Self.login("ann", "x"))
    #expect(without.status == 200)
    #expect(without["X-Request-ID"] == nil)
    #expect((origin.requests.last?["X-Request-ID"] ?? "").utf8.count == 22)
  }

  @Test func `what cannot be remembered is refused, or passes with a finding`() throws {
    for (whenFull, status) in [(ReplaySettings.WhenFull.refuse, 403), (.report, 200)] {
      let origin = try ScriptedOrigin { request in
        let body = "{\"id\":\"\(request["Transaction-Token"] ?? "-")\"}"
        return "HTTP/1.1 200 OK\r\nTransaction-Token: \(request["Transaction-Token"] ?? "-")\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
      }
      let proxy = try Self.proxy(
        before: origin, VerdictDemands(singleUse: [Self.source("json:/id")])
      ) { settings in
        settings.replay.entries = 16
        settings.replay.whenFull = whenFull
      }
      // One place in each of sixteen shards: by now at least one is asked twice.
      let answers = try (0..<40).map { _ in try proxy.ask(Self.login("ann", "x")).status }
      #expect(answers.first == 200)
      #expect(answers.suffix(20).contains(status))
      #expect(answers.contains(403) == (whenFull == .refuse))
      #expect((proxy.metric("countersign_replay_entries") ?? 99) <= 16)
    }
  }

  @Test func `without proof, signs of an old answer are refused`() throws {
    let marks = [
      ("Age: 7\r\n", "served-from-cache"), ("X-Cache: HIT\r\n", "vendor-mark-hit"),
      ("Cache-Status: edge; hit\r\n", "cache-status-hit"),
      ("Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "date-outside"),
    ]
    for (fields, reason) in marks {
      let date = fields.hasPrefix("Date") ? "" : "Date: \(Self.now)\r\n"
      let origin = try ScriptedOrigin { _ in
        "HTTP/1.1 200 OK\r\n\(date)\(fields)Content-Length: 2\r\n\r\n{}"
      }
      let proxy = try Self.proxy(
        before: origin, nil, binding: .legacy(LegacyRule(buster: .query(Array("_".utf8)))))
      #expect(try proxy.ask(Self.login("ann", "x")).bodyText.contains(reason))
      let target = origin.requests.first?.startLine ?? ""
      #expect(target.contains("/login?_="))
    }
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nDate: \(Self.now)\r\nContent-Length: 2\r\n\r\n{}"
    }
    let proxy = try Self.proxy(before: origin, nil, binding: .legacy(LegacyRule()))
    #expect(try proxy.ask(Self.login("ann", "x")).status == 200)
    // Within the same seconds the same answer may be given twice.
    #expect(try proxy.ask(Self.login("ann", "x")).status == 200)
  }

  private static var now: String {
    let seconds = Int64(Date().timeIntervalSince1970)
    return String(decoding: HTTPDate.format(WallTime(secondsSinceEpoch: seconds)), as: UTF8.self)
  }
}

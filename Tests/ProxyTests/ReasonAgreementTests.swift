import CachePolicy
import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Proxy
import Testing

/// One and the same exchange has one reason: in `Cache-Status`, in the access log, in the metrics
/// and in what `explain` says.
@Suite(.timeLimit(.minutes(2))) struct ReasonAgreementTests {
  private struct Exchange: Sendable, CustomTestStringConvertible {
    var code: String
    var method = "GET"
    var target = "/a"
    var asks: [String] = []
    var status = "200 OK"
    var answers = ["Cache-Control: max-age=600"]
    /// Whether the exchange meant is the second of its kind.
    var isSecond = false
    var testDescription: String { code }
  }

  private static let exchanges = [
    Exchange(code: "stored"),
    Exchange(code: "fresh", isSecond: true),
    Exchange(code: "response-no-store", answers: ["Cache-Control: no-store"]),
    Exchange(code: "response-private", answers: ["Cache-Control: private"]),
    Exchange(code: "no-freshness", answers: []),
    Exchange(
      code: "set-cookie", answers: ["Cache-Control: max-age=600", "Set-Cookie: a=b"]),
    Exchange(code: "vary-any", answers: ["Cache-Control: max-age=600", "Vary: *"]),
    Exchange(code: "request-cookie", asks: ["Cookie: sid=1"]),
    Exchange(code: "request-authorization", asks: ["Authorization: Bearer x"]),
    Exchange(code: "request-no-store", asks: ["Cache-Control: no-store"]),
    Exchange(code: "method-not-cacheable", method: "POST"),
    Exchange(code: "ambiguous-path", target: "/x/../a"),
    Exchange(code: "other-spelling", target: "/%61", status: "404 Not Found"),
    Exchange(
      code: "suffix-mismatch", target: "/a.css",
      answers: ["Cache-Control: max-age=600", "Content-Type: text/html"]),
    Exchange(
      code: "static-name-mismatch", target: "/robots.txt", asks: ["Cookie: theme=1"],
      answers: ["Cache-Control: max-age=600", "Content-Type: text/html"]),
    Exchange(code: "error-of-request", status: "431 Too Much"),
    Exchange(
      code: "status-not-understood", status: "299 New",
      answers: ["Cache-Control: max-age=600, must-understand"]),
  ]

  private static func rules() -> CacheRules {
    var rules = CacheRules(profile: .strict)
    rules.cookies = .ignoring(names: [Array("theme".utf8)])
    return rules
  }

  private func fields(_ lines: [String]) -> FieldSection {
    var fields = FieldSection()
    for line in lines {
      let halves = line.components(separatedBy: ": ")
      fields.append(name: Array(halves[0].utf8), value: Array(halves[1].utf8))
    }
    return fields
  }

  @Test(arguments: exchanges)
  private func `one exchange has one reason wherever it is told`(exchange: Exchange) throws {
    let answer =
      "HTTP/1.1 \(exchange.status)\r\n\(exchange.answers.lines)Content-Length: 0\r\n\r\n"
    let origin = try ScriptedOrigin { _ in answer }
    let directory = try TemporaryDirectory()
    let log = directory.path("access.jsonl")
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.cache.profile = .strict
      $0.routes[0].lane = .undeclared
      $0.accessLog.destination = .file(path: log)
      var match = RouteMatch()
      match.paths = [try PathPattern(Array("/**".utf8))]
      var cached = RouteSettings(name: "cached", match: match, service: 0)
      cached.lane = .cache(Self.rules())
      $0.routes.insert(cached, at: 0)
    }
    let request =
      "\(exchange.method) \(exchange.target) HTTP/1.1\r\nHost: a.example\r\n\(exchange.asks.lines)"
      + (exchange.method == "POST" ? "Content-Length: 0\r\n" : "") + "\r\n"
    var response = try proxy.ask(request)
    if exchange.isSecond { response = try proxy.ask(request) }

    #expect(Self.reason(in: response) == exchange.code)

    let wanted = exchange.isSecond ? 2 : 1
    let lines = try eventually("the access log") {
      let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      let lines = text.split(separator: "\n")
      return lines.count >= wanted ? lines : nil
    }
    // Connections on two loops write their lines when they like.
    let said = lines.count { $0.contains("\"cache\":\"\(exchange.code)\"") }
    #expect(said == 1, "\(lines)")

    let series = "countersign_cache_outcomes_total{reason=\"\(exchange.code)\"}"
    try eventually("the counter") { proxy.metric(series) == 1 ? () : nil }

    #expect(try explained(exchange, by: proxy.settings) == exchange.code)
  }

  /// `stored` where the response was; otherwise `detail`.
  private static func reason(in response: RawMessage) -> String? {
    let parts = (response["Cache-Status"] ?? "").components(separatedBy: "; ")
    if parts.contains("stored") { return "stored" }
    return parts.first { $0.hasPrefix("detail=") }.map { String($0.dropFirst(7)) }
  }

  private func explained(_ exchange: Exchange, by settings: Settings) throws -> String? {
    let now = WallTime(secondsSinceEpoch: Int64(Date().timeIntervalSince1970))
    var asked = ExplainedExchange(
      method: Method(token: Array(exchange.method.utf8)),
      url: Array("http://a.example\(exchange.target)".utf8), fields: fields(exchange.asks),
      time: now)
    let code = try #require(UInt16(exchange.status.prefix(3)))
    asked.response = ResponseHead(
      status: Status(code), fields: fields(exchange.answers + ["Content-Length: 0"]))
    asked.content = []
    let explanation = try Explainer(settings).explain(asked)
    let names = exchange.isSecond ? ["then"] : ["store", "lookup"]
    let reason = names.compactMap { explanation[$0]?.reason }.first
    return reason.map { "\($0.code)" }
  }
}

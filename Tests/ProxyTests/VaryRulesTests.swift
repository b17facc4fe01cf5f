import CachePolicy
import Configuration
import HTTPModel
import JourneySupport
import Primitives
import Testing

/// What an operator's rules make of selecting fields, on the wire.
@Suite struct VaryRulesTests {
  private func proxy(before origin: ScriptedOrigin) throws -> RunningProxy {
    try RunningProxy(before: origin.endpoint) { settings in
      var rules = CacheRules()
      rules.vary.codings = [[UInt8](ascii: "br"), [UInt8](ascii: "gzip")]
      rules.vary.cookies = [[UInt8](ascii: "theme")]
      rules.cookies = .ignoringAll
      settings.routes[0].lane = .cache(rules)
    }
  }

  private static let varying =
    "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nVary: Accept-Encoding, Cookie\r\n"
    + "Content-Length: 2\r\n\r\nok"

  @Test func `one response answers all whose codings come to the same`() throws {
    let origin = try ScriptedOrigin { _ in Self.varying }
    let proxy = try proxy(before: origin)
    for codings in ["gzip, br", "br;q=0.9, deflate", "BR"] {
      _ = try proxy.get("/a", "Accept-Encoding: \(codings)")
    }
    _ = try proxy.get("/a", "Accept-Encoding: gzip")
    #expect(origin.requests.map { $0["Accept-Encoding"] } == ["br", "gzip"])
  }

  @Test func `cookies that do not count reach no origin with a GET, and all with a POST`() throws {
    let origin = try ScriptedOrigin { _ in Self.varying }
    let proxy = try proxy(before: origin)
    _ = try proxy.get("/a", "Cookie: session=1; theme=dark")
    _ = try proxy.get("/a", "Cookie: theme=dark; session=2")
    _ = try proxy.ask(
      "POST /a HTTP/1.1\r\nHost: a.example\r\nCookie: session=1; theme=dark\r\n"
        + "Content-Length: 0\r\n\r\n")
    #expect(origin.requests.map { $0["Cookie"] } == ["theme=dark", "session=1; theme=dark"])
  }
}

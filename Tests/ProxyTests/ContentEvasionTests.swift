import Configuration
import JourneySupport
import Testing
import Verdict

/// Verdicts of an auth service in other clothes than JSON's, on paths that may be cached.
@Suite struct ContentEvasionTests {
  private static let yes = #"{"authorized":true}"#
  private static let filler = String(repeating: " ", count: 20_000)

  /// How often the origin is asked when a client asks twice, and the second answer.
  private func askTwice(
    _ type: String?, _ body: String, kind: ServiceKind = .auth, target: String = "/static/a.css",
    chunked: Bool = false, fields: String = ""
  ) throws -> (requests: Int, answer: RawMessage) {
    let origin = try ScriptedOrigin { _ in
      let label = type.map { "Content-Type: \($0)\r\n" } ?? ""
      let head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\n\(label)\(fields)"
      let size = body.utf8.count
      return chunked
        ? head
          + "Transfer-Encoding: chunked\r\n\r\n\(String(size, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
        : head + "Content-Length: \(size)\r\n\r\n\(body)"
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.services[0].kind = kind }
    _ = try proxy.get(target)
    let answer = try proxy.get(target)
    #expect(answer.bodyText == body)
    return (origin.requests.count, answer)
  }

  @Test(
    arguments: [
      nil, "text/plain", "application/octet-stream", "text/html", "image/png", "text/javascript",
    ], [false, true])
  func `a verdict under any label is hardened and not stored`(type: String?, chunked: Bool) throws {
    for body in [Self.yes, "\r\n \(Self.yes)", #"{"authorized":true,\#(Self.filler)"a":1}"#] {
      let (requests, answer) = try askTwice(type, body, chunked: chunked)
      #expect(requests == 2)
      #expect(answer["Cache-Control"] == "private, no-store")
    }
  }

  @Test func `JSON too long to be looked at is delivered as it is and not stored`() throws {
    let body = #"{"a":1,\#(Self.filler)"b":2}"#
    let (requests, answer) = try askTwice("application/json", body)
    #expect(requests == 2)
    #expect(answer["Cache-Control"] == "max-age=600")
    #expect(answer["Cache-Status"]?.contains("detail=content-unseen") == true)
  }

  @Test func `a long key set is stored`() throws {
    let body = #"{"keys":[{"kty":"EC"},\#(Self.filler){"kty":"EC"}]}"#
    let (requests, answer) = try askTwice("application/json", body, target: "/jwks")
    #expect(requests == 1)
    #expect(answer["Cache-Status"]?.contains("hit") == true)
  }

  @Test func `a page in the place of an asset is not stored`() throws {
    let (requests, answer) = try askTwice("text/html", "<!doctype html>Hello, Ann")
    #expect(requests == 2)
    #expect(answer["Cache-Status"]?.contains("detail=unexpected-page") == true)
  }

  @Test func `a login page is stored, one with a form's token is not`() throws {
    let page = "<!doctype html><form><input name=user>"
    #expect(try askTwice("text/html", page, target: "/login").requests == 1)
    let (requests, answer) = try askTwice(
      "text/html", page + "<input type=hidden name=_csrf value=1>", target: "/login")
    #expect(requests == 2)
    #expect(answer["Cache-Status"]?.contains("detail=personal-page") == true)
  }

  @Test func `a script with a verdict is not stored, another one is`() throws {
    let type = "text/javascript"
    #expect(try askTwice(type, "cb(\(Self.yes))", target: "/static/a.js").requests == 2)
    #expect(try askTwice(type, "f(1);\(Self.filler)", target: "/static/a.js").requests == 1)
  }

  @Test func `what is coded is stored as an asset only`() throws {
    let gzip = "Content-Encoding: gzip\r\n"
    #expect(try askTwice("text/plain", "x", fields: gzip).requests == 2)
    #expect(try askTwice("text/css", "x", fields: gzip).requests == 1)
  }

  @Test func `a plain service's text that looks like a verdict is its own business`() throws {
    #expect(try askTwice("text/plain", Self.yes, kind: .plain).requests == 1)
  }
}

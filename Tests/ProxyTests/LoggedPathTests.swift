import Configuration
import Foundation
import JourneySupport
import Primitives
import Testing

/// What the access log tells of paths and queries.
@Suite struct LoggedPathTests {
  @Test func `no query, no long code and no secret path is logged`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }
    let directory = try TemporaryDirectory()
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      settings.accessLog.destination = .file(path: directory.path("access.jsonl"))
      var match = RouteMatch()
      match.paths = [
        try PathPattern(Array("/forgot/*".utf8)), try PathPattern(Array("/pin/**".utf8)),
      ]
      var route = RouteSettings(name: "secret", match: match, service: 0)
      route.loggedPath = .pattern
      settings.routes.insert(route, at: 0)
    }
    let code = "8f14e45fceea167a5a36dedd4bea2543"
    _ = try proxy.get("/reset/\(code)?code=in-the-query")
    _ = try proxy.get("/pin/4711?code=in-the-query")
    _ = try proxy.get("/seen")
    let lines = try eventually("three lines") {
      let lines = directory.text(of: "access.jsonl").split(separator: "\n")
      return lines.count == 3 ? lines : nil
    }
    for path in ["/reset/[redacted]", "/pin/**", "/seen"] {
      #expect(lines.contains { $0.contains("\"path\":\"\(path)\"") }, "\(path)")
    }
    for secret in ["in-the-query", code, "4711"] {
      #expect(!lines.joined().contains(secret))
    }
  }
}

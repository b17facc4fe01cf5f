import CachePolicy
import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Testing

/// Attempts to have the cache keep one thing for another: prevented, and found.
@Suite struct DeceptionTests {
  private func run(
    _ requests: [String], answered answer: String, storedIsWanted: Bool = false
  ) throws -> (count: Int, findings: String) {
    let origin = try ScriptedOrigin { request in
      request.method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" : answer
    }
    let directory = try TemporaryDirectory()
    let log = directory.path("findings.jsonl")
    let proxy = try RunningProxy(before: origin.endpoint) {
      // A route that declares nothing: one that is declared cacheable takes plain paths only.
      $0.cache.profile = .conformant
      $0.audit.log = .file(path: log)
    }
    for request in requests { _ = try proxy.ask(request) }
    let text = try eventually("findings") {
      let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      return storedIsWanted || text.contains("\n") ? text : nil
    }
    return withExtendedLifetime(proxy) { (origin.requests.count, text) }
  }

  private static func get(_ target: String, _ fields: String = "") -> String {
    "GET \(target) HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n"
  }

  private static func answer(_ status: String, _ type: String) -> String {
    "HTTP/1.1 \(status)\r\nCache-Control: max-age=600\r\nContent-Type: \(type)\r\n"
      + "Content-Length: 4\r\n\r\npage"
  }

  @Test(arguments: ["/account/x.css", "/account;x.js", "/account/x.PNG"])
  func `a page under the name of an asset is delivered and not stored`(target: String) throws {
    let request = Self.get(target)
    let (count, findings) = try run(
      [request, request], answered: Self.answer("200 OK", "text/html"))
    #expect(count == 2)
    #expect(findings.contains("PTH-01"))
    #expect(findings.contains("withheld"))
  }

  @Test func `an asset is stored under its name`() throws {
    let request = Self.get("/x.css")
    let (count, findings) = try run(
      [request, request], answered: Self.answer("200 OK", "text/css"), storedIsWanted: true)
    #expect(count == 1)
    #expect(!findings.contains("PTH-01"))
  }

  @Test(arguments: ["/static/..%2faccount", "/a/../account", "/account%3bx", "/account%00"])
  func `nothing is stored under a path that programs read differently`(target: String) throws {
    let request = Self.get(target)
    let (count, findings) = try run(
      [request, request], answered: Self.answer("200 OK", "text/html"))
    #expect(count == 2)
    #expect(findings.contains("PTH-03"))
  }

  @Test func `a GET with content is neither answered from the store nor stored`() throws {
    let fat = Self.get("/a", "Content-Length: 2\r\n") + "hi"
    let (count, findings) = try run(
      [Self.get("/a"), fat, fat, Self.get("/a")], answered: Self.answer("200 OK", "text/html"))
    #expect(count == 3)
    #expect(findings.contains("PSN-02"))
  }

  @Test func `an error that an odd field may have caused is not stored`() throws {
    let odd = Self.get("/a", "X-Odd: \(String(repeating: "x", count: 4200))\r\n")
    let (count, findings) = try run(
      [odd, Self.get("/a"), Self.get("/a")], answered: Self.answer("404 No", "text/html"))
    // The odd one's error stays its own; the usual one's is stored.
    #expect(count == 2)
    #expect(findings.contains("PSN-04"))
  }

  @Test func `an address with more variants than may be is found`() throws {
    let requests = (0..<40).map { Self.get("/a", "Accept-Language: x\($0)\r\n") }
    let answer =
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nVary: Accept-Language\r\n"
      + "Content-Length: 4\r\n\r\npage"
    let (count, findings) = try run(requests, answered: answer)
    #expect(count == 40)
    #expect(findings.contains("KEY-10"))
  }
}

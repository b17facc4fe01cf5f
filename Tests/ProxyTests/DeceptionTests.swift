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

  @Test func `what a stranger says of the host does not reach the service, and is found`() throws {
    let (_, findings) = try run(
      [Self.get("/a", "X-Forwarded-Host: evil.example\r\nX-Host: evil.example\r\n")],
      answered: Self.answer("200 OK", "text/plain"))
    let finding = try #require(findings.split(separator: "\n").first { $0.contains("PSN-01") })
    #expect(finding.contains("\"action\":\"removed\""))
    #expect(finding.contains("\"severity\":\"low\""))
  }

  @Test(arguments: [
    (
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "PSN-05"
    ),
    ("GET /a HTTP/1.1\r\nHost: a\r\nConnection: authorization\r\n\r\n", "PSN-06"),
    ("GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n", "PTH-03"),
  ])
  func `a message that is refused is found`(message: String, check: String) throws {
    let (count, findings) = try run([message], answered: Self.answer("200 OK", "text/plain"))
    #expect(count == 0)
    let finding = try #require(findings.split(separator: "\n").first { $0.contains(check) })
    #expect(finding.contains("\"action\":\"refused\""))
  }

  @Test func `a page for somebody under a name for static content is not stored`() throws {
    let request = Self.get("/robots.txt", "Cookie: sid=1\r\n")
    let (count, findings) = try run(
      [request, request], answered: Self.answer("200 OK", "text/html"))
    #expect(count == 2)
    #expect(findings.contains("PTH-05"))
    #expect(findings.contains("\"action\":\"withheld\""))
  }

  @Test func `what lets in one site by name is not given to another`() throws {
    let origin = try ScriptedOrigin { request in
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 0\r\n"
        + "Access-Control-Allow-Origin: \(request["Origin"] ?? "none")\r\n\r\n"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    for site in ["https://a.example", "https://b.example", "https://a.example"] {
      let response = try proxy.get("/font", "Origin: \(site)")
      #expect(response["Access-Control-Allow-Origin"] == site)
    }
    #expect(origin.requests.count == 2)
  }

  @Test(arguments: ["/static/..%2faccount", "/a/../account", "/account%3bx", "/account/%2e"])
  func `nothing is stored under a path that programs read differently`(target: String) throws {
    let request = Self.get(target)
    let (count, findings) = try run(
      [request, request], answered: Self.answer("200 OK", "text/html"))
    #expect(count == 2)
    #expect(findings.contains("PTH-03"))
  }

  @Test(arguments: [
    ("/account%00", "escaped-control-in-path"), ("/account%0d%0aX", "escaped-control-in-path"),
    ("/account%zz", "broken-escape-in-path"), ("/100%", "broken-escape-in-path"),
    ("/a\\account", "backslash-in-path"),
  ])
  func `a path that no URI has, or only an attack spells, is refused`(
    target: String, reason: String
  ) throws {
    let origin = try ScriptedOrigin { _ in Self.answer("200 OK", "text/html") }
    let proxy = try RunningProxy(before: origin.endpoint)
    let response = try proxy.ask(Self.get(target))
    #expect(response.status == 400)
    #expect(response.text.contains(reason))
    #expect(origin.requests.isEmpty)
  }

  @Test func `another spelling of a path finds what is stored, and the origin gets it as it came`()
    throws
  {
    let origin = try ScriptedOrigin { _ in Self.answer("200 OK", "text/plain") }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/caf%c3%a9/%7ex")
    #expect(origin.requests.map(\.target) == ["/caf%c3%a9/%7ex"])
    for target in ["/caf%C3%A9/~x", "/c%61f%c3%A9/%7Ex", "/caf%c3%a9/%7ex"] {
      #expect(try proxy.get(target)["Cache-Status"]?.contains("; hit") == true)
    }
    #expect(try proxy.get("/caf%C3%89/~x")["Cache-Status"]?.contains("; hit") == false)
  }

  @Test func `a redirection of another spelling is not stored for the usual one`() throws {
    let origin = try ScriptedOrigin { request in
      request.target == "/a"
        ? Self.answer("200 OK", "text/plain")
        : "HTTP/1.1 301 Moved\r\nCache-Control: max-age=60\r\nLocation: /a\r\n"
          + "Content-Length: 0\r\n\r\n"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    for _ in 0..<2 {
      let response = try proxy.get("/%61")
      #expect(response.status == 301)
      #expect(response["Cache-Status"]?.contains("detail=other-spelling") == true)
    }
    #expect(try proxy.get("/a").status == 200)
    #expect(try proxy.get("/%61").status == 200)
  }

  @Test func `a change under another spelling makes the usual one invalid`() throws {
    let origin = try ScriptedOrigin { _ in Self.answer("200 OK", "text/plain") }
    let proxy = try RunningProxy(before: origin.endpoint)
    for change in ["/%61", "/x/../a", "//a"] {
      _ = try proxy.get("/a")
      #expect(try proxy.get("/a")["Cache-Status"]?.contains("; hit") == true)
      _ = try proxy.ask("PUT \(change) HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n")
      #expect(try proxy.get("/a")["Cache-Status"]?.contains("; hit") == false, "\(change)")
    }
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

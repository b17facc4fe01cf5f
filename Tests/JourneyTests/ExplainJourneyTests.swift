import Foundation
import JourneySupport
import Testing

/// `countersign explain`: golden texts of the built program.
@Suite(.timeLimit(.minutes(1))) struct ExplainJourneyTests {
  private static let settings = """
    listeners: [ { address: 127.0.0.1:8080 } ]
    services:
      auth: { origins: [ "http://127.0.0.1:9000" ] }
      web: { origins: [ "http://127.0.0.1:9001" ], kind: plain }
    routes:
      - name: login
        match: { method: POST, path: /login }
        service: auth
        decision:
          { binding: echo, subject: none, allow: { verdict: "json:/ok", equals: true } }
      - name: assets
        match: { path: /assets/** }
        service: auth
        cache:
          default_ttl: 60s
          key: { sort_parameters: true, fields: [ X-Tenant ], cookies: [ theme ] }
          ignore_cookies: [ theme ]
          vary: { codings: [ gzip ] }
      - { name: web, match: { path: /web/** }, service: web }
      - { name: off, match: { path: /off/** }, service: web, cache: off }

    """

  private let directory: TemporaryDirectory
  private let file: String

  init() throws {
    directory = try TemporaryDirectory()
    file = try directory.write(Self.settings, to: "countersign.yaml")
  }

  private func explain(_ arguments: String..., status: Int32 = 0) throws -> String {
    let process = try ChildProcess(
      try Programs.countersign(), ["explain", file] + arguments, environment: ["NO_COLOR": "1"])
    #expect(try process.waitForEnd() == .exited(status), "\(process.errors.text)")
    return status == 0 ? process.output.text : process.errors.text
  }

  // MARK: Whole texts

  @Test func `a declared decision is never stored`() throws {
    #expect(
      try explain("--url", "https://a.example/login", "--method", "POST") == """
        request     POST https://a.example/login
        route       login
                    service auth, kind auth
        class       decision: declared
        lane        decision
                    mode enforce, binding echo
        grade       C
                    proves: this request's token in a header field
                    lacks: that no hop wrote the field onto a stored answer; no user is compared
                    next: have the token returned in the content: 'proof: json:/POINTER'
        store       no: decision (Countersign)
                    The exchange is a decision: it is never stored, reused or collapsed.
                    → Nothing does: no rule makes a decision storable. If it is none, \
        route and kind are wrong.

        """)
  }

  @Test func `an asset is explained from its key to the next request`() throws {
    let content = try directory.write("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", to: "a.svg")
    #expect(
      try explain(
        "--url", "https://A.example:443/assets/a.svg?b=1&a=2", "--header", "X-Tenant: acme",
        "--header", "Cookie: theme=dark", "--header", "Accept-Encoding: br, gzip",
        "--response-header", "Content-Type: image/svg+xml",
        "--response-header", "Vary: Accept-Encoding",
        "--response-header", "Cache-Control: max-age=600, stale-while-revalidate=30",
        "--response-header", "ETag: \"a\"", "--response-header", "Surrogate-Key: logos all",
        "--response-header", "Cache-Groups: \"assets\"", "--body", content, "--after", "620") == """
          request     GET https://A.example:443/assets/a.svg?b=1&a=2
          route       assets
                      service auth, kind auth
          class       no decision: declared-cacheable
          lane        cache
                      by the 'cache' of this route
          lookup      yes
          key         by the route's rules
                      scheme https
                      authority a.example
                      target /assets/a.svg?a=2&b=1
                      field x-tenant: acme
                      cookie theme: a keyed digest of its value
                      shared by the routes of this service
          response    200, no decision
          store       yes: stored (RFC 9111 §3)
                      The response was stored.
          fresh       for 600 s, by max-age (RFC 9111 §5.2.2.1)
                      stale while it is validated: 30 s more
          vary        Accept-Encoding
                      only requests with the same values are answered with it
          labels      group assets, tag logos, tag all
                      purged by any of them
          then        answered from the store, stale: stale-while-revalidate (RFC 5861 §3)
                      The stored response is stale and served while it is validated in the \
          background.
                      Age: 620, ttl -20

          """)
  }

  @Test func `what is refused says why and what would change it`() throws {
    #expect(
      try explain(
        "--url", "http://a.example/web/a", "--response-header", "Cache-Control: private") == """
          request     GET http://a.example/web/a
          route       web
                      service web, kind plain
          class       no decision: plain-service
          lane        cache
                      by the section 'cache', profile strict; the route has no 'cache' of its own
          lookup      yes
          key         the target as it came
                      scheme http
                      authority a.example
                      target /web/a
                      shared by the routes of this service
          response    200, no decision
          store       no: response-private (RFC 9111 §5.2.2.7)
                      The response says private, and this cache is shared.
                      → Have the service leave private out, if the response is for everybody.

          """)
  }

  @Test func `tools get one object`() throws {
    let text = try explain("--json", "--url", "https://a.example/off/a")
    #expect(
      text == """
        {
          "request": {"value": "GET https://a.example/off/a"},
          "route": {"value": "off", "details": ["service web, kind plain"]},
          "class": {"value": "no decision: plain-service"},
          "lane": {"value": "pass"},
          "store": {"value": "no", "code": "cache-disabled", "rule": "operator", "meaning": "No \
        cache rule enables the cache for this route.", "change": "Give the route a 'cache' that is \
        not 'off'."}
        }

        """)
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
  }

  // MARK: Single lines

  private func line(_ name: String, _ arguments: String...) throws -> String {
    let process = try ChildProcess(
      try Programs.countersign(), ["explain", file] + arguments, environment: [:])
    #expect(try process.waitForEnd() == .exited(0), "\(process.errors.text)")
    let lines = process.output.text.split(separator: "\n")
    let found = lines.first { $0.hasPrefix(name + " ") } ?? ""
    return String(found.dropFirst(12))
  }

  @Test func `the next request may be another one`() throws {
    let url = "https://a.example/web/a"
    let age = ["--response-header", "Cache-Control: max-age=5"]
    for (arguments, outcome) in [
      ([], "answered from the store: fresh"),
      (["--after", "5"], "validated with the origin: stale"),
      (["--then-header", "Cookie: sid=1"], "asked from the origin: request-cookie"),
      (
        ["--then-header", "Cache-Control: no-cache"], "validated with the origin: request-no-cache"
      ),
      (
        ["--then-header", "Cache-Control: only-if-cached", "--after", "9"],
        "answered with 504: only-if-cached"
      ),
      (
        ["--response-header", "ETag: \"a\"", "--then-header", "If-None-Match: \"a\""],
        "answered with 304: not-modified"
      ),
      (
        ["--response-header", "Vary: X-A", "--then-header", "X-A: 1"],
        "asked from the origin: no-matching-variant"
      ),
    ] {
      let process = try ChildProcess(
        try Programs.countersign(), ["explain", file, "--url", url] + age + arguments)
      #expect(try process.waitForEnd() == .exited(0))
      #expect(process.output.text.contains("then        \(outcome)"), "\(process.output.text)")
    }
  }

  @Test func `content makes a decision of what its head does not tell`() throws {
    let body = try directory.write(#"{"active":true,"sub":"alice"}"#, to: "body.json")
    #expect(
      try line(
        "response", "--url", "https://a.example/assets/me.json", "--body", body,
        "--response-header", "Content-Type: application/json",
        "--response-header", "Cache-Control: max-age=5") == "decision: decision-member")
  }

  @Test func `an unlikely path is a decision, a missing route 404`() throws {
    #expect(
      try line("class", "--url", "https://a.example/web/a", "--header", "X-Original-URL: /x")
        == "decision: forward-auth")
    #expect(
      try line("route", "--url", "https://a.example/nowhere")
        == "none takes this request: it is answered with 404")
  }

  // MARK: Files

  @Test func `messages from files are read as they would come`() throws {
    let request = try directory.write(
      "GET /web/a HTTP/1.1\nHost: a.example\nAccept: */*\n\n", to: "request.http")
    let response = try directory.write(
      "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        + "Expires: Sun, 06 Nov 1994 08:50:37 GMT\r\nContent-Length: 2\r\n\r\nhi",
      to: "response.http")
    let text = try explain("--request", request, "--response", response)
    #expect(text.contains("request     GET https://a.example/web/a\n"))
    #expect(text.contains("fresh       for 60 s, by Expires (RFC 9111 §5.3)\n"))
    #expect(text.contains("then        answered from the store: fresh (RFC 9111 §4.2)\n"))
  }

  @Test func `an entry of a HAR file is read as the browser wrote it`() throws {
    let har = try directory.write(
      """
      {"log": {"version": "1.2", "entries": [
        {"startedDateTime": "2026-01-01T10:00:00.123Z",
         "request": {"method": "GET", "url": "https://a.example/web/other", "headers": []},
         "response": {"status": 0, "headers": []}},
        {"startedDateTime": "2026-01-01T10:00:00.123Z",
         "request": {"method": "GET", "url": "https://a.example/web/a",
           "headers": [{"name": ":method", "value": "GET"}, {"name": "Accept", "value": "*/*"}]},
         "response": {"status": 200,
           "headers": [{"name": "last-modified", "value": "Wed, 31 Dec 2025 10:00:00 GMT"}],
           "content": {"text": "aGk=", "encoding": "base64"}}}]}}
      """, to: "a.har")
    let text = try explain("--har", har, "--entry", "1")
    #expect(
      text.contains(
        "fresh       for 8640 s, by a tenth of the time since Last-Modified (RFC 9111 §4.2.2)"),
      "\(text)")
    #expect(try explain("--har", har).contains("lookup      yes"))
    #expect(try explain("--har", har, "--entry", "2", status: 64).contains("2 entries"))
  }

  @Test func `what cannot be explained is one sentence`() throws {
    for (arguments, words) in [
      (["--url", "/web/a"], "it is absolute"), ([], "one of --url, --request and --har"),
      (["--url", "https://a/b", "--header", "no field"], "Name: value"),
      (["--url", "https://a/b", "--method", "G T"], "is no method"),
      (["--request", "/nowhere"], "cannot be read"),
    ] {
      let process = try ChildProcess(try Programs.countersign(), ["explain", file] + arguments)
      #expect(try process.waitForEnd() == .exited(64))
      #expect(process.errors.text.contains(words), "\(process.errors.text)")
    }
  }
}

/// The page for operators shows commands; they work.
@Suite(.timeLimit(.minutes(1))) struct CachingPageTests {
  /// The commands of the page's shell blocks, continued lines joined.
  private static func commands(_ name: String) throws -> [String] {
    let page = try String(contentsOfFile: "\(Programs.root)/docs/caching.md", encoding: .utf8)
    return page.replacing("\\\n", with: "").split(separator: "\n").map(String.init)
      .filter { $0.hasPrefix("countersign \(name) ") }
  }

  /// The words of a command as a shell would read them: single quotes only.
  private static func words(_ command: String) -> [String] {
    var words: [String] = []
    for (number, piece) in command.split(separator: "'", omittingEmptySubsequences: false)
      .enumerated()
    {
      if number % 2 == 1 {
        words.append(String(piece))
      } else {
        words += piece.split(separator: " ").map(String.init)
      }
    }
    return Array(words.dropFirst())
  }

  @Test func `every command that explains does`() throws {
    let commands = try Self.commands("explain")
    #expect(commands.count == 3)
    for command in commands {
      let words = Self.words(command.replacing("config/", with: "\(Programs.root)/config/"))
      let process = try ChildProcess(try Programs.countersign(), words)
      #expect(try process.waitForEnd() == .exited(0), "\(command): \(process.errors.text)")
      #expect(process.output.text.contains("assets"))
    }
  }

  @Test func `every command that purges does`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 204 No Content\r\n\r\n" }
    let proxy = try Countersign(before: origin.endpoint)
    let commands = try Self.commands("purge")
    #expect(commands.count == 5)
    for command in commands {
      let process = try ChildProcess(
        try Programs.countersign(),
        Self.words(command) + ["--socket", proxy.directory.path("admin.sock")])
      #expect(try process.waitForEnd() == .exited(0), "\(command): \(process.errors.text)")
      #expect(process.output.text == "{\"removed\":0,\"staled\":0}\n")
    }
  }

  /// The page's settings: those that make one file with each other, and then whole ones.
  @Test func `its settings are settings`() throws {
    let page = try String(contentsOfFile: "\(Programs.root)/docs/caching.md", encoding: .utf8)
    let blocks = page.components(separatedBy: "```yaml\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }
    #expect(blocks.count == 4)
    let everywhere = "routes: [ { match: { path: /** }, service: auth } ]\n"
    let files = [blocks.prefix(3).joined()] + blocks.dropFirst(3).map { everywhere + $0 }
    let directory = try TemporaryDirectory()
    for settings in files {
      let file = try directory.write(
        "listeners: [ { address: 127.0.0.1:8080 } ]\n"
          + "services: { auth: { origins: [ \"http://127.0.0.1:9000\" ] } }\n" + settings,
        to: "countersign.yaml")
      let process = try ChildProcess(try Programs.countersign(), ["check", file])
      #expect(try process.waitForEnd() == .exited(0), "\(process.errors.text)")
    }
  }
}

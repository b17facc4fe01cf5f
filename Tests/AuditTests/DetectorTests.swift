import Audit
import HTTPModel
import Primitives
import Testing
import Verdict

private let now = WallTime(secondsSinceEpoch: 1_795_000_000)

func fields(_ lines: [(String, String)]) -> FieldSection {
  var section = FieldSection()
  for (name, value) in lines { section.append(name: Array(name.utf8), value: Array(value.utf8)) }
  return section
}

/// An exchange and what must be found in it: each as `RSP-01 high storing-not-forbidden`.
private struct Row: Sendable, CustomTestStringConvertible {
  var name: String
  var exchange: AuditedExchange
  var expected: [String]
  var testDescription: String { name }

  init(
    _ name: String, _ method: Method = .get, _ target: String = "/check",
    asks request: [(String, String)] = [], gives status: UInt16 = 200,
    with response: [(String, String)], finds expected: [String] = [],
    _ adjust: (inout AuditedExchange) -> Void = { _ in }
  ) {
    self.name = name
    let head = RequestHead(method: method, target: Array(target.utf8), fields: fields(request))
    exchange = AuditedExchange(
      request: head, response: ResponseHead(status: Status(status), fields: fields(response)),
      responseBodyBytes: 20, isDecision: true, sentAt: now, receivedAt: now)
    adjust(&exchange)
    self.expected = expected
  }

  /// A row that a detector must find nothing in although it comes near.
  static func silent(
    _ name: String, _ method: Method = .get, _ target: String = "/check",
    asks request: [(String, String)] = [], gives status: UInt16 = 200,
    with response: [(String, String)], _ adjust: (inout AuditedExchange) -> Void = { _ in }
  ) -> Row {
    Row(
      name, method, target, asks: request, gives: status, with: response, finds: [], adjust)
  }

  var found: [String] {
    detections(in: exchange).map { "\($0.check.rawValue) \($0.severity.name) \($0.reason.text)" }
  }
}

private let clean: (String, String) = ("Cache-Control", "private, no-store")
private let bearer: (String, String) = ("Authorization", "Bearer x")

private let storingRows: [Row] = [
  .silent("a hardened decision", with: [clean]),
  .silent("no-store alone", with: [("Cache-Control", "no-store")]),
  .silent(
    "what frameworks send",
    with: [
      ("Cache-Control", "no-cache, no-store, must-revalidate"),
      ("Pragma", "no-cache"), ("Expires", "0"),
    ], { $0.request.fields = fields([bearer]) }),
  Row(
    "a silent 200 to GET", with: [],
    finds: ["RSP-01 high storing-not-forbidden", "RSP-07 medium heuristic-lifetime"]),
  Row("a silent 200 to POST", .post, with: [], finds: ["RSP-01 low storing-not-forbidden"]),
  Row("a silent 401", gives: 401, with: [], finds: ["RSP-01 high storing-not-forbidden"]),
  Row(
    "no-cache alone", with: [("Cache-Control", "no-cache")],
    finds: ["RSP-01 medium storing-not-forbidden"]),
  Row(
    "a lifetime", with: [("Cache-Control", "max-age=60")],
    finds: ["RSP-01 high storing-not-forbidden", "RSP-02 critical explicit-lifetime"]),
  Row(
    "a lifetime in private caches", with: [("Cache-Control", "private, max-age=60")],
    finds: ["RSP-02 medium lifetime-in-private-caches"]),
  .silent("a lifetime of nothing", with: [("Cache-Control", "private, max-age=0")]),
  Row(
    "a later Expires",
    with: [("Cache-Control", "no-cache"), ("Expires", "Sat, 01 Jan 2050 00:00:00 GMT")],
    finds: ["RSP-01 medium storing-not-forbidden", "RSP-02 critical explicit-lifetime"]),
  .silent("an earlier Expires", with: [clean, ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")]),
  Row(
    "a targeted lifetime beside no-store", with: [clean, ("CDN-Cache-Control", "max-age=60")],
    finds: ["RSP-02 critical targeted-lifetime"]),
  Row(
    "a targeted lifetime in a field of a vendor",
    with: [clean, ("Cloudflare-CDN-Cache-Control", "public, max-age=60")],
    finds: ["RSP-02 critical targeted-lifetime"]),
  Row(
    "a lifetime for nginx", with: [clean, ("X-Accel-Expires", "60")],
    finds: ["RSP-02 critical targeted-lifetime"]),
  Row(
    "a lifetime with a unit", with: [clean, ("Edge-Control", "cache-maxage=1h")],
    finds: ["RSP-02 critical targeted-lifetime"]),
  .silent(
    "targeted fields that forbid",
    with: [clean, ("Surrogate-Control", "no-store"), ("X-Accel-Expires", "0")]),
  Row(
    "a shared lifetime to Authorization", asks: [bearer], with: [("Cache-Control", "s-maxage=5")],
    finds: [
      "RSP-01 high storing-not-forbidden", "RSP-02 critical explicit-lifetime",
      "RSP-03 critical authorized-answer-shared", "RSP-05 high credential-and-storable",
    ]),
  Row(
    "must-revalidate to Authorization", asks: [bearer],
    with: [("Cache-Control", "must-revalidate")],
    finds: [
      "RSP-01 high storing-not-forbidden", "RSP-03 critical authorized-answer-shared",
    ]),
  Row(
    "public without Authorization", with: [("Cache-Control", "public")],
    finds: ["RSP-01 high storing-not-forbidden"]),
  Row(
    "a cookie under a lifetime", with: [("Cache-Control", "max-age=1"), ("Set-Cookie", "sid=1")],
    finds: [
      "RSP-01 high storing-not-forbidden", "RSP-02 critical explicit-lifetime",
      "RSP-04 critical storable-cookie",
    ]),
  Row(
    "a cookie under silence", with: [("Set-Cookie", "sid=1")],
    finds: [
      "RSP-01 high storing-not-forbidden", "RSP-07 medium heuristic-lifetime",
      "RSP-04 high storable-cookie",
    ]),
  .silent("a cookie that nobody may store", with: [clean, ("Set-Cookie", "sid=1")]),
  Row(
    "a session cookie asks and silence answers", asks: [("Cookie", "sid=1")], with: [],
    finds: [
      "RSP-01 high storing-not-forbidden", "RSP-07 medium heuristic-lifetime",
      "RSP-05 high credential-and-storable",
    ]),
  Row(
    "Authorization asks and silence answers: no shared cache may keep it", asks: [bearer], with: [],
    finds: ["RSP-01 high storing-not-forbidden", "RSP-07 medium heuristic-lifetime"]),
  Row(
    "a certificate asks and silence answers", with: [],
    finds: [
      "RSP-01 high storing-not-forbidden", "RSP-07 medium heuristic-lifetime",
      "RSP-05 high credential-and-storable",
    ], { $0.hasClientCertificate = true }),
  Row(
    "a permanent redirection to the login", gives: 301, with: [("Location", "/login")],
    finds: [
      "RSP-01 high storing-not-forbidden", "RSP-07 medium heuristic-lifetime",
      "RSP-06 high storable-auth-redirect",
    ]),
  Row(
    "a temporary one is storable by its lifetime only", gives: 302,
    with: [("Location", "/cb?code=1"), ("Cache-Control", "max-age=5")],
    finds: [
      "RSP-01 high storing-not-forbidden", "RSP-02 critical explicit-lifetime",
      "RSP-06 high storable-auth-redirect",
    ]),
  .silent("a redirection nobody may store", gives: 302, with: [clean, ("Location", "/login")]),
  Row(
    "an entity tag", with: [("Cache-Control", "private"), ("ETag", "\"a\"")],
    finds: ["RSP-08 medium validator-on-decision"]),
  Row(
    "an entity tag beside no-store", with: [clean, ("Last-Modified", "x")],
    finds: ["RSP-08 low validator-on-decision"]),
  Row(
    "a lifetime on POST", .post, with: [("Cache-Control", "private, max-age=5")],
    finds: [
      "RSP-02 medium lifetime-in-private-caches", "RSP-09 high unsafe-method-with-lifetime",
    ]),
  Row(
    "Content-Location is the target", .put,
    with: [
      ("Cache-Control", "private"),
      ("Content-Location", "/check"),
    ], finds: ["RSP-09 high content-location-is-target"]),
  .silent("Content-Location is elsewhere", .put, with: [clean, ("Content-Location", "/other")]),
  Row(
    "public and private", with: [("Cache-Control", "public, private")],
    finds: ["RSP-10 medium contradictory-directives"]),
  Row(
    "no-store with a lifetime", with: [("Cache-Control", "no-store, max-age=60")],
    finds: ["RSP-10 medium contradictory-directives"]),
  Row(
    "two lifetimes",
    with: [("Cache-Control", "private, max-age=0"), ("Cache-Control", "max-age=00, max-age=1")],
    finds: [
      "RSP-02 medium lifetime-in-private-caches", "RSP-10 medium contradictory-directives",
    ]),
  Row(
    "a quoted number", with: [("Cache-Control", "private, max-age=\"0\"")],
    finds: ["RSP-10 medium contradictory-directives"]),
  Row(
    "a broken quotation", with: [("Cache-Control", "private, x=\"")],
    finds: ["RSP-10 medium contradictory-directives"]),
  Row(
    "a broken date", with: [clean, ("Expires", "tomorrow")],
    finds: ["RSP-10 medium contradictory-directives"]),
  .silent("a comma in quotes", with: [("Cache-Control", "private, x=\"a, public\"")]),
  Row(
    "private for one field is not private", with: [("Cache-Control", "private=\"set-cookie\"")],
    finds: ["RSP-01 high storing-not-forbidden"]),
  Row(
    "stale while revalidating", with: [("Cache-Control", "private, stale-while-revalidate=9")],
    finds: ["RSP-11 medium stale-allowed"]),
  Row("a bare 200", with: [clean], finds: ["RSP-12 low bare-status"], { $0.responseBodyBytes = 0 }),
  .silent(
    "a bare 200 with a token", with: [clean, ("Transaction-Token", "x")],
    { $0.responseBodyBytes = 0 }),
  .silent("a bare 401", gives: 401, with: [clean], { $0.responseBodyBytes = 0 }),
  Row(
    "no-store without private behind Fastly", asks: [("Fastly-FF", "x")],
    with: [("Cache-Control", "no-store")],
    finds: ["RSP-13 medium no-store-without-private", "REQ-02 low intermediary-present"]),
  Row(
    "a part", gives: 206, with: [clean, ("Content-Range", "bytes 0-1/2")],
    finds: ["RSP-14 high partial-decision"]),
  Row(
    "coded although identity was asked for", with: [clean, ("Content-Encoding", "gzip")],
    finds: ["RSP-14 high coded-decision"], { $0.askedForIdentity = true }),
  .silent("coded as the client wished", with: [clean, ("Content-Encoding", "gzip")]),
]

private let upstreamRows: [Row] = [
  Row("an age", with: [clean, ("Age", "1")], finds: ["UPS-01 critical decision-has-age"]),
  .silent("an age of nothing", with: [clean, ("Age", "0")]),
  Row(
    "a hit", with: [clean, ("Cache-Status", "edge; hit; ttl=5")],
    finds: ["UPS-02 critical cache-status-hit"]),
  Row(
    "collapsed", with: [clean, ("Cache-Status", "edge; fwd=miss; collapsed")],
    finds: ["UPS-02 critical cache-status-hit"]),
  Row(
    "validated", with: [clean, ("Cache-Status", "edge; fwd=stale; fwd-status=304")],
    finds: ["UPS-02 critical cache-status-hit"]),
  Row(
    "forwarded", with: [clean, ("Cache-Status", "edge; fwd=uri-miss")],
    finds: ["UPS-04 medium cache-status-present"]),
  Row(
    "a negative ttl", with: [clean, ("Cache-Status", "edge; hit; ttl=-5")],
    finds: ["UPS-02 critical cache-status-hit", "UPS-09 high cache-status-stale"]),
  Row(
    "nginx hit", with: [clean, ("X-Cache-Status", "HIT")],
    finds: ["UPS-03 critical vendor-mark-hit"]),
  Row(
    "squid hit", with: [clean, ("X-Cache", "TCP_MEM_HIT from a.example")],
    finds: ["UPS-03 critical vendor-mark-hit"]),
  Row(
    "a shield's miss and an edge's hit", with: [clean, ("X-Cache", "MISS, HIT")],
    finds: ["UPS-03 critical vendor-mark-hit"]),
  Row(
    "CloudFront refreshed", with: [clean, ("X-Cache", "RefreshHit from cloudfront")],
    finds: ["UPS-03 critical vendor-mark-hit"]),
  Row(
    "Cloudflare revalidated", with: [clean, ("CF-Cache-Status", "REVALIDATED")],
    finds: ["UPS-03 critical vendor-mark-hit"]),
  Row(
    "hits counted", with: [clean, ("X-Cache-Hits", "0, 3")],
    finds: ["UPS-03 critical vendor-mark-hit"]),
  Row(
    "two Varnish identifiers", with: [clean, ("X-Varnish", "32770 3")],
    finds: ["UPS-03 critical vendor-mark-hit"]),
  Row(
    "Drupal hit", with: [clean, ("X-Drupal-Cache", "HIT")],
    finds: ["UPS-03 critical vendor-mark-hit"]),
  Row(
    "a timing entry", with: [clean, ("Server-Timing", "db;dur=5, cdn-cache; desc=HIT")],
    finds: ["UPS-03 critical vendor-mark-hit"]),
  .silent("a timing entry of something else", with: [clean, ("Server-Timing", "db;desc=hit")]),
  Row(
    "nginx miss", with: [clean, ("X-Cache-Status", "MISS")],
    finds: ["UPS-04 medium vendor-mark-miss"]),
  Row(
    "nginx expired: fetched anew", with: [clean, ("X-Proxy-Cache", "EXPIRED")],
    finds: ["UPS-04 medium vendor-mark-miss"]),
  Row(
    "a hit on a note to pass", with: [clean, ("X-Cache", "hit-for-pass")],
    finds: ["UPS-04 medium vendor-mark-miss"]),
  Row(
    "one Varnish identifier", with: [clean, ("X-Varnish", "32770")],
    finds: ["UPS-04 medium vendor-mark-miss"]),
  Row(
    "no hits counted", with: [clean, ("X-Cache-Hits", "0")],
    finds: ["UPS-04 medium vendor-mark-miss"]),
  .silent("a mark that says nothing", with: [clean, ("X-Cache", "configured")]),
  .silent("a whitelist is no hit", with: [clean, ("X-Cache", "white list")]),
  Row("a hop", with: [clean, ("Via", "1.1 gateway")], finds: ["UPS-05 medium hop-before-service"]),
  Row(
    "CloudFront", with: [clean, ("X-Amz-Cf-Id", "abc")],
    finds: ["UPS-05 medium hop-before-service"]),
  Row("304 unasked", gives: 304, with: [clean], finds: ["UPS-06 critical not-modified-unasked"]),
  .silent("304 asked", gives: 304, with: [clean], { $0.wasConditional = true }),
  Row(
    "an answer older than the request", with: [clean, ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")],
    finds: ["UPS-07 high answer-older-than-request"]),
  Row(
    "six seconds older", with: [clean, ("Date", "\(date(-7))")],
    finds: ["UPS-07 high answer-older-than-request"]),
  .silent("within the skew", with: [clean, ("Date", "\(date(-5))")]),
  .silent("a Date that cannot be read", with: [clean, ("Date", "now")]),
  Row(
    "a stale warning", with: [clean, ("Warning", "110 a \"stale\"")],
    finds: ["UPS-09 high stale-warning"]),
  .silent("another warning", with: [clean, ("Warning", "214 a \"changed\"")]),
]

private func date(_ offset: Int64) -> String {
  String(
    decoding: HTTPDate.format(WallTime(secondsSinceEpoch: now.secondsSinceEpoch + offset)),
    as: UTF8.self)
}

private let requestRows: [Row] = [
  Row(
    "a precondition", asks: [("If-None-Match", "\"a\"")], with: [clean],
    finds: ["REQ-01 high decision-revalidated"]),
  Row(
    "a date of old", asks: [("If-Modified-Since", "x")], with: [clean],
    finds: ["REQ-01 high decision-revalidated"]),
  .silent("a lock", asks: [("If-Match", "\"a\"")], with: [clean]),
  Row(
    "an intermediary", asks: [("Via", "1.1 cdn")], with: [clean],
    finds: ["REQ-02 low intermediary-present"]),
  Row(
    "a content network", asks: [("CF-RAY", "1")], with: [clean],
    finds: ["REQ-02 low intermediary-present"]),
  .silent("a client", asks: [("User-Agent", "x"), ("Accept", "*/*")], with: [clean]),
  Row(
    "HTTP/1.0", with: [clean], finds: ["REQ-06 low old-http-version"],
    { $0.request.version = .http10 }),
  Row(
    "an old proxy's default", asks: [("Cache-Control", "max-age=259200")], with: [clean],
    finds: ["REQ-06 low old-proxy-default"]),
  .silent("a reload", asks: [("Cache-Control", "max-age=0")], with: [clean]),
  Row(
    "a host from a stranger", asks: [("X-Forwarded-Host", "evil")],
    with: [("Cache-Control", "max-age=5")], finds: ["PSN-01 high untrusted-override"],
    { $0.isDecision = false }),
  Row(
    "a prefix from a stranger", asks: [("x_forwarded_prefix", "/evil")],
    with: [("Cache-Control", "max-age=5")], finds: ["PSN-01 high untrusted-override"],
    { $0.isDecision = false }),
  Row(
    "a host from a stranger that does not reach the service", asks: [("X-Forwarded-Host", "evil")],
    with: [("Cache-Control", "max-age=5")], finds: ["PSN-01 low untrusted-override-removed"],
    {
      $0.isDecision = false
      $0.dropsPeerClaims = true
    }),
  Row(
    "a path from a stranger that does", asks: [("X-Host", "evil"), ("X-Original-URL", "/evil")],
    with: [("Cache-Control", "max-age=5")], finds: ["PSN-01 high untrusted-override"],
    {
      $0.isDecision = false
      $0.dropsPeerClaims = true
    }),
  Row(
    "a coding that was asked for, without Vary", asks: [("Accept-Encoding", "gzip")],
    with: [("Content-Encoding", "gzip")], finds: ["KEY-09 medium coding-without-vary"],
    { $0.isDecision = false }),
  .silent(
    "a coding that was asked for, with Vary", asks: [("Accept-Encoding", "gzip")],
    with: [("Content-Encoding", "gzip"), ("Vary", "Origin, accept-encoding")],
    { $0.isDecision = false }),
  Row(
    "a site that is let in, without Vary", asks: [("Origin", "https://a.example")],
    with: [("Access-Control-Allow-Origin", "https://a.example")],
    finds: ["KEY-11 low origin-without-vary"], { $0.isDecision = false }),
  .silent(
    "every site let in", asks: [("Origin", "https://a.example")],
    with: [("Access-Control-Allow-Origin", "*")], { $0.isDecision = false }),
  Row(
    "a path from a stranger", asks: [("X-Rewrite-URL", "/evil")],
    with: [("Cache-Control", "max-age=5")], finds: ["PSN-01 high untrusted-override"],
    { $0.isDecision = false }),
  .silent(
    "a host from a trusted peer", asks: [("X-Forwarded-Host", "a")],
    with: [("Cache-Control", "max-age=5")],
    {
      $0.isDecision = false
      $0.peerIsTrusted = true
    }),
  .silent(
    "a host from a stranger, and nothing storable", asks: [("X-Forwarded-Host", "a")],
    with: [clean], { $0.isDecision = false }),
  Row(
    "a fat GET", with: [clean], finds: ["PSN-02 high body-on-read"], { $0.requestHasBody = true }),
  .silent("a POST has a body", .post, with: [clean], { $0.requestHasBody = true }),
  Row(
    "a method in a field", .post, asks: [("X-HTTP-Method-Override", "DELETE")], with: [clean],
    finds: ["PSN-03 high method-override"]),
  Row(
    "a method in the query", .get, "/check?a=1&_method=PUT", with: [clean],
    finds: ["PSN-03 high method-override-in-query"]),
  Row(
    "a page under the name of an asset", .get, "/account/x.css",
    with: [clean, ("Content-Type", "text/html")], finds: ["PTH-01 high type-does-not-fit-suffix"]),
  .silent(
    "an asset", .get, "/x.css", with: [clean, ("Content-Type", "text/css")]),
  Row(
    "a page under a name for static content", .get, "/robots.txt", asks: [("Cookie", "theme=1")],
    with: [clean, ("Content-Type", "text/html")],
    finds: ["PTH-05 medium page-under-static-name"]),
  Row(
    "a path parameter in the cache lane", .get, "/account;x", with: [clean],
    finds: ["PTH-02 high path-parameter"], { $0.isDecision = false }),
  Row(
    "an escaped slash in the cache lane", .get, "/a%2fb", with: [clean],
    finds: ["PTH-03 high escaped-or-dotted-path"], { $0.isDecision = false }),
  Row(
    "an error that an odd field may have caused", asks: [("X-A", "a\u{7F}")],
    with: [("Cache-Control", "max-age=60")],
    finds: ["PSN-04 medium odd-request-and-storable-error"],
    {
      $0.isDecision = false
      $0.response.status = .notFound
    }),
  Row(
    "very many variants", with: [clean], finds: ["KEY-10 medium variants-displaced"],
    {
      $0.isDecision = false
      $0.displacesVariants = true
    }),
  .silent("a parameter that ends so", .get, "/check?x_method=PUT", with: [clean]),
  .silent(
    "what is no decision is the cache's business", asks: [("If-None-Match", "\"a\"")],
    with: [("Cache-Control", "max-age=60"), ("Age", "5"), ("X-Cache", "HIT")],
    { $0.isDecision = false }),
]

private let spellings: [(String, String)] = [
  ("/a/../login", "PTH-03 escaped-or-dotted-path"), ("/./login", "PTH-03 escaped-or-dotted-path"),
  ("/login%2f", "PTH-03 escaped-or-dotted-path"), ("/a\\login", "PTH-03 escaped-or-dotted-path"),
  ("/login;x", "PTH-02 path-parameter"), ("//login", "PTH-04 path-in-other-spelling"),
  ("/LOGIN/", "PTH-04 path-in-other-spelling"),
]

private struct RefusedMessage: Sendable {
  let code: String
  let check: CheckID
}

private let refusedMessages: [RefusedMessage] = [
  RefusedMessage(code: "content-length-and-transfer-encoding", check: .psn05),
  RefusedMessage(code: "connection-names-end-to-end-field", check: .psn06),
  RefusedMessage(code: "escaped-control-in-path", check: .pth03),
  RefusedMessage(code: "disguised-field-name", check: .psn01),
]

private func head(_ path: String) -> RequestHead {
  RequestHead(method: .get, target: Array(path.utf8))
}

private let allRows = storingRows + upstreamRows + requestRows

@Suite struct DetectorTests {
  @Test(arguments: allRows)
  private func `exactly the expected is found`(row: Row) {
    #expect(row.found == row.expected)
  }

  @Test func `every check that is detected has a row that fires`() {
    let fromRows = Set(allRows.flatMap { detections(in: $0.exchange).map(\.check) })
    let fromVerification = Set(RefusalReason.allCases.map(\.check))
    let detected = Set(CheckCatalogue.all.filter(\.isDetected).map(\.id))
    let fromPaths = Set(spellings.map { Detection(spelling: head($0.0)).check })
    let fromMessages = Set(refusedMessages.map(\.check))
    #expect(
      fromRows.union(fromVerification).union(fromPaths).union(fromMessages) == detected)
  }

  @Test(arguments: refusedMessages)
  private func `a message that was refused is found as what it was refused for`(
    message: RefusedMessage
  ) throws {
    let found = try #require(Detection(refusedMessage: message.code))
    #expect(found.check == message.check)
    #expect(found.severity == .low)
    #expect(found.action == .refused)
    #expect(Detection(refusedMessage: "request-line-too-long") == nil)
  }

  @Test(arguments: spellings)
  private func `another spelling of a path is found by its kind`(path: String, finding: String) {
    let found = Detection(spelling: head(path))
    #expect("\(found.check.rawValue) \(found.reason.text)" == finding)
    #expect(found.evidence.isEmpty)
  }

  @Test func `no evidence holds a credential, a cookie or a token`() {
    let secret = "s3cr3t-value"
    var exchange = allRows[0].exchange
    exchange.request.fields = fields([
      ("Authorization", "Bearer \(secret)"), ("Cookie", "sid=\(secret)"), ("Via", "1.1 a"),
      ("Transaction-Token", secret), ("If-None-Match", "\"\(secret)\""),
      ("X-API-Key", secret),
    ])
    exchange.response.fields = fields([
      ("Set-Cookie", "sid=\(secret)"), ("ETag", "\"\(secret)\""), ("Age", "5"),
      ("Transaction-Token", secret), ("Location", "/cb?code=\(secret)"), ("X-Cache", "HIT"),
    ])
    exchange.response.status = Status(302)
    let found = detections(in: exchange)
    #expect(found.count > 3)
    for detection in found {
      let finding = Finding(
        detection,
        in: FindingContext(
          time: now, route: [], consumer: .published("c"), exchange: [], action: .observed))
      var line: [UInt8] = []
      finding.json(into: &line)
      #expect(!String(decoding: line, as: UTF8.self).contains(secret))
    }
  }

  @Test func `every outcome of verification maps to its check and severity`() {
    for reason in RefusalReason.allCases {
      let refused = Detection(.refused(reason))
      #expect(refused?.check == reason.check)
      #expect(refused?.severity == CheckCatalogue.severity(of: reason.check))
      #expect(refused.map { "\($0.reason.text)" } == "\(reason.code)")
      let denied = Detection(.denied(.failed(reason)))
      #expect((denied?.severity ?? .critical) <= .medium)
    }
    #expect(Detection(.denied(.proved)) == nil)
    #expect(Detection(.untested)?.severity == .low)
    #expect(Detection(.denied(.notTested))?.reason == "not-tested")
  }

  @Test func `what a detector has reported is not reported again by verification`() {
    let aged = Row(
      "", with: [clean, ("Age", "1")], finds: ["UPS-01 critical decision-has-age"])
    #expect(detections(in: aged.exchange, judged: .refused(.servedFromCache)).count == 1)
    let both = detections(in: aged.exchange, judged: .refused(.tokenMissing))
    #expect(both.map(\.check) == [.ups01, .bnd01])
    let quiet = Row.silent("", with: [clean])
    #expect(detections(in: quiet.exchange, judged: .denied(.proved)).isEmpty)
  }
}

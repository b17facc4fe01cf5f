import HTTPModel
import Testing
import Verdict

private let yes = #"{"authorized":true}"#
private let filler = String(repeating: " ", count: 20_000)

/// What an auth service's storable answer to a GET says, and what becomes of it.
private struct Row: Sendable, CustomTestStringConvertible {
  var type: String?
  var body: String
  var finding: ContentFinding
  var path = "/x"
  var fields: [(String, String)] = []
  var isDeclared = true
  var isStorable = true

  var lines: [(String, String)] { (type.map { [("Content-Type", $0)] } ?? []) + fields }

  func inspection(_ kind: ServiceKind = .auth) -> ContentInspection {
    ContentInspection(
      of: responseHead(200, lines), to: requestHead(.get, path), kind: kind,
      isDeclared: isDeclared, isStorable: isStorable, length: nil)
  }

  var testDescription: String { "\(type ?? "no type") \(path) \(body.prefix(60))" }
}

private let jsonRows: [Row] = [
  Row(body: yes, finding: .decision(.decisionMember)),
  Row(type: "text/plain", body: yes, finding: .decision(.decisionMember)),
  Row(type: "application/octet-stream", body: yes, finding: .decision(.decisionMember)),
  Row(type: "text/html", body: yes, finding: .decision(.decisionMember)),
  Row(type: "image/png", body: yes, finding: .decision(.decisionMember)),
  Row(type: "text/plain", body: "\u{FEFF}\r\n " + yes, finding: .decision(.decisionMember)),
  Row(type: "application/json", body: "\u{FEFF}" + yes, finding: .decision(.decisionMember)),
  Row(body: "true", finding: .decision(.decisionMember)),
  Row(type: "text/plain", body: " false\n", finding: .decision(.decisionMember)),
  Row(body: "truely", finding: .nothing),
  Row(body: #"{"active":true,"active":false}"#, finding: .decision(.unreadableJSON)),
  Row(type: "text/css", body: "{} a { b: c }", finding: .nothing),
  Row(type: "text/javascript", body: "[1].map(f)", finding: .nothing),
  Row(body: #"{"keys":[]}"#, finding: .nothing),
  Row(body: yes, finding: .decision(.decisionMember), isStorable: false),
  Row(
    type: "text/event-stream", body: "data: \(yes)", finding: .nothing, isStorable: false),
  Row(body: "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", finding: .decision(.verdictMediaType)),
  Row(body: "access_token=a&token_type=bearer", finding: .decision(.tokensIssued)),
  Row(body: "User-agent: *\nDisallow: /\n", finding: .nothing),
  Row(body: "\u{FFFD}", finding: .nothing),
]

private let longRows: [Row] = [
  Row(type: "application/json", body: #"{"a":1,\#(filler)"b":2}"#, finding: .withheld(.unseen)),
  Row(body: #"{"a":1,\#(filler)"b":2}"#, finding: .withheld(.unseen)),
  Row(body: #"{"authorized":true,\#(filler)"b":2}"#, finding: .decision(.decisionMember)),
  Row(body: #"{"b":"{","result":{"allow":false},\#(filler)"#, finding: .decision(.decisionMember)),
  Row(body: #"{"b":"\"","access_token":"a",\#(filler)"#, finding: .decision(.tokensIssued)),
  Row(body: #"{"user":{"active":true},\#(filler)"#, finding: .withheld(.unseen)),
  Row(body: #"{"keys":[{"kty":"RSA"},\#(filler)]}"#, finding: .nothing),
  Row(body: #"{"keys":[],"active":true,\#(filler)]}"#, finding: .decision(.decisionMember)),
  Row(body: #"{"keys":[],"\u0061ctive":true,\#(filler)]}"#, finding: .withheld(.unseen)),
  Row(body: #"{"issuer":"a","jwks_uri":"b",\#(filler)}"#, finding: .nothing),
  Row(body: #"{"issuer":"a",\#(filler)}"#, finding: .withheld(.unseen)),
  Row(type: "text/javascript", body: #"[\#(filler)]"#, finding: .nothing),
  Row(body: filler + yes, finding: .withheld(.unseen)),
]

private let codedRows: [Row] =
  [nil, "text/plain", "application/json", "text/html"].map {
    Row(
      type: $0, body: "\u{1F}", finding: .withheld(.unseen), fields: [("Content-Encoding", "gzip")])
  } + [
    Row(
      type: "text/css", body: "\u{1F}", finding: .nothing, fields: [("Content-Encoding", "gzip")])
  ]

private let pageRows: [Row] = [
  Row(type: "text/html", body: "<!DOCTYPE html><form>", finding: .nothing),
  Row(type: "text/html", body: "Welcome", finding: .nothing),
  Row(
    type: "text/html", body: #"<html><input name="csrf_token" value="1">"#,
    finding: .withheld(.personalPage)),
  Row(
    type: "text/html", body: #"<html><script>user={"authenticated":true}</script>"#,
    finding: .withheld(.personalPage)),
  Row(
    type: "text/html", body: "<html>", finding: .withheld(.personalPage),
    fields: [("Set-Cookie", "a=b")]),
  Row(
    type: "text/html", body: "<html>", finding: .withheld(.unexpectedPage),
    path: "/static/a.css", isDeclared: false),
  Row(
    type: "image/png", body: "<!-- a --><!doctype HTML>", finding: .withheld(.unexpectedPage),
    path: "/avatars/ann", isDeclared: false),
  Row(body: "<body>", finding: .withheld(.unexpectedPage), path: "/jwks", isDeclared: false),
  Row(type: "text/html", body: "<html>", finding: .nothing, path: "/login", isDeclared: false),
  Row(type: "image/svg+xml", body: "<svg xmlns='a'/>", finding: .nothing, isDeclared: false),
  Row(
    type: "application/xml", body: "<?xml version='1.0'?><md:EntityDescriptor/>",
    finding: .nothing, isDeclared: false),
  Row(
    type: "application/xml", body: "<?xml version='1.0'?><samlp:Response ID='1'/>",
    finding: .decision(.samlResponse)),
  Row(type: "text/xml", body: "<soap:Envelope>", finding: .withheld(.unseen)),
  Row(type: "text/javascript", body: "cb(\(yes))", finding: .decision(.decisionMember)),
  Row(
    type: "text/javascript", body: "var me = {\"active\": false};",
    finding: .decision(.decisionMember)),
  Row(type: "text/javascript", body: "(()=>{'use strict';f({a:1})})()", finding: .nothing),
]

@Suite struct ContentInspectionTests {
  // RFC 9111 §3.4 puts parts together: what nobody saw whole would be stored.
  @Test(arguments: [
    (ServiceKind.auth, "application/json", ContentFinding.withheld(.unseen)),
    (.auth, "text/plain", .withheld(.unseen)), (.auth, "", .withheld(.unseen)),
    (.auth, "text/html", .withheld(.unseen)), (.auth, "text/javascript", .withheld(.unseen)),
    (.auth, "image/png", .nothing), (.plain, "application/json", .withheld(.unseen)),
    (.plain, "text/plain", .nothing), (.plain, "", .nothing),
  ])
  func `a part tells nothing about the whole`(
    kind: ServiceKind, type: String, expected: ContentFinding
  ) {
    let lines = type.isEmpty ? [] : [("Content-Type", type)]
    let inspection = ContentInspection(
      of: responseHead(206, lines), to: requestHead(.get, "/x"), kind: kind, isDeclared: true,
      isStorable: true, length: 20)
    let middle = Array("ed\":true,\"user\":\"a\"".utf8)
    var finding = inspection.finding(in: middle.span, isWhole: true)
    if finding == .decision(.unreadableJSON) { finding = .withheld(.unseen) }
    #expect(finding == expected)
  }

  @Test(arguments: jsonRows + longRows + codedRows + pageRows)
  private func `content says what it is, whatever its label says`(row: Row) {
    let body = Array(row.body.utf8)
    #expect(row.inspection().finding(in: body.span, isWhole: true) == row.finding)
  }

  @Test(arguments: jsonRows + longRows + codedRows + pageRows)
  private func `what is found early is what is found in the end`(row: Row) {
    let body = Array(row.body.utf8)
    let inspection = row.inspection()
    for count in stride(from: 0, to: body.count, by: body.count > 1000 ? 997 : 1) {
      let part = Array(body[..<count])
      let finding = inspection.finding(in: part.span, isWhole: false)
      guard finding != .needsMore else { continue }
      #expect(finding == row.finding, "after \(count) bytes")
      return
    }
  }

  @Test func `a plain service's text is not looked at`() {
    let row = Row(type: "text/plain", body: yes, finding: .nothing)
    let finding = row.inspection(.plain).finding(in: [UInt8](row.body.utf8).span, isWhole: true)
    #expect(finding == .nothing)
  }

  @Test func `no bytes make the inspection trap`() {
    var generator = Dice()
    let alphabet = Array(#"{}[]<>!-?/:"\ tfhml\u{7f}a,"#.utf8)
    for _ in 0..<200 {
      let body = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
        alphabet.randomElement(using: &generator) ?? 0
      }
      for type in [nil, "text/html", "text/javascript", "application/json"] {
        let inspection = Row(type: type, body: "", finding: .nothing).inspection()
        _ = inspection.finding(in: body.span, isWhole: false)
        _ = inspection.finding(in: body.span, isWhole: true)
        let long = body + Array(repeating: 0x20, count: 17_000) + body
        _ = inspection.finding(in: long.span, isWhole: false)
      }
    }
  }
}

/// Numbers that look like chance and are the same in every run.
private struct Dice: RandomNumberGenerator {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

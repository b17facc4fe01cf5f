import HTTPModel
import Primitives
import Testing
import Verdict

private func text(_ section: FieldSection) -> [String] {
  section.lines.map { line in
    let name = String(decoding: section.name(of: line), as: UTF8.self)
    return "\(name): \(String(decoding: section.value(of: line), as: UTF8.self))"
  }
}

private func prepared(_ head: RequestHead, _ rule: DecisionRule) -> (RequestHead, RequestFacts) {
  var head = head
  var facts = RequestFacts(of: head, under: rule)
  prepareDecisionRequest(&head, token: Array(token.utf8), facts: &facts, under: rule)
  return (head, facts)
}

@Suite struct PreparationTests {
  private let rule = DecisionRule(binding: .echo(EchoRule()))
  private let lines = [
    ("If-None-Match", "\"a\""), ("If-Modified-Since", "x"), ("If-Range", "\"a\""),
    ("Range", "bytes=0-1"), ("If-Match", "\"b\""), ("If-Unmodified-Since", "y"),
    ("Accept-Encoding", "gzip"), ("Cache-Control", "max-stale"), ("Transaction-Token", "forged"),
    ("Transaction-Token", "forged too"), ("Txn-Token", "chain"), ("X-Other", "kept"),
  ]
  private let added = [
    "Accept-Encoding: identity", "Cache-Control: no-cache, no-store", "Pragma: no-cache",
    "Transaction-Token: \(token)",
  ]

  @Test(arguments: [Method.get, .head])
  func `reading methods lose what could bring an old or partial answer`(method: Method) {
    let (head, facts) = prepared(requestHead(method, "/", lines), rule)
    #expect(
      text(head.fields) == [
        "If-Match: \"b\"", "If-Unmodified-Since: y", "Txn-Token: chain", "X-Other: kept",
      ] + added)
    #expect(!facts.wasConditional)
    #expect(facts.token == Array(token.utf8))
  }

  @Test func `other methods keep every precondition`() {
    let (head, facts) = prepared(requestHead(.put, "/", lines), rule)
    #expect(
      text(head.fields) == [
        "If-None-Match: \"a\"", "If-Modified-Since: x", "If-Range: \"a\"", "Range: bytes=0-1",
        "If-Match: \"b\"", "If-Unmodified-Since: y", "Txn-Token: chain", "X-Other: kept",
      ] + added)
    #expect(facts.wasConditional)
  }

  @Test func `audit changes nothing`() {
    let head = requestHead(.get, "/", lines)
    let (after, facts) = prepared(head, DecisionRule(mode: .audit, binding: .echo(EchoRule())))
    #expect(after == head)
    #expect(facts.token.isEmpty)
    #expect(facts.wasConditional)
  }

  @Test func `audit that sends the token changes nothing else`() {
    let rule = DecisionRule(
      mode: .audit, binding: .echo(EchoRule()), sendTokenInAudit: true)
    let (head, facts) = prepared(requestHead(.get, "/", [("If-None-Match", "\"a\"")]), rule)
    #expect(text(head.fields) == ["If-None-Match: \"a\"", "Transaction-Token: \(token)"])
    #expect(facts.token == Array(token.utf8))
  }

  @Test func `a configured field carries the token, and the client's of either name is gone`()
    throws
  {
    let name = try #require(FieldName("X-Nonce".utf8))
    let rule = DecisionRule(binding: .echo(EchoRule(requestField: name)))
    let (head, _) = prepared(
      requestHead(.post, "/", [("x-nonce", "forged"), ("Transaction-Token", "forged")]), rule)
    #expect(
      text(head.fields).filter { !$0.contains("no-") }
        == ["Accept-Encoding: identity", "X-Nonce: \(token)"])
  }

  private let hardened = [
    "Cache-Control: private, no-store", "Pragma: no-cache", "Expires: 0",
    "Surrogate-Control: no-store", "CDN-Cache-Control: no-store", "X-Accel-Expires: 0", "Vary: *",
  ]
  private let careless = [
    ("Cache-Control", "public, max-age=60"), ("Cache-Control", "s-maxage=9"), ("Expires", "later"),
    ("Pragma", "x"), ("Surrogate-Control", "max-age=5"), ("Edge-Control", "cache-maxage=1h"),
    ("CDN-Cache-Control", "max-age=5"), ("Cloudflare-CDN-Cache-Control", "max-age=5"),
    ("x-cache-control", "max-age=5"), ("X-Accel-Expires", "60"), ("Vary", "Origin"),
    ("ETag", "\"v\""), ("Last-Modified", "then"), ("Age", "3"), ("Cache-Groups", "\"a\""),
    ("Set-Cookie", "sid=1"), ("Transaction-Token", token), ("Content-Type", "text/plain"),
  ]

  @Test func `a decision leaves with the header set and nothing that invites storing it`() {
    var section = fields(careless)
    hardenDecisionResponse(&section, under: rule)
    #expect(text(section) == ["Set-Cookie: sid=1", "Content-Type: text/plain"] + hardened)
  }

  @Test func `a rule keeps the entity tag and the proof where it says so`() {
    var section = fields(careless)
    hardenDecisionResponse(
      &section,
      under: DecisionRule(binding: .echo(EchoRule()), keepETag: true, deliverProof: true))
    #expect(
      text(section) == [
        "ETag: \"v\"", "Set-Cookie: sid=1", "Transaction-Token: \(token)",
        "Content-Type: text/plain",
      ] + hardened)
  }

  @Test func `a proof in a field of another name is removed too`() throws {
    let name = try #require(FieldName("X-Back".utf8))
    var section = fields([("x-back", token), ("X-Backwards", "kept")])
    hardenDecisionResponse(
      &section, under: DecisionRule(binding: .echo(EchoRule(proof: .field(name)))))
    #expect(text(section) == ["X-Backwards: kept"] + hardened)
  }

  @Test func `the token's own field goes too where a member is the proof`() throws {
    let name = try #require(FieldName("X-Nonce".utf8))
    let pointer = ProofPlace.json(try JSONPointer(parsing: Array("/transaction".utf8)))
    var section = fields([("x-nonce", token), ("Transaction-Token", "theirs")])
    hardenDecisionResponse(
      &section, under: DecisionRule(binding: .echo(EchoRule(requestField: name, proof: pointer))))
    #expect(text(section) == ["Transaction-Token: theirs"] + hardened)
    section = fields([("Transaction-Token", token)])
    hardenDecisionResponse(&section, under: DecisionRule(binding: .echo(EchoRule(proof: pointer))))
    #expect(text(section) == hardened)
  }

  @Test func `an undeclared decision is hardened alike`() {
    var section = fields([("Transaction-Token", "theirs"), ("Cache-Control", "public")])
    hardenDecisionResponse(&section, under: nil)
    #expect(text(section) == ["Transaction-Token: theirs"] + hardened)
  }

  @Test func `a failed check that is let pass is said in Proxy-Status`() {
    var section = fields([("Proxy-Status", "inner")])
    noteFailedCheck(.tokenMissing, in: &section, by: Array("edge-1".utf8))
    noteFailedCheck(.tokenMissing, in: &section, by: Array("a \"b\"".utf8))
    #expect(
      text(section) == [
        "Proxy-Status: inner", #"Proxy-Status: edge-1; details="BND-01 token-missing""#,
        #"Proxy-Status: "a \"b\""; details="BND-01 token-missing""#,
      ])
  }
}

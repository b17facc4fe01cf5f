import Cryptography
import HTTPModel
import MessageSignatures
import Primitives
import Testing
import Verdict

@Suite struct SignedResponseTests {
  @Test(arguments: signedAnswers)
  func `a signed response is judged with keys of every kind`(answer: SignedAnswer) throws {
    #expect(SignerKeys.all.count == 4)
    for key in SignerKeys.all {
      let outcome = VerdictExpectation(try answer.outcome(by: key))
      #expect(outcome == answer.expected, "\(key.algorithm)")
    }
  }

  @Test func `there are more than a hundred ways to be wrong`() {
    let wrong = signedAnswers.count { if case .refused = $0.expected { true } else { false } }
    #expect(wrong * SignerKeys.all.count >= 300)
    #expect(Set(signedAnswers.map(\.name)).count == signedAnswers.count)
  }

  @Test func `nobody else's key will do`() throws {
    let right = SignedAnswer("right", is: .verified(nil))
    for (index, key) in SignerKeys.all.enumerated() {
      let head = try right.signed(by: key)
      let (_, facts) = try SignedAnswer.sent()
      for other in SignerKeys.all.indices where other != index {
        let outcome = try SignedAnswer.judge(head, right.content, facts, SignerKeys.all[other])
        #expect(outcome.reason == .signatureInvalid)
      }
    }
  }

  @Test func `no byte of the signature or its input can be another`() throws {
    let right = SignedAnswer("right", is: .verified(nil))
    let key = try #require(SignerKeys.all.first)
    let head = try right.signed(by: key)
    let (_, facts) = try SignedAnswer.sent()
    for field in [KnownField.signatureInput, .signature, .contentDigest] {
      let value = Array(try #require(head.fields.first(field)))
      for index in value.indices {
        for flip in [0x01, 0x20] as [UInt8] {
          var other = value
          other[index] ^= flip
          var changed = head
          changed.fields.set(field, other)
          let outcome = try SignedAnswer.judge(changed, right.content, facts, key)
          #expect(outcome.reason != nil, "\(field.name) at \(index)")
        }
      }
    }
  }

  @Test func `of two exchanges neither's answer passes for the other's`() throws {
    let key = try #require(SignerKeys.all.first)
    let exchanges: [(Method, String, String, String)] = [
      (.post, "/login?x=1", "a", "n1"), (.post, "/login?x=1", "a", "n2"),
      (.post, "/login?x=1", "b", "n1"), (.post, "/login?x=2", "a", "n1"),
      (.post, "/log", "a", "n1"), (.put, "/login?x=1", "a", "n1"), (.post, "/login?x=1", "", "n1"),
    ]
    for (one, (method, target, content, nonce)) in exchanges.enumerated() {
      let answer = SignedAnswer("to \(one)", is: .verified(nil)) {
        $0.asked = (method, target, content)
        $0.parameters = ";created=1700000000;nonce=\"\(nonce)\";tag=\"verdict\""
      }
      let head = try answer.signed(by: key)
      for (other, (method, target, content, nonce)) in exchanges.enumerated() {
        let (_, facts) = try SignedAnswer.sent(method, target, content, nonce: nonce)
        let outcome = try SignedAnswer.judge(head, answer.content, facts, key)
        #expect((outcome.reason == nil) == (one == other), "\(one) for \(other)")
      }
    }
  }

  @Test func `a denial without a signature is delivered, and refused where it must be proved`()
    throws
  {
    let key = try #require(SignerKeys.all.first)
    let (_, facts) = try SignedAnswer.sent()
    let bare = responseHead(401)
    #expect(try SignedAnswer.judge(bare, "", facts, key) == .denied(.failed(.proofMissing)))
    let strict = DecisionRule(
      binding: .httpSignature(HTTPSignatureRule(keys: "k")), deny: .verify)
    let (_, strictFacts) = try SignedAnswer.sent(rule: strict)
    #expect(
      try SignedAnswer.judge(bare, "", strictFacts, key, rule: strict) == .refused(.proofMissing))
  }

  @Test func `without a token nothing can be signed for this request`() throws {
    let key = try #require(SignerKeys.all.first)
    let right = SignedAnswer("right", is: .verified(nil))
    let facts = RequestFacts(of: requestHead(.post, "/login"), under: SignedAnswer.rule)
    let outcome = try SignedAnswer.judge(try right.signed(by: key), right.content, facts, key)
    #expect(outcome == .refused(.tokenNotSent))
  }

  // MARK: What is asked

  @Test func `the request asks for what the rule demands`() throws {
    let (head, facts) = try SignedAnswer.sent()
    #expect(facts.token == bytes(signedNonce))
    let wanted = try RequestedSignature.all(in: head.fields)
    let one = try #require(wanted.first)
    #expect(wanted.count == 1)
    #expect(
      String(decoding: head.fields.first(.acceptSignature) ?? [], as: UTF8.self)
        == #"verdict=("@status" "content-digest" "@method";req "@target-uri";req "#
        + #""content-digest";req);created;nonce="dGhlIG5vbmNl";tag="verdict""#)
    #expect(one.components == HTTPSignatureRule.standardComponents)
    #expect(
      head.fields.first(.contentDigest).map(Array.init) == (try digestField(#"{"username":"ann"}"#))
    )
  }

  @Test func `a wish of the client's own gives way`() throws {
    var head = requestHead(
      .post, "/login", [("Host", "a"), ("Accept-Signature", "x=(\"date\");tag=\"y\"")])
    var facts = RequestFacts(of: head, under: SignedAnswer.rule)
    prepareSignedRequest(
      &head, token: bytes("n"), digest: nil, facts: &facts, under: SignedAnswer.rule)
    #expect(try RequestedSignature.all(in: head.fields).map(\.tag) == [bytes("verdict")])
  }

  @Test func `what a route adds is asked for and demanded`() throws {
    let more = ComponentIdentifier(field: bytes("x-tenant"), ofRequest: true)
    let rule = DecisionRule(
      binding: .httpSignature(
        HTTPSignatureRule(
          keys: "k", tag: bytes("own"), more: [more, ComponentIdentifier(.status)])))
    let (head, facts) = try SignedAnswer.sent(rule: rule)
    let wanted = try #require(try RequestedSignature.all(in: head.fields).first)
    #expect(wanted.components == HTTPSignatureRule.standardComponents + [more])
    #expect(wanted.tag == bytes("own"))
    let answer = SignedAnswer("short", is: .verified(nil)) {
      $0.parameters = $0.parameters.replacing("verdict", with: "own")
    }
    let key = try #require(SignerKeys.all.first)
    let outcome = try SignedAnswer.judge(
      try answer.signed(by: key), answer.content, facts, key, rule: rule)
    #expect(outcome == .refused(.signatureCoverageShort))
  }

  @Test(arguments: EnforcementMode.allCases)
  func `the digest of a request is always demanded where verdicts are refused`(
    mode: EnforcementMode
  ) throws {
    let rule = DecisionRule(
      mode: mode, binding: SignedAnswer.rule.binding, sendTokenInAudit: true)
    let all = HTTPSignatureRule.standardComponents
    var bare = requestHead(.post, "/login", [("Host", "auth.example")])
    var facts = RequestFacts(of: bare, under: rule)
    prepareSignedRequest(&bare, token: bytes("n"), digest: nil, facts: &facts, under: rule)
    #expect(
      try RequestedSignature.all(in: bare.fields).first?.components
        == (mode == .enforce ? all : Array(all.dropLast())))
    var digested = requestHead(.post, "/login", [("Content-Digest", "sha-256=:AAAA:")])
    prepareSignedRequest(&digested, token: bytes("n"), digest: nil, facts: &facts, under: rule)
    #expect(try RequestedSignature.all(in: digested.fields).first?.components == all)
  }

  @Test func `the signature goes, the digest stays`() throws {
    var fields = fields([
      ("Signature", "a=:AAAA:"), ("Signature-Input", "a=()"), ("Content-Digest", "sha-256=:AAAA:"),
    ])
    var kept = fields
    hardenDecisionResponse(&fields, under: SignedAnswer.rule)
    #expect(!fields.contains(.signature) && !fields.contains(.signatureInput))
    #expect(fields.contains(.contentDigest))
    let asked = DecisionRule(binding: SignedAnswer.rule.binding, deliverProof: true)
    hardenDecisionResponse(&kept, under: asked)
    #expect(kept.contains(.signature) && kept.contains(.signatureInput))
  }

  @Test(
    arguments: [
      (nil, RequestDigest.absent), ("md5=:AAAA:", .absent), ("sha-256=:AAAA:", .malformed),
      ("(", .malformed),
    ] as [(String?, RequestDigest)])
  func `what a request claims for its content is read`(value: String?, expected: RequestDigest) {
    let head = requestHead(.post, "/", value.map { [("Content-Digest", $0)] } ?? [])
    #expect(RequestDigest(head.fields) == expected)
  }

  @Test func `the scheme that the service believes in can be said`() throws {
    let rule = DecisionRule(
      binding: .httpSignature(HTTPSignatureRule(keys: "k", scheme: .https)))
    let key = try #require(SignerKeys.all.first)
    let answer = SignedAnswer("over https", is: .verified(nil))
    var (head, facts) = try SignedAnswer.sent(rule: rule)
    facts.noteSent(head, scheme: .http, under: rule)
    let right = try SignedAnswer.judge(
      try answer.signed(by: key), answer.content, facts, key, rule: rule)
    #expect(right.reason == nil)
    facts.noteSent(head, scheme: .http, under: SignedAnswer.rule)
    let wrong = try SignedAnswer.judge(try answer.signed(by: key), answer.content, facts, key)
    #expect(wrong.reason == .signatureInvalid)
    head.fields.removeAll(.host)
    facts.noteSent(head, scheme: .https, under: rule)
    let nowhere = try SignedAnswer.judge(
      try answer.signed(by: key), answer.content, facts, key, rule: rule)
    #expect(nowhere.reason == .signatureComponentUnusable)
  }
}

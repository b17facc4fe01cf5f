import Cryptography
import HTTPModel
import MessageSignatures
import Primitives
import Testing
import Verdict

private let nonce = "dGhlIG5vbmNl"
private let sentAt: Int64 = 1_700_000_000

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private func digestField(_ content: String) throws -> [UInt8] {
  DigestFields.fieldValue(
    ClaimedDigest(
      algorithm: .sha256, bytes: try DigestAlgorithm.sha256.digest(of: bytes(content))))
}

/// Keys of every kind, made once.
private enum Keys {
  static let all: [SigningKey] = {
    let kinds = SigningKey.Kind.allCases.compactMap { try? SigningKey.generate($0) }
    return kinds + [try? SigningKey(hmacSecret: [UInt8](repeating: 7, count: 32))].compactMap { $0 }
  }()
}

/// A login and its signed answer, some of it otherwise than it ought to be.
struct SignedAnswer: Sendable, CustomTestStringConvertible {
  static let coverage =
    #""@status" "content-digest" "@method";req "@target-uri";req "content-digest";req"#
  static let usual = #";created=1700000000;keyid="k";nonce="dGhlIG5vbmNl";tag="verdict""#

  var name: String
  var components = coverage
  var parameters = usual
  var label = "verdict"
  /// What the service answers.
  var status: UInt16 = 200
  var content = #"{"authorized":true}"#
  var lines: [(String, String)] = []
  /// The content whose digest it claims, where it is another.
  var claimed: String?
  var digest: String?
  /// What the service believes it was asked.
  var asked: (Method, String, String) = (.post, "/login?x=1", #"{"username":"ann"}"#)
  /// What becomes of the answer on its way.
  var change: @Sendable (inout ResponseHead, inout String) -> Void = { _, _ in }
  var expected: VerdictExpectation

  var testDescription: String { name }

  init(
    _ name: String, is expected: VerdictExpectation,
    _ make: (inout SignedAnswer) -> Void = { _ in }
  ) {
    self.name = name
    self.expected = expected
    make(&self)
  }

  static let rule = DecisionRule(binding: .httpSignature(HTTPSignatureRule(keys: "k")))

  /// What the proxy sends, and notes of it.
  static func sent(
    _ method: Method = .post, _ target: String = "/login?x=1",
    _ content: String = #"{"username":"ann"}"#, nonce own: String = nonce,
    rule: DecisionRule = rule
  ) throws -> (RequestHead, RequestFacts) {
    var head = requestHead(method, target, [("Host", "auth.example")])
    var facts = RequestFacts(of: head, under: rule)
    prepareDecisionRequest(&head, token: bytes(own), facts: &facts, under: rule)
    prepareSignedRequest(
      &head, token: bytes(own), digest: try DigestAlgorithm.sha256.digest(of: bytes(content)),
      facts: &facts, under: rule)
    facts.noteSent(head, scheme: .https, under: rule)
    return (head, facts)
  }

  /// The answer as the service signs it.
  func signed(by key: SigningKey) throws -> ResponseHead {
    var head = responseHead(status, [("Content-Type", "application/json")] + lines)
    if let digest {
      head.fields.append(.contentDigest, bytes(digest))
    } else {
      head.fields.append(.contentDigest, try digestField(claimed ?? content))
    }
    var (request, _) = try Self.sent(asked.0, asked.1, asked.2)
    request.authority = bytes("auth.example")
    var reading = FieldSection()
    reading.append(.signatureInput, bytes("x=(\(components))\(parameters)"))
    reading.append(.signature, bytes("x=:AAAA:"))
    let message = SignedMessage(request: request, scheme: .https, response: head)
    var signature = [UInt8](repeating: 9, count: 64)
    // What cannot be signed rightly is sent with a signature over nothing.
    if let read = try? MessageSignature.all(in: reading).first,
      let base = try? message.signatureBase(read.parameters)
    {
      signature = try key.sign(base)
    }
    head.fields.append(.signatureInput, bytes("\(label)=(\(components))\(parameters)"))
    head.fields.append(.signature, bytes("\(label)=:") + Base64.encode(signature) + bytes(":"))
    return head
  }

  func outcome(by key: SigningKey) throws -> VerificationOutcome {
    var head = try signed(by: key)
    var content = content
    change(&head, &content)
    let (_, facts) = try Self.sent()
    return try Self.judge(head, content, facts, key)
  }

  static func judge(
    _ head: ResponseHead, _ content: String, _ facts: RequestFacts, _ key: SigningKey,
    rule: DecisionRule = rule
  ) throws -> VerificationOutcome {
    let body = bytes(content)
    let proof: CheckedProof
    switch proofDemand(of: head, body: body.span, state: .whole, to: facts, under: rule) {
    case .none, .jws: proof = .none
    case .refused(let reason): proof = .failed(reason)
    case .messageSignature(let check):
      let holds = try key.verificationKey.isValid(check.signature, over: check.base)
      let matches = try check.digests.allSatisfy {
        let algorithm = $0.algorithm == .sha256 ? DigestAlgorithm.sha256 : .sha512
        return try algorithm.digest(of: body) == $0.bytes
      }
      proof =
        !holds
        ? .failed(.signatureInvalid)
        : matches ? .messageSignature(check.times) : .failed(.responseDigestMismatch)
    }
    return verify(
      head, body: body.span, state: .whole, proof: proof, to: facts, under: rule, at: times
    ).outcome { _ in .full }
  }
}

private func parameters(_ text: String) -> (inout SignedAnswer) -> Void {
  { $0.parameters = text }
}

private func covering(_ text: String) -> (inout SignedAnswer) -> Void {
  { $0.components = text }
}

private func changing(
  _ change: @escaping @Sendable (inout ResponseHead, inout String) -> Void
) -> (inout SignedAnswer) -> Void {
  { $0.change = change }
}

/// Replaces in the text of `Signature-Input` or `Signature` after signing.
private func replacing(
  _ field: KnownField, _ old: String, _ new: String
) -> (inout SignedAnswer) -> Void {
  changing { head, _ in
    let value = String(decoding: head.fields.first(field) ?? [], as: UTF8.self)
    head.fields.set(field, bytes(value.replacing(old, with: new)))
  }
}

private let rightAnswers: [SignedAnswer] = [
  SignedAnswer("as it ought to be", is: .verified(nil)),
  SignedAnswer("more covered", is: .verified(nil)) {
    $0.components += #" "content-type" "@path";req "@query-param";name="x";req "host";req"#
  },
  SignedAnswer("in another order", is: .verified(nil)) {
    $0.components =
      #""content-digest";req "@target-uri";req "@method";req "content-digest" "@status""#
  },
  SignedAnswer("fields in other forms", is: .verified(nil)) {
    $0.components =
      #""@status" "content-digest";sf "@method";req "@target-uri";req "content-digest";bs;req"#
  },
  SignedAnswer(
    "with all parameters", is: .verified(nil),
    parameters(
      #";expires=1700000060;alg="x";created=1700000000;nonce="dGhlIG5vbmNl";x=1;tag="verdict""#)),
  SignedAnswer(
    "made as early as may be", is: .verified(nil),
    parameters(#";created=1699999995;nonce="dGhlIG5vbmNl";tag="verdict""#)),
  SignedAnswer(
    "made as late as may be", is: .verified(nil),
    parameters(#";created=1700000006;nonce="dGhlIG5vbmNl";tag="verdict""#)),
  SignedAnswer(
    "just not expired", is: .verified(nil),
    parameters(#";created=1699999996;expires=1699999997;nonce="dGhlIG5vbmNl";tag="verdict""#)),
  SignedAnswer("under another label", is: .verified(nil)) { $0.label = "sig1" },
  SignedAnswer(
    "beside another's signature", is: .verified(nil),
    changing { head, _ in
      head.fields.append(.signatureInput, bytes(#"proxy=("via" "@new";x);tag="hop""#))
      head.fields.append(.signature, bytes("proxy=:AAAA:"))
    }),
  SignedAnswer("beside a deprecated digest", is: .verified(nil)) {
    let right = (try? digestField($0.content)) ?? []
    $0.digest = "md5=:AAAA:, " + String(decoding: right, as: UTF8.self)
  },
  SignedAnswer("a no that is signed", is: .denied) {
    $0.status = 401
    $0.content = #"{"authorized":false}"#
  },
  SignedAnswer(
    "fields that are not covered, changed", is: .verified(nil),
    changing { head, _ in
      head.fields.set(.contentType, "application/problem+json")
      head.fields.append(.server, "x")
    }),
]

private let shortCoverage: [SignedAnswer] = {
  let parts = SignedAnswer.coverage.split(separator: " ").map(String.init)
  let without = parts.indices.map { missing in
    var rest = parts
    let gone = rest.remove(at: missing)
    return SignedAnswer(
      "without \(gone)", is: .refused(.signatureCoverageShort),
      covering(rest.joined(separator: " ")))
  }
  let others = [
    #""content-digest";req;key="sha-256""#, #""x-a";req"#, #""content-digest";sf"#,
    #""@path";req"#,
  ].map { stand in
    SignedAnswer(
      "\(stand) for the request's digest", is: .refused(.signatureCoverageShort),
      covering(SignedAnswer.coverage.replacing(#""content-digest";req"#, with: stand)))
  }
  return without + others + [
    SignedAnswer("nothing covered", is: .refused(.signatureCoverageShort), covering(""))
  ]
}()

private let parameterRows: [(String, String, RefusalReason)] = [
  ("no nonce", #";created=1700000000;tag="verdict""#, .tokenMissing),
  ("another nonce", #";created=1700000000;nonce="dGhlIG5vbmNM";tag="verdict""#, .tokenMismatch),
  ("an empty nonce", #";created=1700000000;nonce="";tag="verdict""#, .tokenMismatch),
  ("a longer nonce", #";created=1700000000;nonce="dGhlIG5vbmNlA";tag="verdict""#, .tokenMismatch),
  (
    "a nonce in capitals", #";created=1700000000;nonce="DGHLIG5VBMNL";tag="verdict""#,
    .tokenMismatch
  ),
  ("a nonce that is a token", #";created=1700000000;nonce=dGhl;tag="verdict""#, .proofMalformed),
  ("no time", #";nonce="dGhlIG5vbmNl";tag="verdict""#, .signatureUndated),
  ("too early", #";created=1699999994;nonce="dGhlIG5vbmNl";tag="verdict""#, .issuedBeforeRequest),
  (
    "an hour early", #";created=1699996400;nonce="dGhlIG5vbmNl";tag="verdict""#,
    .issuedBeforeRequest
  ),
  ("at zero", #";created=0;nonce="dGhlIG5vbmNl";tag="verdict""#, .issuedBeforeRequest),
  ("in the future", #";created=1700000007;nonce="dGhlIG5vbmNl";tag="verdict""#, .issuedInFuture),
  (
    "at the end of time", #";created=999999999999999;nonce="dGhlIG5vbmNl";tag="verdict""#,
    .issuedInFuture
  ),
  ("a time before zero", #";created=-1;nonce="dGhlIG5vbmNl";tag="verdict""#, .proofMalformed),
  ("a broken time", #";created=1.5;nonce="dGhlIG5vbmNl";tag="verdict""#, .proofMalformed),
  (
    "a time in a string", #";created="1700000000";nonce="dGhlIG5vbmNl";tag="verdict""#,
    .proofMalformed
  ),
  (
    "expired", #";created=1699999995;expires=1699999996;nonce="dGhlIG5vbmNl";tag="verdict""#,
    .expired
  ),
  (
    "expired before it was made",
    #";created=1700000003;expires=1700000002;nonce="dGhlIG5vbmNl";tag="verdict""#, .expired
  ),
  ("another tag", #";created=1700000000;nonce="dGhlIG5vbmNl";tag="verdicts""#, .proofMissing),
  ("a tag in capitals", #";created=1700000000;nonce="dGhlIG5vbmNl";tag="Verdict""#, .proofMissing),
  ("no tag", #";created=1700000000;nonce="dGhlIG5vbmNl""#, .proofMissing),
  (
    "a tag that is a token", #";created=1700000000;nonce="dGhlIG5vbmNl";tag=verdict"#,
    .proofMalformed
  ),
  ("two nonces", SignedAnswer.usual + #";nonce="dGhlIG5vbmNl""#, .proofRepeated),
  ("two times", SignedAnswer.usual + ";created=1700000000", .proofRepeated),
  ("two tags", SignedAnswer.usual + #";tag="verdict""#, .proofRepeated),
  ("a foreign letter", SignedAnswer.usual + ";x=\"\u{e9}\"", .proofMalformed),
  (
    "far too long", SignedAnswer.usual + ";x=\"\(String(repeating: "x", count: 9000))\"",
    .proofTooLong
  ),
]

private let wrongParameters = parameterRows.map {
  SignedAnswer($0.0, is: .refused($0.2), parameters($0.1))
}

private let componentRows: [(String, RefusalReason)] = [
  (#""content-digest""#, .proofRepeated), (#""@method";req"#, .proofRepeated),
  (#""@new""#, .signatureComponentUnusable), (#""@signature-params""#, .signatureComponentUnusable),
  (#""content-type";new"#, .signatureComponentUnusable),
  (#""expires";tr"#, .signatureComponentUnusable), (#""@method""#, .signatureComponentUnusable),
  (#""@status";req"#, .signatureComponentUnusable), (#""x-absent""#, .signatureComponentUnusable),
  (#""x-absent";req"#, .signatureComponentUnusable),
  (#""content-type";sf"#, .signatureComponentUnusable),
  (#""content-digest";key="sha-512""#, .signatureComponentUnusable),
  (#""@query-param";name="y";req"#, .signatureComponentUnusable),
  (#""Content-Type""#, .proofMalformed), (#""content-type";bs;sf"#, .proofMalformed),
  (#""@path";req=?0"#, .proofMalformed), ("content-type", .proofMalformed),
  ((0..<64).map { "\"x\($0)\"" }.joined(separator: " "), .proofTooLong),
]

private let wrongComponents = componentRows.map { more, reason in
  SignedAnswer("\(more.prefix(40)) covered as well", is: .refused(reason)) {
    $0.components += " " + more
  }
}

private let wrongMessages: [SignedAnswer] =
  [
    SignedAnswer(
      "no signature", is: .refused(.proofMissing),
      changing { head, _ in
        head.fields.removeAll(.signature)
        head.fields.removeAll(.signatureInput)
      }),
    SignedAnswer(
      "a signature alone", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.removeAll(.signatureInput)
      }),
    SignedAnswer(
      "an input alone", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.removeAll(.signature)
      }),
    SignedAnswer(
      "labels that differ", is: .refused(.proofMalformed),
      replacing(.signature, "verdict=", "other=")),
    SignedAnswer(
      "the fields twice", is: .refused(.proofRepeated),
      changing { head, _ in
        for field in [KnownField.signature, .signatureInput] {
          head.fields.append(field, Array(head.fields.first(field) ?? []))
        }
      }),
    SignedAnswer(
      "two that count", is: .refused(.proofRepeated),
      changing { head, _ in
        for field in [KnownField.signature, .signatureInput] {
          let value = Array(head.fields.first(field) ?? [])
          head.fields.append(field, bytes("a") + value)
        }
      }),
    SignedAnswer(
      "an input without its signature", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.append(.signatureInput, "other=()")
      }),
    SignedAnswer("no base64", is: .refused(.proofMalformed), replacing(.signature, "=:", "=:A")),
    SignedAnswer(
      "an empty signature", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.set(.signature, "verdict=::")
      }),
    SignedAnswer(
      "a signature in a string", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.set(.signature, "verdict=\"AAAA\"")
      }),
    SignedAnswer(
      "a short signature", is: .refused(.signatureInvalid),
      changing { head, _ in
        head.fields.set(.signature, "verdict=:AAAA:")
      }),
    SignedAnswer(
      "another status", is: .refused(.signatureInvalid),
      changing { head, _ in
        head.status = Status(201)
      }),
    SignedAnswer("a no made a yes", is: .refused(.signatureInvalid)) {
      $0.status = 401
      $0.change = { head, _ in head.status = .ok }
    },
    SignedAnswer(
      "another digest", is: .refused(.signatureInvalid),
      changing { head, _ in
        head.fields.set(.contentDigest, (try? digestField("x")) ?? [])
      }),
    SignedAnswer(
      "other content under the digest", is: .refused(.responseDigestMismatch),
      changing { _, content in
        content = #"{"authorized":true }"#
      }),
    SignedAnswer(
      "no content under the digest", is: .refused(.responseDigestMismatch),
      changing { _, content in
        content = ""
      }),
    SignedAnswer("a digest of something else, signed", is: .refused(.responseDigestMismatch)) {
      $0.claimed = "something else"
    },
    SignedAnswer(
      "a digest more", is: .refused(.signatureInvalid),
      changing { head, _ in
        let digest = ClaimedDigest(algorithm: .sha512, bytes: [UInt8](repeating: 0, count: 64))
        head.fields.append(.contentDigest, DigestFields.fieldValue(digest))
      }),
    SignedAnswer("the answer to another method", is: .refused(.signatureInvalid)) {
      $0.asked.0 = .put
    },
    SignedAnswer("the answer to another path", is: .refused(.signatureInvalid)) {
      $0.asked.1 = "/reset?x=1"
    },
    SignedAnswer("the answer to another query", is: .refused(.signatureInvalid)) {
      $0.asked.1 = "/login?x=2"
    },
    SignedAnswer("the answer to another person", is: .refused(.signatureInvalid)) {
      $0.asked.2 = #"{"username":"bob"}"#
    },
    SignedAnswer(
      "a changed key", is: .refused(.signatureInvalid), replacing(.signatureInput, #""k""#, #""l""#)
    ),
    SignedAnswer("a time made younger", is: .refused(.signatureInvalid)) {
      $0.parameters = #";created=1600000000;nonce="dGhlIG5vbmNl";tag="verdict""#
      replacing(.signatureInput, "16000", "17000")(&$0)
    },
    SignedAnswer(
      "a parameter more", is: .refused(.signatureInvalid),
      replacing(.signatureInput, ";created", ";x;created")),
    SignedAnswer(
      "a parameter less", is: .refused(.signatureInvalid),
      replacing(.signatureInput, #";keyid="k""#, "")),
    SignedAnswer(
      "components in another order", is: .refused(.signatureInvalid),
      replacing(.signatureInput, #""@status" "content-digest" "#, #""content-digest" "@status" "#)),
    SignedAnswer(
      "an algorithm claimed after", is: .refused(.signatureInvalid),
      replacing(.signatureInput, ";created", #";alg="hmac-sha256";created"#)),
  ]

private let digestRows: [(String, RefusalReason)] = [
  ("md5=:AAAA:", .responseDigestMissing), ("sha-256=:AAAA:", .responseDigestMalformed),
  ("sha-256=\"x\"", .responseDigestMalformed), ("x", .responseDigestMalformed),
  ("sha-256=:", .proofMalformed), ("sha-256=:AAAA:, sha-256=:AAAA:", .proofRepeated),
]

private let wrongDigests = digestRows.map { digest, reason in
  SignedAnswer("\(digest) for a digest", is: .refused(reason)) { $0.digest = digest }
}

let signedAnswers: [SignedAnswer] = [
  rightAnswers, shortCoverage, wrongParameters, wrongComponents, wrongMessages, wrongDigests,
].flatMap { $0 }

@Suite struct SignedResponseTests {
  @Test(arguments: signedAnswers)
  func `a signed response is judged with keys of every kind`(answer: SignedAnswer) throws {
    #expect(Keys.all.count == 4)
    for key in Keys.all {
      let outcome = VerdictExpectation(try answer.outcome(by: key))
      #expect(outcome == answer.expected, "\(key.algorithm)")
    }
  }

  @Test func `there are more than a hundred ways to be wrong`() {
    let wrong = signedAnswers.count { if case .refused = $0.expected { true } else { false } }
    #expect(wrong * Keys.all.count >= 300)
    #expect(Set(signedAnswers.map(\.name)).count == signedAnswers.count)
  }

  @Test func `nobody else's key will do`() throws {
    let right = SignedAnswer("right", is: .verified(nil))
    for (index, key) in Keys.all.enumerated() {
      let head = try right.signed(by: key)
      let (_, facts) = try SignedAnswer.sent()
      for other in Keys.all.indices where other != index {
        let outcome = try SignedAnswer.judge(head, right.content, facts, Keys.all[other])
        #expect(outcome.reason == .signatureInvalid)
      }
    }
  }

  @Test func `no byte of the signature or its input can be another`() throws {
    let right = SignedAnswer("right", is: .verified(nil))
    let key = try #require(Keys.all.first)
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
    let key = try #require(Keys.all.first)
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
    let key = try #require(Keys.all.first)
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
    let key = try #require(Keys.all.first)
    let right = SignedAnswer("right", is: .verified(nil))
    let facts = RequestFacts(of: requestHead(.post, "/login"), under: SignedAnswer.rule)
    let outcome = try SignedAnswer.judge(try right.signed(by: key), right.content, facts, key)
    #expect(outcome == .refused(.tokenNotSent))
  }

  // MARK: What is asked

  @Test func `the request asks for what the rule demands`() throws {
    let (head, facts) = try SignedAnswer.sent()
    #expect(facts.token == bytes(nonce))
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
    let key = try #require(Keys.all.first)
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
    let key = try #require(Keys.all.first)
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

import HTTPModel
import Primitives
import Testing
import Verdict

/// One exchange whose verdict is signed: the claims, and what must come of them.
struct SignedExchange: Sendable, CustomTestStringConvertible {
  var name: String
  var rule: DecisionRule
  var claims: String
  var type: String?
  var digests = ExchangeDigests(
    credentials: Array("cred".utf8), request: Array("req".utf8), response: Array("resp".utf8))
  var request = requestHead(
    .post, "/login?x=1", [("Host", "auth.example"), ("X-User", "ann"), ("X-Scope", "read")])
  var response = responseHead(200)
  var body = ""
  var expected: VerdictExpectation

  var testDescription: String { name }

  init(
    _ name: String, _ rule: DecisionRule, _ claims: String, type: String? = "verdict+jwt",
    status: UInt16 = 200, body: String = "", is expected: VerdictExpectation
  ) {
    self.name = name
    self.rule = rule
    self.claims = claims
    self.type = type
    self.expected = expected
    self.body = body
    response = responseHead(status, body.isEmpty ? [] : [("Content-Type", "application/json")])
  }

  var judgement: Judgement {
    var head = request
    var facts = RequestFacts(of: head, under: rule)
    prepareDecisionRequest(&head, token: Array(token.utf8), facts: &facts, under: rule)
    let content = Array(body.utf8)
    let signed = SignedClaims(
      payload: Array(claims.utf8), type: type.map { Array($0.utf8) }, digests: digests)
    return verify(
      response, body: content.span, state: .whole, proof: .claims(signed), to: facts, under: rule,
      at: times)
  }

  var outcome: VerificationOutcome { judgement.outcome { _ in .first } }
}

private let byToken = DecisionRule(binding: .jwt(JWTRule(keys: "k")))
private let answered = DecisionRule(
  binding: .introspectionJWT(
    IntrospectionRule(keys: "k", issuer: Array("as".utf8), audience: Array("us".utf8))),
  subject: SubjectRule(
    request: .field(FieldName("X-User".utf8) ?? FieldName(.from)),
    verdict: .claim(pointer("/token_introspection/username"))))

private func rule(
  _ demanded: VerdictClaims, issuer: String? = nil, audience: String? = nil,
  compared: [ComparedClaim] = [], pathOnly: Bool = false, subject: SubjectRule? = nil
) -> DecisionRule {
  DecisionRule(
    binding: .jwt(
      JWTRule(
        keys: "k", issuer: issuer.map { Array($0.utf8) }, audience: audience.map { Array($0.utf8) },
        lifetime: Seconds(30), demanded: demanded, compared: compared,
        comparesPathOnly: pathOnly)), subject: subject)
}

/// The claims of a good verdict, some of them put otherwise; an empty text leaves one out.
func verdictClaims(_ changes: [String: String] = [:]) -> String {
  var claims = [
    "iat": "1700000000", "exp": "1700000020", "jti": "\"v1\"", "nonce": "\"\(token)\"",
    "decision": "true", "htm": "\"POST\"",
  ]
  for (name, value) in changes { claims[name] = value.isEmpty ? nil : value }
  return "{" + claims.map { "\"\($0.key)\":\($0.value)" }.sorted().joined(separator: ",") + "}"
}

private func row(
  _ name: String, _ changes: [String: String], under rule: DecisionRule = byToken,
  is expected: VerdictExpectation
) -> SignedExchange {
  SignedExchange(name, rule, verdictClaims(changes), is: expected)
}

private let everything = rule([
  .method, .target, .credentials, .requestDigest, .responseDigest, .user, .identifier,
  .transaction, .subject,
])
private let all = [
  "htu": "\"https://auth.example/login\"", "ath": "\"cred\"", "rqd": "\"req\"", "rsd": "\"resp\"",
  "user": #"{"id":7}"#, "txn": "\"t\"", "sub": "\"ann\"",
]
private let scoped = rule(
  .standard,
  compared: [
    ComparedClaim(
      claim: pointer("/scope"), request: .field(FieldName("X-Scope".utf8) ?? FieldName(.from)))
  ])
private let named = rule(
  .standard,
  subject: SubjectRule(
    request: .field(FieldName("X-User".utf8) ?? FieldName(.from)),
    verdict: .claim(pointer("/preferred_username"))))

private func without(_ claim: String) -> [String: String] {
  all.merging([claim: ""]) { _, new in new }
}

private func with(_ claim: String, _ value: String) -> [String: String] {
  all.merging([claim: value]) { _, new in new }
}

private let timeRows: [SignedExchange] = [
  row("no time of issue", ["iat": ""], is: .refused(.claimMissing)),
  row("no end", ["exp": ""], is: .refused(.claimMissing)),
  row("a time that is text", ["iat": "\"1700000000\""], is: .refused(.claimInvalid)),
  row("a time with an exponent", ["iat": "1.7e9"], is: .refused(.claimInvalid)),
  row("a time before all times", ["iat": "-1"], is: .refused(.claimInvalid)),
  row(
    "a time that no number holds", ["exp": "99999999999999999999"], is: .refused(.claimInvalid)),
  row(
    "issued before the request", ["iat": "1699999993", "exp": "1700000010"],
    is: .refused(.issuedBeforeRequest)),
  row(
    "issued before the request, within the skew", ["iat": "1699999995"], is: .verified(nil)),
  row(
    "issued with a fraction before the request", ["iat": "1699999994.9"],
    is: .refused(.issuedBeforeRequest)),
  row("issued with a fraction", ["iat": "1700000000.123456"], is: .verified(nil)),
  row("issued in the future", ["iat": "1700000007"], is: .refused(.issuedInFuture)),
  row("over", ["iat": "1699999995", "exp": "1699999996"], is: .refused(.expired)),
  row("over before it began", ["iat": "1700000003", "exp": "1700000002"], is: .refused(.expired)),
  row("over within the skew", ["exp": "1700000000"], is: .verified(nil)),
  row("not valid yet", ["nbf": "1700000010"], is: .refused(.notYetValid)),
  row("valid from now", ["nbf": "1700000001"], is: .verified(nil)),
  row("a beginning that is none", ["nbf": "true"], is: .refused(.claimInvalid)),
  row("valid for a minute", ["exp": "1700000060"], is: .verified(nil)),
  row("valid for longer", ["exp": "1700000061"], is: .refused(.lifetimeTooLong)),
  row(
    "valid for longer than the route allows", ["exp": "1700000031"], under: rule(.standard),
    is: .refused(.lifetimeTooLong)),
]

private let partyRows: [SignedExchange] = [
  row(
    "from whom it should be", ["iss": "\"a\""], under: rule([], issuer: "a"), is: .verified(nil)),
  row(
    "from somebody else", ["iss": "\"b\""], under: rule([], issuer: "a"),
    is: .refused(.issuerMismatch)),
  row("from nobody", [:], under: rule([], issuer: "a"), is: .refused(.claimMissing)),
  row("from a number", ["iss": "1"], under: rule([], issuer: "a"), is: .refused(.claimInvalid)),
  row("for us", ["aud": "\"u\""], under: rule([], audience: "u"), is: .verified(nil)),
  row(
    "for us among others", ["aud": #"["o","u"]"#], under: rule([], audience: "u"),
    is: .verified(nil)),
  row(
    "for others", ["aud": #"["o","p"]"#], under: rule([], audience: "u"),
    is: .refused(.audienceMismatch)),
  row(
    "for us and a number", ["aud": #"["u",1]"#], under: rule([], audience: "u"),
    is: .refused(.claimInvalid)),
  row(
    "for an object", ["aud": #"{"a":"u"}"#], under: rule([], audience: "u"),
    is: .refused(.claimInvalid)),
  row(
    "for too many to read",
    ["aud": "[" + (0..<17).map { "\"\($0)\"" }.joined(separator: ",") + "]"],
    under: rule([], audience: "0"), is: .refused(.claimInvalid)),
  row("for nobody", [:], under: rule([], audience: "u"), is: .refused(.claimMissing)),
  row("for somebody where nobody is expected", ["aud": "\"u\""], is: .refused(.audienceMismatch)),
  row(
    "for the one in the rule", ["preferred_username": "\"ann\""], under: named, is: .verified("ann")
  ),
  row(
    "for another user", ["preferred_username": "\"bob\""], under: named,
    is: .refused(.subjectMismatch)),
  row("for no user", [:], under: named, is: .refused(.subjectMissing)),
]

private let questionRows: [SignedExchange] = [
  row("everything, as it should be", all, under: everything, is: .verified(nil)),
  row("no nonce", ["nonce": ""], is: .refused(.tokenMissing)),
  row("a nonce of another kind", ["nonce": "7"], is: .refused(.tokenNotText)),
  row("another's nonce", ["nonce": "\"b3RoZXI\""], is: .refused(.tokenMismatch)),
  row("another method", ["htm": "\"GET\""], is: .refused(.methodMismatch)),
  row("a method in small letters", ["htm": "\"post\""], is: .refused(.methodMismatch)),
  row("no method", ["htm": ""], is: .refused(.claimMissing)),
  row("no method where none is demanded", ["htm": ""], under: rule([]), is: .verified(nil)),
  row(
    "another method where none is demanded", ["htm": "\"GET\""], under: rule([]),
    is: .refused(.methodMismatch)),
  row("no target", without("htu"), under: everything, is: .refused(.claimMissing)),
  row(
    "another path", with("htu", "\"https://auth.example/logout\""), under: everything,
    is: .refused(.targetMismatch)),
  row(
    "another host", with("htu", "\"https://other.example/login\""), under: everything,
    is: .refused(.targetMismatch)),
  row(
    "another host where only the path counts", ["htu": "\"http://other.example/login\""],
    under: rule([], pathOnly: true), is: .verified(nil)),
  row(
    "a target with a query", with("htu", "\"http://AUTH.example/login?a=b\""), under: everything,
    is: .verified(nil)),
  row("a target without a scheme", ["htu": "\"/login\""], is: .refused(.targetMismatch)),
  row("a target that is a number", ["htu": "1"], is: .refused(.claimInvalid)),
  row("other credentials", ["ath": "\"other\""], is: .refused(.credentialMismatch)),
  row("no credentials", without("ath"), under: everything, is: .refused(.claimMissing)),
  row(
    "other content asked", with("rqd", "\"other\""), under: everything,
    is: .refused(.requestDigestMismatch)),
  row("no content asked", without("rqd"), under: everything, is: .refused(.claimMissing)),
  row("other content answered", ["rsd": "\"other\""], is: .refused(.responseDigestMismatch)),
  row("no content answered", without("rsd"), under: everything, is: .refused(.claimMissing)),
  row("the scope asked for", ["scope": "\"read\""], under: scoped, is: .verified(nil)),
  row("another scope", ["scope": "\"write\""], under: scoped, is: .refused(.scopeMismatch)),
  row("no scope", [:], under: scoped, is: .refused(.claimMissing)),
  row("scopes in a list", ["scope": #"["read"]"#], under: scoped, is: .refused(.claimInvalid)),
]

private let detailRows: [SignedExchange] = [
  row("no decision", ["decision": ""], is: .refused(.claimMissing)),
  row("a decision in words", ["decision": "\"yes\""], is: .refused(.claimInvalid)),
  row(
    "a no under a status that reads as yes", ["decision": "false"],
    is: .refused(.decisionAmbiguous)),
  row("no identifier", ["jti": ""], is: .refused(.claimMissing)),
  row("an identifier that is no text", ["jti": "7"], is: .refused(.claimInvalid)),
  row("no chain", without("txn"), under: everything, is: .refused(.claimMissing)),
  row("no user", without("sub"), under: everything, is: .refused(.subjectMissing)),
  row("no user object", without("user"), under: everything, is: .refused(.userObjectMissing)),
  row(
    "an empty user object", with("user", "{}"), under: everything,
    is: .refused(.userObjectMissing)),
  SignedExchange("no type", byToken, verdictClaims(), type: nil, is: .refused(.proofTypeWrong)),
  SignedExchange(
    "an access token", byToken, verdictClaims(), type: "at+jwt", is: .refused(.proofTypeWrong)),
  SignedExchange(
    "a type written out", byToken, verdictClaims(), type: "application/Verdict+JWT",
    is: .verified(nil)),
  SignedExchange(
    "claims twice", byToken, #"{"decision":true,"decision":true}"#,
    is: .refused(.jsonDuplicateMember)),
  SignedExchange(
    "claims that are no JSON", byToken, "decision=true", is: .refused(.proofMalformed)),
  SignedExchange("claims that are a list", byToken, "[]", is: .refused(.claimMissing)),
  SignedExchange(
    "a proved no", byToken, verdictClaims(["decision": "false"]), status: 401, is: .denied),
  SignedExchange(
    "a signed yes under a status that says no", byToken, verdictClaims(), status: 403,
    is: .refused(.decisionAmbiguous)),
  SignedExchange(
    "a signed yes over a body that says no", byToken, verdictClaims(), body: #"{"decision":false}"#,
    is: .refused(.decisionAmbiguous)),
  SignedExchange(
    "a proved no that the body says", byToken, verdictClaims(["decision": "false"]),
    body: #"{"decision":false}"#, is: .denied),
  SignedExchange(
    "another's signed no that the body says", byToken,
    verdictClaims(["decision": "false", "nonce": "\"b3RoZXI\""]), body: #"{"decision":false}"#,
    is: .refused(.tokenMismatch)),
]

private func answer(_ changes: [String: String] = [:], active: String = "true") -> String {
  var claims = [
    "iss": "\"as\"", "aud": "\"us\"", "iat": "1700000001",
    "token_introspection": "{\"active\":\(active),\"username\":\"ann\",\"jti\":\"t\"}",
  ]
  for (name, value) in changes { claims[name] = value.isEmpty ? nil : value }
  return "{" + claims.map { "\"\($0.key)\":\($0.value)" }.sorted().joined(separator: ",") + "}"
}

private let type = "token-introspection+jwt"

private let introspectionRows: [SignedExchange] = [
  SignedExchange("an active token", answered, answer(), type: type, is: .verified("ann")),
  SignedExchange(
    "a token that is not active", answered, answer(active: "false"), type: type, is: .denied),
  SignedExchange(
    "an old answer", answered, answer(["iat": "1699999990"]), type: type,
    is: .refused(.issuedBeforeRequest)),
  SignedExchange(
    "an old answer that says no", answered, answer(["iat": "1699999990"], active: "false"),
    type: type, is: .refused(.issuedBeforeRequest)),
  SignedExchange(
    "an answer for another", answered, answer(["aud": "\"them\""]), type: type,
    is: .refused(.audienceMismatch)),
  SignedExchange(
    "an answer from another", answered, answer(["iss": "\"they\""]), type: type,
    is: .refused(.issuerMismatch)),
  SignedExchange(
    "an access token", answered, answer(), type: "at+jwt", is: .refused(.proofTypeWrong)),
  SignedExchange(
    "an answer about nothing", answered, answer(["token_introspection": ""]), type: type,
    is: .refused(.claimMissing)),
  SignedExchange(
    "an answer that is active in words", answered, answer(active: "\"true\""), type: type,
    is: .refused(.claimInvalid)),
  SignedExchange(
    "an answer about another user", answered,
    answer(["token_introspection": #"{"active":true,"username":"bob"}"#]), type: type,
    is: .refused(.subjectMismatch)),
]

let signedRows = timeRows + partyRows + questionRows + detailRows + introspectionRows

@Suite struct SignedVerdictTests {
  @Test(arguments: signedRows)
  func `a row of signed claims holds with its reason`(row: SignedExchange) {
    #expect(VerdictExpectation(row.outcome) == row.expected)
  }

  @Test func `the identifier of a verdict is spent for as long as it would be taken`() throws {
    guard case .proven(let verdict) = row("", [:], is: .untested).judgement else {
      Issue.record("not proven")
      return
    }
    #expect(
      verdict.identifiers == [
        ResponseIdentifier(
          .verdict, Array("v1".utf8), lifetime: Milliseconds(24_000))
      ])
  }

  @Test func `credentials that a signed verdict speaks of are there`() {
    var one = row("", ["ath": "\"cred\""], is: .untested)
    one.digests.credentials = nil
    #expect(one.outcome == .refused(.credentialMismatch))
  }

  @Test func `without its token in the request nothing is proved`() {
    let body: [UInt8] = []
    let judgement = verify(
      responseHead(200), body: body.span, state: .whole,
      proof: .claims(
        SignedClaims(payload: Array(verdictClaims().utf8), type: Array("verdict+jwt".utf8))),
      to: RequestFacts(of: requestHead(), under: byToken), under: byToken, at: times)
    #expect(judgement == .refused(.tokenNotSent))
  }
}

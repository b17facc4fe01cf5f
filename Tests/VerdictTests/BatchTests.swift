import HTTPModel
import Primitives
import Testing
import Verdict

private let json: (String, String) = ("Content-Type", "application/json")
private let echo: (String, String) = ("Transaction-Token", token)
private let rule = DecisionRule(
  binding: .echo(EchoRule()),
  allow: AllowRule(source: .json(pointer("/decision")), test: .equals(.boolean(true))),
  refusal: .authZEN)
private let unruled = DecisionRule(binding: .echo(EchoRule()), refusal: .authZEN)

private let two = #"{"evaluations":[{"resource":{"id":"[,]"}},{"resource":{"id":"b"}}]}"#
private let early =
  #"{"evaluations":[{},{}],"options":{"evaluations_semantic":"deny_on_first_deny"}}"#

private func answers(_ decisions: String...) -> String {
  #"{"evaluations":["#
    + decisions.map { #"{"decision":\#($0),"context":{"a":[1,{}]}}"# }
    .joined(separator: ",") + "]}"
}

private let rows: [Exchange] = [
  Exchange(
    "a batch of yes and no is an allow", rule, asks: two, gives: 200, [echo, json],
    answers("false", "true"), is: .verified(nil)),
  Exchange(
    "one yes in a batch needs the proof", rule, asks: two, gives: 200, [json],
    answers("false", "true"), is: .refused(.tokenMissing)),
  Exchange(
    "one yes in a batch out of a cache", rule, asks: two, gives: 200, [echo, json, ("Age", "1")],
    answers("false", "true"), is: .refused(.servedFromCache)),
  Exchange(
    "a batch of no is a denial", rule, asks: two, gives: 200, [echo, json],
    answers("false", "false"), is: .denied),
  Exchange(
    "a batch of no in a 200 needs the proof", rule, asks: two, gives: 200, [json],
    answers("false", "false"), is: .refused(.tokenMissing)),
  Exchange(
    "fewer decisions than questions", rule, asks: two, gives: 200, [echo, json], answers("true"),
    is: .refused(.questionMismatch)),
  Exchange(
    "more decisions than questions", rule, asks: two, gives: 200, [echo, json],
    answers("true", "true", "true"), is: .refused(.questionMismatch)),
  Exchange(
    "fewer decisions where the first denial ends it", rule, asks: early, gives: 200, [echo, json],
    answers("false"), is: .denied),
  Exchange(
    "no decision at all, early or not", rule, asks: early, gives: 200, [echo, json],
    #"{"evaluations":[]}"#, is: .refused(.questionMismatch)),
  Exchange(
    "one decision for a batch", rule, asks: two, gives: 200, [echo, json],
    #"{"decision":true}"#, is: .refused(.questionMismatch)),
  Exchange(
    "a batch for one question", rule, asks: "{}", gives: 200, [echo, json], answers("true"),
    is: .refused(.questionMismatch)),
  Exchange(
    "an evaluation without a decision", rule, asks: two, gives: 200, [echo, json],
    #"{"evaluations":[{"decision":true},{}]}"#, is: .refused(.questionUnreadable)),
  Exchange(
    "a decision that is text", rule, asks: two, gives: 200, [echo, json],
    answers("true", "\"true\""), is: .refused(.questionUnreadable)),
  Exchange(
    "evaluations that are none", rule, asks: two, gives: 200, [echo, json],
    #"{"evaluations":{"decision":true}}"#, is: .refused(.questionUnreadable)),
  Exchange(
    "a batch without a rule for the allow", unruled, asks: two, gives: 200, [echo, json],
    answers("false", "true"), is: .verified(nil)),
  Exchange(
    "a single decision is as before", rule, asks: "{}", gives: 200, [echo, json],
    #"{"decision":true}"#, is: .verified(nil)),
  Exchange(
    "an error for a batch", rule, asks: two, gives: 401, [echo, json], "{}", is: .denied),
]

@Suite struct BatchTests {
  @Test(arguments: rows)
  func `every decision of a batch counts`(row: Exchange) {
    #expect(VerdictExpectation(row.outcome) == row.expected)
  }

  @Test func `more evaluations than are read are refused`() {
    let count = RequestFacts.maximumEvaluations + 1
    let asked =
      #"{"evaluations":[\#(Array(repeating: "{}", count: count).joined(separator: ","))]}"#
    let said = Array(repeating: #"{"decision":true}"#, count: count).joined(separator: ",")
    let row = Exchange(
      "many", rule, asks: asked, gives: 200, [echo, json], #"{"evaluations":[\#(said)]}"#,
      is: .refused(.questionUnreadable))
    #expect(VerdictExpectation(row.outcome) == row.expected)
  }
}

@Suite struct ContainerTests {
  /// `{"nonce":"…","sub":"ann"}` as the claims of a JWT that nobody signed.
  private static func jwt(_ claims: String) -> String {
    "e30.\(String(decoding: Base64URL.encode(Array(claims.utf8)), as: UTF8.self)).c2ln"
  }

  private static let inFragment = DecisionRule(
    binding: .echo(
      EchoRule(
        proof: .json(pointer("/nonce")), container: .locationParameter(Array("id_token".utf8)))),
    token: .request(.query(Array("nonce".utf8))))

  private static let rows: [Exchange] = [
    ("the nonce of the request", #"{"nonce":"n-1"}"#, VerdictExpectation.verified(nil)),
    ("the nonce of another", #"{"nonce":"n-2"}"#, .refused(.tokenMismatch)),
    ("no nonce", #"{"sub":"ann"}"#, .refused(.tokenMissing)),
    ("a nonce that is a number", #"{"nonce":1}"#, .refused(.tokenNotText)),
    ("two nonces", #"{"nonce":"n-1","nonce":"n-1"}"#, .refused(.jsonDuplicateMember)),
  ].map { name, claims, expected in
    Exchange(
      name, inFragment, requestHead(.get, "/authorize?client_id=c&nonce=n-1"), gives: 302,
      [("Location", "https://c.example/cb#state=s&id_token=\(jwt(claims))")], is: expected)
  }

  @Test(arguments: rows)
  func `a token within a JWT is compared`(row: Exchange) {
    #expect(VerdictExpectation(row.outcome) == row.expected)
  }

  @Test(arguments: ["", "a.b", "a.%%%.c", "a.b.c.d", "e30.e30"])
  func `what is no JWT proves nothing`(text: String) {
    let row = Exchange(
      text, Self.inFragment, requestHead(.get, "/authorize?nonce=n-1"), gives: 302,
      [("Location", "https://c.example/cb#id_token=\(text)")], is: .refused(.proofMalformed))
    let reason = VerdictExpectation(row.outcome).reason
    #expect(reason == .proofMalformed || reason == .formInvalid)
  }
}

import HTTPModel
import Primitives
import Testing
import Verdict

private let json: (String, String) = ("Content-Type", "application/json")
private let echo: (String, String) = ("Transaction-Token", token)
private let inField = BindingRule.echo(EchoRule())

private func at(_ text: String) -> VerdictSource { .json(pointer(text)) }

private func rule(
  require: [VerdictSource] = [], match: [QuestionRule] = [], singleUse: [VerdictSource] = []
) -> DecisionRule {
  DecisionRule(
    binding: inField,
    demands: VerdictDemands(required: require, questions: match, singleUse: singleUse))
}

private let needsUser = rule(require: [at("/user")])
private let sameAction = rule(match: [
  QuestionRule(request: .json(pointer("/action")), verdict: at("/action"))
])
private let sameMethod = rule(match: [
  QuestionRule(request: .method, verdict: .field(FieldName(.from)))
])
private let needsID = rule(singleUse: [at("/decision_id")])

private let ownID = DecisionRule(
  binding: .echo(EchoRule(proof: .json(pointer("/response/uid")))),
  token: .request(.json(pointer("/request/uid"))), refusal: .admissionReview)
private let ownField = DecisionRule(
  binding: .echo(EchoRule(proof: .field(FieldName(.xRequestID)))),
  token: .request(.field(FieldName(.xRequestID))))

private let demandRows: [Exchange] = [
  Exchange(
    "a user object where one is demanded", needsUser, gives: 200, [echo, json],
    #"{"user":{"id":7}}"#, is: .verified(nil)),
  Exchange(
    "no user object", needsUser, gives: 200, [echo, json], #"{"name":"ann"}"#,
    is: .refused(.requiredMissing)),
  Exchange(
    "a user object of null", needsUser, gives: 200, [echo, json], #"{"user":null}"#,
    is: .refused(.requiredMissing)),
  Exchange(
    "a body that is no JSON where a member is demanded", needsUser, gives: 200,
    [echo, ("Content-Type", "text/plain")], "user", is: .refused(.jsonInvalid)),
  Exchange(
    "no body where a member is demanded", needsUser, gives: 204, [echo],
    is: .refused(.bodyAbsent)),
  Exchange(
    "a denial need not hold what an allow must", needsUser, gives: 403, [echo], is: .denied),
  Exchange(
    "the action that was asked about", sameAction, asks: #"{"action":"read"}"#, gives: 200,
    [echo, json], #"{"action":"read"}"#, is: .verified(nil)),
  Exchange(
    "another action", sameAction, asks: #"{"action":"write"}"#, gives: 200, [echo, json],
    #"{"action":"read"}"#, is: .refused(.questionMismatch)),
  Exchange(
    "an action nobody asked about", sameAction, asks: "{}", gives: 200, [echo, json],
    #"{"action":"read"}"#, is: .refused(.questionMismatch)),
  Exchange(
    "a verdict about no action", sameAction, asks: #"{"action":"read"}"#, gives: 200,
    [echo, json], "{}", is: .refused(.questionMismatch)),
  Exchange(
    "no action on either side", sameAction, asks: "{}", gives: 200, [echo, json],
    #"{"action":null}"#, is: .verified(nil)),
  Exchange(
    "an action that is an object", sameAction, asks: #"{"action":"read"}"#, gives: 200,
    [echo, json], #"{"action":{"read":true}}"#, is: .refused(.questionUnreadable)),
  Exchange(
    "a request with two actions", sameAction, asks: #"{"action":"read","action":"write"}"#,
    gives: 200, [echo, json], #"{"action":"read"}"#, is: .refused(.questionUnreadable)),
  Exchange(
    "the method that was used", sameMethod, gives: 200, [echo, ("From", "POST")],
    is: .verified(nil)),
  Exchange(
    "another method", sameMethod, gives: 200, [echo, ("From", "GET")],
    is: .refused(.questionMismatch)),
  Exchange(
    "an identifier of its own", needsID, gives: 200, [echo, json], #"{"decision_id":"a"}"#,
    is: .verified(nil)),
  Exchange(
    "no identifier of its own", needsID, gives: 200, [echo, json], "{}",
    is: .refused(.identifierMissing)),
  Exchange(
    "an empty identifier", needsID, gives: 200, [echo, json], #"{"decision_id":""}"#,
    is: .refused(.identifierMissing)),
  Exchange(
    "an identifier that is none", needsID, gives: 200, [echo, json], #"{"decision_id":[]}"#,
    is: .refused(.identifierUnreadable)),
]

private let tokenRows: [Exchange] = [
  Exchange(
    "the request's own identifier comes back", ownID, asks: #"{"request":{"uid":"u-1"}}"#,
    gives: 200, [json], #"{"response":{"uid":"u-1","allowed":true}}"#, is: .verified(nil)),
  Exchange(
    "another request's identifier comes back", ownID, asks: #"{"request":{"uid":"u-1"}}"#,
    gives: 200, [json], #"{"response":{"uid":"u-2","allowed":true}}"#,
    is: .refused(.tokenMismatch)),
  Exchange(
    "no identifier comes back", ownID, asks: #"{"request":{"uid":"u-1"}}"#,
    gives: 200, [json], #"{"response":{"allowed":true}}"#, is: .refused(.tokenMissing)),
  Exchange(
    "the request has no identifier", ownID, asks: #"{"request":{}}"#, gives: 200, [json],
    #"{"response":{"uid":"","allowed":true}}"#, is: .refused(.requestTokenMissing)),
  Exchange(
    "the request has two identifiers", ownID, asks: #"{"request":{"uid":"a","uid":"b"}}"#,
    gives: 200, [json], #"{"response":{"uid":"a","allowed":true}}"#,
    is: .refused(.requestTokenRepeated)),
  Exchange(
    "the request's identifier is an object", ownID, asks: #"{"request":{"uid":{}}}"#,
    gives: 200, [json], #"{"response":{"uid":"a","allowed":true}}"#,
    is: .refused(.requestTokenUnreadable)),
  Exchange(
    "the consumer's own field comes back", ownField,
    requestHead(.post, "/", [("X-Request-ID", "abc")]), gives: 200, [("X-Request-ID", "abc")],
    is: .verified(nil)),
  Exchange(
    "the consumer's own field comes back changed", ownField,
    requestHead(.post, "/", [("X-Request-ID", "abc")]), gives: 200, [("X-Request-ID", "abd")],
    is: .refused(.tokenMismatch)),
  Exchange(
    "a token stands in for a field that the consumer did not send", ownField, gives: 200,
    [("X-Request-ID", token)], is: .verified(nil)),
  Exchange(
    "a hop's own field for one that the consumer did not send", ownField, gives: 200,
    [("X-Request-ID", "of-a-hop")], is: .refused(.tokenMismatch)),
]

@Suite struct DemandTests {
  @Test(arguments: demandRows + tokenRows)
  func `a row of the demands holds with its reason`(row: Exchange) {
    #expect(VerdictExpectation(row.outcome) == row.expected)
  }

  @Test func `a body is held where demands look into it`() {
    #expect(sameAction.needsRequestBody)
    #expect(ownID.needsRequestBody)
    #expect(!sameMethod.needsRequestBody)
    #expect(!ownField.needsRequestBody)
  }

  @Test func `the consumer's own identifier stays in what is delivered`() {
    var own = fields([("X-Request-ID", "abc")])
    hardenDecisionResponse(&own, under: ownField)
    #expect(own.contains(.xRequestID))
  }

  @Test func `nothing demanded is nothing carried`() {
    #expect(VerdictDemands() == nil)
    #expect(rule().demands == nil)
    #expect(!DecisionRule(binding: inField).remembers)
  }

  /// What rows here say of reasons, for the test that every reason stands in one.
  static let reasons = Set((demandRows + tokenRows).compactMap(\.expected.reason))
}

import HTTPModel
import Primitives
import Testing
import Verdict

private let inField = DecisionRule(binding: .jwt(JWTRule(keys: "k")))
private let inBody = DecisionRule(
  binding: .jwt(JWTRule(proof: .json(pointer("/verdict_token")), keys: "k")))
private let json: (String, String) = ("Content-Type", "application/json")
private let signed: (String, String) = ("Verdict-Token", "e30.e30.c2ln")

/// Where a signed proof is looked for, and what is none.
let proofRows: [Exchange] = [
  Exchange("no signed proof", inField, gives: 200, [], is: .refused(.proofMissing)),
  Exchange(
    "a token that comes back is no signed proof", inField, gives: 200, is: .refused(.proofMissing)),
  Exchange(
    "two signed proofs", inField, gives: 200, [signed, signed], is: .refused(.proofRepeated)),
  Exchange(
    "a proof in the header where the route says body", inBody, gives: 200, [signed, json],
    #"{"authorized":true}"#, is: .refused(.proofMissing)),
  Exchange(
    "a proof that is no text", inBody, gives: 200, [json], #"{"verdict_token":{"a":1}}"#,
    is: .refused(.proofMalformed)),
  Exchange(
    "two proofs in the body", inBody, gives: 200, [json],
    #"{"verdict_token":"a.b.c","verdict_token":"a.b.c"}"#, is: .refused(.jsonDuplicateMember)),
  Exchange(
    "a proof of endless length", inField, gives: 200,
    [("Verdict-Token", String(repeating: "a", count: maximumSignedTextBytes + 1))],
    is: .refused(.proofTooLong)),
  Exchange(
    "a denial without a signed proof", inField, gives: 401, [],
    is: .deniedUnproved(.proofMissing)),
]

@Suite struct ProofTests {
  private func demand(_ rule: DecisionRule, _ lines: [(String, String)], _ body: String = "")
    -> ProofDemand
  {
    var head = requestHead()
    var facts = RequestFacts(of: head, under: rule)
    prepareDecisionRequest(&head, token: Array(token.utf8), facts: &facts, under: rule)
    let content = Array(body.utf8)
    return proofDemand(
      of: responseHead(200, lines), body: content.span, state: .whole, to: facts, under: rule)
  }

  @Test func `the one signed proof is demanded to be checked, where the rule says`() {
    #expect(demand(inField, [signed]) == .jws(Array("e30.e30.c2ln".utf8)))
    #expect(
      demand(inBody, [json], #"{"verdict_token":"a.b.c"}"#) == .jws(Array("a.b.c".utf8)))
  }

  @Test func `what needs no key demands nothing`() {
    for binding in [BindingRule.echo(EchoRule()), .none, .legacy(LegacyRule())] {
      #expect(demand(DecisionRule(binding: binding), [signed]) == .none)
    }
  }

  @Test func `the memory is asked last, and its answer decides`() {
    func spent(_ answer: SpendAnswer) -> VerificationOutcome? {
      guard case .proven(let verdict) = judgement else { return nil }
      return verdict.spend(answer)
    }
    #expect(VerdictExpectation(spent(.first) ?? .untested) == .verified(nil))
    #expect(spent(.repeated(.verdict)) == .refused(.identifierRepeated))
    #expect(spent(.full) == .refused(.replayMemoryFull))
    #expect(spent(.failed) == .refused(.replayMemoryFull))
    // A token of our own in the answer to its own request is not asked about.
    #expect(
      VerdictExpectation(judgement.outcome { _ in .repeated(.verdict) }) == .verified(nil))
  }

  private var judgement: Judgement {
    let rule = DecisionRule(binding: .echo(EchoRule()))
    var head = requestHead()
    var facts = RequestFacts(of: head, under: rule)
    prepareDecisionRequest(&head, token: Array(token.utf8), facts: &facts, under: rule)
    let body: [UInt8] = []
    return verify(
      responseHead(204, [("Transaction-Token", token)]), body: body.span, state: .whole,
      proof: .none, to: facts, under: rule, at: times)
  }
}

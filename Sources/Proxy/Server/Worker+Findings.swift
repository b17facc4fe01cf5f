// What the audit log is told.
internal import HTTPModel
internal import Verdict

extension Worker {
  func report(undeclared h: ResponseHead, reason: DecisionSign, of: Exchange) {}
  func report(
    _ o: VerificationOutcome, head: ResponseHead, body: [UInt8], of: Exchange, rule: DecisionRule,
    facts: RequestFacts
  ) {}
}

import HTTPModel
import Primitives
import Testing
import Verdict

/// Builders that read like a message.
func fields(_ lines: [(String, String)]) -> FieldSection {
  var section = FieldSection()
  for (name, value) in lines { section.append(name: Array(name.utf8), value: Array(value.utf8)) }
  return section
}

func requestHead(
  _ method: Method = .post, _ target: String = "/login", _ lines: [(String, String)] = []
) -> RequestHead {
  RequestHead(method: method, target: Array(target.utf8), fields: fields(lines))
}

func responseHead(_ status: UInt16, _ lines: [(String, String)] = []) -> ResponseHead {
  ResponseHead(status: Status(status), fields: fields(lines))
}

func pointer(_ text: String) -> JSONPointer {
  (try? JSONPointer(parsing: text.utf8)) ?? JSONPointer(tokens: ["not", "a", "pointer"])
}

let token = "dG9rZW4tb2YtdGhpcw"

/// One decision exchange: what the service answers under a rule, and what must come of it.
struct Exchange: Sendable, CustomTestStringConvertible {
  var name: String
  var rule: DecisionRule
  var request: RequestHead
  var requestBody: String
  var requestIsWhole: Bool
  var certificate: ClientCertificateNames?
  var response: ResponseHead
  var body: String
  var state: BodyState
  var sendsToken: Bool
  var expected: VerdictExpectation

  var testDescription: String { name }

  init(
    _ name: String, _ rule: DecisionRule,
    _ request: RequestHead = requestHead(
      .post, "/login", [("Content-Type", "application/json")]),
    asks requestBody: String = #"{"username":"ann"}"#, requestIsWhole: Bool = true,
    certificate: ClientCertificateNames? = nil, gives status: UInt16,
    _ lines: [(String, String)] = [("Transaction-Token", token)], _ body: String = "",
    state: BodyState = .whole, sendsToken: Bool = true, is expected: VerdictExpectation
  ) {
    self.name = name
    self.rule = rule
    self.request = request
    self.requestBody = requestBody
    self.requestIsWhole = requestIsWhole
    self.certificate = certificate
    self.response = responseHead(status, lines)
    self.body = body
    self.state = state
    self.sendsToken = sendsToken
    self.expected = expected
  }

  var outcome: VerificationOutcome {
    let requestBody = Array(requestBody.utf8)
    let body = Array(body.utf8)
    var head = request
    var facts = RequestFacts(
      of: head, body: requestBody.span, bodyIsWhole: requestIsWhole, certificate: certificate,
      under: rule)
    if sendsToken {
      prepareDecisionRequest(&head, token: Array(token.utf8), facts: &facts, under: rule)
    }
    return judged(response, body: body, state: state, to: facts, under: rule)
  }
}

/// The instants of the exchanges here: the answer comes a second after the request went out.
let times = ExchangeTimes(
  sentAt: WallTime(secondsSinceEpoch: 1_700_000_000),
  now: WallTime(secondsSinceEpoch: 1_700_000_001))

/// What comes of a response whose proof needs no key, with a memory that has seen nothing.
func judged(
  _ head: ResponseHead, body: [UInt8], state: BodyState = .whole, to facts: RequestFacts,
  under rule: DecisionRule
) -> VerificationOutcome {
  let proof: CheckedProof =
    switch proofDemand(of: head, body: body.span, state: state, to: facts, under: rule) {
    case .none, .jws: .none
    case .messageSignature(let check): .messageSignature(check.times)
    case .refused(let reason): .failed(reason)
    }
  return verify(
    head, body: body.span, state: state, proof: proof, to: facts, under: rule, at: times
  ).outcome { _ in .first }
}

/// What a row expects; like `VerificationOutcome`, but anybody can make it.
enum VerdictExpectation: Sendable, Equatable {
  case verified(String?)
  case denied
  case deniedUnproved(RefusalReason)
  case deniedUntested
  case refused(RefusalReason)
  case untested

  init(_ outcome: VerificationOutcome) {
    self =
      switch outcome {
      case .verified(let verdict):
        .verified(verdict.subject.map { String(decoding: $0, as: UTF8.self) })
      case .denied(.proved): .denied
      case .denied(.failed(let reason)): .deniedUnproved(reason)
      case .denied(.notTested): .deniedUntested
      case .refused(let reason): .refused(reason)
      case .untested: .untested
      }
  }

  var reason: RefusalReason? {
    switch self {
    case .deniedUnproved(let reason), .refused(let reason): reason
    case .verified, .denied, .deniedUntested, .untested: nil
    }
  }
}

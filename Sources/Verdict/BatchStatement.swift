internal import HTTPModel
internal import Primitives

/// What an AuthZEN request asks for at once (Authorization API 1.0, Access Evaluations).
struct BatchQuestion: Equatable, Sendable {
  /// How many evaluations; 0 for a single one.
  var count = 0
  /// Whether the decision point may stop before the last: after the first denial or permission.
  var mayStopEarly = false
}

/// What the verdict on a batch says: every evaluation's decision counts. One yes among them makes
/// the whole an allow, which needs every proof.
///
/// Nil where neither the request nor the answer is a batch. An answer to more or fewer evaluations
/// than were asked for, and one that leaves a decision out, are about another question.
func batchStatement(
  of head: ResponseHead, body: Span<UInt8>, reading: VerdictReading, question: BatchQuestion,
  rule: DecisionRule
) -> Statement? {
  guard let index = rule.pointers.evaluations else { return nil }
  if head.status.code >= 400 { return nil }
  let found: JSONValue?
  switch reading.json {
  case .notRead: found = nil
  case .unreadable(let reason): return .unclear(reason)
  case .read(let values): found = values[index]
  }
  guard let found else { return question.count == 0 ? nil : .unclear(.questionMismatch) }
  guard
    let elements = JSONReader.elements(
      of: found, in: body, atMost: RequestFacts.maximumEvaluations)
  else { return .unclear(.questionUnreadable) }
  let isWhole = elements.count == question.count
  let isStopped = question.mayStopEarly && !elements.isEmpty && elements.count < question.count
  guard question.count > 0, isWhole || isStopped else { return .unclear(.questionMismatch) }
  var allows = false
  for element in elements {
    switch decision(in: body.extracting(element)) {
    case .true: allows = true
    case .false: break
    default: return .unclear(.questionUnreadable)
    }
  }
  return allows ? .allow : .deny(needsProof: true)
}

/// The decision of one evaluation; nil where it has none that can be read.
private func decision(in element: Span<UInt8>) -> JSONKind? {
  do throws(JSONError) {
    return try JSONReader.read(
      element, at: [decisionPointer], limits: .whole(element.count))[0]?.kind
  } catch {
    return nil
  }
}

private let decisionPointer = JSONPointer(tokens: ["decision"])

/// `evaluations`, in requests and in answers.
let evaluationsPointer = JSONPointer(tokens: ["evaluations"])

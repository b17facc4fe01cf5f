internal import HTTPModel
internal import Primitives

/// Reads a verdict for the demands of its rule, in a pass of its own: routes without demands pay
/// nothing.
struct DemandReading {
  private let reading: VerdictReading
  private let pointers: [JSONPointer]

  init(_ demands: VerdictDemands, of head: ResponseHead, body: Span<UInt8>) {
    pointers = demands.pointers
    reading = VerdictReading(at: pointers, of: head, body: body)
  }

  func value(at source: VerdictSource, of head: ResponseHead, body: Span<UInt8>) -> VerdictValue {
    var index: Int?
    if case .json(let pointer) = source { index = pointers.firstIndex(of: pointer) }
    return reading.value(at: source, pointer: index, of: head, body: body)
  }
}

/// Why an allow does not hold what the rule demands beside the proof; nil where it does.
func demandFailure(
  of head: ResponseHead, body: Span<UInt8>, request: RequestFacts, rule: DecisionRule
) -> RefusalReason? {
  guard let demands = rule.demands else { return nil }
  if demands.required.isEmpty, demands.questions.isEmpty { return nil }
  let reading = DemandReading(demands, of: head, body: body)
  for source in demands.required {
    let value = reading.value(at: source, of: head, body: body)
    if case .unreadable(let reason) = value { return reason }
    guard value.isPresent else { return .requiredMissing }
  }
  guard let asked = request.demanded?.questions, asked.count == demands.questions.count else {
    return demands.questions.isEmpty ? nil : .questionUnreadable
  }
  for (question, asked) in zip(demands.questions, asked) {
    let answered = reading.value(at: question.verdict, of: head, body: body)
    if let reason = questionFailure(asked: asked, answered: answered) { return reason }
  }
  return nil
}

// What neither asks nor answers agrees: a verdict about everything answers a question about
// everything.
private func questionFailure(asked: RequestValue, answered: VerdictValue) -> RefusalReason? {
  switch (asked, answered) {
  case (_, .unreadable(let reason)): return reason
  case (.repeated, _), (.unreadable, _), (.beyondLimit, _), (_, .repeated),
    (_, .json(.object)), (_, .json(.array)):
    return .questionUnreadable
  case (.absent, .absent), (.absent, .json(.null)): return nil
  case (.absent, _), (_, .absent), (_, .json(.null)): return .questionMismatch
  case (.text, _), (.number, _), (.boolean, _):
    return asked.bytes == answered.bytes ? nil : .questionMismatch
  }
}

extension VerdictValue {
  /// The bytes by which values are compared; nil where there are none.
  var bytes: [UInt8]? {
    switch self {
    case .plain(let bytes), .text(let bytes), .number(let bytes): bytes
    case .json(.true): [UInt8](ascii: "true")
    case .json(.false): [UInt8](ascii: "false")
    case .absent, .json, .repeated, .unreadable: nil
    }
  }

  /// Whether there is something: not null, not false, not empty. An object without members and an
  /// array without elements are something by kind; what must be in them is demanded by its own
  /// place.
  fileprivate var isPresent: Bool {
    switch self {
    case .plain(let bytes), .text(let bytes), .number(let bytes): !bytes.isEmpty
    case .json(let kind): kind != .null && kind != .false
    case .absent, .repeated, .unreadable: false
    }
  }
}

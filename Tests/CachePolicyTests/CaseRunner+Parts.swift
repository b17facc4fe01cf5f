import CachePolicy
import HTTPModel
import Primitives
import Testing

// What rows say about ranges, parts, answers to HEAD, labels.
extension CaseRunner {
  mutating func checkParts(_ step: PolicyCase.Step) -> Bool {
    switch step.word {
    case "range": checkRange(step)
    case "holds": #expect(heldText() == step.argument, "\(place(step)) got '\(heldText())'")
    case "completes": checkCompletion(step)
    case "combine": combine(step)
    case "broken": breakOff(step)
    case "head-answer": freshenByHead(step)
    case "miss-asks": checkMiss(step)
    case "labels": checkLabels(step)
    case "groups": checkGroups(step)
    case "scope": checkScope(step)
    case "contradiction":
      let found = contradictsItsRange(
        response, contentLength: response.fields.first(.contentLength)?.decimalValue())
      #expect(found == (step.argument == "yes"), "\(place(step))")
    default: return false
    }
    return true
  }

  /// What is held of the content of the stored response.
  private var part: StoredPart {
    stored?.part ?? combinedPart
      ?? .whole(response.fields.first(.contentLength)?.decimalValue() ?? 0)
  }

  private var held: HeldPart? {
    stored.map {
      HeldPart(metadata: $0.metadata, head: $0.head[...], vary: $0.vary, part: part)
    }
  }

  private func heldText() -> String {
    guard stored != nil else { return "nothing" }
    let length = part.completeLength.map { "\($0)" } ?? "*"
    return "\(part.first)-\(part.end - 1)/\(length)"
  }

  /// `range: KIND … CODE`.
  private mutating func checkRange(_ step: PolicyCase.Step) {
    guard let stored else {
      Issue.record("\(place(step)) nothing is stored")
      return
    }
    let decision = rangeDecision(
      for: request, stored: stored.metadata, head: stored.head[...], part: part, now: now,
      rules: rules)
    let kind =
      switch decision {
      case .whole: "whole"
      case .part(let range): "part \(text(range))"
      case .parts(let ranges): "parts \(ranges.map(text).joined(separator: ","))"
      case .notSatisfiable(let length): "none of \(length)"
      case .fetch(.missing(let range), _): "fetch \(text(range))"
      case .fetch(.asAsked, _): "fetch as-asked"
      case .fetch(.whole, _): "fetch whole"
      }
    expect(decision.reason, step)
    #expect(step.argument.hasPrefix(kind + " "), "\(place(step)) got '\(kind)'")
  }

  private func text(_ range: ByteRange) -> String { "\(range.first)-\(range.last)" }

  /// `completes: FIRST-LAST`, the fields of the request below.
  private func checkCompletion(_ step: PolicyCase.Step) {
    let ends = step.argument.split(separator: "-").compactMap { Int64($0) }
    guard let stored, ends.count == 2, let range = ByteRange(first: ends[0], last: ends[1]) else {
      Issue.record("\(place(step)) nothing is stored, or no range given")
      return
    }
    var fields = request.fields
    setCompletionFields(
      of: stored.metadata, head: stored.head[...], missing: range, in: &fields)
    #expect(fields == section(of: step), "\(place(step))")
  }

  /// `combine: CODE STATUS`, the fields of the answer below.
  private mutating func combine(_ step: PolicyCase.Step) {
    guard let held else {
      Issue.record("\(place(step)) nothing is stored")
      return
    }
    let answer = makeResponse(answer(step))
    let decision = combineDecision(
      held: held, by: answer, contentLength: answer.fields.first(.contentLength)?.decimalValue(),
      to: request, requestedAt: now, receivedAt: now, rules: rules)
    expect(decision.reason, step)
    guard case .combined(let combined, let whole, let plan) = decision else { return }
    let added = rangeCount(answer)
    #expect(Int64(plan.prefix.count + plan.suffix.count) + added == whole.count, "\(place(step))")
    stored = combined
    #expect(whole == combined.part ?? .whole(whole.count))
    combinedPart = whole
  }

  /// How many bytes `Content-Range` of an answer tells of.
  private func rangeCount(_ answer: ResponseHead) -> Int64 {
    guard let value = answer.fields.first(.contentRange) else { return 0 }
    let ends = String(decoding: value, as: UTF8.self).dropFirst(6).prefix { $0 != "/" }
      .split(separator: "-").compactMap { Int64($0) }
    return ends.count == 2 ? ends[1] - ends[0] + 1 : 0
  }

  /// `broken: CODE RECEIVED/ANNOUNCED`; `*` where no length was announced.
  private mutating func breakOff(_ step: PolicyCase.Step) {
    let words = step.argument.split(separator: " ").last?.split(separator: "/") ?? []
    guard let stored, words.count == 2 else {
      Issue.record("\(place(step)) nothing is stored, or no count given")
      return
    }
    let decision = incompleteDecision(
      stored, receivedCount: Int64(words[0]) ?? 0, announcedCount: Int64(words[1]), rules: rules)
    expect(decision.reason, step)
    self.stored = if case .keep(let kept) = decision { kept } else { nil }
  }

  /// `head-answer: KIND CODE STATUS`, the fields of the answer below.
  private mutating func freshenByHead(_ step: PolicyCase.Step) {
    guard let held else {
      Issue.record("\(place(step)) nothing is stored")
      return
    }
    let decision = headFreshenDecision(
      held: held, by: makeResponse(answer(step)), to: request, requestedAt: now, receivedAt: now,
      rules: rules)
    expect(decision.reason, step)
    let kind: String
    switch decision {
    case .freshened(let updated):
      kind = "freshened"
      stored = updated
    case .remove:
      kind = "remove"
      stored = nil
    case .keep: kind = "keep"
    }
    #expect(step.argument.hasPrefix(kind + " "), "\(place(step)) got '\(kind)'")
  }

  /// `miss-asks: whole|range`, the fields that go to the origin below.
  private func checkMiss(_ step: PolicyCase.Step) {
    var fields = request.fields
    let kind = prepareMiss(in: &fields, rules: rules) == .whole ? "whole" : "range"
    #expect(kind == step.argument, "\(place(step))")
    #expect(fields == section(of: step), "\(place(step))")
  }

  private func checkLabels(_ step: PolicyCase.Step) {
    let labels = stored.map { StoredAnnex.labels(in: $0.annex.bytes.span) } ?? []
    let texts = labels.map {
      "\($0.kind == .tag ? "tag" : "group"):\(String(decoding: $0.name, as: UTF8.self))"
    }
    #expect(texts.joined(separator: " ") == step.argument, "\(place(step))")
    #expect(stored?.metadata.flags.contains(.labelled) == !labels.isEmpty, "\(place(step))")
    guard let stored else { return }
    let bytes = stored.annex.bytes
    for label in labels {
      let isFound = StoredAnnex.contains(label, in: bytes.span)
      #expect(isFound, "\(place(step))")
    }
  }

  /// `groups: CODE NAME…`.
  private mutating func checkGroups(_ step: PolicyCase.Step) {
    let names = groupInvalidations(for: request, response: response)
      .map { String(decoding: $0.name, as: UTF8.self) }
    let expected = step.argument.split(separator: " ").dropFirst().map(String.init)
    #expect(names == expected, "\(place(step)) got \(names)")
    if !names.isEmpty { expect(.groupInvalidated, step) }
  }

  /// `scope: yes|no`: whether a 304 with the fields below freshens the stored response, too.
  private func checkScope(_ step: PolicyCase.Step) {
    let scope = freshenScope(
      of: ResponseHead(status: .notModified, fields: section(of: step)))
    let includes = stored.map { scope.includes($0.metadata, head: $0.head[...]) }
    #expect(includes == (step.argument == "yes"), "\(place(step))")
  }
}

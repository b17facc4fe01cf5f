import CachePolicy
import HTTPModel
import Primitives
import Testing

/// Runs the script of one row: one response, its stored form, and the requests that come after it.
struct CaseRunner {
  /// When the response came: Sun, 06 Nov 1994 08:49:37 GMT.
  static let arrival = WallTime(secondsSinceEpoch: 784_111_777)

  let row: PolicyCase
  var rules = CacheRules()
  private var exchange = ExchangeClass.other
  private var delay: Int64 = 0
  private(set) var now = CaseRunner.arrival
  private(set) var request = RequestHead(method: .get, target: [UInt8](ascii: "/"))
  private(set) var response = ResponseHead(status: .ok)
  var stored: StorableResponse?
  /// What is held once parts have been combined.
  var combinedPart: StoredPart?
  /// How much content came with the response, where it says so.
  private var contentLength: Int64?
  private(set) var codes: Set<String> = []
  private(set) var expectations = 0
  private(set) var section: String?

  init(_ row: PolicyCase) { self.row = row }

  mutating func run() {
    for step in row.steps {
      if setUp(step) { continue }
      expectations += 1
      if !checkResponse(step), !checkRequest(step), !checkParts(step), !checkKeys(step) {
        Issue.record("\(row.file):\(step.line): no such word as '\(step.word)'")
      }
    }
  }

  // MARK: Steps

  private mutating func setUp(_ step: PolicyCase.Step) -> Bool {
    switch step.word {
    case "section": section = step.argument
    case "rules": readRules(step)
    case "exchange": exchange = makeExchange(step.argument)
    case "content": contentLength = Int64(step.argument)
    case "delay": delay = milliseconds(step.argument)
    case "at":
      now = WallTime(milliseconds: Self.arrival.milliseconds + milliseconds(step.argument))
    case "request", "then": request = makeRequest(step)
    case "response":
      response = makeResponse(step)
      stored = nil
      if case .store(let storable) = decideStorage() { stored = storable }
    default: return false
    }
    return true
  }

  /// `decision`, `other`, or the code of a reason to withhold the response from the store.
  private func makeExchange(_ word: String) -> ExchangeClass {
    if word == "decision" { return .decision }
    return CacheReason.allCases.first { "\($0.code)" == word }.map { .withheld($0) } ?? .other
  }

  func makeRequest(_ step: PolicyCase.Step) -> RequestHead {
    let words = step.argument.split(separator: " ")
    return RequestHead(
      method: Method(token: Array(words[0].utf8)), target: Array(words[1].utf8),
      authority: words.count > 2 ? Array(words[2].utf8) : [UInt8](ascii: "example.com"),
      fields: section(of: step))
  }

  func makeResponse(_ step: PolicyCase.Step) -> ResponseHead {
    ResponseHead(status: Status(UInt16(step.argument) ?? 999), fields: section(of: step))
  }

  func section(of step: PolicyCase.Step) -> FieldSection {
    var fields = FieldSection()
    for (name, value) in step.fields {
      fields.append(name: Array(name.utf8), value: Array(expanded(value).utf8))
    }
    return fields
  }

  private func decideStorage() -> StorageDecision {
    storageDecision(
      for: response, to: request, exchange: exchange,
      requestedAt: WallTime(milliseconds: now.milliseconds - delay), receivedAt: now,
      contentLength: contentLength, rules: rules)
  }

  // MARK: Expectations about the response

  private mutating func checkResponse(_ step: PolicyCase.Step) -> Bool {
    switch step.word {
    case "stored":
      expect(decideStorage().reason, step)
    case "deceives":
      let reason = deceptionRefusal(of: response, to: request)
      if let reason {
        expect(reason, step)
      } else {
        #expect(step.argument == "no", "\(place(step))")
      }
    case "lifetime":
      let metadata = stored?.metadata
      let text = metadata.map { "\($0.lifetime.count) \(name($0.freshnessSource))" }
      #expect(text == step.argument, "\(place(step))")
    case "initial-age":
      #expect(stored?.metadata.initialAge.count == milliseconds(step.argument), "\(place(step))")
    case "keeps":
      let lines = headLines()
      for (name, value) in step.fields {
        #expect(lines.contains("\(name): \(expanded(value))"), "\(place(step)) \(lines)")
      }
    case "drops":
      for name in step.argument.split(separator: " ") {
        #expect(!headLines().contains { $0.hasPrefix("\(name):") }, "\(place(step))")
      }
    case "freshen": freshen(step)
    case "invalidates": checkInvalidation(step)
    default: return false
    }
    return true
  }

  private mutating func freshen(_ step: PolicyCase.Step) {
    guard let old = stored else {
      Issue.record("\(place(step)) nothing is stored")
      return
    }
    let decision = freshenDecision(
      stored: old.metadata, head: old.head[...], part: old.part, by: makeResponse(answer(step)),
      to: request, requestedAt: now, receivedAt: now, rules: rules)
    expect(decision.reason, step)
    switch decision {
    case .freshened(let updated): stored = updated
    case .answerOnly: break
    case .answerAndRemove, .refuse: stored = nil
    }
  }

  /// `freshen: CODE STATUS`: the status of the answer to the validation, its fields below.
  func answer(_ step: PolicyCase.Step) -> PolicyCase.Step {
    var answer = step
    answer.argument = step.argument.split(separator: " ").last.map(String.init) ?? ""
    return answer
  }

  private mutating func checkInvalidation(_ step: PolicyCase.Step) {
    let keys = invalidationKeys(
      for: request, scheme: .https, response: response, rules: rules.keys)
    let words = step.argument.split(separator: " ").map(String.init)
    let expected = words.dropFirst().map { target in
      var key: [UInt8] = []
      CacheKey.write(
        target: Array(target.utf8)[...], authority: request.authority, scheme: .https, into: &key)
      return key
    }
    #expect(keys == expected, "\(place(step))")
    if !keys.isEmpty { expect(.unsafeMethod, step) }
  }

  // MARK: Expectations about a later request

  private mutating func checkRequest(_ step: PolicyCase.Step) -> Bool {
    switch step.word {
    case "lookup":
      switch lookupDecision(for: request, exchange: exchange, rules: rules) {
      case .lookUp: #expect(step.argument == "permitted", "\(place(step))")
      case .fetchOnly(_, let reason):
        #expect(step.argument.hasPrefix("fetch-only"), "\(place(step))")
        expect(reason, step)
      case .bypass(let reason): expect(reason, step)
      }
    case "reuse": checkReuse(step)
    case "client": checkCondition(step)
    case "asks": checkValidationFields(step)
    case "on-error": checkFailure(step)
    default: return false
    }
    return true
  }

  /// `reuse: KIND CODE [age=N ttl=N]`.
  private mutating func checkReuse(_ step: PolicyCase.Step) {
    let decision: ReuseDecision
    if let stored {
      decision =
        stored.vary.matches(request.fields)
        ? reuseDecision(for: request, stored: stored.metadata, now: now, rules: rules)
        : missDecision(for: request, miss: .noMatchingVariant, rules: rules)
    } else {
      decision = missDecision(for: request, miss: .nothingStored, rules: rules)
    }
    expect(decision.reason, step)
    let text =
      switch decision {
      case .fresh(let age): "fresh fresh age=\(age.age.count) ttl=\(age.ttl)"
      case .staleAllowed(let age, let reason):
        "stale \(code(reason)) age=\(age.age.count) ttl=\(age.ttl)"
      case .validate(let reason): "validate \(code(reason))"
      case .mustNot(let reason): "must-not \(code(reason))"
      }
    #expect(text.hasPrefix(step.argument), "\(place(step)) got '\(text)'")
  }

  private mutating func checkCondition(_ step: PolicyCase.Step) {
    guard let stored else {
      Issue.record("\(place(step)) nothing is stored")
      return
    }
    let range = stored.metadata.entityTagRange
    let decision = conditionDecision(
      for: request, stored: stored.metadata, entityTag: stored.head[range], now: now)
    switch decision {
    case .sendWhole: #expect(step.argument == "whole", "\(place(step))")
    case .notModified: expect(.notModified, step)
    }
  }

  private func checkValidationFields(_ step: PolicyCase.Step) {
    guard let stored else {
      Issue.record("\(place(step)) nothing is stored")
      return
    }
    var fields = request.fields
    setValidationFields(of: stored.metadata, head: stored.head[...], in: &fields)
    #expect(fields == section(of: step), "\(place(step))")
  }

  /// `on-error: KIND CODE STATUS|unreachable`.
  private mutating func checkFailure(_ step: PolicyCase.Step) {
    guard let stored else {
      Issue.record("\(place(step)) nothing is stored")
      return
    }
    let words = step.argument.split(separator: " ")
    let failure = words.last.flatMap { UInt16($0) }.map { OriginFailure.status(Status($0)) }
    let decision = staleOnErrorDecision(
      for: request, stored: stored.metadata, failure: failure ?? .unreachable, now: now,
      rules: rules)
    expect(decision.reason, step)
    let kind =
      switch decision {
      case .serve: "serve"
      case .mustNot: "must-not"
      }
    #expect(words.first.map(String.init) == kind, "\(place(step)) got '\(kind)'")
  }

  // MARK: Small parts

  mutating func expect(_ reason: CacheReason, _ step: PolicyCase.Step) {
    let text = code(reason)
    codes.insert(text)
    let words = step.argument.split(separator: " ").map(String.init)
    #expect(words.contains(text), "\(place(step)) got '\(text)'")
  }

  private func headLines() -> [String] {
    guard let stored else { return [] }
    return String(decoding: stored.head, as: UTF8.self).split(separator: "\r\n").map(String.init)
  }

  func code(_ reason: CacheReason) -> String { "\(reason.code)" }

  private func name(_ source: FreshnessSource) -> String {
    switch source {
    case .sharedMaxAge: "s-maxage"
    case .maxAge: "max-age"
    case .expires: "expires"
    case .operatorDefault: "default"
    case .heuristic: "heuristic"
    case .none: "none"
    }
  }

  func place(_ step: PolicyCase.Step) -> String {
    "\(row.file):\(step.line) \(row.title):"
  }

  func seconds(_ text: String) -> Seconds { Seconds(milliseconds(text) / 1000) }

  /// `90s` or `1500ms`, with a sign or without.
  func milliseconds(_ text: String) -> Int64 {
    if text.hasSuffix("ms") { return Int64(text.dropLast(2)) ?? 0 }
    return (Int64(text.dropLast()) ?? 0) * 1000
  }

  /// Replaces `{T+n}` and `{T-n}` by dates.
  private func expanded(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let open = rest.firstRange(of: "{T"), let close = rest.firstIndex(of: "}") {
      result += rest[..<open.lowerBound]
      let offset = Int64(rest[open.upperBound..<close]) ?? 0
      let date = HTTPDate.format(
        WallTime(secondsSinceEpoch: Self.arrival.secondsSinceEpoch + offset))
      result += String(decoding: date, as: UTF8.self)
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }
}

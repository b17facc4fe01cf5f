internal import HTTPModel
internal import Primitives

/// What a verdict says, before anything about it is believed.
enum Statement: Equatable {
  case allow
  /// `needsProof`: only the body makes it a no, under a status that a consumer may read as yes.
  case deny(needsProof: Bool)
  case unclear(RefusalReason)
}

/// What the verdict says, what is signed included: it must agree with the rest, since a consumer
/// that knows nothing of signatures reads only that.
///
/// An answer of introspection is signed whole: only its status and what is signed say anything.
func signedStatement(
  of head: ResponseHead, body: Span<UInt8>, reading: VerdictReading, rule: DecisionRule
) -> Statement {
  let rest = statement(of: head, body: body, reading: reading, rule: rule)
  guard let claims = reading.signed.claims else { return rest }
  let isSignedWhole: Bool
  let kind: JSONKind?
  switch rule.binding {
  case .jwt:
    isSignedWhole = false
    kind = claims.kind(.decision)
  case .introspectionJWT:
    isSignedWhole = true
    kind = claims.value(ownAt: RulePointers.active)?.kind
  case .none, .echo, .httpSignature, .legacy: return rest
  }
  switch (rest, kind) {
  case (.allow, .false):
    return isSignedWhole ? .deny(needsProof: true) : .unclear(.decisionAmbiguous)
  case (.deny, .true): return .unclear(.decisionAmbiguous)
  default: return rest
  }
}

/// Reads what the verdict says: by the rule, or without one by customary members and the status.
///
/// Status and body must agree. A 4xx or 5xx is never an allow; where its body says yes all the
/// same, or might say yes to a reader less strict than this one, it says two things.
func statement(
  of head: ResponseHead, body: Span<UInt8>, reading: VerdictReading, rule: DecisionRule
) -> Statement {
  let isNoByStatus = head.status.code >= 400
  guard let allow = rule.allow else {
    return customaryStatement(isNoByStatus: isNoByStatus, reading: reading, rule: rule)
  }
  let value = reading.value(
    at: allow.source, pointer: rule.pointers.allow, of: head, body: body)
  switch value {
  case .repeated: return .unclear(.decisionRepeated)
  case .unreadable(let reason):
    return isNoByStatus && !mightSayYes(head: head, body: body, reason: reason)
      ? .deny(needsProof: false) : .unclear(reason)
  case .absent, .plain, .text, .number, .json: break
  }
  let isAllow = allow.test.accepts(value, status: head.status)
  let spoken = customaryMembers(reading: reading, rule: rule)
  if allow.source == .status {
    return agreement(
      of: isAllow && !head.status.isServerError, and: spoken, isNoByStatus: isNoByStatus)
  }
  if isAllow {
    return isNoByStatus
      ? .unclear(.decisionAmbiguous)
      : agreement(of: true, and: spoken, isNoByStatus: isNoByStatus)
  }
  if spoken == .yes || spoken == .both { return .unclear(.decisionAmbiguous) }
  return .deny(needsProof: !isNoByStatus)
}

// What is no yes by the rule, under a status below 400, may be one to a reader less strict: a
// redirection that sets a session, a member spelled in capitals. Without proof it does not go out.
private func agreement(of isAllow: Bool, and spoken: Spoken, isNoByStatus: Bool) -> Statement {
  let denial = Statement.deny(needsProof: !isNoByStatus)
  return switch spoken {
  case .nothing: isAllow ? .allow : denial
  case .yes: isAllow ? .allow : .unclear(.decisionAmbiguous)
  case .no: isAllow ? .unclear(.decisionAmbiguous) : denial
  case .both: .unclear(.decisionAmbiguous)
  case .unreadable(let reason): isAllow ? .unclear(reason) : denial
  }
}

private func customaryStatement(
  isNoByStatus: Bool, reading: VerdictReading, rule: DecisionRule
) -> Statement {
  switch customaryMembers(reading: reading, rule: rule) {
  case .nothing: isNoByStatus ? .deny(needsProof: false) : .allow
  case .yes: isNoByStatus ? .unclear(.decisionAmbiguous) : .allow
  case .no: .deny(needsProof: !isNoByStatus)
  case .both: .unclear(.decisionAmbiguous)
  case .unreadable(let reason): isNoByStatus ? .deny(needsProof: false) : .unclear(reason)
  }
}

/// What the customary members of a JSON body say together.
private enum Spoken: Equatable {
  case nothing, yes, no, both
  case unreadable(RefusalReason)
}

private func customaryMembers(reading: VerdictReading, rule: DecisionRule) -> Spoken {
  let range = rule.pointers.customary
  guard !range.isEmpty else { return .nothing }
  switch reading.json {
  case .notRead: return .nothing
  case .unreadable(let reason): return .unreadable(reason)
  case .read(let values):
    var yes = false
    var no = false
    for index in range {
      switch values[index]?.kind {
      case .true: yes = true
      case .false: no = true
      case .object, .array, .string, .number, .null, nil: break
      }
    }
    return yes ? (no ? .both : .yes) : (no ? .no : .nothing)
  }
}

/// Whether a body that this program cannot read might be read as JSON by somebody else: it is
/// coded, or it begins as JSON does.
private func mightSayYes(head: ResponseHead, body: Span<UInt8>, reason: RefusalReason) -> Bool {
  if body.isEmpty { return false }
  if ContentCoding.isCoded(head.fields) || reason == .formInvalid { return true }
  if MediaType.isJSON(head.fields) { return true }
  for index in body.indices {
    switch body[index] {
    case ASCII.space, ASCII.lineFeed, ASCII.carriageReturn, ASCII.horizontalTab, 0xEF, 0xBB, 0xBF:
      continue
    case 0x7B, 0x5B: return true
    default: return false
    }
  }
  return false
}

extension AllowTest {
  /// Whether the value meets the test.
  func accepts(_ value: VerdictValue, status: Status) -> Bool {
    switch self {
    case .statusIn(let statuses): statuses.contains(status)
    case .exists:
      switch value {
      case .text(let bytes), .plain(let bytes): !bytes.isEmpty
      case .number: true
      case .json(let kind): kind != .null && kind != .false
      case .absent, .repeated, .unreadable: false
      }
    case .startsWith(let prefix):
      switch value {
      case .text(let bytes), .plain(let bytes): bytes.starts(with: prefix)
      case .absent, .number, .json, .repeated, .unreadable: false
      }
    case .equals(let expected): expected.isEqual(to: value)
    }
  }
}

extension ExpectedValue {
  /// Whether a JSON value is of this kind and text, or a plain value has these words.
  func isEqual(to value: VerdictValue) -> Bool {
    switch value {
    case .text(let bytes): self == .text(bytes)
    case .number(let bytes): self == .number(bytes)
    case .json(let kind):
      switch self {
      case .boolean(let expected): kind == (expected ? .true : .false)
      case .null: kind == .null
      case .text, .number: false
      }
    case .plain(let bytes):
      switch self {
      case .text(let expected), .number(let expected): bytes == expected
      case .boolean(let expected): bytes.equals(expected ? "true" : "false")
      case .null: false
      }
    case .absent, .repeated, .unreadable: false
    }
  }
}

internal import HTTPModel
internal import Primitives

/// What the demands of a rule need to know of a request, taken before it goes out.
struct DemandedFacts: Sendable {
  /// What was asked, in the order of the rule's questions.
  let questions: [RequestValue]
  let credentials: PresentedCredentials
  /// Sessions the request itself brought: getting one of them back is no news.
  let sessions: [[UInt8]]

  init(
    of head: borrowing RequestHead, body: Span<UInt8>, reader: RequestReader,
    certificate: borrowing ClientCertificateNames?, rule: borrowing DecisionRule
  ) {
    let demands = rule.demands
    var questions: [RequestValue] = []
    for question in demands?.questions ?? [] {
      questions.append(
        reader.value(at: question.request, of: head, body: body, certificate: certificate))
    }
    self.questions = questions
    var values: [RequestValue] = []
    for source in rule.credentialSources {
      values.append(reader.value(at: source, of: head, body: body, certificate: certificate))
    }
    credentials = PresentedCredentials(values)
    var sessions = values.compactMap(\.bytes)
    if let token = BearerCredentials.token(in: head.fields) { sessions.append(token) }
    let declared = demands?.sessions ?? []
    sessions += Cookies.values(in: head.fields) { name in
      Cookies.isSessionName(name) || declared.contains(.cookie(Array(name)))
    }
    self.sessions = sessions
  }
}

extension DecisionRule {
  /// Whether something of the request is compared or kept apart beside its user.
  var keepsRequestApart: Bool { demands != nil || binding.isLegacy }

  /// What tells who is asking: what the rule names, else, where nothing can be proved, what carries
  /// credentials customarily, and the user.
  var credentialSources: [RequestSource] {
    if let named = demands?.credentials, !named.isEmpty { return named }
    guard binding.isLegacy else { return [] }
    return [.field(FieldName(.authorization)), .clientCertificate(.subject)]
      + (subject.map { [$0.request] } ?? [])
  }
}

/// Who is asking, by what the rule names as credentials.
package enum PresentedCredentials: Hashable, Sendable {
  /// None came: one who asks so cannot be told from another.
  case none
  /// Each value with its length before it, so that different ones never join to the same bytes. A
  /// secret: only ever digested.
  case bytes([UInt8])
  case unreadable

  init(_ values: [RequestValue]) {
    var bytes: [UInt8] = []
    var isPresent = false
    for value in values {
      switch value {
      case .absent: bytes.append(0)
      case .text(let text), .number(let text):
        isPresent = true
        bytes.append(1)
        bytes.append(length: text.count)
        bytes += text
      case .boolean(let value): bytes.append(value ? 2 : 3)
      case .repeated, .unreadable, .beyondLimit:
        self = .unreadable
        return
      }
    }
    self = isPresent ? .bytes(bytes) : .none
  }
}

extension [UInt8] {
  /// Appends a length in eight bytes, the first one highest.
  mutating func append(length: Int) {
    for shift in stride(from: 56, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: length >> shift))
    }
  }
}

/// Bearer tokens (RFC 6750 §2.1).
enum BearerCredentials {
  /// The token of the one `Authorization` field.
  static func token(in fields: FieldSection) -> [UInt8]? {
    guard let value = fields.only(.authorization), value.count > 7,
      value.prefix(6).equalsIgnoringASCIICase("Bearer"), value.dropFirst(6).first == ASCII.space
    else { return nil }
    return Array(value.dropFirst(7).drop { $0 == ASCII.space })
  }
}

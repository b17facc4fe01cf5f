package import HTTPModel
internal import MessageSignatures
internal import Primitives

/// The names of a verified client certificate, as the TLS edge read them.
package struct ClientCertificateNames: Hashable, Sendable {
  package var commonName: [UInt8]?
  package var emails: [[UInt8]]
  package var dnsNames: [[UInt8]]
  package var uris: [[UInt8]]
  /// The subject as one line (RFC 4514).
  package var subject: [UInt8]

  package init(
    commonName: [UInt8]? = nil, emails: [[UInt8]] = [], dnsNames: [[UInt8]] = [],
    uris: [[UInt8]] = [], subject: [UInt8] = []
  ) {
    self.commonName = commonName
    self.emails = emails
    self.dnsNames = dnsNames
    self.uris = uris
    self.subject = subject
  }
}

/// The user a request names.
package enum RequestSubject: Hashable, Sendable {
  /// The rule compares no user.
  case notAsked
  case name([UInt8])
  /// The request does not name one readable user; an allow is refused for this reason.
  case unknown(RefusalReason)
}

/// What verification must remember of a request. Taken before the request goes out; small, and a
/// value.
package struct RequestFacts: Sendable {
  package let subject: RequestSubject
  /// `request.uid` of an AdmissionReview, where the refusal must carry it.
  package let admissionUID: [UInt8]?
  /// What an AuthZEN request asks for at once.
  let batch: BatchQuestion
  /// `X-Request-ID`, which an AuthZEN answer must return.
  package let requestID: [UInt8]?
  /// What claims of a signed verdict are compared with, in the order of the rule.
  let compared: [RequestValue]
  /// What was asked, where a signed verdict says it. Set by `prepareDecisionRequest`.
  package internal(set) var asked: AskedRequest?
  /// The request as it went out, where a signed response may speak of it.
  var signable: SignedMessage?
  /// What is compared or kept apart by the rule's further demands; nil where it has none.
  let demanded: DemandedFacts?
  /// The token a verdict must answer: the one that was sent (set by `prepareDecisionRequest`), or
  /// the consumer's own; empty where there is none.
  package internal(set) var token: [UInt8] = []
  /// Why the consumer's own identifier is not there to be answered; nil where it is, or is not
  /// asked for.
  private(set) var tokenFailure: RefusalReason?
  /// Whether the token stands in for a field of the consumer's own that it might have sent and did
  /// not: it was sent in its place, and is taken out of the answer.
  package private(set) var tokenIsStandIn = false
  /// Whether the request went out with a precondition or a range. Set by `prepareDecisionRequest`.
  package internal(set) var wasConditional = false

  /// How many `evaluations` an AuthZEN batch asks for; 0 for a single one.
  package var evaluationCount: Int { batch.count }

  /// How many evaluations of a batch are read, and a refusal answers; past it the refusal is a
  /// single `decision`.
  package static let maximumEvaluations = 256

  /// Reads what the rule asks of the request.
  ///
  /// `body` is the whole body, as far as `bodyIsWhole` says so; where the rule does not need one
  /// (`DecisionRule.needsRequestBody`) both are left out.
  package init(
    of head: borrowing RequestHead, body: Span<UInt8>, bodyIsWhole: Bool,
    certificate: borrowing ClientCertificateNames?, under rule: borrowing DecisionRule
  ) {
    requestID = head.fields.only(.xRequestID).map(Array.init)
    let reader = RequestReader(head: head, isWhole: bodyIsWhole)
    subject =
      if let rule = rule.subject {
        RequestSubject(
          reader.value(at: rule.request, of: head, body: body, certificate: certificate))
      } else {
        .notAsked
      }
    compared = rule.binding.compared.map {
      reader.value(at: $0.request, of: head, body: body, certificate: certificate)
    }
    if rule.keepsRequestApart {
      demanded = DemandedFacts(
        of: head, body: body, reader: reader, certificate: certificate, rule: rule)
    } else {
      demanded = nil
    }
    if case .request(let source) = rule.token {
      let value = reader.value(at: source, of: head, body: body, certificate: certificate)
      token = value.bytes ?? []
      tokenFailure = RefusalReason(tokenIn: value)
    } else {
      tokenFailure = nil
    }
    switch rule.refusal {
    case .admissionReview:
      admissionUID = reader.text(at: wellKnownPointers.admissionUID, in: body)
      batch = BatchQuestion()
    case .authZEN:
      admissionUID = nil
      batch = reader.batch(in: body)
    case .status, .introspection:
      admissionUID = nil
      batch = BatchQuestion()
    }
  }

  /// The facts of a request without a body that matters.
  package init(
    of head: borrowing RequestHead, certificate: borrowing ClientCertificateNames? = nil,
    under rule: borrowing DecisionRule
  ) {
    let none: [UInt8] = []
    self.init(
      of: head, body: none.span, bodyIsWhole: true, certificate: certificate, under: rule)
  }

  /// The field in which a token may stand in for the consumer's own, which it did not send.
  func fieldForStandIn(under rule: DecisionRule) -> FieldName? {
    guard tokenFailure == .requestTokenMissing, rule.mode != .audit,
      case .request(.field(let name)) = rule.token
    else { return nil }
    return name
  }

  /// The request goes out with a token where the consumer's own might have stood.
  mutating func standIn(_ token: [UInt8]) {
    self.token = token
    tokenFailure = nil
    tokenIsStandIn = true
  }

  /// Takes over what was noted when the request went out, where its content was read only after.
  package mutating func keepSent(from earlier: RequestFacts) {
    if earlier.tokenIsStandIn || tokenFailure == nil && token.isEmpty {
      token = earlier.token
      tokenFailure = earlier.tokenFailure
      tokenIsStandIn = earlier.tokenIsStandIn
    }
    asked = earlier.asked
    signable = earlier.signable
    wasConditional = earlier.wasConditional
  }
}

/// Pointers into requests that this program knows without being told.
private struct WellKnownPointers: Sendable {
  let admissionUID = JSONPointer(tokens: ["request", "uid"])
}

private let wellKnownPointers = WellKnownPointers()

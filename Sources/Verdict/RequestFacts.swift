package import HTTPModel
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
  /// How many `evaluations` an AuthZEN batch asks for; 0 for a single one.
  package let evaluationCount: Int
  /// `X-Request-ID`, which an AuthZEN answer must return.
  package let requestID: [UInt8]?
  /// The token that was sent; empty where none was. Set by `prepareDecisionRequest`.
  package internal(set) var token: [UInt8] = []
  /// Whether the request went out with a precondition or a range. Set by `prepareDecisionRequest`.
  package internal(set) var wasConditional = false

  /// How many evaluations of a batch a refusal answers; past it the refusal is a single `decision`.
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
    let reader = RequestBodyReader(head: head, isWhole: bodyIsWhole)
    subject = reader.subject(of: head, body: body, certificate: certificate, rule: rule.subject)
    switch rule.refusal {
    case .admissionReview:
      admissionUID = reader.text(at: wellKnownPointers.admissionUID, in: body)
      evaluationCount = 0
    case .authZEN:
      admissionUID = nil
      evaluationCount = reader.elementCount(at: wellKnownPointers.evaluations, in: body)
    case .status, .introspection:
      admissionUID = nil
      evaluationCount = 0
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

  /// Takes over what was noted when the request went out, where its content was read only after.
  package mutating func keepSent(from earlier: RequestFacts) {
    token = earlier.token
    wasConditional = earlier.wasConditional
  }
}

/// Pointers into requests that this program knows without being told.
private struct WellKnownPointers: Sendable {
  let admissionUID = JSONPointer(tokens: ["request", "uid"])
  let evaluations = JSONPointer(tokens: ["evaluations"])
}

private let wellKnownPointers = WellKnownPointers()

/// Reads values out of a request.
private struct RequestBodyReader {
  private let isWhole: Bool
  private let isCoded: Bool

  init(head: borrowing RequestHead, isWhole: Bool) {
    self.isWhole = isWhole
    isCoded = ContentCoding.isCoded(head.fields)
  }

  func subject(
    of head: RequestHead, body: Span<UInt8>, certificate: ClientCertificateNames?,
    rule: SubjectRule?
  ) -> RequestSubject {
    guard let rule else { return .notAsked }
    switch rule.request {
    case .json(let pointer): return json(pointer, in: body)
    case .form(let name):
      guard isWhole else { return .unknown(.requestBodyTooLarge) }
      guard !isCoded else { return .unknown(.requestSubjectUnreadable) }
      return form(name, in: body)
    case .query(let name):
      let query = Array(head.query ?? [])
      return form(name, in: query.span)
    case .basicUserName:
      guard head.fields.count(of: .authorization) <= 1 else {
        return .unknown(.requestSubjectRepeated)
      }
      guard let value = head.fields.first(.authorization) else {
        return .unknown(.requestSubjectMissing)
      }
      guard let name = BasicCredentials.userName(of: value) else {
        return .unknown(.requestSubjectUnreadable)
      }
      return named(name)
    case .field(let name):
      guard head.fields.count(of: name) <= 1 else { return .unknown(.requestSubjectRepeated) }
      return named(head.fields.first(name).map(Array.init))
    case .clientCertificate(let name): return certificateSubject(name, certificate)
    }
  }

  private func named(_ name: [UInt8]?) -> RequestSubject {
    guard let name, !name.isEmpty else { return .unknown(.requestSubjectMissing) }
    return .name(name)
  }

  private func form(_ name: [UInt8], in text: Span<UInt8>) -> RequestSubject {
    switch FormReader.lookUp(name, in: text) {
    case .absent: .unknown(.requestSubjectMissing)
    case .value(let value): named(value)
    case .repeated: .unknown(.requestSubjectRepeated)
    case .malformed: .unknown(.requestSubjectUnreadable)
    }
  }

  private func json(_ pointer: JSONPointer, in body: Span<UInt8>) -> RequestSubject {
    guard isWhole else { return .unknown(.requestBodyTooLarge) }
    guard !isCoded else { return .unknown(.requestSubjectUnreadable) }
    do throws(JSONError) {
      let found = try JSONReader.read(body, at: [pointer], limits: .whole(body.count))
      guard let value = found[0], value.kind != .null else {
        return .unknown(.requestSubjectMissing)
      }
      guard value.kind == .string || value.kind == .number else {
        return .unknown(.requestSubjectUnreadable)
      }
      return named(value.bytes(in: body))
    } catch {
      return .unknown(
        error.code == .duplicateMember ? .requestSubjectRepeated : .requestSubjectUnreadable)
    }
  }

  private func certificateSubject(
    _ name: CertificateName, _ certificate: ClientCertificateNames?
  ) -> RequestSubject {
    guard let certificate else { return .unknown(.requestSubjectMissing) }
    let names: [[UInt8]] =
      switch name {
      case .commonName: certificate.commonName.map { [$0] } ?? []
      case .email: certificate.emails
      case .dns: certificate.dnsNames
      case .uri: certificate.uris
      case .subject: [certificate.subject]
      }
    guard names.count <= 1 else { return .unknown(.requestSubjectRepeated) }
    return named(names.first)
  }

  /// The text at a place in a JSON body, or nil where it cannot be read.
  func text(at pointer: JSONPointer, in body: Span<UInt8>) -> [UInt8]? {
    guard let value = value(at: pointer, in: body), value.kind == .string, !value.isEmpty else {
      return nil
    }
    return value.bytes(in: body)
  }

  func elementCount(at pointer: JSONPointer, in body: Span<UInt8>) -> Int {
    guard let value = value(at: pointer, in: body) else { return 0 }
    return JSONReader.elementCount(of: value, in: body)
  }

  private func value(at pointer: JSONPointer, in body: Span<UInt8>) -> JSONValue? {
    guard isWhole, !isCoded, !body.isEmpty else { return nil }
    do throws(JSONError) {
      return try JSONReader.read(body, at: [pointer], limits: .whole(body.count))[0]
    } catch {
      return nil
    }
  }
}

extension JSONLimits {
  /// The usual limits for a body whose size the route has already limited.
  static func whole(_ count: Int) -> JSONLimits { JSONLimits(maximumBytes: count) }
}

/// Content codings (RFC 9110 §8.4).
enum ContentCoding {
  /// Whether a coding other than `identity` is named.
  static func isCoded(_ fields: FieldSection) -> Bool {
    guard fields.contains(.contentEncoding) else { return false }
    for line in fields.lines where line.known == .contentEncoding {
      let value = fields.value(of: line)
      if !value.isEmpty, !value.equalsIgnoringASCIICase("identity") { return true }
    }
    return false
  }
}

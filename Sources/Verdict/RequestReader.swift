internal import HTTPModel
internal import Primitives

/// What stands at a place in a request.
enum RequestValue: Equatable {
  case absent
  /// Text, never empty: a JSON string unescaped, a decoded form field, the value of a field.
  case text([UInt8])
  /// A JSON number by its text.
  case number([UInt8])
  /// A JSON `true` or `false`.
  case boolean(Bool)
  case repeated
  /// Not to be read: broken, coded, or of another kind.
  case unreadable
  /// The body is longer than the route holds of it.
  case beyondLimit

  /// The bytes by which values are compared; nil where there are none.
  var bytes: [UInt8]? {
    switch self {
    case .text(let bytes), .number(let bytes): bytes
    case .boolean(let value): [UInt8](ascii: value ? "true" : "false")
    case .absent, .repeated, .unreadable, .beyondLimit: nil
    }
  }
}

extension RequestSubject {
  /// The user at a place in the request.
  init(_ value: RequestValue) {
    self =
      switch value {
      case .text(let name), .number(let name): .name(name)
      case .absent: .unknown(.requestSubjectMissing)
      case .repeated: .unknown(.requestSubjectRepeated)
      case .boolean, .unreadable: .unknown(.requestSubjectUnreadable)
      case .beyondLimit: .unknown(.requestBodyTooLarge)
      }
  }
}

extension RefusalReason {
  /// Why a place in the request holds no identifier; nil where it does.
  init?(tokenIn value: RequestValue) {
    switch value {
    case .text, .number: return nil
    case .absent: self = .requestTokenMissing
    case .repeated: self = .requestTokenRepeated
    case .boolean, .unreadable: self = .requestTokenUnreadable
    case .beyondLimit: self = .requestBodyTooLarge
    }
  }
}

/// Reads values out of a request.
struct RequestReader {
  private let isWhole: Bool
  private let isCoded: Bool

  init(head: borrowing RequestHead, isWhole: Bool) {
    self.isWhole = isWhole
    isCoded = ContentCoding.isCoded(head.fields)
  }

  func value(
    at source: RequestSource, of head: RequestHead, body: Span<UInt8>,
    certificate: ClientCertificateNames?
  ) -> RequestValue {
    switch source {
    case .json(let pointer): return json(pointer, in: body)
    case .form(let name):
      guard isWhole else { return .beyondLimit }
      guard !isCoded else { return .unreadable }
      return form(name, in: body)
    case .query(let name):
      let query = Array(head.query ?? [])
      return form(name, in: query.span)
    case .basicUserName: return basicUserName(of: head)
    case .field(let name):
      guard head.fields.count(of: name) <= 1 else { return .repeated }
      return text(head.fields.first(name).map(Array.init))
    case .clientCertificate(let name): return self.name(name, of: certificate)
    case .cookie(let name): return Cookies.value(of: name, in: head.fields)
    case .method: return text(Array(head.method.bytes))
    case .target: return text(Array(head.target))
    }
  }

  private func text(_ name: [UInt8]?) -> RequestValue {
    guard let name, !name.isEmpty else { return .absent }
    return .text(name)
  }

  private func basicUserName(of head: RequestHead) -> RequestValue {
    guard head.fields.count(of: .authorization) <= 1 else { return .repeated }
    guard let value = head.fields.first(.authorization) else { return .absent }
    guard let name = BasicCredentials.userName(of: value) else { return .unreadable }
    return text(name)
  }

  private func form(_ name: [UInt8], in body: Span<UInt8>) -> RequestValue {
    switch FormReader.lookUp(name, in: body) {
    case .absent: .absent
    case .value(let value): text(value)
    case .repeated: .repeated
    case .malformed: .unreadable
    }
  }

  private func json(_ pointer: JSONPointer, in body: Span<UInt8>) -> RequestValue {
    guard isWhole else { return .beyondLimit }
    guard !isCoded else { return .unreadable }
    do throws(JSONError) {
      let found = try JSONReader.read(body, at: [pointer], limits: .whole(body.count))
      guard let value = found[0] else { return .absent }
      switch value.kind {
      case .null: return .absent
      case .string: return text(value.bytes(in: body))
      case .number: return .number(value.bytes(in: body))
      case .true: return .boolean(true)
      case .false: return .boolean(false)
      case .object, .array: return .unreadable
      }
    } catch {
      return error.code == .duplicateMember ? .repeated : .unreadable
    }
  }

  private func name(
    _ name: CertificateName, of certificate: ClientCertificateNames?
  ) -> RequestValue {
    guard let certificate else { return .absent }
    let names: [[UInt8]] =
      switch name {
      case .commonName: certificate.commonName.map { [$0] } ?? []
      case .email: certificate.emails
      case .dns: certificate.dnsNames
      case .uri: certificate.uris
      case .subject: [certificate.subject]
      }
    guard names.count <= 1 else { return .repeated }
    return text(names.first)
  }

  /// The text at a place in a JSON body, or nil where it cannot be read.
  func text(at pointer: JSONPointer, in body: Span<UInt8>) -> [UInt8]? {
    guard let value = value(at: pointer, in: body), value.kind == .string, !value.isEmpty else {
      return nil
    }
    return value.bytes(in: body)
  }

  /// How many evaluations are asked for, and whether each must be answered.
  func batch(in body: Span<UInt8>) -> BatchQuestion {
    guard let evaluations = value(at: evaluationsPointer, in: body) else { return BatchQuestion() }
    let semantic = text(at: semanticPointer, in: body) ?? []
    return BatchQuestion(
      count: JSONReader.elementCount(of: evaluations, in: body),
      mayStopEarly: semantic.equals("deny_on_first_deny")
        || semantic.equals("permit_on_first_permit"))
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

private let semanticPointer = JSONPointer(tokens: ["options", "evaluations_semantic"])

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

package import HTTPModel
internal import Primitives

/// What reading the body as JSON gave.
enum JSONReading {
  /// No rule needs it and the media type does not promise it.
  case notRead
  case read(JSONValues)
  case unreadable(RefusalReason)
}

/// What reading the signed text gave.
enum SignedReading {
  case nothing
  case read(ClaimReading)
  case unreadable(RefusalReason)

  /// - Parameter pointers: What the rule reads beside the standard claims.
  init(_ proof: CheckedProof, own pointers: [JSONPointer]) {
    guard case .claims(let signed) = proof else {
      self = .nothing
      return
    }
    do throws(JSONError) {
      self = .read(try ClaimReading(signed.payload, own: pointers))
    } catch {
      self = .unreadable(error.code == .duplicateMember ? .jsonDuplicateMember : .proofMalformed)
    }
  }

  var claims: ClaimReading? { if case .read(let claims) = self { claims } else { nil } }
}

/// A value of a verdict, as far as verification looks at it.
enum VerdictValue: Equatable {
  case absent
  /// The value of a field, cookie or form field, or the digits of the status.
  case plain([UInt8])
  /// A JSON string, unescaped.
  case text([UInt8])
  /// A JSON number by its text.
  case number([UInt8])
  /// Another JSON value, of this kind.
  case json(JSONKind)
  case repeated
  case unreadable(RefusalReason)
}

private let numberSign = UInt8(ascii: "#")
private let questionMark = UInt8(ascii: "?")

/// The body of one response, read at most once for everything that is looked for in it.
struct VerdictReading {
  let json: JSONReading
  let signed: SignedReading

  init(
    head: borrowing ResponseHead, body: Span<UInt8>, proof: CheckedProof = .none,
    rule: borrowing DecisionRule
  ) {
    let pointers = rule.pointers
    signed = SignedReading(proof, own: pointers.claims)
    if pointers.areDemanded {
      json = Self.read(head: head, body: body, pointers: pointers.all)
    } else if !pointers.customary.isEmpty, !body.isEmpty, MediaType.isJSON(head.fields) {
      json = Self.read(head: head, body: body, pointers: pointers.all)
    } else {
      json = .notRead
    }
  }

  /// Reads the body for other places than the rule's proof, user and decision.
  init(at pointers: [JSONPointer], of head: ResponseHead, body: Span<UInt8>) {
    signed = .nothing
    json = pointers.isEmpty ? .notRead : Self.read(head: head, body: body, pointers: pointers)
  }

  private static func read(
    head: ResponseHead, body: Span<UInt8>, pointers: [JSONPointer]
  ) -> JSONReading {
    guard !body.isEmpty else { return .unreadable(.bodyAbsent) }
    guard !ContentCoding.isCoded(head.fields) else { return .unreadable(.bodyCoded) }
    do throws(JSONError) {
      return .read(try JSONReader.read(body, at: pointers, limits: .whole(body.count)))
    } catch {
      return .unreadable(RefusalReason(error.code))
    }
  }

  /// The value at a source; `pointer` is its index where the source is JSON.
  func value(
    at source: VerdictSource, pointer: Int?, of head: ResponseHead, body: Span<UInt8>
  ) -> VerdictValue {
    switch source {
    case .status:
      var digits: [UInt8] = []
      digits.append(decimal: UInt64(head.status.code))
      return .plain(digits)
    case .location: return fieldValue(FieldName(.location), in: head.fields)
    case .locationParameter(let name): return locationParameter(name, in: head.fields)
    case .field(let name): return fieldValue(name, in: head.fields)
    case .cookie(let name): return cookieValue(name, in: head.fields)
    case .form(let name): return formValue(name, of: head, body: body)
    case .json: return jsonValue(pointer, body: body)
    case .claim: return signed.claims?.subject ?? .absent
    }
  }

  private func fieldValue(_ name: FieldName, in fields: FieldSection) -> VerdictValue {
    guard let value = fields.first(name) else { return .absent }
    return fields.count(of: name) == 1 ? .plain(Array(value)) : .repeated
  }

  /// A parameter in the query of `Location`, or in its fragment, which is a form as well where
  /// authorization servers write one (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).
  private func locationParameter(_ name: [UInt8], in fields: FieldSection) -> VerdictValue {
    guard case .plain(let location) = fieldValue(FieldName(.location), in: fields) else {
      return fields.contains(.location) ? .repeated : .absent
    }
    let parts = location.split(
      separator: numberSign, maxSplits: 1, omittingEmptySubsequences: false)
    let query = Array(parts[0].drop { $0 != questionMark }.dropFirst())
    let fragment = parts.count > 1 ? Array(parts[1]) : []
    let found = [
      FormReader.lookUp(name, in: query.span), FormReader.lookUp(name, in: fragment.span),
    ]
    if found.contains(.malformed) { return .unreadable(.formInvalid) }
    switch (found[0], found[1]) {
    case (.absent, .absent): return .absent
    case (.value(let value), .absent), (.absent, .value(let value)): return .plain(value)
    default: return .repeated
    }
  }

  private func cookieValue(_ name: [UInt8], in fields: FieldSection) -> VerdictValue {
    var result = VerdictValue.absent
    guard fields.contains(.setCookie) else { return result }
    for line in fields.lines where line.known == .setCookie {
      guard let cookie = SetCookie(line: fields.value(of: line)), cookie.name.elementsEqual(name)
      else { continue }
      guard result == .absent else { return .repeated }
      result = .plain(Array(cookie.value))
    }
    return result
  }

  private func formValue(
    _ name: [UInt8], of head: ResponseHead, body: Span<UInt8>
  ) -> VerdictValue {
    guard !body.isEmpty else { return .unreadable(.bodyAbsent) }
    guard !ContentCoding.isCoded(head.fields) else { return .unreadable(.bodyCoded) }
    switch FormReader.lookUp(name, in: body) {
    case .absent: return .absent
    case .value(let value): return .plain(value)
    case .repeated, .malformed: return .unreadable(.formInvalid)
    }
  }

  private func jsonValue(_ pointer: Int?, body: Span<UInt8>) -> VerdictValue {
    switch json {
    case .notRead: return .absent
    case .unreadable(let reason): return .unreadable(reason)
    case .read(let values):
      guard let pointer, let value = values[pointer] else { return .absent }
      switch value.kind {
      case .string: return .text(value.bytes(in: body))
      case .number: return .number(value.bytes(in: body))
      case .object, .array, .true, .false, .null: return .json(value.kind)
      }
    }
  }
}

extension RefusalReason {
  /// The reason for which JSON that fails with this code is no verdict.
  init(_ code: JSONError.Code) {
    self =
      switch code {
      case .empty: .bodyAbsent
      case .duplicateMember: .jsonDuplicateMember
      case .tooDeep, .tooLarge, .tooManyMembers: .jsonBeyondLimits
      case .truncated, .unexpectedByte, .badNumber, .badEscape, .controlCharacter, .badUTF8,
        .loneSurrogate, .trailingBytes:
        .jsonInvalid
      }
  }
}

/// Media types as far as they tell what to read (RFC 9110 §8.3).
package enum MediaType {
  /// Whether `Content-Type` is `application/json`, `text/json` or ends in `+json`.
  package static func isJSON(_ fields: FieldSection) -> Bool {
    guard let type = essence(of: fields) else { return false }
    return type.equalsIgnoringASCIICase("application/json")
      || type.equalsIgnoringASCIICase("text/json")
      || type.suffix(5).equalsIgnoringASCIICase("+json")
  }

  /// Whether `Content-Type` is that of a form in the body.
  package static func isForm(_ fields: FieldSection) -> Bool {
    essence(of: fields)?.equalsIgnoringASCIICase("application/x-www-form-urlencoded") ?? false
  }

  /// The type and subtype without parameters.
  static func essence(of fields: FieldSection) -> ArraySlice<UInt8>? {
    guard let value = fields.first(.contentType) else { return nil }
    return value.prefix { $0 != ASCII.semicolon }.trimmingOptionalWhitespace()
  }
}

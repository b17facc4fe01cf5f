internal import Primitives

/// The claims of a signed text, read once.
///
/// A class, so that a reading without one costs a word.
final class ClaimReading: Sendable {
  /// The claims that every signed text may have.
  enum Standard: Int, CaseIterable {
    case issuer, audience, issuedAt, expires, notBefore, identifier, transaction, nonce
    case subject, userName, decision, method, target, credentials, requestDigest, responseDigest
  }

  /// Where they stand.
  private static let pointers: [JSONPointer] = [
    JSONPointer(tokens: ["iss"]), JSONPointer(tokens: ["aud"]), JSONPointer(tokens: ["iat"]),
    JSONPointer(tokens: ["exp"]), JSONPointer(tokens: ["nbf"]), JSONPointer(tokens: ["jti"]),
    JSONPointer(tokens: ["txn"]), JSONPointer(tokens: ["nonce"]), JSONPointer(tokens: ["sub"]),
    JSONPointer(tokens: ["preferred_username"]), JSONPointer(tokens: ["decision"]),
    JSONPointer(tokens: ["htm"]), JSONPointer(tokens: ["htu"]), JSONPointer(tokens: ["ath"]),
    JSONPointer(tokens: ["rqd"]), JSONPointer(tokens: ["rsd"]),
  ]

  /// How many audiences one text may have.
  static let maximumAudiences = 16

  let payload: [UInt8]
  private let standard: JSONValues
  /// What the rule itself names: `RulePointers.claims`.
  private let own: JSONValues

  /// - Parameter pointers: What the rule asks for beside the standard claims.
  init(_ payload: [UInt8], own pointers: [JSONPointer]) throws(JSONError) {
    self.payload = payload
    let text = payload
    let limits = JSONLimits.whole(text.count)
    standard = try JSONReader.read(text.span, at: Self.pointers, limits: limits)
    own = try JSONReader.read(text.span, at: pointers, limits: limits)
  }

  /// The kind of a standard claim; nil where it is not there. A `null` counts as not there.
  func kind(_ claim: Standard) -> JSONKind? {
    guard let kind = standard[claim.rawValue]?.kind, kind != .null else { return nil }
    return kind
  }

  func text(_ claim: Standard) -> ClaimText {
    guard let value = standard[claim.rawValue], value.kind != .null else { return .absent }
    return value.kind == .string ? .text(bytes(of: value)) : .invalid
  }

  /// The bytes of a value that was found here.
  func bytes(of value: JSONValue) -> [UInt8] {
    let text = payload
    return value.bytes(in: text.span)
  }

  /// Whether a value that was found here is this text.
  func isValue(_ value: JSONValue, _ other: [UInt8]) -> Bool {
    let text = payload
    return value.equals(other, in: text.span)
  }

  /// What stands at one of the rule's own pointers.
  func value(ownAt index: Int) -> JSONValue? { own[index] }

  /// The user, at the place the rule says.
  var subject: VerdictValue {
    guard let value = own[RulePointers.subjectClaim] else { return .absent }
    return switch value.kind {
    case .string: .text(bytes(of: value))
    case .number: .number(bytes(of: value))
    case .object, .array, .true, .false, .null: .json(value.kind)
    }
  }

  /// A NumericDate (RFC 7519 §2) in milliseconds, as text without an exponent.
  func moment(_ claim: Standard) -> ClaimMoment {
    guard let value = standard[claim.rawValue], value.kind != .null else { return .absent }
    guard value.kind == .number else { return .invalid }
    return ClaimMoment(bytes(of: value)[...])
  }

  /// Whether `audience` is the audience or one of several. Nil where what stands there is neither
  /// text nor a short list.
  func isFor(_ audience: [UInt8]) -> Bool? {
    guard let value = standard[Standard.audience.rawValue] else { return false }
    switch value.kind {
    case .string: return isValue(value, audience)
    case .array:
      let text = payload
      let count = JSONReader.elementCount(of: value, in: text.span)
      guard count <= Self.maximumAudiences else { return nil }
      return isAmong(count, audience)
    case .object, .number, .true, .false, .null: return nil
    }
  }

  private func isAmong(_ count: Int, _ audience: [UInt8]) -> Bool? {
    var pointers: [JSONPointer] = []
    for index in 0..<count {
      var text = [UInt8](ascii: "/aud/")
      text.append(decimal: UInt64(index))
      guard let pointer = try? JSONPointer(parsing: text) else { return nil }
      pointers.append(pointer)
    }
    let text = payload
    guard
      let found = try? JSONReader.read(text.span, at: pointers, limits: .whole(text.count))
    else { return nil }
    var isFound = false
    for index in 0..<count {
      guard let value = found[index], value.kind == .string else { return nil }
      if isValue(value, audience) { isFound = true }
    }
    return isFound
  }
}

/// A claim that must be a text.
enum ClaimText: Equatable {
  case absent
  case text([UInt8])
  case invalid
}

/// A claim that must be a moment.
enum ClaimMoment: Equatable {
  case absent
  /// Milliseconds since 1970, and whether only whole seconds were given.
  case at(Int64, isWhole: Bool)
  case invalid

  /// How many digits a number of seconds may have: some 30,000 years.
  private static let maximumDigits = 12

  init(_ text: ArraySlice<UInt8>) {
    let whole = text.prefix(while: ASCII.isDigit)
    guard !whole.isEmpty, whole.count <= Self.maximumDigits else {
      self = .invalid
      return
    }
    let seconds = whole.reduce(Int64(0)) { $0 * 10 + Int64($1 - ASCII.zero) }
    let rest = text.dropFirst(whole.count)
    guard !rest.isEmpty else {
      self = .at(seconds * 1000, isWhole: true)
      return
    }
    let fraction = rest.dropFirst()
    guard rest.first == UInt8(ascii: "."), !fraction.isEmpty, fraction.allSatisfy(ASCII.isDigit)
    else {
      self = .invalid
      return
    }
    let digits = Array(fraction.prefix(3)) + [ASCII.zero, ASCII.zero]
    let milliseconds = digits.prefix(3).reduce(Int64(0)) { $0 * 10 + Int64($1 - ASCII.zero) }
    self = .at(seconds * 1000 + milliseconds, isWhole: false)
  }
}

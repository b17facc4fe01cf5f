internal import Primitives

/// The registered claims of a token (RFC 7519 §4.1, RFC 8417 §2.2, OpenID Connect), each of its
/// exact type. Others are read from the payload by whoever knows them.
package struct JWTClaims: Hashable, Sendable {
  package private(set) var issuer: [UInt8]?
  package private(set) var subject: [UInt8]?
  /// `aud`, a single string or several; empty where there is none.
  package private(set) var audiences: [[UInt8]] = []
  /// Seconds since the epoch, as are the other times.
  package private(set) var expires: Int64?
  package private(set) var notBefore: Int64?
  package private(set) var issuedAt: Int64?
  /// `jti`.
  package private(set) var identifier: [UInt8]?
  /// `txn`.
  package private(set) var transaction: [UInt8]?
  package private(set) var nonce: [UInt8]?

  private static let limits = JSONLimits(
    maximumBytes: JOSELimits.maximumTokenBytes, maximumDepth: JOSELimits.maximumDepth,
    maximumMembers: JOSELimits.maximumMembers)

  /// Reads the claims of a payload. A member that occurs twice anywhere, bad UTF-8 and bytes after
  /// the object are refused.
  package init(parsing payload: Span<UInt8>) throws(JWSRefusal) {
    let root: JSONValue
    do throws(JSONError) {
      root = try JSONReader.root(of: payload, limits: Self.limits)
    } catch {
      throw error.code == .duplicateMember ? .payloadDuplicate : .payloadSyntax
    }
    guard root.kind == .object else { throw .payloadNotObject }
    var members = JSONElements(of: root)
    while let member = members.next(in: payload) {
      try take(member, in: payload)
    }
  }

  private mutating func take(
    _ member: JSONElement, in payload: Span<UInt8>
  ) throws(JWSRefusal) {
    guard let name = member.name else { return }
    let value = member.value
    if name.equals("iss", in: payload) {
      issuer = try value.string(in: payload, else: .claimMalformed)
    } else if name.equals("sub", in: payload) {
      subject = try value.string(in: payload, else: .claimMalformed)
    } else if name.equals("aud", in: payload) {
      audiences = try Self.audiences(value, in: payload)
    } else if name.equals("exp", in: payload) {
      expires = try Self.time(value, in: payload)
    } else if name.equals("nbf", in: payload) {
      notBefore = try Self.time(value, in: payload)
    } else if name.equals("iat", in: payload) {
      issuedAt = try Self.time(value, in: payload)
    } else if name.equals("jti", in: payload) {
      identifier = try value.string(in: payload, else: .claimMalformed)
    } else if name.equals("txn", in: payload) {
      transaction = try value.string(in: payload, else: .claimMalformed)
    } else if name.equals("nonce", in: payload) {
      nonce = try value.string(in: payload, else: .claimMalformed)
    }
  }

  private static func audiences(
    _ value: JSONValue, in payload: Span<UInt8>
  ) throws(JWSRefusal) -> [[UInt8]] {
    if value.kind == .string { return [value.bytes(in: payload)] }
    guard value.kind == .array else { throw .audienceMalformed }
    var found: [[UInt8]] = []
    var elements = JSONElements(of: value)
    while let element = elements.next(in: payload) {
      guard found.count < JOSELimits.maximumAudiences else { throw .audienceMalformed }
      found.append(try element.value.string(in: payload, else: .audienceMalformed))
    }
    guard !found.isEmpty else { throw .audienceMalformed }
    return found
  }

  /// The last second of the year 9999.
  private static let latestTime: Int64 = 253_402_300_799

  /// Departure: RFC 7519 §2 lets a NumericDate have a fraction. Readers round it in different
  /// ways, so a token would be valid for one and not for another; here it is whole or refused.
  private static func time(
    _ value: JSONValue, in payload: Span<UInt8>
  ) throws(JWSRefusal) -> Int64 {
    guard value.kind == .number else { throw .timeMalformed }
    let text = value.bytes(in: payload)
    let digits = text.first == 0x2D ? text.dropFirst() : text[...]
    guard digits.allSatisfy(ASCII.isDigit) else { throw .timeMalformed }
    guard let seconds = text.decimalValue(), seconds <= latestTime else { throw .timeOutOfRange }
    return seconds
  }
}

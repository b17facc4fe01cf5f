internal import Cryptography
internal import Primitives

/// The members of one JWK that count, as bytes. Certificates and places to fetch them (`x5c`,
/// `x5u`, `x5t`) are not looked at.
struct JWKMembers {
  /// RFC 7517 §4, RFC 7518 §6, RFC 8037 §2.
  private enum Name: String, CaseIterable {
    case kid, kty, alg, use, crv, n, e, x, y, k, d, p, q, dp, dq, qi, oth
    case operations = "key_ops"
  }

  private(set) var identifier: [UInt8]?
  private var type: [UInt8]?
  private var algorithm: [UInt8]?
  private var use: [UInt8]?
  private var operations: [[UInt8]]?
  private var curve: [UInt8]?
  private var modulus: [UInt8]?
  private var exponent: [UInt8]?
  private var x: [UInt8]?
  private var y: [UInt8]?
  private var secret: [UInt8]?
  private var privateNumber: [UInt8]?
  private var hasPrivateMember = false

  /// Reads the members of an object in a text already read.
  init(_ value: JSONValue, in text: Span<UInt8>) throws(JWKRefusal) {
    guard value.kind == .object else { throw .notObject }
    var members = JSONElements(of: value)
    while let member = members.next(in: text) {
      guard let name = member.name else { continue }
      try take(name.bytes(in: text), member.value, in: text)
    }
  }

  private mutating func take(
    _ name: [UInt8], _ value: JSONValue, in text: Span<UInt8>
  ) throws(JWKRefusal) {
    guard let known = Name.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name) }) else {
      return
    }
    switch known {
    case .kid:
      identifier = try Self.string(value, in: text)
      if let identifier, identifier.count > JOSELimits.maximumKeyIdentifierBytes {
        throw .identifierTooLong
      }
    case .kty: type = try Self.string(value, in: text)
    case .alg: algorithm = try Self.string(value, in: text)
    case .use: use = try Self.string(value, in: text)
    case .crv: curve = try Self.string(value, in: text)
    case .operations: operations = try Self.strings(value, in: text)
    case .n: modulus = try Self.number(value, in: text)
    case .e: exponent = try Self.number(value, in: text)
    case .x: x = try Self.number(value, in: text)
    case .y: y = try Self.number(value, in: text)
    case .k:
      hasPrivateMember = true
      secret = try Self.number(value, in: text)
    case .d:
      hasPrivateMember = true
      privateNumber = try Self.number(value, in: text)
    case .p, .q, .dp, .dq, .qi, .oth: hasPrivateMember = true
    }
  }

  private static func string(
    _ value: JSONValue, in text: Span<UInt8>
  ) throws(JWKRefusal) -> [UInt8] {
    guard value.kind == .string else { throw .malformedMember }
    return value.bytes(in: text)
  }

  private static func strings(
    _ value: JSONValue, in text: Span<UInt8>
  ) throws(JWKRefusal) -> [[UInt8]] {
    guard value.kind == .array else { throw .malformedMember }
    var found: [[UInt8]] = []
    var elements = JSONElements(of: value)
    while let element = elements.next(in: text) {
      found.append(try string(element.value, in: text))
    }
    return found
  }

  private static func number(
    _ value: JSONValue, in text: Span<UInt8>
  ) throws(JWKRefusal) -> [UInt8] {
    // Its own line, since the span of what a throwing call returns does not compile.
    let characters = try string(value, in: text)
    guard let bytes = Base64URL.decode(characters.span) else { throw .encoding }
    return bytes
  }

  // MARK: Keys

  /// The key that verifies.
  func verificationKey(
    from origin: JWKSet.Origin, rsaAlgorithm: SignatureAlgorithm
  ) throws(JWKRefusal) -> VerificationKey {
    let isSecret = type.map { $0.equals("oct") } ?? false
    if origin == .published, hasPrivateMember || isSecret { throw .secretPublished }
    if let use, !use.equals("sig") { throw .otherUse }
    if let operations, !operations.contains(where: { $0.equals("verify") }) {
      throw .otherOperations
    }
    let named = try namedAlgorithm()
    let kind = try kind()
    do throws(KeyError) {
      return try Self.verificationKey(kind, named: named, rsaAlgorithm: rsaAlgorithm)
    } catch {
      throw Self.refusal(error)
    }
  }

  private static func verificationKey(
    _ kind: Kind, named: SignatureAlgorithm?, rsaAlgorithm: SignatureAlgorithm
  ) throws(KeyError) -> VerificationKey {
    switch kind {
    case .secret(let secret):
      guard named == nil || named == .hmacSHA256 else { throw KeyError(.wrongAlgorithm) }
      return try VerificationKey(hmacSecret: secret)
    case .public(let components):
      guard case .rsa = components else {
        return try VerificationKey(components, algorithm: named)
      }
      return try VerificationKey(components, algorithm: named ?? rsaAlgorithm)
    }
  }

  private static func refusal(_ error: KeyError) -> JWKRefusal {
    error.code == .wrongAlgorithm ? .unsupportedAlgorithm : .key(error.code)
  }

  private enum Kind {
    case secret([UInt8])
    case `public`(PublicKeyComponents)
  }

  /// The key that signs, from a JWK of one's own. RSA keys are loaded from PEM.
  func signingKey() throws(JWKRefusal) -> SigningKey {
    let named = try namedAlgorithm()
    let kind = try kind()
    do throws(KeyError) {
      let key = try signingKey(kind)
      guard named == nil || named == key.algorithm else { throw KeyError(.wrongAlgorithm) }
      return key
    } catch {
      throw Self.refusal(error)
    }
  }

  private func signingKey(_ kind: Kind) throws(KeyError) -> SigningKey {
    switch kind {
    case .secret(let secret): return try SigningKey(hmacSecret: secret)
    case .public(let components):
      guard let privateNumber else { throw KeyError(.publicOnly) }
      switch components {
      case .ed25519(let point):
        return try SigningKey(ed25519Seed: privateNumber, publicKey: point)
      case .elliptic(let curve, let x, let y):
        return try SigningKey(curve, x: x, y: y, privateNumber: privateNumber)
      case .rsa: throw KeyError(.unsupportedType)
      }
    }
  }

  private func namedAlgorithm() throws(JWKRefusal) -> SignatureAlgorithm? {
    guard let algorithm else { return nil }
    guard let known = SignatureAlgorithm(joseName: algorithm) else { throw .unsupportedAlgorithm }
    return known
  }

  private func kind() throws(JWKRefusal) -> Kind {
    guard let type else { throw .unsupportedType }
    if type.equals("oct") {
      let secret = try needed(secret)
      return .secret(secret)
    }
    let components = try components(type)
    return .public(components)
  }

  private func components(_ type: [UInt8]) throws(JWKRefusal) -> PublicKeyComponents {
    if type.equals("RSA") {
      let modulus = try needed(modulus)
      let exponent = try needed(exponent)
      return .rsa(modulus: modulus, exponent: exponent)
    }
    guard type.equals("EC") || type.equals("OKP") else { throw .unsupportedType }
    let curveName = try needed(curve)
    let x = try needed(x)
    if type.equals("OKP") {
      guard curveName.equals("Ed25519") else { throw .unsupportedCurve }
      return .ed25519(x)
    }
    guard let curve = EllipticCurve(joseName: curveName) else { throw .unsupportedCurve }
    let y = try needed(y)
    return .elliptic(curve, x: x, y: y)
  }

  private func needed(_ value: [UInt8]?) throws(JWKRefusal) -> [UInt8] {
    guard let value else { throw .missingMember }
    return value
  }
}

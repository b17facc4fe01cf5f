package import Cryptography
internal import Primitives

/// A payload that one of the given keys has signed. Only a verification makes one.
package struct VerifiedJWS: Sendable {
  package let header: CompactJWS.Header
  package let payload: [UInt8]
  /// The algorithm of the key that signed it.
  package let algorithm: SignatureAlgorithm

  /// Verifies a token's signature; says nothing of what the payload means.
  ///
  /// The payload is decoded after the signature is found valid, and not before.
  ///
  /// - Parameter type: What `typ` must be. A signature by itself proves nothing: the same key may
  ///   sign other things for other readers (RFC 8725 §3.11).
  package init(
    _ token: Span<UInt8>, by keys: KeySet, type: JWSTypeRule
  ) throws(JWSRefusal) {
    let parsed = try CompactJWS(parsing: token)
    try type.check(parsed.header.type)
    let key = try keys.key(for: parsed.header)
    let signature = try parsed.signature(of: token)
    guard signature.count == key.signatureBytes else { throw .signatureLength }
    let isValid: Bool
    do throws(CryptographyError) {
      isValid = try key.isValid(
        signature.span, over: token.extracting(..<parsed.signedCount))
    } catch {
      throw .libraryFailed
    }
    guard isValid else { throw .signatureInvalid }
    header = parsed.header
    algorithm = key.algorithm
    payload = try parsed.payload(of: token)
  }
}

/// What `typ` must say (RFC 7515 §4.1.9).
package enum JWSTypeRule: Hashable, Sendable {
  /// It is there and names this type, without `application/`, as in `verdict+jwt`.
  case required([UInt8])
  /// It names one of these types, or is left out: for tokens older than the rule to have one, such
  /// as ID tokens.
  case whereNamed([[UInt8]])

  func check(_ type: [UInt8]?) throws(JWSRefusal) {
    switch self {
    case .required(let expected):
      guard let type else { throw .typeMissing }
      guard Self.isSame(type, expected) else { throw .typeMismatch }
    case .whereNamed(let allowed):
      guard let type else { return }
      guard allowed.contains(where: { Self.isSame(type, $0) }) else { throw .typeMismatch }
    }
  }

  /// Media types are compared without regard to case, and `application/` may be left out where no
  /// other slash follows.
  private static func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    bare(one).equalsIgnoringASCIICase(bare(other))
  }

  private static func bare(_ type: [UInt8]) -> ArraySlice<UInt8> {
    let prefix = 12
    guard type.count > prefix, type[..<prefix].equalsIgnoringASCIICase("application/"),
      !type[prefix...].contains(ASCII.slash)
    else { return type[...] }
    return type[prefix...]
  }
}

internal import Primitives

/// The three parts of a JWS in its compact form, and what its header says (RFC 7515 §7.1).
///
/// ```
/// BASE64URL(header) "." BASE64URL(payload) "." BASE64URL(signature)
/// ```
///
/// Read, not verified: nothing here may be believed yet, and the payload is not looked at.
package struct CompactJWS: Sendable {
  /// What of the protected header counts. `jwk`, `jku`, `x5u`, `x5c`, `x5t` and members nobody
  /// knows are read over: no key and no place to fetch one is ever taken from a message.
  package struct Header: Hashable, Sendable {
    /// `alg` as it is written; not `none`.
    package let algorithm: [UInt8]
    package let type: [UInt8]?
    package let keyIdentifier: [UInt8]?
  }

  package let header: Header
  /// Where the first two parts and the dot between them end: what is signed.
  let signedCount: Int
  let payloadStart: Int

  /// Reads a token to the last byte. White space and padding are foreign bytes.
  package init(parsing token: Span<UInt8>) throws(JWSRefusal) {
    guard !token.isEmpty else { throw .empty }
    guard token.count <= JOSELimits.maximumTokenBytes else { throw .tooLong }
    var dots = 0
    var first = 0
    var second = 0
    for index in token.indices where token[index] == 0x2E {
      dots += 1
      if dots == 1 { first = index }
      if dots == 2 { second = index }
    }
    guard dots == 2 else { throw dots == 4 ? .encrypted : .notCompact }
    guard first <= JOSELimits.maximumHeaderCharacters else { throw .headerTooLong }
    guard first > 0, let text = Base64URL.decode(token.extracting(..<first)) else {
      throw .headerEncoding
    }
    header = try Header(parsing: text.span)
    signedCount = second
    payloadStart = first + 1
  }

  /// The payload, decoded; `token` is what this was parsed from.
  func payload(of token: Span<UInt8>) throws(JWSRefusal) -> [UInt8] {
    guard let bytes = Base64URL.decode(token.extracting(payloadStart..<signedCount)) else {
      throw .payloadEncoding
    }
    return bytes
  }

  /// The signature, decoded.
  func signature(of token: Span<UInt8>) throws(JWSRefusal) -> [UInt8] {
    guard let bytes = Base64URL.decode(token.extracting((signedCount + 1)...)) else {
      throw .signatureEncoding
    }
    return bytes
  }
}

extension CompactJWS.Header {
  private static let limits = JSONLimits(
    maximumBytes: JOSELimits.maximumHeaderCharacters, maximumDepth: JOSELimits.maximumDepth,
    maximumMembers: JOSELimits.maximumMembers)

  init(parsing text: Span<UInt8>) throws(JWSRefusal) {
    let root: JSONValue
    do throws(JSONError) {
      root = try JSONReader.root(of: text, limits: Self.limits)
    } catch {
      throw error.code == .duplicateMember ? .headerDuplicate : .headerSyntax
    }
    guard root.kind == .object else { throw .headerNotObject }
    var algorithm: [UInt8]?
    var type: [UInt8]?
    var keyIdentifier: [UInt8]?
    var members = JSONElements(of: root)
    while let member = members.next(in: text) {
      guard let name = member.name else { continue }
      if name.equals("alg", in: text) {
        algorithm = try member.value.string(in: text, else: .algorithmMalformed)
      } else if name.equals("typ", in: text) {
        type = try member.value.string(in: text, else: .typeMalformed)
      } else if name.equals("kid", in: text) {
        keyIdentifier = try member.value.string(in: text, else: .keyIdentifierMalformed)
      } else if name.equals("cty", in: text) {
        _ = try member.value.string(in: text, else: .contentTypeMalformed)
      } else if name.equals("crit", in: text) {
        throw .critical
      } else if name.equals("b64", in: text) {
        throw .unencodedPayload
      }
    }
    guard let algorithm else { throw .algorithmMissing }
    guard !algorithm.equalsIgnoringASCIICase("none") else { throw .algorithmNone }
    if let keyIdentifier, keyIdentifier.count > JOSELimits.maximumKeyIdentifierBytes {
      throw .keyIdentifierTooLong
    }
    self.algorithm = algorithm
    self.type = type
    self.keyIdentifier = keyIdentifier
  }
}

extension JSONValue {
  /// The bytes of a string; anything else is refused by `refusal`.
  func string(in text: Span<UInt8>, else refusal: JWSRefusal) throws(JWSRefusal) -> [UInt8] {
    guard kind == .string else { throw refusal }
    return bytes(in: text)
  }
}

package import HTTPModel
package import Primitives

/// What this program signs about a verdict that it has verified, in the words of the consumer's own
/// request.
package struct Attestation: Sendable {
  package let asked: AskedRequest
  /// Whether the consumer came by TLS.
  package let isSecure: Bool
  /// The consumer's own token: the claim `nonce`; nil where it sent none.
  package let nonce: [UInt8]?
  package let isAllow: Bool
  /// The user that was compared; nil where none was.
  package let subject: [UInt8]?
  package let issuedAt: WallTime

  package init(
    asked: AskedRequest, isSecure: Bool, nonce: [UInt8]?, isAllow: Bool, subject: [UInt8]?,
    issuedAt: WallTime
  ) {
    self.asked = asked
    self.isSecure = isSecure
    self.nonce = nonce
    self.isAllow = isAllow
    self.subject = subject
    self.issuedAt = issuedAt
  }

  /// How long a consumer's own token may be to be signed and given back.
  package static let maximumNonceBytes = 256

  /// The consumer's own token, where it sent one that may be given back.
  package static func nonce(of head: borrowing RequestHead) -> ArraySlice<UInt8>? {
    guard let value = head.fields.only(.transactionToken), !value.isEmpty,
      value.count <= maximumNonceBytes
    else { return nil }
    return value
  }

  /// The claims as JSON.
  package func payload(
    digests: ExchangeDigests, identifier: [UInt8], issuer: [UInt8], audience: [UInt8]?,
    lifetime: Seconds
  ) -> [UInt8] {
    var text = [UInt8](ascii: "{\"iat\":")
    let issued = max(issuedAt.secondsSinceEpoch, 0)
    text.append(decimal: UInt64(issued))
    text.append(ascii: ",\"exp\":")
    text.append(decimal: UInt64(issued) + UInt64(lifetime.count))
    text.append(ascii: isAllow ? ",\"decision\":true" : ",\"decision\":false")
    text.appendClaim("iss", issuer)
    text.appendClaim("aud", audience)
    text.appendClaim("jti", identifier)
    text.appendClaim("nonce", nonce)
    text.appendClaim("sub", subject)
    text.appendClaim("htm", asked.method)
    text.appendClaim(
      "htu", [UInt8](ascii: isSecure ? "https://" : "http://") + asked.authority + asked.path)
    text.appendClaim("ath", digests.credentials)
    text.appendClaim("rqd", digests.request)
    text.appendClaim("rsd", digests.response)
    text.append(0x7D)
    return text
  }
}

extension [UInt8] {
  /// A member with a text; nothing where there is none.
  fileprivate mutating func appendClaim(_ name: StaticString, _ value: [UInt8]?) {
    guard let value else { return }
    append(ascii: ",\"")
    append(ascii: name)
    append(ascii: "\":")
    append(jsonString: value)
  }
}

/// The answer of introspection inside what was signed (RFC 9701 §5), as JSON: for a consumer that
/// did not ask for the signed one. Nil where there is none.
package func introspectionAnswer(in payload: [UInt8]) -> [UInt8]? {
  let text = payload
  guard
    let found = try? JSONReader.read(
      text.span, at: [JSONPointer(tokens: ["token_introspection"])], limits: .whole(text.count))[0],
    found.kind == .object
  else { return nil }
  return found.bytes(in: text.span)
}

extension BindingRule {
  /// The type of what is signed, as `typ` says it; nil where nothing is.
  package var signedType: [UInt8]? {
    switch self {
    case .jwt: [UInt8](ascii: "verdict+jwt")
    case .introspectionJWT: [UInt8](ascii: "token-introspection+jwt")
    case .none, .echo, .httpSignature, .legacy: nil
    }
  }
}

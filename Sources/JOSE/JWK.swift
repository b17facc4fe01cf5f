package import Cryptography
internal import Primitives

/// Keys as JSON (RFC 7517): written for publishing, and read where one's own key is loaded.
package enum JWK {
  /// The members that make the key what it is, in the order and spelling of RFC 7638 §3.
  private static func essence(of components: PublicKeyComponents) -> [UInt8] {
    var text: [UInt8] = []
    switch components {
    case .ed25519(let point):
      text.append(ascii: "\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":")
      append(point, to: &text)
    case .elliptic(let curve, let x, let y):
      text.append(ascii: "\"crv\":\"")
      text.append(ascii: curve.joseName)
      text.append(ascii: "\",\"kty\":\"EC\",\"x\":")
      append(x, to: &text)
      text.append(ascii: ",\"y\":")
      append(y, to: &text)
    case .rsa(let modulus, let exponent):
      text.append(ascii: "\"e\":")
      append(exponent, to: &text)
      text.append(ascii: ",\"kty\":\"RSA\",\"n\":")
      append(modulus, to: &text)
    }
    return text
  }

  private static func append(_ number: [UInt8], to text: inout [UInt8]) {
    text.append(ASCII.quote)
    Base64URL.append(number.span, to: &text)
    text.append(ASCII.quote)
  }

  /// The SHA-256 thumbprint of a public key in base64url (RFC 7638), 43 characters: the same for
  /// everybody who has the key, so a good `kid`.
  package static func thumbprint(
    of components: PublicKeyComponents
  ) throws(CryptographyError) -> [UInt8] {
    let text = [0x7B] + essence(of: components) + [0x7D]
    return Base64URL.encode(try SHA256.digest(of: text).bytes)
  }

  /// The public key as a JWK that says how it is used, on one line.
  ///
  /// - Parameter identifier: `kid`, UTF-8.
  /// - Returns: nil for a shared secret, which is never published.
  package static func text(of key: VerificationKey, identifier: [UInt8]) -> [UInt8]? {
    guard let components = key.components else { return nil }
    var text: [UInt8] = [0x7B]
    text.append(ascii: "\"kid\":")
    text.append(jsonString: identifier)
    text.append(ascii: ",\"use\":\"sig\",\"alg\":\"")
    text.append(ascii: key.algorithm.joseName)
    text.append(ascii: "\",")
    text.append(contentsOf: essence(of: components))
    text.append(0x7D)
    return text
  }

  /// A key set to publish (RFC 7517 §5), a key a line, in the order given.
  package static func setText(of keys: [(identifier: [UInt8], key: VerificationKey)]) -> [UInt8] {
    var text = [UInt8](ascii: "{\"keys\":[")
    var isFirst = true
    for (identifier, key) in keys {
      guard let one = Self.text(of: key, identifier: identifier) else { continue }
      text.append(ascii: isFirst ? "\n" : ",\n")
      text.append(contentsOf: one)
      isFirst = false
    }
    text.append(ascii: "\n]}\n")
    return text
  }

  /// One's own key from a JWK: Ed25519, EC, or a shared secret. RSA keys are loaded from PEM.
  package static func signingKey(parsing text: Span<UInt8>) throws(JWKRefusal) -> SigningKey {
    let root: JSONValue
    do throws(JSONError) {
      root = try JSONReader.root(of: text)
    } catch {
      throw .notObject
    }
    return try JWKMembers(root, in: text).signingKey()
  }
}

package import Cryptography
internal import Primitives

/// Signs payloads of one type with one key. The header, which never changes, is spelled once.
package struct JWSSigner: Sendable {
  private let key: SigningKey
  private let head: [UInt8]

  /// - Parameters:
  ///   - type: `typ`, as in `verdict+jwt`; nil leaves it out.
  ///   - keyIdentifier: `kid`, UTF-8; nil leaves it out.
  package init(key: SigningKey, type: StaticString?, keyIdentifier: [UInt8]?) {
    self.key = key
    var header = [UInt8](ascii: "{\"alg\":\"")
    header.append(ascii: key.algorithm.joseName)
    header.append(ASCII.quote)
    if let type {
      header.append(ascii: ",\"typ\":\"")
      header.append(ascii: type)
      header.append(ASCII.quote)
    }
    if let keyIdentifier {
      header.append(ascii: ",\"kid\":")
      header.append(jsonString: keyIdentifier)
    }
    header.append(0x7D)
    var head: [UInt8] = []
    Base64URL.append(header.span, to: &head)
    head.append(0x2E)
    self.head = head
  }

  package var algorithm: SignatureAlgorithm { key.algorithm }

  /// The token of a payload, in the compact form.
  package func sign(_ payload: Span<UInt8>) throws(CryptographyError) -> [UInt8] {
    var token: [UInt8] = []
    token.reserveCapacity(head.count + payload.count * 4 / 3 + 700)
    token.append(contentsOf: head)
    Base64URL.append(payload, to: &token)
    let signature = try key.sign(token.span)
    token.append(0x2E)
    Base64URL.append(signature.span, to: &token)
    return token
  }

  /// The token of a payload, in the compact form.
  package func sign(_ payload: [UInt8]) throws(CryptographyError) -> [UInt8] {
    try sign(payload.span)
  }
}

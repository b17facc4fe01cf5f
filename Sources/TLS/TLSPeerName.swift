internal import COpenSSL
internal import Cryptography
internal import Primitives

/// The name that an origin's certificate must carry (RFC 9110 §4.3.4, RFC 9525): a host name, which
/// is also sent as SNI (RFC 6066 §3), or an IP address, which never is.
package struct TLSPeerName: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case host
    case address
  }

  let kind: Kind

  /// ASCII, lower case, without a final dot or brackets.
  package let text: String

  /// The name in `text`: an IPv4 or IPv6 address (brackets allowed) or a host name in ASCII.
  ///
  /// Nil when it is neither: empty, too long, or with a character that no host name has.
  package init?(_ text: String) {
    var bytes = Array(text.utf8).asciiLowercased()
    if bytes.first == 0x5B, bytes.last == 0x5D { bytes = Array(bytes.dropFirst().dropLast()) }
    guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
    let plain = bytes.displayText
    OpenSSLErrors.clear()
    if let address = unsafe a2i_IPADDRESS(plain) {
      unsafe ASN1_OCTET_STRING_free(address)
      self.kind = .address
      self.text = plain
      return
    }
    OpenSSLErrors.clear()
    if bytes.last == 0x2E { bytes.removeLast() }
    guard Self.isHostName(bytes) else { return nil }
    self.kind = .host
    self.text = bytes.displayText
  }

  /// Whether these are labels of letters, digits, hyphens and underscores, within the DNS's limits.
  private static func isHostName(_ bytes: [UInt8]) -> Bool {
    guard bytes.count <= 253 else { return false }
    return bytes.split(separator: 0x2E, omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count)
        && label.allSatisfy {
          ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == 0x2D || $0 == 0x5F
        }
    }
  }
}

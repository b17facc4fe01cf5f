package import HTTPModel
internal import Primitives

/// What a signed verdict says about the request it answers. Noted only where a rule asks for it.
package struct AskedRequest: Hashable, Sendable {
  /// As it was sent: `htm`.
  package let method: [UInt8]
  /// The authority the request names (`Host`), with the path: `htu` without its scheme.
  package let authority: [UInt8]
  package let path: [UInt8]
  /// - Parameter head: As its receiver sees it: for a verdict that comes in, as it was sent on; for
  ///   one that is attested, as it came.
  package init(of head: borrowing RequestHead) {
    method = Array(head.method.bytes)
    authority = head.fields.first(.host).map(Array.init) ?? head.authority
    path = Array(head.spelledPath)
  }

  /// The token of a `Bearer` or `DPoP` authorization: what `ath` is the digest of. Passwords are
  /// not digested: a digest of one could be guessed from.
  package static func accessToken(of head: borrowing RequestHead) -> ArraySlice<UInt8>? {
    guard let value = head.fields.only(.authorization),
      let space = value.firstIndex(of: ASCII.space)
    else { return nil }
    let scheme = value[..<space]
    guard scheme.equalsIgnoringASCIICase("bearer") || scheme.equalsIgnoringASCIICase("dpop") else {
      return nil
    }
    let token = value[space...].drop { $0 == ASCII.space }
    return token.isEmpty ? nil : token
  }

  /// Whether a URI names this target: authority and path are the same, whatever its scheme, since a
  /// hop may end TLS. Query and fragment are not part of it (RFC 9449 §4.2).
  ///
  /// - Parameter path: Whether only the path counts, where hops change the authority.
  package func isTarget(of uri: [UInt8], byPathOnly: Bool) -> Bool {
    var rest = uri[...]
    if rest.prefix(8).equalsIgnoringASCIICase("https://") {
      rest = rest.dropFirst(8)
    } else if rest.prefix(7).equalsIgnoringASCIICase("http://") {
      rest = rest.dropFirst(7)
    } else {
      return false
    }
    let named = rest.prefix { $0 != ASCII.slash && $0 != ASCII.questionMark && $0 != 0x23 }
    var path = rest.dropFirst(named.count).prefix { $0 != ASCII.questionMark && $0 != 0x23 }
    if path.isEmpty { path = [ASCII.slash] }
    guard byPathOnly || named.equalsIgnoringASCIICase(authority) else { return false }
    return path.elementsEqual(self.path)
  }
}

/// Digests over an exchange, of which this floor cannot make any: made by whoever checks the
/// signature.
package struct ExchangeDigests: Hashable, Sendable {
  /// `ath`: base64url of the SHA-256 of `AskedRequest.accessToken`; nil where the request has none.
  package var credentials: [UInt8]?
  /// `rqd`: `sha-256=:…:` of the request's content, as `Content-Digest` would say it (RFC 9530 §2);
  /// nil where it has none, or was not held.
  package var request: [UInt8]?
  /// `rsd`: the same of the response's content.
  package var response: [UInt8]?

  package init(credentials: [UInt8]? = nil, request: [UInt8]? = nil, response: [UInt8]? = nil) {
    self.credentials = credentials
    self.request = request
    self.response = response
  }
}

internal import Primitives

/// Request fields outside the table of known ones by which a peer tells a server what another host
/// asked for: its name, scheme, path or address. No standard; what frameworks read.
///
/// They change answers, redirects and the links in letters, and stand in no key of a cache: from a
/// peer that is not trusted none of them may reach a service (checks PSN-01 and KEY-04). Servers
/// hand fields on as variables in which `_` and `-` are one (RFC 3875 §4.1.18): here they are, too.
package enum PeerClaims {
  /// Whether a field of this name is such a claim. What a gateway asks an auth service about
  /// (`X-Forwarded-Uri`, `X-Forwarded-Method`, `X-Original-URL`) is not: it makes the request one
  /// for a decision.
  package static func contains(_ name: ArraySlice<UInt8>) -> Bool {
    // Nearly every name of a request differs in the first byte already.
    switch name.first.map(ASCII.lowercased) {
    case 0x78: isClaimOfProxies(name)
    case 0x63, 0x66, 0x74: others.contains { equals(name, $0) }
    default: false
    }
  }

  private static func isClaimOfProxies(_ name: ArraySlice<UInt8>) -> Bool {
    if questions.contains(where: { equals(name, $0) }) { return false }
    let family: StaticString = "x-forwarded"
    return equals(name.prefix(family.utf8CodeUnitCount), family)
      || claims.contains { equals(name, $0) }
  }

  private static let questions: [StaticString] = ["x-forwarded-uri", "x-forwarded-method"]

  private static let claims: [StaticString] = [
    "x-host", "x-original-host", "x-real-host", "x-host-override", "x-http-host-override",
    "x-backend-host", "x-proxy-host", "x-scheme", "x-url-scheme", "x-original-scheme",
    "x-original-proto", "x-original-port", "x-original-forwarded-for", "x-real-port",
    "x-script-name", "x-path-prefix",
    "x-envoy-original-path", "x-envoy-external-address", "x-client-ip", "x-clientip",
    "x-cluster-client-ip", "x-originating-ip", "x-remote-ip", "x-remote-addr", "x-true-client-ip",
    "x-arr-ssl", "x-ssl",
  ]

  private static let others: [StaticString] = [
    "front-end-https", "forwarded-for", "forwarded-host", "forwarded-proto", "true-client-ip",
    "client-ip", "cf-connecting-ip", "cf-visitor", "fastly-client-ip", "fastly-ssl",
    "cloudfront-forwarded-proto",
  ]

  /// Whether they are the same but for case, and for hyphens written as underscores.
  private static func equals(_ name: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
    guard name.count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { letters in
      for (offset, byte) in name.enumerated() {
        let letter = unsafe letters[offset]
        guard ASCII.lowercased(byte) == letter || byte == 0x5F && letter == 0x2D else {
          return false
        }
      }
      return true
    }
  }
}

extension FieldSection {
  /// Removes what a peer that is not trusted claims, `X-Real-IP` among it. Without such a field
  /// nothing is copied.
  package mutating func removePeerClaims() {
    removeAll(.xRealIP)
    guard hasPeerClaims else { return }
    removeLines(whereNamed: { line, name in line.known == nil && PeerClaims.contains(name) })
  }

  /// The first claim among the fields, or nil.
  package var firstPeerClaim: FieldLine? {
    lines.first { $0.known == nil && PeerClaims.contains(name(of: $0)) }
  }

  private var hasPeerClaims: Bool {
    for line in lines where line.known == nil && PeerClaims.contains(name(of: line)) { return true }
    return false
  }
}

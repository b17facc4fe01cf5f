import Cryptography
import JOSE
import Primitives

/// Signed tokens and key sets, as peers send them.
enum FuzzJOSE {
  /// The public keys of RFC 8037 A.2 and RFC 7515 A.3: the corpus has tokens that they verify.
  private static let keys: KeySet = {
    let text = """
      {"keys":[\
      {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},\
      {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
      "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
      """
    let bytes = Array(text.utf8)
    return (try? JWKSet(parsing: bytes.span, from: .published))?.keys ?? .empty
  }()

  private static let type = JWSTypeRule.whereNamed([Array("JWT".utf8)])
  private static let now = WallTime(secondsSinceEpoch: 1_300_000_000)

  static func token(_ bytes: [UInt8]) -> String? {
    // The claims are read by themselves, since hardly any token gets so far.
    if let claims = try? JWTClaims(parsing: bytes.span) {
      let rules = JWTRules(type: type, audience: Array("edge".utf8), maximumLifetime: Seconds(60))
      try? rules.check(claims, at: now, sent: now, nonce: Array("n".utf8))
    }
    guard let parsed = try? CompactJWS(parsing: bytes.span) else {
      return (try? VerifiedJWS(bytes.span, by: keys, type: type)) == nil
        ? nil : "a token that cannot be read is verified"
    }
    if parsed.header.algorithm.equalsIgnoringASCIICase("none") { return "'none' is an algorithm" }
    guard let verified = try? VerifiedJWS(bytes.span, by: keys, type: type) else { return nil }
    let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
    guard parts.count == 3, Base64URL.encode(verified.payload) == Array(parts[1]) else {
      return "a payload in another spelling is verified"
    }
    return verified.algorithm.isNamed(parsed.header.algorithm)
      ? nil : "a key is used with another algorithm than its own"
  }

  static func keySet(_ bytes: [UInt8]) -> String? {
    for origin in [JWKSet.Origin.published, .pinned] {
      guard let set = try? JWKSet(parsing: bytes.span, from: origin) else { continue }
      if set.keys.entries.count + set.notes.count > JOSELimits.maximumKeys {
        return "more keys than the limit"
      }
      for entry in set.keys.entries {
        if let flaw = rewritten(entry, origin) { return flaw }
      }
    }
    _ = try? JWK.signingKey(parsing: bytes.span)
    return nil
  }

  /// What was read is the same when it is written and read again.
  private static func rewritten(_ entry: KeySet.Entry, _ origin: JWKSet.Origin) -> String? {
    guard let components = entry.key.components else {
      return origin == .published ? "a shared secret was published" : nil
    }
    let identifier = entry.identifier ?? [0x61]
    let text = JWK.setText(of: [(identifier: identifier, key: entry.key)])
    let again = try? JWKSet(parsing: text.span, from: .published)
    guard let kept = again?.keys.entries.first, kept.key.components == components,
      kept.identifier == identifier, kept.key.algorithm == entry.key.algorithm
    else { return "a key is another after it was written" }
    return nil
  }
}

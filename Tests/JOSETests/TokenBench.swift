import Cryptography
import JOSE
import Primitives
import TestCertificates
import Testing

/// Makes tokens, whole and spoilt.
enum TokenBench {
  static let now = WallTime(secondsSinceEpoch: 1_800_000_000)

  static let ed25519 = key { try SigningKey(pem: TestKeys.ed25519) }
  static let p256 = key { try SigningKey(pem: TestKeys.p256WithParameters) }
  static let p384 = key { try SigningKey(pem: TestKeys.p384) }
  static let rs256 = key { try SigningKey(pem: TestKeys.rsa2048, algorithm: .rsaPKCS1SHA256) }
  static let ps256 = key { try SigningKey(pem: TestKeys.rsa2048, algorithm: .rsaPSSSHA256) }
  static let ps512 = key { try SigningKey(pem: TestKeys.rsa2048, algorithm: .rsaPSSSHA512) }
  static let hs256 = key { try SigningKey(hmacSecret: Array(40..<80)) }

  /// One key of every algorithm.
  static let all = [ed25519, p256, p384, rs256, ps256, ps512, hs256]

  private static func key(_ make: () throws -> SigningKey) -> SigningKey {
    do { return try make() } catch { fatalError("a key of the tests cannot be loaded: \(error)") }
  }

  static func code(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: Base64URL.encode(bytes), as: UTF8.self)
  }

  static func code(_ text: String) -> String { code(Array(text.utf8)) }

  /// A token with exactly this header and payload, signed properly.
  static func token(_ header: String, _ payload: String, by key: SigningKey) -> String {
    token(Array(header.utf8), Array(payload.utf8), by: key)
  }

  static func token(_ header: [UInt8], _ payload: [UInt8], by key: SigningKey) -> String {
    signed("\(code(header)).\(code(payload))", by: key)
  }

  /// What is signed, with its signature behind it.
  static func signed(_ input: String, by key: SigningKey) -> String {
    let signature = (try? key.sign(Array(input.utf8))) ?? []
    return "\(input).\(code(signature))"
  }

  static func header(_ key: SigningKey, _ more: String = "") -> String {
    "{\"alg\":\"\(key.algorithm.joseName)\",\"typ\":\"verdict+jwt\"\(more)}"
  }

  static let claims = """
    {"iss":"https://auth.example","aud":"edge","iat":1799999990,"exp":1800000030,"jti":"a1",\
    "txn":"t1","nonce":"n1","sub":"alice","decision":true}
    """

  static let rules = JWTRules(
    type: .required(Array("verdict+jwt".utf8)), issuers: [Array("https://auth.example".utf8)],
    audience: Array("edge".utf8), required: [.expires, .issuedAt, .identifier, .subject],
    maximumLifetime: Seconds(60))

  static func keys(_ keys: SigningKey...) -> KeySet {
    KeySet(keys.map { KeySet.Entry(identifier: nil, key: $0.verificationKey) })
  }

  static func named(_ name: String, _ key: SigningKey) -> KeySet.Entry {
    KeySet.Entry(identifier: Array(name.utf8), key: key.verificationKey)
  }

  /// What becomes of a token: nil when it is believed.
  static func refusal(
    of token: String, by keys: KeySet, rules: JWTRules = rules, at now: WallTime = now,
    sent: WallTime? = nil, nonce: String? = nil
  ) -> JWSRefusal? {
    do throws(JWSRefusal) {
      _ = try VerifiedJWT(
        Array(token.utf8), by: keys, rules: rules, at: now, sent: sent,
        nonce: nonce.map { Array($0.utf8) })
      return nil
    } catch {
      return error
    }
  }
}

import Cryptography
import JOSE
import Primitives
import Testing

@Suite struct JWTRulesTests {
  private typealias Bench = TokenBench
  private let keys = Bench.keys(Bench.ed25519)

  private func refusal(
    _ claims: String = Bench.claims, header: String? = nil, rules: JWTRules = Bench.rules,
    at now: Int64 = 1_800_000_000, sent: WallTime? = nil, nonce: String? = nil
  ) -> JWSRefusal? {
    let token = Bench.token(header ?? Bench.header(Bench.ed25519), claims, by: Bench.ed25519)
    return Bench.refusal(
      of: token, by: keys, rules: rules, at: WallTime(secondsSinceEpoch: now), sent: sent,
      nonce: nonce)
  }

  @Test func `claims are read by their types`() throws {
    let claims = Bench.claims.replacing("\"edge\"", with: "[\"a\",\"edge\"]")
    let token = Bench.token(Bench.header(Bench.ed25519), claims, by: Bench.ed25519)
    let believed = try VerifiedJWT(
      Array(token.utf8), by: keys, rules: Bench.rules, at: Bench.now)
    #expect(believed.claims.issuer == Array("https://auth.example".utf8))
    #expect(believed.claims.subject == Array("alice".utf8))
    #expect(believed.claims.audiences == [Array("a".utf8), Array("edge".utf8)])
    #expect(believed.claims.expires == 1_800_000_030)
    #expect(believed.claims.issuedAt == 1_799_999_990)
    #expect(believed.claims.notBefore == nil)
    #expect(believed.claims.identifier == Array("a1".utf8))
    #expect(believed.claims.transaction == Array("t1".utf8))
    #expect(believed.claims.nonce == Array("n1".utf8))
    #expect(believed.algorithm == .ed25519)
    #expect(believed.keyIdentifier == nil)
    #expect(believed.payload == Array(claims.utf8))
  }

  @Test func `a token holds from its times less the skew to its end and the skew`() {
    // iat 1799999990, exp 1800000030, skew 5.
    #expect(refusal(at: 1_799_999_984) == .issuedInFuture)
    #expect(refusal(at: 1_799_999_985) == nil)
    #expect(refusal(at: 1_800_000_034) == nil)
    #expect(refusal(at: 1_800_000_035) == .expired)
    #expect(refusal(at: .max) == .expired)
    #expect(refusal(at: .min) == .issuedInFuture)
  }

  @Test func `nbf counts with the skew`() {
    let claims = Bench.claims.replacing("\"sub\"", with: "\"nbf\":1800000010,\"sub\"")
    #expect(refusal(claims, at: 1_800_000_004) == .notYetValid)
    #expect(refusal(claims, at: 1_800_000_005) == nil)
  }

  @Test func `an answer is not older than its question`() {
    let skew = WallTime(milliseconds: 1_799_999_995_999)
    #expect(refusal(sent: WallTime(milliseconds: 1_799_999_990_999)) == nil)
    #expect(refusal(sent: skew) == nil)
    #expect(refusal(sent: WallTime(milliseconds: 1_799_999_996_000)) == .issuedTooEarly)
    var rules = Bench.rules
    rules.required = [.expires]
    rules.maximumLifetime = nil
    let undated = Bench.claims.replacing("\"iat\":1799999990,", with: "")
    #expect(refusal(undated, rules: rules) == nil)
    #expect(refusal(undated, rules: rules, sent: Bench.now) == .issuedAtMissing)
  }

  @Test func `the nonce is the one that was sent`() {
    #expect(refusal(nonce: "n1") == nil)
    #expect(refusal(nonce: "n2") == .nonceMismatch)
    #expect(refusal(nonce: "n11") == .nonceMismatch)
    #expect(refusal(nonce: "") == .nonceMismatch)
    let without = Bench.claims.replacing("\"nonce\":\"n1\",", with: "")
    #expect(refusal(without) == nil)
    #expect(refusal(without, nonce: "n1") == .nonceMissing)
    #expect(refusal(without, nonce: "") == .nonceMissing)
  }

  @Test func `names compare as bytes`() {
    // The same text to a person, in two spellings of é.
    let composed = Bench.claims.replacing("\"edge\"", with: "\"\u{E9}dge\"")
    let decomposed = Bench.claims.replacing("\"edge\"", with: "\"e\u{301}dge\"")
    var rules = Bench.rules
    rules.audience = Array("\u{E9}dge".utf8)
    #expect(refusal(composed, rules: rules) == nil)
    #expect(refusal(decomposed, rules: rules) == .audienceMismatch)
    let escaped = Bench.claims.replacing("\"edge\"", with: "\"\\u00e9dge\"")
    #expect(refusal(escaped, rules: rules) == nil)
  }

  @Test func `what a rule looks at must be there, whatever else is required`() {
    var rules = Bench.rules
    rules.required = []
    #expect(refusal(rules: rules) == nil)
    for (name, missing) in [
      ("iss", JWSRefusal.issuerMissing), ("aud", .audienceMissing), ("exp", .expiresMissing),
      ("iat", .issuedAtMissing),
    ] {
      let without = Bench.claims.replacing("\"\(name)\":", with: "\"x\(name)\":")
      #expect(refusal(without, rules: rules) == missing)
    }
  }

  @Test func `what must be there must be there`() {
    var rules = Bench.rules
    rules.required = [.transaction, .nonce]
    #expect(refusal(rules: rules) == nil)
    let transaction = Bench.claims.replacing("\"txn\":\"t1\",", with: "")
    #expect(refusal(transaction, rules: rules) == .transactionMissing)
    let nonce = Bench.claims.replacing("\"nonce\":\"n1\",", with: "")
    #expect(refusal(nonce, rules: rules) == .nonceMissing)
  }

  @Test(arguments: [
    "verdict+jwt", "Verdict+JWT", "application/verdict+jwt", "APPLICATION/VERDICT+jwt",
  ])
  func `a type is the same in every case and with its long name`(type: String) {
    #expect(refusal(header: "{\"alg\":\"EdDSA\",\"typ\":\"\(type)\"}") == nil)
    #expect(refusal(header: "{\"alg\":\"Ed25519\",\"typ\":\"\(type)\"}") == nil)
  }

  @Test func `a type may be left out only where the rule says so`() {
    var rules = Bench.rules
    rules.type = .whereNamed([Array("JWT".utf8), Array("id+jwt".utf8)])
    #expect(refusal(header: "{\"alg\":\"EdDSA\"}", rules: rules) == nil)
    #expect(refusal(header: "{\"alg\":\"EdDSA\",\"typ\":\"jwt\"}", rules: rules) == nil)
    #expect(
      refusal(header: "{\"alg\":\"EdDSA\",\"typ\":\"verdict+jwt\"}", rules: rules) == .typeMismatch)
  }

  @Test func `keys and places of keys in a header are never used`() throws {
    let other = try SigningKey.generate(.ed25519)
    let own = JWK.text(of: other.verificationKey, identifier: [0x61]) ?? []
    let header = """
      {"alg":"EdDSA","typ":"verdict+jwt","jwk":\(String(decoding: own, as: UTF8.self)),\
      "jku":"https://evil.example/keys","x5u":"https://evil.example/","x5c":["MIIB"],"x5t":"AA"}
      """
    let forged = Bench.token(header, Bench.claims, by: other)
    #expect(Bench.refusal(of: forged, by: keys) == .signatureInvalid)
    #expect(refusal(header: header) == nil)
  }

  @Test func `what is signed is verified, for every algorithm`() throws {
    for key in Bench.all {
      let signer = JWSSigner(
        key: key, type: "verdict+jwt", keyIdentifier: Array("k \"1\"".utf8))
      let token = try signer.sign(Array(Bench.claims.utf8))
      let set = KeySet([Bench.named("k \"1\"", key)])
      let believed = try VerifiedJWT(token, by: set, rules: Bench.rules, at: Bench.now)
      #expect(believed.algorithm == key.algorithm)
      #expect(believed.keyIdentifier == Array("k \"1\"".utf8))
    }
  }
}

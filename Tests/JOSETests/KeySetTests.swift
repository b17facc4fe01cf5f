import Cryptography
import JOSE
import Primitives
import Testing

@Suite struct KeySetTests {
  private typealias Bench = TokenBench

  private func read(
    _ keys: String, _ origin: JWKSet.Origin = .published
  ) throws -> (count: Int, notes: [String]) {
    let text = Array("{\"keys\":[\(keys)]}".utf8)
    let set = try JWKSet(parsing: text.span, from: origin)
    return (set.keys.entries.count, set.notes.map { "\($0.index) \($0.refusal.code)" })
  }

  private func jwk(_ key: SigningKey, _ name: String) -> String {
    let text = JWK.text(of: key.verificationKey, identifier: Array(name.utf8)) ?? []
    return String(decoding: text, as: UTF8.self)
  }

  private let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

  private func okp(_ more: String) -> String {
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(x)\"\(more)}"
  }

  @Test func `what is published is read as it was`() throws {
    let all = Bench.all.filter { $0.verificationKey.components != nil }
    let named = all.enumerated().map { (Array("k\($0)".utf8), $1.verificationKey) }
    let text = JWK.setText(of: named.map { (identifier: $0.0, key: $0.1) })
    let set = try JWKSet(parsing: text.span, from: .published)
    #expect(set.notes.isEmpty)
    #expect(set.keys.entries.map(\.key.algorithm) == all.map(\.algorithm))
    #expect(
      set.keys.entries.map(\.key.components) == all.map(\.verificationKey.components))
    #expect(set.keys.entries.map(\.identifier) == named.map { $0.0 })
  }

  @Test func `a shared secret is never published`() {
    #expect(JWK.text(of: Bench.hs256.verificationKey, identifier: []) == nil)
    let text = JWK.setText(of: [(identifier: [0x61], key: Bench.hs256.verificationKey)])
    #expect(String(decoding: text, as: UTF8.self) == "{\"keys\":[\n]}\n")
  }

  @Test func `keys for other uses are left out`() throws {
    let found = try read(
      """
      {"kty":"XYZ"},{"x":"\(x)"},{"kty":"OKP","crv":"X25519","x":"\(x)"},\
      {"kty":"EC","crv":"P-521","x":"AA","y":"AA"},{"kty":"EC","crv":"secp256k1","x":"A","y":"A"},\
      \(okp(",\"use\":\"enc\"")),\(okp(",\"key_ops\":[\"encrypt\"]")),\(okp(",\"key_ops\":[]")),\
      \(okp(",\"alg\":\"ES256\"")),\(okp(",\"alg\":\"none\"")),\(okp(",\"alg\":\"HS256\""))
      """)
    #expect(found.count == 0)
    #expect(
      found.notes == [
        "0 jwk-kty-unsupported", "1 jwk-kty-unsupported", "2 jwk-crv-unsupported",
        "3 jwk-crv-unsupported", "4 jwk-encoding", "5 jwk-use-other", "6 jwk-key-ops-other",
        "7 jwk-key-ops-other", "8 jwk-alg-unsupported", "9 jwk-alg-unsupported",
        "10 jwk-alg-unsupported",
      ])
  }

  @Test func `a key that says that it verifies is taken`() throws {
    let found = try read(
      okp(",\"use\":\"sig\",\"key_ops\":[\"verify\"],\"alg\":\"EdDSA\",\"x5c\":[\"MIIB\"],\"z\":{}")
        + "," + okp(",\"kid\":\"b\",\"alg\":\"Ed25519\""))
    #expect(found.count == 2)
    #expect(found.notes.isEmpty)
  }

  @Test(arguments: ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
  func `a secret in a published set costs the key its place`(name: String) throws {
    let value = name == "oth" ? "[]" : "\"AAAA\""
    let found = try read(okp(",\"\(name)\":\(value)"))
    #expect(found.count == 0)
    #expect(found.notes == ["0 jwk-secret-published"])
  }

  @Test func `a shared secret is taken from a pinned file only`() throws {
    let secret = "{\"kty\":\"oct\",\"k\":\"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg\"}"
    #expect(try read(secret).notes == ["0 jwk-secret-published"])
    #expect(try read(secret, .pinned).count == 1)
    #expect(try read("{\"kty\":\"oct\",\"k\":\"AAAA\"}", .pinned).notes == ["0 key-secret-short"])
    #expect(try read("{\"kty\":\"oct\"}", .pinned).notes == ["0 jwk-member-missing"])
  }

  @Test func `a pinned file may hold a private key`() throws {
    #expect(
      try read(okp(",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""), .pinned).count == 1)
  }

  @Test func `two keys with one name and one algorithm are both left out`() throws {
    let found = try read(
      "\(jwk(Bench.ed25519, "a")),\(okp(",\"kid\":\"a\"")),\(jwk(Bench.p256, "a"))")
    #expect(found.count == 1)
    #expect(found.notes == ["0 jwk-kid-duplicate", "1 jwk-kid-duplicate"])
  }

  @Test func `the same key twice is one key`() throws {
    let found = try read("\(jwk(Bench.p256, "a")),\(jwk(Bench.p256, "a"))")
    #expect(found.count == 1)
    #expect(found.notes.isEmpty)
  }

  @Test func `what is no key is noted and costs no other key its place`() throws {
    let found = try read(
      """
      1,"a",[],null,{"kty":1},{"kty":"OKP","crv":"Ed25519"},\
      {"kty":"OKP","crv":"Ed25519","x":"AA=="},{"kty":"OKP","crv":"Ed25519","x":"AAAA"},\
      \(okp(",\"kid\":7")),\(okp(",\"key_ops\":\"verify\"")),\(okp(",\"key_ops\":[1]")),\(okp(""))
      """)
    #expect(found.count == 1)
    #expect(
      found.notes == [
        "0 jwk-not-object", "1 jwk-not-object", "2 jwk-not-object", "3 jwk-not-object",
        "4 jwk-member-malformed", "5 jwk-member-missing", "6 jwk-encoding", "7 key-length-wrong",
        "8 jwk-member-malformed", "9 jwk-member-malformed", "10 jwk-member-malformed",
      ])
  }

  @Test func `an RSA key that does not say its algorithm has the one of the settings`() throws {
    let key = "{\"kty\":\"RSA\",\"n\":\"\(Vectors.modulusA2)\",\"e\":\"AQAB\"}"
    let text = Array("{\"keys\":[\(key)]}".utf8)
    let usual = try JWKSet(parsing: text.span, from: .published)
    #expect(usual.keys.entries.map(\.key.algorithm) == [.rsaPKCS1SHA256])
    let other = try JWKSet(parsing: text.span, from: .published, rsaAlgorithm: .rsaPSSSHA256)
    #expect(other.keys.entries.map(\.key.algorithm) == [.rsaPSSSHA256])
  }

  @Test(arguments: [
    ("", JWKSetRefusal.syntax), ("{}", .noKeys), ("[]", .noKeys), ("{\"keys\":{}}", .noKeys),
    ("{\"keys\":null}", .noKeys), ("{\"keys\":[]", .syntax), ("{\"keys\":[]}x", .syntax),
    ("{\"keys\":[],\"keys\":[]}", .duplicateMember), ("{\"Keys\":[]}", .noKeys),
    ("{\"keys\":[{\"kty\":\"OKP\",\"kty\":\"OKP\"}]}", .duplicateMember),
    ("{\"keys\":[{\"kid\":\"\u{FFFD}\\ud800\"}]}", .syntax),
    (String(repeating: " ", count: 262_145), .tooLong),
    ("{\"keys\":[\(Array(repeating: "1", count: 65).joined(separator: ","))]}", .tooManyKeys),
  ])
  func `a set that cannot be read is refused whole`(text: String, refusal: JWKSetRefusal) {
    #expect(throws: refusal) {
      let bytes = Array(text.utf8)
      _ = try JWKSet(parsing: bytes.span, from: .published)
    }
  }

  // MARK: Finding a key

  private func refusal(_ key: SigningKey, _ name: String?, _ keys: KeySet) -> JWSRefusal? {
    let header = Bench.header(key, name.map { ",\"kid\":\"\($0)\"" } ?? "")
    return Bench.refusal(of: Bench.token(header, Bench.claims, by: key), by: keys)
  }

  @Test func `a name finds its key`() {
    let keys = KeySet([Bench.named("a", Bench.ed25519), Bench.named("b", Bench.p256)])
    #expect(refusal(Bench.ed25519, "a", keys) == nil)
    #expect(refusal(Bench.p256, "b", keys) == nil)
    #expect(refusal(Bench.p256, "a", keys) == .algorithmMismatch)
    #expect(refusal(Bench.ed25519, "c", keys) == .keyUnknown)
    #expect(refusal(Bench.ed25519, "A", keys) == .keyUnknown)
    #expect(refusal(Bench.ed25519, "", keys) == .keyUnknown)
  }

  @Test func `without a name exactly one key must fit`() throws {
    let other = try SigningKey.generate(.ed25519)
    let one = KeySet([Bench.named("a", Bench.ed25519), Bench.named("b", Bench.p256)])
    #expect(refusal(Bench.ed25519, nil, one) == nil)
    let two = KeySet([Bench.named("a", Bench.ed25519), Bench.named("b", other)])
    #expect(refusal(Bench.ed25519, nil, two) == .keyAmbiguous)
    #expect(refusal(Bench.p256, nil, two) == .algorithmMismatch)
  }

  @Test func `a pinned key serves under any name`() {
    let keys = KeySet(pinned: Bench.ed25519.verificationKey)
    #expect(refusal(Bench.ed25519, "whatever", keys) == nil)
    #expect(refusal(Bench.ed25519, nil, keys) == nil)
    let mixed = KeySet(keys.entries + [Bench.named("a", Bench.p384)])
    #expect(refusal(Bench.ed25519, "a", mixed) == .algorithmMismatch)
  }

  @Test func `a set without keys verifies nothing`() {
    #expect(refusal(Bench.ed25519, "a", .empty) == .noKeys)
    #expect(refusal(Bench.ed25519, nil, .empty) == .noKeys)
  }
}

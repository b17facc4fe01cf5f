import Cryptography
import JOSE
import Primitives
import TestCertificates
import Testing

@Suite struct KeyTextTests {
  private func keys(
    _ text: [UInt8], _ origin: JWKSet.Origin = .pinned
  ) throws -> [SignatureAlgorithm] {
    try KeyText.keys(in: text, from: origin, rsaAlgorithm: .rsaPSSSHA256)
      .keys.entries.map(\.key.algorithm)
  }

  private let okp =
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

  @Test func `PEM, a JWK and a set are told apart`() throws {
    #expect(try keys(TestKeys.ed25519) == [.ed25519])
    #expect(try keys(TestKeys.ed25519Certificate) == [.ed25519])
    #expect(try keys(TestKeys.rsa2048Public) == [.rsaPSSSHA256])
    #expect(try keys(Array(okp.utf8)) == [.ed25519])
    #expect(try keys(Array("\n {\"keys\":[\(okp),1]}".utf8)) == [.ed25519])
  }

  @Test func `what is refused says why`() {
    let cases: [([UInt8], String)] = [
      (Array("".utf8), "key-missing"), (TestKeys.rsa1024, "key-modulus-short"),
      (TestKeys.ed448, "key-type-unsupported"), (Array("{".utf8), "jwks-syntax"),
      (Array("{\"keys\":[]}".utf8), "jwks-no-usable-key"),
      (Array("{\"keys\":[{}]}".utf8), "jwks-no-usable-key"),
      (Array("{\"kty\":\"OKP\"}".utf8), "jwk-member-missing"),
      (Array("{\"kty\":\"oct\",\"k\":\"AAAA\"}".utf8), "key-secret-short"),
    ]
    for (text, code) in cases {
      do throws(KeyText.Refusal) {
        _ = try KeyText.keys(in: text, from: .pinned, rsaAlgorithm: .rsaPKCS1SHA256)
        Issue.record("\(code) was expected")
      } catch {
        #expect(error.code == code)
        #expect(!error.explanation.isEmpty)
      }
    }
  }

  @Test func `a key that signs is read from PEM and from a JWK`() throws {
    let rsa = try KeyText.signingKey(in: TestKeys.rsa2048, rsaAlgorithm: .rsaPKCS1SHA256)
    #expect(rsa.algorithm == .rsaPKCS1SHA256)
    #expect(throws: KeyText.Refusal.pem(KeyError(.publicOnly))) {
      try KeyText.signingKey(in: TestKeys.ed25519Public, rsaAlgorithm: .rsaPKCS1SHA256)
    }
    #expect(throws: KeyText.Refusal.key(.key(.publicOnly))) {
      try KeyText.signingKey(in: Array(okp.utf8), rsaAlgorithm: .rsaPKCS1SHA256)
    }
    let jwk = okp.dropLast() + ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}"
    let own = try KeyText.signingKey(in: Array(jwk.utf8), rsaAlgorithm: .rsaPKCS1SHA256)
    #expect(own.algorithm == .ed25519)
  }

  @Test func `claims are written as they are meant`() throws {
    var writer = ClaimsWriter()
    writer.add("iss", string: Array("https://a/\"\n".utf8))
    writer.add("iat", number: -5)
    writer.add("decision", boolean: true)
    writer.add("user", json: Array("{\"n\":[1]}".utf8).span)
    let text = try #require(writer.finish())
    #expect(
      String(decoding: text, as: UTF8.self)
        == "{\"iss\":\"https://a/\\\"\\n\",\"iat\":-5,\"decision\":true,\"user\":{\"n\":[1]}}")
    #expect(String(decoding: ClaimsWriter().finish() ?? [], as: UTF8.self) == "{}")
  }

  @Test func `a claim that cannot be written as it is spoils the whole`() {
    for bytes: [UInt8] in [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0x61, 0xE2, 0x82]] {
      var writer = ClaimsWriter()
      writer.add("sub", string: bytes)
      #expect(writer.finish() == nil)
    }
    for json in ["", "{", "{\"a\":1,\"a\":2}", "1 2"] {
      var writer = ClaimsWriter()
      writer.add("user", json: Array(json.utf8).span)
      writer.add("sub", string: [0x61])
      #expect(writer.finish() == nil)
    }
  }
}

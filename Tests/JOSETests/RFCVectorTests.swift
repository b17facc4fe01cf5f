import Cryptography
import JOSE
import Primitives
import Testing

/// What the RFCs show must verify, or be refused where we do not take it.
@Suite struct RFCVectorTests {
  private let untyped = JWSTypeRule.whereNamed([Array("JWT".utf8)])

  private func set(_ jwk: String, _ origin: JWKSet.Origin = .published) throws -> KeySet {
    let text = Array("{\"keys\":[\(jwk)]}".utf8)
    let set = try JWKSet(parsing: text.span, from: origin)
    #expect(set.notes.isEmpty)
    return set.keys
  }

  private func payload(_ token: String, _ keys: KeySet) throws -> String {
    let bytes = Array(token.utf8)
    let signed = try VerifiedJWS(bytes.span, by: keys, type: untyped)
    return String(decoding: signed.payload, as: UTF8.self)
  }

  private let joe =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"

  @Test func `RFC 7515 A_1, HS256`() throws {
    let jwk = "{\"kty\":\"oct\",\"k\":\"\(Vectors.secretA1)\"}"
    #expect(try payload(Vectors.tokenA1, set(jwk, .pinned)) == joe)
    let key = try JWK.signingKey(parsing: Array(jwk.utf8).span)
    let input = Vectors.tokenA1.split(separator: ".").dropLast().joined(separator: ".")
    #expect(TokenBench.signed(input, by: key) == Vectors.tokenA1)
  }

  @Test func `RFC 7515 A_2, RS256`() throws {
    let keys = try set("{\"kty\":\"RSA\",\"n\":\"\(Vectors.modulusA2)\",\"e\":\"AQAB\"}")
    #expect(try payload(Vectors.tokenA2, keys) == joe)
  }

  @Test func `RFC 7515 A_3, ES256`() throws {
    let jwk = """
      {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
      "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
      """
    #expect(try payload(Vectors.tokenA3, set(jwk + "}")) == joe)
    let whole = jwk + ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}"
    let key = try JWK.signingKey(parsing: Array(whole.utf8).span)
    let fresh = try JWSSigner(key: key, type: nil, keyIdentifier: nil).sign(Array(joe.utf8))
    #expect(try payload(String(decoding: fresh, as: UTF8.self), set(jwk + "}")) == joe)
  }

  @Test func `RFC 7515 A_5, unsecured`() {
    let token = "eyJhbGciOiJub25lIn0.\(Vectors.tokenA1.split(separator: ".")[1])."
    let refusal = TokenBench.refusal(of: token, by: TokenBench.keys(TokenBench.hs256))
    #expect(refusal == .algorithmNone)
  }

  @Test func `RFC 7520 §4_1, RS256`() throws {
    let jwk = """
      {"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig",\
      "n":"\(Vectors.modulus7520)","e":"AQAB"}
      """
    let token =
      "\(Vectors.header7520RS256).\(Vectors.payload7520).\(Vectors.signature7520RS256)"
    #expect(try payload(token, set(jwk)).hasSuffix("where you might be swept off to."))
    // §4.2 with the same key: PS384 is not supported, and not tried as anything else.
    let other = "\(Vectors.header7520PS384).\(Vectors.payload7520).\(Vectors.signature7520PS384)"
    #expect(throws: JWSRefusal.algorithmUnsupported) { try payload(other, set(jwk)) }
  }

  @Test func `RFC 7520 §4_3, ES512, is refused`() throws {
    let token = "\(Vectors.header7520ES512).\(Vectors.payload7520).\(Vectors.signature7520ES512)"
    let keys = TokenBench.keys(TokenBench.p256)
    #expect(throws: JWSRefusal.algorithmUnsupported) { try payload(token, keys) }
  }

  @Test func `RFC 7520 §4_4, HS256`() throws {
    let jwk = """
      {"kty":"oct","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037","use":"sig","alg":"HS256",\
      "k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}
      """
    let signature = "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"
    let token = "\(Vectors.header7520HS256).\(Vectors.payload7520).\(signature)"
    #expect(try payload(token, set(jwk, .pinned)).hasPrefix("It’s a dangerous business"))
    // §4.5: the same without its payload.
    let detached = "\(Vectors.header7520HS256)..\(signature)"
    #expect(throws: JWSRefusal.signatureInvalid) { try payload(detached, set(jwk, .pinned)) }
  }

  @Test func `RFC 8037 A_1 to A_5, Ed25519`() throws {
    let jwk = """
      {"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",\
      "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
      """
    let key = try JWK.signingKey(parsing: Array(jwk.utf8).span)
    let components = try #require(key.verificationKey.components)
    let thumbprint = try JWK.thumbprint(of: components)
    #expect(
      String(decoding: thumbprint, as: UTF8.self) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    let signer = JWSSigner(key: key, type: nil, keyIdentifier: nil)
    let token = try signer.sign(Array("Example of Ed25519 signing".utf8))
    let expected = """
      eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
      hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg
      """
    #expect(String(decoding: token, as: UTF8.self) == expected)
    #expect(try payload(expected, KeySet(pinned: key.verificationKey)).hasPrefix("Example"))
  }

  @Test func `RFC 7638 §3_1, the thumbprint of an RSA key`() throws {
    let jwk = """
      {"kty":"RSA","e":"AQAB","alg":"RS256","kid":"2011-04-29","n":"\(Vectors.modulus7638)"}
      """
    let keys = try set(jwk)
    let components = try #require(keys.entries.first?.key.components)
    let thumbprint = try JWK.thumbprint(of: components)
    #expect(
      String(decoding: thumbprint, as: UTF8.self) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
  }
}

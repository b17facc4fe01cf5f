import HTTPModel
import MessageSignatures
import Primitives
import Testing

/// Digest fields, by the examples of RFC 9530.
@Suite struct DigestFieldsTests {
  private static let sha256 = ":X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
  private static let sha512 =
    ":WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"

  private func claimed(_ lines: String...) -> Result<[ContentDigestAlgorithm], SignatureFault> {
    let fields = section(lines.map { ("Content-Digest", $0) })
    do throws(SignatureFault) {
      return .success(try DigestFields.claimed(.content, in: fields).map(\.algorithm))
    } catch { return .failure(error) }
  }

  @Test func `every digest that counts is claimed`() {
    #expect(claimed("sha-256=\(Self.sha256)") == .success([.sha256]))
    #expect(
      claimed("sha-256=\(Self.sha256), sha-512=\(Self.sha512)") == .success([.sha256, .sha512]))
    #expect(
      claimed("sha-512=\(Self.sha512)", "sha-256=\(Self.sha256)") == .success([.sha512, .sha256]))
  }

  @Test func `deprecated and unknown algorithms prove nothing`() {
    #expect(claimed("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:") == .failure(.digestUnknown))
    #expect(
      claimed("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:, sha-256=\(Self.sha256)") == .success([.sha256]))
    #expect(claimed("sha-999=:AAAA:") == .failure(.digestUnknown))
    #expect(claimed("SHA-256=\(Self.sha256)") == .failure(.fieldUnreadable))
  }

  @Test(
    arguments: [
      ("sha-256=:AAAA:", .digestMalformed), ("sha-256=::", .digestMalformed),
      ("sha-256=\"a\"", .digestMalformed), ("sha-256", .digestMalformed),
      ("md5=1", .digestMalformed),
      ("sha-256=(:AAAA:)", .digestMalformed), ("sha-256=:AA", .fieldUnreadable),
      ("sha-256=\(sha512)", .digestMalformed), ("sha-512=\(sha256)", .digestMalformed),
      ("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE:", .digestMalformed),
      ("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPF=:", .digestMalformed),
      ("sha-256=\(sha256), sha-256=\(sha256)", .memberRepeated), ("", .fieldUnreadable),
    ] as [(String, SignatureFault)])
  func `a digest that is not written as demanded is refused`(
    value: String, expected: SignatureFault
  ) {
    #expect(claimed(value) == .failure(expected))
  }

  @Test func `without the field there is no digest`() {
    #expect(claimed() == .failure(.digestMissing))
    #expect(throws: SignatureFault.digestMissing) {
      try DigestFields.claimed(
        .representation, in: section([("Content-Digest", "sha-256=\(Self.sha256)")]))
    }
  }

  @Test func `a field value is written as it is read`() throws {
    let claim = ClaimedDigest(algorithm: .sha256, bytes: Array(0..<32))
    let value = text(DigestFields.fieldValue(claim))
    #expect(value == "sha-256=:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=:")
    for (name, field) in [
      ("Content-Digest", DigestFields.Field.content), ("Repr-Digest", .representation),
    ] {
      #expect(try DigestFields.claimed(field, in: section([(name, value)])) == [claim])
    }
  }

  @Test(
    arguments: [
      ("sha-256=1", .sha256), ("sha-256=10, sha-512=3", .sha256),
      ("sha-256=3, sha-512=10", .sha512),
      ("sha-256=5, sha-512=5", .sha512), ("sha-512=5, sha-256=5", .sha512), ("sha-256=0", nil),
      ("sha-512=3, sha-256=10, unixsum=0", .sha256), ("md5=10", nil), ("sha-256", nil),
      ("sha-256=11", nil), ("(", nil), ("sha-256=-1", nil), ("sha-256=1.0", nil),
    ] as [(String, ContentDigestAlgorithm?)])
  func `the weightiest algorithm is wanted`(value: String, expected: ContentDigestAlgorithm?) {
    #expect(DigestFields.wanted(in: section([("Want-Content-Digest", value)])) == expected)
    #expect(DigestFields.wanted(in: section([])) == nil)
  }
}

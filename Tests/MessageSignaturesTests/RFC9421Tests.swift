import Cryptography
import HTTPModel
import MessageSignatures
import Primitives
import Testing

/// RFC 9421, its own examples.
@Suite struct RFC9421Tests {
  @Test(arguments: SignatureVector.all)
  func `the signature base is the one of the RFC, byte for byte`(vector: SignatureVector) throws {
    let base = try vector.message.signatureBase(parameters(vector.input))
    #expect(text(base) == vector.base)
  }

  @Test(arguments: SignatureVector.all)
  func `the signature of the RFC is its key's`(vector: SignatureVector) throws {
    let key = try RFC9421Keys.verification(vector.key)
    let base = try vector.message.signatureBase(parameters(vector.input))
    let signature = try #require(Base64.decode(vector.signature.utf8))
    #expect(try key.isValid(signature, over: base))
    // And nobody else's, nor over anything else.
    #expect(try !key.isValid(signature, over: base + [0x0A]))
    for other in ["test-key-rsa", "test-key-rsa-pss", "test-key-ecc-p256", "test-shared-secret"]
    where other != vector.key {
      #expect(try !RFC9421Keys.verification(other).isValid(signature, over: base), "\(other)")
    }
  }

  @Test(arguments: SignatureVector.all.filter(\.isDeterministic))
  func `what has one signature is signed as in the RFC, byte for byte`(
    vector: SignatureVector
  ) throws {
    let base = try vector.message.signatureBase(parameters(vector.input))
    let signature = try RFC9421Keys.signing(vector.key).sign(base)
    #expect(text(Base64.encode(signature)) == vector.signature)
  }

  @Test func `the signature of B4 does not count for messages that mean something else`() throws {
    let vector = try #require(SignatureVector.all.last)
    let key = try RFC9421Keys.verification(vector.key)
    let signature = try #require(Base64.decode(vector.signature.utf8))
    for message in SignatureVector.changed {
      let base = try message.signatureBase(parameters(vector.input))
      #expect(try !key.isValid(signature, over: base))
    }
  }

  @Test func `the algorithm named in 4_3 is the one of its key`() throws {
    let named = try #require(SignatureVector.all.first { $0.section == "4.3, of the proxy" })
    let algorithm = try #require(try parameters(named.input).algorithm)
    let key = try RFC9421Keys.verification(named.key)
    let own = try #require(key.algorithm.httpSignatureName)
    #expect(algorithm.equals(own))
  }

  @Test func `the digests of the test messages are those of their contents`() throws {
    for (fields, content) in [
      (SignatureVector.testRequest.fields, #"{"hello": "world"}"#),
      (SignatureVector.testResponse.fields, #"{"message": "good dog"}"#),
    ] {
      let claims = try DigestFields.claimed(.content, in: fields)
      #expect(claims.map(\.algorithm) == [.sha512])
      #expect(try DigestAlgorithm.sha512.digest(of: bytes(content)) == claims.first?.bytes)
    }
  }
}

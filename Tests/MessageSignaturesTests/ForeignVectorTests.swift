import Cryptography
import Foundation
import HTTPModel
import MessageSignatures
import Primitives
import Testing

/// Responses signed by another implementation (`Vectors/make-vectors.py` says which): all of its
/// algorithms, over fields and derived components in every form.
@Suite struct ForeignVectorTests {
  private struct File: Decodable {
    let keys: [String: String]
    let vectors: [Vector]
  }

  private struct Vector: Decodable {
    let algorithm: String
    let method: String
    let target: String
    let host: String
    let request: [[String]]
    let status: UInt16
    let response: [[String]]
  }

  private static let file: File = {
    let url = Bundle.module.url(
      forResource: "foreign", withExtension: "json", subdirectory: "Vectors")!
    return try! JSONDecoder().decode(File.self, from: try! Data(contentsOf: url))
  }()

  private func key(_ algorithm: String) throws -> VerificationKey {
    let text = try #require(Self.file.keys[algorithm])
    switch algorithm {
    case "hmac-sha256": return try VerificationKey(hmacSecret: Base64.decode(text.utf8) ?? [])
    case "rsa-v1_5-sha256":
      return try VerificationKey(pem: bytes(text), algorithm: .rsaPKCS1SHA256)
    case "rsa-pss-sha512":
      return try VerificationKey(pem: bytes(text), algorithm: .rsaPSSSHA512)
    default: return try VerificationKey(pem: bytes(text))
    }
  }

  private func message(_ vector: Vector) -> SignedMessage {
    SignedMessage(
      request: RequestHead(
        method: Method(token: vector.method.utf8), target: bytes(vector.target),
        authority: bytes(vector.host), fields: section(vector.request.map { ($0[0], $0[1]) })),
      scheme: .https,
      response: response(vector.status, vector.response.map { ($0[0], $0[1]) }))
  }

  @Test(arguments: 0..<18)
  func `what another implementation signed verifies here`(index: Int) throws {
    let vector = Self.file.vectors[index]
    let key = try key(vector.algorithm)
    let message = message(vector)
    let fields = try #require(message.response?.fields)
    let found = try MessageSignature.only(tagged: bytes("verdict"), in: fields)
    let base = try message.signatureBase(found.parameters)
    #expect(try key.isValid(found.signature, over: base))
    if let name = found.parameters.algorithm {
      #expect(text(name) == vector.algorithm)
      #expect(key.algorithm.httpSignatureName.map { name.equals($0) } == true)
    }
  }

  @Test(arguments: 0..<18)
  func `and no other status, request or field does`(index: Int) throws {
    let vector = Self.file.vectors[index]
    let key = try key(vector.algorithm)
    let original = message(vector)
    let answered = try #require(original.response)
    let found = try MessageSignature.only(tagged: bytes("verdict"), in: answered.fields)
    let covered = found.parameters.components
    var other = answered
    other.status = Status(204)
    if covered.contains(ComponentIdentifier(.status)) {
      #expect(
        try !isValid(
          found, key,
          SignedMessage(
            request: original.request, scheme: .https, response: other)))
    }
    var fields = answered.fields
    fields.set(.contentDigest, "sha-256=:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=:")
    fields.set(name: bytes("x-many"), value: bytes("a, b, c "))
    #expect(
      try !isValid(
        found, key,
        SignedMessage(
          request: original.request, scheme: .https,
          response: ResponseHead(status: answered.status, fields: fields))))
    let elsewhere = RequestHead(
      method: .delete, target: bytes("/?a=2&b%20c=3"), authority: bytes("other.example"),
      fields: section([("Host", "other.example"), ("Content-Digest", "sha-256=:AAAA:")]))
    #expect(
      try !isValid(
        found, key,
        SignedMessage(
          request: elsewhere, scheme: .https, response: answered)))
  }

  private func isValid(
    _ found: MessageSignature, _ key: VerificationKey, _ message: SignedMessage
  ) throws -> Bool {
    try key.isValid(found.signature, over: message.signatureBase(found.parameters))
  }
}

import Cryptography
import TestCertificates
import Testing

@Suite struct SignatureTests {
  /// One key for each algorithm.
  static let keys: [SigningKey] = {
    let made: [SigningKey?] = [
      try? SigningKey(hmacSecret: Array(1...32)),
      try? SigningKey(pem: TestKeys.rsa2048, algorithm: .rsaPKCS1SHA256),
      try? SigningKey(pem: TestKeys.rsa2048, algorithm: .rsaPSSSHA256),
      try? SigningKey(pem: TestKeys.rsaPSS, algorithm: .rsaPSSSHA512),
      try? SigningKey(pem: TestKeys.p256WithParameters), try? SigningKey(pem: TestKeys.p384),
      try? SigningKey(pem: TestKeys.ed25519),
    ]
    return made.compactMap { $0 }
  }()

  private let message = Array("yes, for this transaction".utf8)

  @Test func `there is a key for every algorithm`() {
    #expect(Set(Self.keys.map(\.algorithm)) == Set(SignatureAlgorithm.allCases))
  }

  @Test(arguments: SignatureAlgorithm.allCases)
  func `what a key signs is valid, and nothing near it`(algorithm: SignatureAlgorithm) throws {
    let key = try #require(Self.keys.first { $0.algorithm == algorithm })
    let signature = try key.sign(message)
    let verifier = key.verificationKey
    #expect(signature.count == verifier.signatureBytes)
    #expect(try verifier.isValid(signature, over: message))
    #expect(try !verifier.isValid(signature, over: message + [0]))
    #expect(try !verifier.isValid(signature, over: []))
    #expect(try !verifier.isValid([], over: message))
    #expect(try !verifier.isValid(signature + [0], over: message))
    #expect(try !verifier.isValid([0] + signature, over: message))
    for count in 0..<signature.count where count % 7 == 0 {
      #expect(try !verifier.isValid(Array(signature[..<count]), over: message))
    }
    for bit in stride(from: 0, to: signature.count * 8, by: 5) {
      var flipped = signature
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(try !verifier.isValid(flipped, over: message), "bit \(bit)")
    }
    let zeros = [UInt8](repeating: 0, count: signature.count)
    #expect(try !verifier.isValid(zeros, over: message))
  }

  @Test(arguments: SignatureAlgorithm.allCases)
  func `no other key finds it valid`(algorithm: SignatureAlgorithm) throws {
    let key = try #require(Self.keys.first { $0.algorithm == algorithm })
    let signature = try key.sign(message)
    for other in Self.keys where other.algorithm != algorithm {
      #expect(try !other.verificationKey.isValid(signature, over: message))
    }
  }

  @Test func `an empty message is signed like any other`() throws {
    for key in Self.keys {
      let signature = try key.sign([])
      #expect(try key.verificationKey.isValid(signature, over: []))
    }
  }

  // RFC 8032 §7.1, TEST 2.
  @Test func `Ed25519 agrees with RFC 8032`() throws {
    let key = try SigningKey(
      ed25519Seed: bytes(
        hexadecimal: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
      publicKey: bytes(
        hexadecimal: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
    let signature = bytes(
      hexadecimal: """
        92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
        """)
    #expect(try key.sign([0x72]) == signature)
  }

  @Test func `an S of Ed25519 past the group's order is refused`() throws {
    let key = try SigningKey.generate(.ed25519)
    var signature = try key.sign(message)
    // S + L means the same to whoever does not compare it with L (RFC 8032 §5.1.7).
    let order = bytes(
      hexadecimal: "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
    var carry = 0
    for index in 0..<32 {
      let sum = Int(signature[32 + index]) + Int(order[index]) + carry
      signature[32 + index] = UInt8(sum & 0xFF)
      carry = sum >> 8
    }
    #expect(try !key.verificationKey.isValid(signature, over: message))
  }

  @Test func `halves of an ECDSA signature are from one to the order less one`() throws {
    for kind in [SigningKey.Kind.p256, .p384] {
      let key = try SigningKey.generate(kind)
      let good = try key.sign(message)
      let half = good.count / 2
      let zero = [UInt8](repeating: 0, count: half)
      let ones = [UInt8](repeating: 0xFF, count: half)
      let order =
        kind == .p256
        ? bytes(hexadecimal: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        : bytes(
          hexadecimal: """
            ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf
            581a0db248b0a77aecec196accc52973
            """)
      let one = Array(zero.dropLast()) + [1]
      let r = Array(good[..<half])
      let s = Array(good[half...])
      let wrong: [[UInt8]] = [
        zero + zero, zero + s, r + zero, ones + s, r + ones, order + s, r + order, one + one,
        s + r, order + order, one + zero,
      ]
      for signature in wrong {
        #expect(try !key.verificationKey.isValid(signature, over: message))
      }
    }
  }

  @Test func `the other S of an ECDSA signature is as valid`() throws {
    // JOSE and RFC 9421 demand no low S: so a signature is never taken for the name of a message.
    let key = try SigningKey.generate(.p256)
    var signature = try key.sign(message)
    let order = bytes(
      hexadecimal: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
    var borrow = 0
    for index in (0..<32).reversed() {
      let difference = Int(order[index]) - Int(signature[32 + index]) - borrow
      signature[32 + index] = UInt8(difference & 0xFF)
      borrow = difference < 0 ? 1 : 0
    }
    #expect(try key.verificationKey.isValid(signature, over: message))
  }

  @Test func `ECDSA in DER is not what messages carry`() throws {
    let key = try SigningKey.generate(.p256)
    let raw = try key.sign(message)
    let der =
      [0x30, 0x46, 0x02, 0x21, 0x00] + raw[..<32] + [0x02, 0x21, 0x00] + raw[32...]
    #expect(try !key.verificationKey.isValid(der, over: message))
  }

  @Test func `a PSS key finds no PKCS1 signature valid, nor another salt's digest`() throws {
    let old = try SigningKey(pem: TestKeys.rsa2048, algorithm: .rsaPKCS1SHA256)
    let new = try SigningKey(pem: TestKeys.rsa2048, algorithm: .rsaPSSSHA256)
    let long = try SigningKey(pem: TestKeys.rsa2048, algorithm: .rsaPSSSHA512)
    let all = [old, new, long]
    for (index, one) in all.enumerated() {
      let signature = try one.sign(message)
      for (place, other) in all.enumerated() {
        #expect(
          try other.verificationKey.isValid(signature, over: message) == (index == place))
      }
    }
  }

  @Test func `one key serves several threads`() async throws {
    let message = message
    for key in Self.keys {
      let signature = try key.sign(message)
      let all = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<8 {
          group.addTask {
            (0..<20).allSatisfy { _ in
              (try? key.verificationKey.isValid(signature, over: message)) == true
                && (try? key.sign(message))?.count == signature.count
            }
          }
        }
        return await group.allSatisfy { $0 }
      }
      #expect(all)
    }
  }

  @Test func `names of algorithms are found as they are written`() {
    for algorithm in SignatureAlgorithm.allCases {
      #expect(SignatureAlgorithm(joseName: Array("\(algorithm.joseName)".utf8)) == algorithm)
    }
    #expect(SignatureAlgorithm(joseName: Array("Ed25519".utf8)) == .ed25519)
    for name in ["none", "None", "es256", "HS512", "", "ES256 "] {
      #expect(SignatureAlgorithm(joseName: Array(name.utf8)) == nil)
    }
  }

  // FIPS 180-4 examples: "abc".
  @Test func `longer digests agree with the standard's examples`() throws {
    let abc = Array("abc".utf8)
    #expect(
      try DigestAlgorithm.sha384.digest(of: abc)
        == bytes(
          hexadecimal: """
            cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed
            8086072ba1e7cc2358baeca134c825a7
            """))
    #expect(
      try DigestAlgorithm.sha512.digest(of: abc)
        == bytes(
          hexadecimal: """
            ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
            2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
            """))
    #expect(try DigestAlgorithm.sha256.digest(of: abc) == SHA256.digest(of: abc).bytes)
    for algorithm in DigestAlgorithm.allCases {
      #expect(try algorithm.digest(of: []).count == algorithm.byteCount)
    }
  }
}

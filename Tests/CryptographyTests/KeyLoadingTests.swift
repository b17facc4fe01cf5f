import Cryptography
import TestCertificates
import Testing

@Suite struct KeyLoadingTests {
  private func refusal(_ body: () throws(KeyError) -> Void) -> KeyError.Code? {
    do throws(KeyError) {
      try body()
      return nil
    } catch {
      return error.code
    }
  }

  private func publicRefusal(
    _ pem: [UInt8], _ algorithm: SignatureAlgorithm? = nil
  ) -> KeyError.Code? {
    refusal { () throws(KeyError) in _ = try VerificationKey(pem: pem, algorithm: algorithm) }
  }

  @Test func `a key's algorithm is what its kind says`() throws {
    #expect(try SigningKey(pem: TestKeys.ed25519).algorithm == .ed25519)
    #expect(try SigningKey(pem: TestKeys.p256WithParameters).algorithm == .ecdsaP256SHA256)
    #expect(try SigningKey(pem: TestKeys.p384).algorithm == .ecdsaP384SHA384)
    #expect(try VerificationKey(pem: TestKeys.p384Public).algorithm == .ecdsaP384SHA384)
  }

  @Test func `of an RSA key the algorithm must be said`() throws {
    #expect(publicRefusal(TestKeys.rsa2048Public) == .algorithmNeeded)
    #expect(
      try VerificationKey(pem: TestKeys.rsa2048Public, algorithm: .rsaPSSSHA256).algorithm
        == .rsaPSSSHA256)
  }

  @Test func `a key takes no algorithm that is not its own`() {
    #expect(publicRefusal(TestKeys.ed25519Public, .ecdsaP256SHA256) == .wrongAlgorithm)
    #expect(publicRefusal(TestKeys.p384Public, .ecdsaP256SHA256) == .wrongAlgorithm)
    #expect(publicRefusal(TestKeys.rsa2048Public, .ed25519) == .wrongAlgorithm)
    #expect(publicRefusal(TestKeys.rsa2048Public, .hmacSHA256) == .wrongAlgorithm)
    #expect(publicRefusal(TestKeys.rsaPSS, .rsaPKCS1SHA256) == .wrongAlgorithm)
  }

  @Test func `a certificate gives its key, and a private key its public half`() throws {
    let key = try VerificationKey(pem: TestKeys.ed25519Public)
    #expect(try VerificationKey(pem: TestKeys.ed25519Certificate).components == key.components)
    #expect(try VerificationKey(pem: TestKeys.ed25519).components == key.components)
    let both = TestKeys.ed25519Certificate + TestKeys.ed25519
    #expect(try SigningKey(pem: both).verificationKey.components == key.components)
  }

  @Test func `both forms of an RSA key hold the same numbers`() throws {
    let one = try VerificationKey(pem: TestKeys.rsa2048Public, algorithm: .rsaPKCS1SHA256)
    let other = try VerificationKey(pem: TestKeys.rsa2048PKCS1Public, algorithm: .rsaPKCS1SHA256)
    #expect(one.components == other.components)
    #expect(one.components?.bits == 2048)
  }

  @Test func `keys that are too weak, or of another kind, are refused by name`() {
    #expect(publicRefusal(TestKeys.rsa1024, .rsaPKCS1SHA256) == .shortModulus)
    #expect(publicRefusal(TestKeys.p521) == .unsupportedCurve)
    #expect(publicRefusal(TestKeys.ed448) == .unsupportedType)
    #expect(publicRefusal(TestKeys.p256Explicit) == .explicitCurve)
    #expect(publicRefusal(TestKeys.ed25519Encrypted) == .encrypted)
  }

  @Test func `a text without one whole key is refused by name`() {
    #expect(publicRefusal([]) == .noKey)
    #expect(publicRefusal(Array("hello".utf8)) == .noKey)
    #expect(publicRefusal(TestKeys.ed25519 + TestKeys.ed25519Public) == .severalKeys)
    #expect(publicRefusal(Array(TestKeys.ed25519Public.dropLast(30))) == .noKey)
    var damaged = TestKeys.p384Public
    damaged[60] = damaged[60] == 0x41 ? 0x42 : 0x41
    damaged[40] = 0x21
    #expect(publicRefusal(damaged) == .malformed)
    #expect(publicRefusal([UInt8](repeating: 0x0A, count: 65537)) == .tooLarge)
  }

  @Test func `a public key does not sign`() {
    let code = refusal { () throws(KeyError) in _ = try SigningKey(pem: TestKeys.ed25519Public) }
    #expect(code == .publicOnly)
  }

  @Test func `every cut of a key's text is refused`() {
    for end in 0..<TestKeys.p384Public.count - 2 {
      #expect(publicRefusal(Array(TestKeys.p384Public[..<end])) != nil)
    }
  }

  @Test func `a secret has 32 bytes at least`() throws {
    for count in [0, 1, 16, 31] {
      let code = refusal { () throws(KeyError) in
        _ = try VerificationKey(hmacSecret: [UInt8](repeating: 7, count: count))
      }
      #expect(code == .shortSecret)
    }
    #expect(
      try VerificationKey(hmacSecret: [UInt8](repeating: 7, count: 32)).algorithm == .hmacSHA256)
    let long = refusal { () throws(KeyError) in
      _ = try SigningKey(hmacSecret: [UInt8](repeating: 7, count: 4097))
    }
    #expect(long == .longSecret)
  }

  // RFC 8032 §5.1.4: the eight points of small order, also in the spellings that are not canonical.
  @Test func `points of small order are no keys of Ed25519`() throws {
    let ends = [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ]
    for end in ends {
      var point = bytes(hexadecimal: end)
      for sign: UInt8 in [0, 0x80] {
        point[31] = point[31] & 0x7F | sign
        let code = refusal { () throws(KeyError) in _ = try VerificationKey(.ed25519(point)) }
        #expect(code == .weakPoint, "\(end)")
      }
    }
  }

  @Test func `a point beside its curve is refused`() throws {
    let key = try SigningKey.generate(.p256).verificationKey
    guard case .elliptic(let curve, let x, var y) = key.components else { return }
    let field = bytes(
      hexadecimal: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
    let zero = [UInt8](repeating: 0, count: 32)
    y[31] ^= 1
    for (x, y) in [(x, y), (zero, zero), (field, zero), (x, field), (y, x)] {
      let code = refusal { () throws(KeyError) in
        _ = try VerificationKey(.elliptic(curve, x: x, y: y))
      }
      #expect(code == .notOnCurve)
    }
  }

  @Test func `coordinates have the length of their field`() throws {
    let key = try SigningKey.generate(.p256).verificationKey
    guard case .elliptic(_, let x, let y) = key.components else { return }
    let wrong: [PublicKeyComponents] = [
      .elliptic(.p256, x: Array(x.dropLast()), y: y), .elliptic(.p256, x: x, y: [0] + y),
      .elliptic(.p384, x: x, y: y), .ed25519(Array(x.dropLast())), .ed25519(x + [0]), .ed25519([]),
    ]
    for components in wrong {
      let code = refusal { () throws(KeyError) in _ = try VerificationKey(components) }
      #expect(code == .wrongLength)
    }
  }

  @Test func `numbers of RSA keys are held to their limits`() throws {
    let whole = try VerificationKey(pem: TestKeys.rsa2048Public, algorithm: .rsaPKCS1SHA256)
    guard case .rsa(let modulus, let exponent) = whole.components else { return }
    #expect(exponent == [1, 0, 1])
    var even = modulus
    even[modulus.count - 1] &= 0xFE
    let cases: [([UInt8], [UInt8], KeyError.Code)] = [
      (even, exponent, .badModulus), ([], exponent, .badModulus),
      ([0] + modulus, exponent, .badModulus),
      (Array(modulus.prefix(254)) + [1], exponent, .shortModulus),
      (modulus + [UInt8](repeating: 0xFF, count: 1024), exponent, .longModulus),
      (modulus, [], .badExponent), (modulus, [0], .badExponent), (modulus, [1], .badExponent),
      (modulus, [2], .badExponent), (modulus, [0, 3], .badExponent),
      (modulus, [1, 0, 0, 0, 1], .badExponent), (modulus, [1, 0, 0], .badExponent),
    ]
    for (modulus, exponent, expected) in cases {
      let code = refusal { () throws(KeyError) in
        _ = try VerificationKey(
          .rsa(modulus: modulus, exponent: exponent), algorithm: .rsaPKCS1SHA256)
      }
      #expect(code == expected)
    }
    _ = try VerificationKey(.rsa(modulus: modulus, exponent: [3]), algorithm: .rsaPSSSHA512)
  }

  @Test func `halves of different keys are no key`() throws {
    let one = try SigningKey.generate(.ed25519).verificationKey
    guard case .ed25519(let point) = one.components else { return }
    let code = refusal { () throws(KeyError) in
      _ = try SigningKey(ed25519Seed: [UInt8](repeating: 9, count: 32), publicKey: point)
    }
    #expect(code == .mismatch)
    let other = try SigningKey.generate(.p256).verificationKey
    guard case .elliptic(let curve, let x, let y) = other.components else { return }
    let number = [UInt8](repeating: 0, count: 31) + [5]
    let mixed = refusal { () throws(KeyError) in
      _ = try SigningKey(curve, x: x, y: y, privateNumber: number)
    }
    #expect(mixed == .mismatch)
  }

  @Test(arguments: SigningKey.Kind.allCases)
  func `a key that was written is read as the same`(kind: SigningKey.Kind) throws {
    let key = try SigningKey.generate(kind)
    let text = try #require(try key.privatePEM())
    let again = try SigningKey(pem: text)
    #expect(again.verificationKey.components == key.verificationKey.components)
    #expect(again.algorithm == key.algorithm)
  }

  @Test func `an error says what to do and shows nothing of the key`() {
    do throws(KeyError) {
      _ = try VerificationKey(pem: TestKeys.rsa1024, algorithm: .rsaPKCS1SHA256)
    } catch {
      #expect(error.description == "has a modulus of fewer than 2048 bits")
    }
  }
}

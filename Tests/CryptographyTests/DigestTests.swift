import Cryptography
import Testing

@Suite struct DigestTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  // FIPS 180-4 examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `SHA-256 agrees with the standard's examples`(message: String, digest: String) throws {
    #expect(try text(SHA256.digest(of: Array(message.utf8)).hexadecimal) == digest)
  }

  @Test func `a digest in pieces is the digest of the whole, wherever it is cut`() throws {
    let message = (0..<150).map { UInt8($0) }
    let whole = try SHA256.digest(of: message)
    for cut in 0...message.count {
      var computation = try SHA256()
      try computation.update(Array(message[..<cut]))
      try computation.update(Array(message[cut...]))
      #expect(try computation.finalize() == whole)
    }
    #expect(whole.bytes.count == 32)
  }

  // RFC 4231 §4.2 to §4.4 and §4.7 (a key longer than the block).
  @Test func `HMAC-SHA-256 agrees with RFC 4231`() throws {
    let cases: [([UInt8], [UInt8], String)] = [
      (
        .init(repeating: 0x0B, count: 20), Array("Hi There".utf8),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        .init(repeating: 0xAA, count: 131),
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
    ]
    for (key, message, expected) in cases {
      let hmac = try HMACSHA256Key(key)
      #expect(try text(hmac.code(of: message).hexadecimal) == expected)
      #expect(
        try text(hmac.code(of: Array(message.prefix(3)), Array(message.dropFirst(3))).hexadecimal)
          == expected)
    }
  }

  @Test func `an empty key and an empty message are allowed`() throws {
    let code = try HMACSHA256Key([]).code(of: [])
    #expect(
      text(code.hexadecimal) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }

  @Test func `an error names the operation and gives OpenSSL's reason or says there is none`() {
    let error = CryptographyError(.random, cause: OpenSSLErrors(codes: []))
    #expect(error.description == "drawing random bytes failed: OpenSSL gave no reason")
  }
}

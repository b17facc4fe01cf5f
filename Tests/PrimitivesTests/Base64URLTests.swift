import Primitives
import Testing

@Suite struct Base64URLTests {
  @Test(arguments: [[], [0], [255, 254], [1, 2, 3], Array(0...255)] as [[UInt8]])
  func `what is encoded decodes to itself`(bytes: [UInt8]) {
    #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
  }

  // RFC 4648 §10, without the padding.
  @Test func `short values are spelled as the RFC has them`() {
    let pairs = [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
      ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ]
    for (plain, coded) in pairs {
      #expect(Base64URL.encode(Array(plain.utf8)) == Array(coded.utf8))
      #expect(Base64URL.decode(Array(coded.utf8)) == Array(plain.utf8))
    }
  }

  @Test func `every character in every place is one of the alphabet or refused`() {
    let alphabet = Set(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    for place in 0..<7 {
      for byte in UInt8.min...UInt8.max {
        var text = Array("AAAAAAA".utf8)
        text[place] = byte
        let bytes = Base64URL.decode(text)
        // The last of seven holds two bits that belong to no byte.
        let isOnly = place < 6 || bytes.map { Base64URL.encode($0) == text } ?? true
        #expect((bytes != nil) == (alphabet.contains(byte) && (place < 6 || bytes != nil)))
        #expect(isOnly)
      }
    }
  }

  @Test(arguments: ["A", "AA=", "A+", "AB", "A A", "AAAAA"])
  func `a second spelling is refused`(text: String) {
    #expect(Base64URL.decode(Array(text.utf8)) == nil)
  }
}

import Primitives
import Testing

@Suite struct Base64Tests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"), ("\u{FB}\u{EF}\u{BE}", "w7vDr8K+"),
  ])
  func `the examples of RFC 4648 §10 go both ways`(plain: String, coded: String) {
    #expect(Base64.encode(plain.utf8) == Array(coded.utf8))
    #expect(Base64.decode(coded.utf8) == Array(plain.utf8))
  }

  @Test(arguments: [
    "Zg", "Zg=", "Z===", "====", "=", "Zh==", "Zm9=", "Zg==Zg==", "Z=g=", "Zm9v\n", "Zm-v", "Zm_v",
    "Zm9v=", " Zm9", "Zm8=A",
  ])
  func `what is not the one spelling of a value is refused`(text: String) {
    #expect(Base64.decode(text.utf8) == nil)
  }

  @Test func `every byte goes both ways, at every length`() {
    for count in 0..<64 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }
}

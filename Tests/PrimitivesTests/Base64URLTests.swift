import Primitives
import Testing

@Suite struct Base64URLTests {
  @Test(arguments: [[], [0], [255, 254], [1, 2, 3], Array(0...255)] as [[UInt8]])
  func `what is encoded decodes to itself`(bytes: [UInt8]) {
    #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
  }

  @Test(arguments: ["A", "AA=", "A+", "AB", "A A", "AAAAA"])
  func `a second spelling is refused`(text: String) {
    #expect(Base64URL.decode(Array(text.utf8)) == nil)
  }
}

import Cryptography
import Primitives
import Testing

@Suite struct TransactionTokenSourceTests {
  @Test func `a token is 22 characters that spell 16 bytes in the one way there is`() throws {
    let source = TransactionTokenSource()
    for _ in 0..<600 {
      let token = try source.mint()
      #expect(token.count == TransactionTokenSource.tokenLength)
      let bytes = try #require(Base64URL.decode(token))
      #expect(bytes.count == 16)
      #expect(Base64URL.encode(bytes) == token)
    }
  }

  @Test func `no token comes twice, over several batches`() throws {
    let source = TransactionTokenSource()
    var seen: Set<[UInt8]> = []
    for _ in 0..<2000 { #expect(seen.insert(try source.mint()).inserted) }
  }

  @Test func `two sources mint different tokens`() throws {
    #expect(try TransactionTokenSource().mint() != TransactionTokenSource().mint())
  }

  @Test func `every bit of a token varies`() throws {
    let source = TransactionTokenSource()
    var everSet = [UInt8](repeating: 0, count: 16)
    var everClear = [UInt8](repeating: 0, count: 16)
    for _ in 0..<256 {
      let bytes = try #require(Base64URL.decode(try source.mint()))
      for (index, byte) in bytes.enumerated() {
        everSet[index] |= byte
        everClear[index] |= ~byte
      }
    }
    #expect(everSet.allSatisfy { $0 == 0xFF })
    #expect(everClear.allSatisfy { $0 == 0xFF })
  }

  @Test func `minting appends and leaves what was there`() throws {
    var bytes = Array("Transaction-Token: ".utf8)
    let length = bytes.count
    try TransactionTokenSource().mint(appendingTo: &bytes)
    #expect(bytes.prefix(length).elementsEqual("Transaction-Token: ".utf8))
    #expect(bytes.count == length + 22)
  }

  @Test func `random bytes come in the number asked for`() throws {
    #expect(try randomBytes(0).isEmpty)
    #expect(try randomBytes(33).count == 33)
    #expect(try randomBytes(32) != randomBytes(32))
  }
}

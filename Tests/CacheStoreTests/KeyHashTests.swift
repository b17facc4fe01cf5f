import Testing

@testable import CacheStore

@Suite struct KeyHashTests {
  // From another implementation of SipHash-1-3 (CPython's) with a key of zeros.
  @Test(
    arguments: [
      ("a", 0x4074_48D2_B89B_1813), ("abcdefg", 0x6DB1_2AAE_9070_F506),
      ("abcdefgh", 0x3F7B_849C_0B8E_35EA),
      ("https://example.com/keys?a=1", 0x57A0_5B99_02D7_86E8),
    ] as [(String, UInt64)])
  func `the hash is SipHash-1-3`(text: String, expected: UInt64) {
    let bytes = Array(text.utf8)
    #expect(KeyHash.hash(bytes.span, seed: HashSeed(low: 0, high: 0)) == expected)
  }

  @Test func `the hash depends on every byte, the length and the seed`() {
    let seed = HashSeed(low: 1, high: 2)
    var seen: Set<UInt64> = []
    for count in 0..<40 {
      let zeros = [UInt8](repeating: 0, count: count)
      #expect(seen.insert(KeyHash.hash(zeros.span, seed: seed)).inserted)
      for index in 0..<count {
        var changed = zeros
        changed[index] = 1
        #expect(seen.insert(KeyHash.hash(changed.span, seed: seed)).inserted)
      }
    }
    let bytes: [UInt8] = [1, 2, 3]
    let other = HashSeed(low: 1, high: 3)
    #expect(KeyHash.hash(bytes.span, seed: seed) != KeyHash.hash(bytes.span, seed: other))
  }

  @Test func `bytes are compared to the last one`() {
    for count in 0..<20 {
      let zeros = [UInt8](repeating: 0, count: count)
      #expect(areSame(zeros, zeros))
      for index in 0..<count {
        var changed = zeros
        changed[index] = 1
        #expect(!areSame(zeros, changed))
      }
      #expect(!areSame(zeros, zeros + [0]))
    }
  }

  private func areSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.span.holdsSameBytes(as: right.span)
  }
}

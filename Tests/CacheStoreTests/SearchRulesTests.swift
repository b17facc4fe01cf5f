import Testing

@testable import CacheStore

@Suite struct SearchRulesTests {
  private let rules = SearchRules(seed: StoreFixture.seed)

  private func rule(_ path: [UInt8]) -> [UInt8]? { rules.rule(of: path.span) }

  @Test func `a path has the rule that was remembered last, until it is forgotten`() {
    #expect(rule([1]) == nil)
    rules.remember([7], of: [1])
    rules.remember([8], of: [1])
    #expect(rule([1]) == [8])
    #expect(rule([2]) == nil)
    rules.forget([UInt8]([2]).span)
    #expect(rule([1]) == [8])
    rules.forget([UInt8]([1]).span)
    #expect(rule([1]) == nil)
  }

  @Test func `no more paths are remembered than the limit, the newest among them`() {
    let count = SearchRules.limit + 100
    for number in 0..<count {
      let path = [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
      rules.remember([1], of: path)
      #expect(rule(path) != nil)
    }
    let kept = (0..<count).filter {
      rule([UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]) != nil
    }
    #expect(kept.count == SearchRules.limit)
  }
}

import Testing

@testable import CacheStore

@Suite struct SearchRulesTests {
  private let rules = SearchRules(seed: StoreFixture.seed)

  private func rule(_ path: [UInt8]) -> [UInt8]? { rules.rule(of: path.span)?.encoded }

  private func hasChanged(_ path: [UInt8], since count: UInt64) -> Bool {
    rules.hasChange(of: path.span, since: count)
  }

  @Test func `a path has the rule that was remembered last`() {
    #expect(rule([1]) == nil)
    _ = rules.remember([7], of: [1])
    _ = rules.remember([8], of: [1])
    #expect(rule([1]) == [8])
    #expect(rule([2]) == nil)
  }

  @Test func `a rule that comes back after another one is of another generation`() {
    let first = rules.remember([7], of: [1])
    #expect(rules.remember([7], of: [1]) == first)
    _ = rules.remember([8], of: [1])
    let again = rules.remember([7], of: [1])
    #expect(again.encoded == first.encoded)
    #expect(again.generation != first.generation)
  }

  @Test func `a rule that was forgotten comes back with another generation`() throws {
    var generations: [[UInt8]: UInt64] = [:]
    for number in 0...SearchRules.limit {
      let path = [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
      generations[path] = rules.remember([7], of: path).generation
    }
    // One was forgotten; which one is chance.
    let path = try #require(generations.keys.first { rule($0) == nil })
    let again = rules.remember([7], of: path).generation
    #expect(!generations.values.contains(again))
  }

  @Test func `no more paths are remembered than the limit, the newest among them`() {
    let count = SearchRules.limit + 100
    for number in 0..<count {
      let path = [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
      _ = rules.remember([1], of: path)
      #expect(rule(path) != nil)
    }
    let kept = (0..<count).filter {
      rule([UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]) != nil
    }
    #expect(kept.count == SearchRules.limit)
  }

  @Test func `a change of a path is seen by who counted before, and by nobody else`() {
    let before = rules.changeCount
    #expect(!hasChanged([1], since: before))
    rules.noteChange(of: [UInt8]([1]).span)
    #expect(hasChanged([1], since: before))
    #expect(!hasChanged([2], since: before))
    #expect(!hasChanged([1], since: rules.changeCount))
  }

  @Test func `where more was changed than is told apart, everything may have been`() {
    let before = rules.changeCount
    for _ in 0..<SearchRules.changeLimit { rules.noteChange(of: [UInt8]([1]).span) }
    #expect(!hasChanged([2], since: before))
    rules.noteChange(of: [UInt8]([1]).span)
    #expect(hasChanged([2], since: before))
  }
}

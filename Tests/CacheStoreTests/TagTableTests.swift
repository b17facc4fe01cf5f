import Testing

@testable import CacheStore

@Suite struct TagTableTests {
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `a random walk finds what a dictionary finds`(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    var table = TagTable()
    // Node → tag; few tags, so that many nodes share one.
    var model: [UInt32: UInt32] = [:]
    for _ in 0..<20_000 {
      let node = UInt32.random(in: 0..<500, using: &generator)
      if let tag = model[node] {
        guard let slot = table.slot(of: tag, where: { $0 == node }) else {
          Issue.record("\(node) is lost")
          return
        }
        #expect(table.node(at: slot) == node)
        if Bool.random(using: &generator) {
          table.remove(at: slot)
          model[node] = nil
        }
      } else {
        let tag = UInt32.random(in: 0..<40, using: &generator) &* 0x0800_0001
        #expect(table.slot(of: tag, where: { $0 == node }) == nil)
        table.insert(tag, node)
        model[node] = tag
      }
      #expect(table.count == model.count)
    }
  }

  @Test func `the node in a slot is changed and its tag stays`() throws {
    var table = TagTable()
    table.insert(.max, 7)
    let slot = try #require(table.slot(of: .max) { _ in true })
    table.setNode(8, at: slot)
    #expect(table.node(at: slot) == 8)
    #expect(table.slot(of: .max) { $0 == 8 } == slot)
    #expect(table.slot(of: 1) { _ in true } == nil)
  }
}

import Testing

@testable import Transport

@Suite struct ConnectionTableTests {
  @Test func `a name finds its connection until it is removed or its place given away`() {
    var table = ConnectionTable<String>()
    table.insert("one", as: connection(3))
    #expect(table[connection(3)] == "one")
    #expect(table[connection(2)] == nil)
    #expect(table[connection(3, 1)] == nil)
    table.insert("two", as: connection(3, 1))
    #expect(table[connection(3)] == nil)
    #expect(table.remove(connection(3)) == nil)
    #expect(table.remove(connection(3, 1)) == "two")
    #expect(table.remove(connection(3, 1)) == nil)
    #expect(table[connection(-1)] == nil)
  }
}

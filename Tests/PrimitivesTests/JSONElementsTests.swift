import Primitives
import Testing

@Suite struct JSONElementsTests {
  private func elements(_ text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    let root = try #require(try JSONReader.read(bytes.span, at: [JSONPointer(tokens: [])])[0])
    var walk = JSONElements(of: root)
    var found: [String] = []
    while let element = walk.next(in: bytes.span) {
      let name = element.name.map { String(decoding: $0.bytes(in: bytes.span), as: UTF8.self) }
      let value = String(decoding: element.value.bytes(in: bytes.span), as: UTF8.self)
      found.append("\(name ?? "-") \(element.value.kind) \(value)")
    }
    return found
  }

  @Test(arguments: [
    ("{}", []), ("[]", []), (" [ ] ", []), ("1", []), ("\"a\"", []), ("true", []),
    ("[1,2]", ["- number 1", "- number 2"]),
    (" { \"a\" : 1 , \"b\" : \"c\" } ", ["a number 1", "b string c"]),
    ("{\"a\":{\"b\":[1,{}]},\"c\":[]}", ["a object {\"b\":[1,{}]}", "c array []"]),
    ("[true,false,null]", ["- true true", "- false false", "- null null"]),
    ("{\"\\u0061\\\"\":\"}]\\\\\"}", ["a\" string }]\\"]),
    ("[\"\",[\"]\"],{\"}\":\"{\"}]", ["- string ", "- array [\"]\"]", "- object {\"}\":\"{\"}"]),
    ("[-1.5e3\n,0]", ["- number -1.5e3", "- number 0"]),
  ])
  func `what is in a text is walked through in order`(text: String, expected: [String]) throws {
    #expect(try elements(text) == expected)
  }

  @Test func `a text of which nobody said that it was read does no harm`() throws {
    let good = Array("{\"a\":[1,\"\\\\\\\"\"],\"b\":{}}".utf8)
    let root = try #require(try JSONReader.read(good.span, at: [JSONPointer(tokens: [])])[0])
    for place in good.indices {
      for byte: UInt8 in [0x22, 0x5C, 0x7B, 0x5D, 0x2C, 0x20, 0x00] {
        var other = good
        other[place] = byte
        var walk = JSONElements(of: root)
        while let element = walk.next(in: other.span) { _ = element.value.bytes(in: other.span) }
        var short = JSONElements(of: root)
        while let element = short.next(in: other.span.extracting(..<place)) {
          #expect(element.value.range.lowerBound <= place)
        }
      }
    }
  }
}

import Primitives
import Testing

@Suite struct JSONPointerTests {
  @Test(arguments: [
    ("", []), ("/", [""]), ("/a", ["a"]), ("/a/b", ["a", "b"]), ("/a//b", ["a", "", "b"]),
    ("/a~1b", ["a/b"]), ("/m~0n", ["m~n"]), ("/~01", ["~1"]), ("/é", ["é"]), ("/a/", ["a", ""]),
  ])
  func `a pointer is its unescaped tokens`(text: String, tokens: [String]) throws {
    #expect(try JSONPointer(parsing: text.utf8).tokens == tokens.map { Array($0.utf8) })
  }

  @Test(arguments: [
    ("a", JSONPointerError.missingLeadingSlash), ("#/a", .missingLeadingSlash),
    ("/~", .badEscape), ("/~2", .badEscape), ("/a~/b", .badEscape), ("/~~0", .badEscape),
    (String(repeating: "/a", count: 33), .tooManyTokens),
  ])
  func `what RFC 6901 does not allow is refused`(text: String, error: JSONPointerError) {
    #expect(throws: error) { try JSONPointer(parsing: text.utf8) }
  }

  @Test func `a pointer of literal tokens is written with its escapes`() throws {
    let pointer = JSONPointer(tokens: ["a/b", "c~d"])
    #expect(pointer.text == Array("/a~1b/c~0d".utf8))
    #expect(try JSONPointer(parsing: pointer.text) == pointer)
  }
}

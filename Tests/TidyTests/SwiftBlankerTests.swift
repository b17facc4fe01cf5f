import Testing

@Suite struct SwiftBlankerTests {
  @Test func `comments and literals go, code and interpolations stay`() {
    #expect(SwiftBlanker.blank("a // b!\nc") == "a      \nc")
    #expect(SwiftBlanker.blank("a /* b /* c */ d */ e") == "a                   e")
    #expect(SwiftBlanker.blank(##"x = "y!" + z"##) == ##"x = "  " + z"##)
    #expect(SwiftBlanker.blank(##""a\(b["c!"])d""##) == ##""  (b["  "]) ""##)
    #expect(SwiftBlanker.blank(##"#"a"b"# c"##) == ##"#"   "# c"##)
    #expect(SwiftBlanker.blank("\"\\\"\" a!") == "\"  \" a!")
  }
}

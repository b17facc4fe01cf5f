import HTTPModel
import Testing

@Suite struct DeceptionTests {
  @Test(arguments: [
    ("/a.css", "text/css", false), ("/a.css", "text/html", true),
    ("/a.CSS", "TEXT/CSS; charset=utf-8", false), ("/account/x.js", "text/html", true),
    ("/account;x.png", "application/json", true), ("/a.png", "image/webp", false),
    ("/a.js", "text/plain", false), ("/a.js", "application/vnd.x+json; v=1", true),
    ("/a.svg", "image/svg+xml", false), ("/a.js", "application/octet-stream", false),
    ("/a.html", "text/html", false),
    ("/a", "text/html", false), ("/a.", "text/html", false), ("/a.woff2", "font/woff2", false),
    ("/a.css", nil, false),
  ])
  func `a name for a file promises a type`(path: String, type: String?, contradicts: Bool) {
    #expect(
      contradictsSuffix(path: Array(path.utf8)[...], type: type.map { Array($0.utf8)[...] })
        == contradicts)
  }

  @Test(arguments: [
    ("/a/b", false), ("/a%20b", false), ("/%41", false), ("/.well-known/x", false),
    ("/a..b", false), ("/...", false), ("/a/..", true), ("/a/./b", true), ("/a/../b", true),
    ("/a%2fb", true), ("/a%2Fb", true), ("/a%3bx.css", true), ("/a%00", true), ("/a%0a", true),
    ("/a%5cb", true), ("/%2e%2e/b", true), ("/a%23", true), ("/a%3f", true), ("/a%252f", true),
    ("/a%", true), ("/a%2", true), ("/a%zz", true), ("/.", true), ("/a\\b", true),
  ])
  func `a path that may be read in two ways is known`(path: String, isAmbiguous: Bool) {
    #expect(isAmbiguousPath(Array(path.utf8)[...]) == isAmbiguous)
    // A slice that does not begin at 0 as well.
    #expect(isAmbiguousPath(Array("xy\(path)".utf8)[2...]) == isAmbiguous)
  }

  @Test func `fields that look made to fail are odd`() {
    func fields(_ value: [UInt8]) -> FieldSection {
      var fields = FieldSection()
      fields.append(name: Array("X-A".utf8), value: value)
      return fields
    }
    #expect(!fields(Array("usual, value".utf8)).isOdd)
    #expect(!fields([UInt8](repeating: 0x61, count: 4000)).isOdd)
    #expect(fields([UInt8](repeating: 0x61, count: 4100)).isOdd)
    #expect(fields([0x61, 0x07]).isOdd)
    #expect(fields([0xC3, 0xA4]).isOdd)
    var many = FieldSection()
    for _ in 0..<9 {
      many.append(name: Array("X-A".utf8), value: [UInt8](repeating: 0x61, count: 1000))
    }
    #expect(many.isOdd)
  }
}

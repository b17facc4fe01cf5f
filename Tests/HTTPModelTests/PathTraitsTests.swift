import HTTPModel
import Primitives
import Testing

@Suite struct PathTraitsTests {
  private static func traits(_ path: String) -> PathTraits {
    let traits = PathTraits(of: Array(path.utf8)[...])
    // A slice that does not begin at 0 has the same.
    #expect(PathTraits(of: Array("xy\(path)".utf8)[2...]) == traits)
    return traits
  }

  @Test(
    arguments: [
      ("/", []), ("/a/b.css", []), ("/.well-known/x", []), ("/a..b", []), ("/...", []), ("", []),
      ("/a/", []), ("/a%20b", []), ("/caf%C3%A9", []), ("/a:b@c", []), ("/%E4", []),
      ("/%41", .respelled), ("/caf%c3%a9", .respelled), ("/%7Eann", .respelled),
      ("/a//b", .emptySegment), ("//", .emptySegment),
      ("/.", .dotSegment), ("/..", .dotSegment), ("/a/./b", .dotSegment), ("/a/../b", .dotSegment),
      ("/a/..;/b", .parameter), ("/a;x.css", .parameter), ("/;", .parameter),
      ("/a%2Fb", .hiddenDelimiter), ("/a%2fb", [.hiddenDelimiter, .respelled]),
      ("/a%3Bx.css", .hiddenDelimiter), ("/a%5Cb", .hiddenDelimiter), ("/a%23", .hiddenDelimiter),
      ("/a%3F", .hiddenDelimiter), ("/a%252f", .hiddenDelimiter),
      ("/%2E%2E/b", [.hiddenDelimiter, .respelled]), ("/a%2Ecss", [.hiddenDelimiter, .respelled]),
      ("/%C0%AE", .hiddenDelimiter), ("/%E0%80%AF", .hiddenDelimiter), ("/%E0%A4%85", []),
      ("/%F0%80%80%AF", .hiddenDelimiter), ("/%F0%9F%98%80", []), ("/%FF", .hiddenDelimiter),
      ("/a%", .brokenEscape), ("/a%2", .brokenEscape), ("/a%zz", .brokenEscape),
      ("/a%%41", [.brokenEscape, .respelled]),
      ("/a%00", .escapedControl), ("/a%0A", .escapedControl), ("/a%7F", .escapedControl),
      ("/a\\b", .backslash),
    ] as [(String, PathTraits)])
  func `a path has the traits of its spelling`(path: String, traits: PathTraits) {
    #expect(Self.traits(path) == traits)
  }

  @Test(arguments: [
    ("/a/b", "/a/b"), ("/%61%2Fb", "/a%2Fb"), ("/%7eann", "/~ann"), ("/caf%c3%a9", "/caf%C3%A9"),
    ("/%2e%2e/%2f", "/../%2F"), ("/%2561", "/%2561"), ("/%41%42%43", "/ABC"),
    ("/a%zz%61", "/a%zza"),
  ])
  func `the normal form decodes what is unreserved and capitalises the rest`(
    path: String, normal: String
  ) {
    let bytes = NormalPath.of(Array(path.utf8)[...])
    #expect(bytes.displayText == normal)
    #expect(NormalPath.of(bytes).displayText == normal)
  }

  @Test(arguments: [
    ("/a/../b", "/b"), ("/a/./b", "/a/b"), ("/a//b", "/a/b"), ("/a;x/b;y", "/a/b"), ("/..", "/"),
    ("/a/..", "/"), ("/a/b/..", "/a/"), ("/a/.", "/a/"), ("//", "/"), ("/a/", "/a/"),
    ("/a/..;/b", "/b"), ("/", "/"), ("", "/"), ("/../../a", "/a"),
  ])
  func `what can be resolved is resolved`(path: String, resolved: String) {
    #expect(NormalPath.resolved(Array(path.utf8)[...]).displayText == resolved)
  }

  @Test func `a head has the normal path and knows what came`() {
    let head = RequestHead(method: .get, target: Array("/%61/caf%c3%a9?q=%61".utf8))
    #expect(head.path.displayText == "/a/caf%C3%A9")
    #expect(head.spelledPath.displayText == "/%61/caf%c3%a9")
    #expect(head.query?.displayText == "q=%61")
    #expect(head.target.displayText == "/%61/caf%c3%a9?q=%61")
    #expect(head.pathTraits == .respelled)
    let target = Array("http://a.example/%61?x".utf8)
    let absolute = RequestHead(
      method: .get, targetForm: .absolute, target: target, path: target[16..<20],
      query: target[21...], authority: Array("a.example".utf8), fields: FieldSection())
    #expect(absolute.path.displayText == "/a")
    #expect(absolute.spelledPath.displayText == "/%61")
  }
}

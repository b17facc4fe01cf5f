import Configuration
import HTTPModel
import Primitives
import Testing

private func pattern(_ text: String) throws -> PathPattern { try PathPattern(Array(text.utf8)) }

struct PathPatternTests {
  @Test(arguments: [
    ("/login", "/login", true), ("/login", "/login/", false), ("/login", "/LOGIN", false),
    ("/login", "/%6Cogin", true), ("/%6cogin", "/login", true),
    ("/caf%c3%a9", "/caf%C3%A9", true), ("/caf%C3%A9*", "/caf%c3%a9s", true),
    ("/a%2Fb", "/a/b", false),
    ("/", "/", true), ("/", "/a", false), ("/**", "/", true), ("/**", "/a/b/c", true),
    ("/assets/**", "/assets", true), ("/assets/**", "/assets/", true),
    ("/assets/**", "/assets/a/b.css", true), ("/assets/**", "/assetsx", false),
    ("/users/*/avatar", "/users/7/avatar", true), ("/users/*/avatar", "/users//avatar", false),
    ("/users/*/avatar", "/users/7/8/avatar", false), ("/*", "/", false), ("/*.css", "/a.css", true),
    ("/*.css", "/.css", true), ("/*.css", "/a.css/x", false), ("/a*b*c", "/axxbyyc", true),
    ("/a*b*c", "/abc", true), ("/a*b*c", "/acb", false), ("/**/logo.svg", "/logo.svg", true),
    ("/**/logo.svg", "/a/b/logo.svg", true), ("/**/logo.svg", "/a/logo.svg/b", false),
    ("/a/**/b/c", "/a/b/b/c", true), ("/a/**/b/c", "/a/b/c", true), ("/a/**/b/c", "/a/b", false),
    ("/a/**/b*/c", "/a/b1/x/b2/c", true), ("/x", "", false), ("/**", "*", false),
  ])
  func `a pattern takes the paths it describes`(text: String, path: String, taken: Bool) throws {
    let normal = NormalPath.of(Array(path.utf8)[...])
    #expect(try pattern(text).matches(normal) == taken, "\(text) on \(path)")
  }

  @Test(arguments: [
    ("login", PathPattern.Flaw.noLeadingSlash), ("", .noLeadingSlash),
    ("/a**", .doubleStarInSegment), ("/**/a/**", .secondDoubleStar),
    ("/a?b", .notInPaths(0x3F)), ("/a b", .notInPaths(0x20)), ("/ä", .notInPaths(0xC3)),
    ("/a/../b", .dotSegment),
  ])
  func `a text that is no pattern says why`(text: String, flaw: PathPattern.Flaw) {
    #expect(throws: flaw) { try pattern(text) }
  }

  @Test(arguments: [
    ("/a/b.css", true), ("/", true), ("/a/", true), ("/a%20b", true), ("/a..b", true),
    ("/...", true), ("/a/../b", false), ("/..", false), ("/a/./b", false), ("/a//b", false),
    ("/a;x.css", false), ("/a/..;/b", false), ("/a\\b", false), ("/%2e%2e/b", false),
    ("/a%2Fb", false), ("/a%00", false), ("/a%252F", false), ("/a%", false), ("/a%3B", false),
  ])
  func `a path is plain when all software reads it alike`(path: String, plain: Bool) {
    #expect(PathTraits(of: Array(path.utf8)[...]).areAmbiguous != plain)
  }

  @Test(arguments: [
    ("/**", "/login", true), ("/a/**", "/a", true), ("/a/**", "/a/*/b", true),
    ("/a/*", "/a/b", true), ("/a/*", "/a/", false), ("/a/*.css", "/a/x.css", true),
    ("/a/b", "/a/*", false), ("/a/**", "/**", false), ("/a", "/a", true),
  ])
  func `a pattern covers another when it takes all of its paths`(
    one: String, other: String, covers: Bool
  ) throws {
    #expect(try pattern(one).covers(pattern(other)) == covers)
  }

  @Test func `long hostile paths are matched in time that grows with their length`() throws {
    let path = Array(String(repeating: "/aaaaaaaaab", count: 5_000).utf8)
    #expect(try !pattern("/**/a*b*c/a*b*d").matches(path[...]))
  }
}

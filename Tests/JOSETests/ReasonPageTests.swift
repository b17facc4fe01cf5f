import Foundation
import JOSE
import Testing

/// `docs/tokens.md` lists what the code says.
@Suite struct ReasonPageTests {
  @Test func `the page about tokens has every reason with its words`() throws {
    var root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let page = try String(contentsOf: root.appending(path: "docs/tokens.md"), encoding: .utf8)
    let rows = JWSRefusal.allCases.map { "| `\($0.rawValue)` | \($0.explanation) |" }
    #expect(page.split(separator: "\n").suffix(rows.count).map(String.init) == rows)
    for reason in JWSRefusal.allCases { #expect("\(reason.explanation)" != "is refused") }
  }

  @Test func `reasons of key sets are sentences`() {
    for reason in JWKSetRefusal.allCases { #expect(!reason.explanation.isEmpty) }
  }
}

import Audit
import Foundation
import Testing
import Verdict

@Suite struct CatalogueTests {
  @Test func `every identifier has one row, in order`() {
    #expect(
      CheckCatalogue.all.map(\.id.rawValue).sorted() == CheckID.allCases.map(\.rawValue).sorted())
    for id in CheckID.allCases { #expect(CheckCatalogue.row(of: id)?.id == id) }
  }

  @Test(arguments: CheckCatalogue.all.map(\.id))
  func `a row says everything`(id: CheckID) throws {
    let row = try #require(CheckCatalogue.row(of: id))
    for text in [row.condition, row.why, row.remedy, row.source] {
      #expect(!"\(text)".isEmpty)
      #expect(!"\(text)".hasSuffix("."))
    }
  }

  @Test func `the reason of a refusal belongs to a check that is detected`() {
    for reason in RefusalReason.allCases {
      #expect(CheckCatalogue.row(of: reason.check)?.isDetected == true, "\(reason.code)")
    }
  }

  private static let page = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "docs/findings.md")

  @Test func `the page of findings lists every check as the catalogue has it`() throws {
    if ProcessInfo.processInfo.environment["WRITE_CASES"] != nil {
      try FindingReference.text.write(to: Self.page, atomically: true, encoding: .utf8)
    }
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    #expect(page == FindingReference.text, "write it anew with: make docs")
    for id in CheckID.allCases { #expect(page.contains("| `\(id.rawValue)` | "), "\(id)") }
    for action in FindingAction.allCases { #expect(page.contains("| `\(action.name)` | ")) }
  }

  @Test func `what is prevented is said in words that a table can hold`() {
    for check in CheckCatalogue.all {
      guard let words = check.prevention else { continue }
      #expect(!"\(words)".contains("|") && !"\(words)".hasSuffix("."), "\(check.id)")
    }
  }
}

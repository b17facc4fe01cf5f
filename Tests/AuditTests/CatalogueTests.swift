import Audit
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
}

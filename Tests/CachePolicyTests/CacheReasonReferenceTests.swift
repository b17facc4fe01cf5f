import CachePolicy
import Foundation
import Testing

@Suite struct CacheReasonReferenceTests {
  private static let page = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "docs/cache-reasons.md")

  @Test func `the page of reasons is what the table says`() throws {
    if ProcessInfo.processInfo.environment["WRITE_CASES"] != nil {
      try CacheReasonReference.text.write(to: Self.page, atomically: true, encoding: .utf8)
    }
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    #expect(page == CacheReasonReference.text, "write it anew with: make docs")
  }

  @Test func `every code is a token of its own, and says whose rule it is`() {
    var codes: Set<String> = []
    for reason in CacheReason.allCases {
      #expect(codes.insert("\(reason.code)").inserted, "\(reason)")
      let row = reason.row
      let words = "\(row.section)"
      #expect(
        words == "operator" || words.hasPrefix("RFC ") || words == "Countersign"
          || words.wholeMatch(of: /[A-Z]{3}-\d\d/) != nil, "\(words)")
      #expect("\(row.meaning)".hasSuffix("."))
      #expect(!"\(row.meaning)".contains("|"))
    }
  }

  /// What nobody needs to change, or can.
  private static let withoutRemedy: Set<CacheReason> = [
    .statusNotFinal, .stored, .storeCancelled, .invalidated, .incompleteKept, .fresh, .fromDisk,
    .maxStale,
    .staleWhileRevalidate, .staleIfError, .disconnected, .validated, .notModified,
    .errorNotCovered, .validatorMismatch, .notAValidation, .rangeAnswered, .rangeIgnored,
    .ifRangeFailed, .rangeNotSatisfiable, .partCombined, .partMismatch, .partNotAdjacent,
    .headFreshened, .headContradiction, .headSaysNothing, .unsafeMethod, .groupInvalidated,
  ]

  @Test func `every reason against storing or reuse says what would change it`() {
    for reason in CacheReason.allCases {
      #expect((reason.remedy == nil) == Self.withoutRemedy.contains(reason), "\(reason)")
      if let remedy = reason.remedy { #expect(remedy.hasSuffix("."), "\(remedy)") }
    }
  }
}

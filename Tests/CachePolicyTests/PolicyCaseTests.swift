import CachePolicy
import Testing

@Suite struct PolicyCaseTests {
  @Test(arguments: PolicyCase.all)
  func `the cache does what the row says`(row: PolicyCase) {
    var runner = CaseRunner(row)
    runner.run()
    #expect(runner.section != nil, "\(row.file) \(row.title) names no section")
    #expect(runner.expectations > 0, "\(row.file) \(row.title) expects nothing")
  }

  @Test func `there are rows for every reason`() {
    var codes: Set<String> = []
    for row in PolicyCase.all {
      var runner = CaseRunner(row)
      runner.run()
      codes.formUnion(runner.codes)
    }
    // What becomes of content while it is stored is the store's: see the tests of `StoreWriter`.
    let ofTheStore: Set<CacheReason> = [
      .objectTooLarge, .incomplete, .storeCancelled, .storeFull, .invalidated, .fromDisk,
    ]
    for reason in CacheReason.allCases where !ofTheStore.contains(reason) {
      #expect(codes.contains("\(reason.code)"), "no row shows \(reason.code)")
    }
    #expect(PolicyCase.all.count >= 120)
    #expect(Set(PolicyCase.all.map(\.title)).count == PolicyCase.all.count)
  }

  @Test func `every reason has a code of its own that is a token`() {
    let codes = CacheReason.allCases.map { "\($0.code)" }
    #expect(Set(codes).count == codes.count)
    for code in codes {
      #expect(code.allSatisfy { $0.isLowercase && $0.isASCII || $0 == "-" })
    }
    for reason in CacheReason.allCases {
      #expect("\(reason.row.meaning)".hasSuffix("."))
      #expect(!"\(reason.row.section)".isEmpty)
    }
  }
}

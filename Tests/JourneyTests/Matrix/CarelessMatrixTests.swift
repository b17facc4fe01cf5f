import Foundation
import JourneySupport
import Synchronization
import Testing

/// Every careless cache in every arrangement, with real processes: what the tables in
/// `docs/careless-caches.md` say is what happens.
@Suite struct CarelessMatrixTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let writes = environment["WRITE_CASES"] != nil
  /// The columns of this run: `CARELESS_MATRIX=all` takes every one; with a sanitizer, which makes
  /// programs many times slower, it is one.
  private static let columns = MatrixArrangement.protected.filter {
    if environment["CARELESS_MATRIX"] == "all" { return true }
    return Programs.isSanitized ? $0.title == "behind, echo in a field" : !$0.isLong
  }

  @Test(.disabled(if: writes), arguments: MatrixHop.all)
  func `without Countersign each fault is one, and none is where there is none`(
    hop: MatrixHop
  ) throws {
    let result = try MatrixCell(hop: hop, arrangement: .control).run()
    let page = try MatrixPage()
    for (journey, answers) in zip(MatrixJourney.allCases, result.journeys) {
      #expect(
        MatrixOutcome(answers).controlDescription
          == page.cell(hop, journey.rawValue, in: .control),
        "\(hop.title), \(journey.rawValue): \(answers)")
    }
    #expect(result.outcome == (hop.isHonest ? .prevented : .leaks), "\(hop.title)")
  }

  @Test(.disabled(if: writes), arguments: MatrixCell.all(columns))
  func `with Countersign each cell is what the table says`(cell: MatrixCell) throws {
    let result = try cell.run()
    let page = try MatrixPage()
    #expect(
      result.outcome.description == page.cell(cell.hop, cell.arrangement.title, in: .matrix),
      "WRITE_CASES=1 swift test --filter CarelessMatrixTests writes it anew: \(result.journeys)")
    // What a consumer is told, the operator is told as well.
    switch result.outcome {
    case .refused(let checks), .reported(let checks):
      #expect(checks.isSubset(of: result.findings.checks), "\(cell.testDescription)")
      #expect(checks.isSubset(of: cell.hop.checks ?? Array(checks)), "\(cell.testDescription)")
    case .prevented, .leaks, .denies: break
    }
  }

  @Test(.disabled(if: writes))
  func `the list of kinds is what the kinds say of themselves`() throws {
    #expect(try MatrixPage().listedKinds == MatrixPage.kinds)
  }

  @Test(.enabled(if: writes)) func `the page is written anew`() throws {
    var page = try MatrixPage()
    page.replaceKinds()
    let cells = MatrixCell.all(MatrixArrangement.all)
    let outcomes = Mutex<[String: String]>([:])
    // Two at a time: each has five processes.
    DispatchQueue.concurrentPerform(iterations: 2) { half in
      for (number, cell) in cells.enumerated() where number % 2 == half {
        let texts = Self.texts(of: cell)
        outcomes.withLock { $0.merge(texts) { $1 } }
      }
    }
    let found = outcomes.withLock { $0 }
    let cell = { (hop: MatrixHop, column: String) in found["\(hop.title) \(column)"] ?? "" }
    page.replace(.control, columns: MatrixJourney.allCases.map(\.rawValue), cell)
    page.replace(.matrix, columns: MatrixArrangement.protected.map(\.title), cell)
    try page.write()
  }

  /// What the tables say of a cell, by kind and column.
  private static func texts(of cell: MatrixCell) -> [String: String] {
    do {
      let result = try cell.run()
      guard cell.arrangement.placement == .control else {
        return ["\(cell.hop.title) \(cell.arrangement.title)": result.outcome.description]
      }
      var texts: [String: String] = [:]
      for (journey, answers) in zip(MatrixJourney.allCases, result.journeys) {
        texts["\(cell.hop.title) \(journey.rawValue)"] =
          MatrixOutcome(answers).controlDescription
      }
      return texts
    } catch {
      Issue.record(error, "\(cell.testDescription)")
      return [:]
    }
  }
}

import JourneySupport
import Testing

/// One careless cache in one arrangement.
struct MatrixCell: Sendable, CustomTestStringConvertible {
  let hop: MatrixHop
  let arrangement: MatrixArrangement

  var testDescription: String { "\(hop.title), \(arrangement.title)" }

  /// All cells of these arrangements.
  static func all(_ arrangements: [MatrixArrangement]) -> [MatrixCell] {
    arrangements.flatMap { arrangement in
      MatrixHop.all.map { MatrixCell(hop: $0, arrangement: arrangement) }
    }
  }

  /// What the journeys came to.
  struct Result: Sendable {
    /// The answers of each journey, in the order of `MatrixJourney.allCases`.
    let journeys: [[MatrixAnswer]]
    /// The findings that Countersign wrote down.
    let findings: MatrixFindings

    var outcome: MatrixOutcome { MatrixOutcome(journeys.flatMap(\.self), findings: findings) }
  }

  /// Starts everything cold, takes all journeys, and stops everything.
  func run() throws -> Result {
    let path = try MatrixPath(hop, arrangement)
    var traveller = MatrixTraveller(path)
    let journeys = try MatrixJourney.allCases.map { try traveller.travel($0) }
    try path.hop.process.stop()
    guard let countersign = path.countersign else {
      return Result(journeys: journeys, findings: MatrixFindings(log: ""))
    }
    // Only then is everything written down.
    try countersign.process.stop()
    return Result(
      journeys: journeys,
      findings: MatrixFindings(log: countersign.directory.text(of: "findings.jsonl")))
  }
}

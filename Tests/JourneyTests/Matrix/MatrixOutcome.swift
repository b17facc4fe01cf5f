/// What became of the journeys of one cell.
enum MatrixOutcome: Equatable, Sendable, CustomStringConvertible {
  /// Everybody was answered as without the cache.
  case prevented
  /// What the cache did was noticed, and refused: nobody was let in who should not be. People who
  /// should be may have been refused, too.
  case refused(Set<String>)
  /// What the cache did was noticed, and told; it was let pass, as mode `warn` says.
  case reported(Set<String>)
  /// Somebody was let in who should not be, or as somebody else, and it was not noticed.
  case leaks
  /// People were refused who should not be, and it was not noticed. Nobody else was let in.
  case denies

  /// - Parameter findings: What Countersign wrote down about them.
  init(_ answers: [MatrixAnswer], findings: MatrixFindings = MatrixFindings(log: "")) {
    let marks = Set(answers.compactMap(\.mark))
    let wrong = answers.filter { $0.reading != $0.expected }
    let silent = wrong.filter { $0.mark == nil }
    // A denial that proves nothing is delivered all the same, and only the operator is told. So
    // many exchanges must have been noticed as were told to consumers, and these besides.
    let others = answers.count { $0.mark != nil || $0.isFailure }
    let isNoticed = findings.exchanges.count >= others + silent.count
    if silent.contains(where: { $0.reading != .no }) {
      self = .leaks
    } else if !silent.isEmpty, !isNoticed {
      self = .denies
    } else if wrong.contains(where: { $0.mark != nil && $0.reading != .no }) {
      self = .reported(marks)
    } else if marks.isEmpty, silent.isEmpty {
      self = .prevented
    } else {
      self = marks.isEmpty ? .reported(findings.checks) : .refused(marks)
    }
  }

  /// As a cell of the table says it.
  var description: String {
    switch self {
    case .prevented: "prevented"
    case .refused(let checks): "detected: refused (\(Self.list(checks)))"
    case .reported(let checks): "detected: told (\(Self.list(checks)))"
    case .leaks: "**beyond reach**"
    case .denies: "**beyond reach** (denies)"
    }
  }

  /// As the table of what each kind does without Countersign says it.
  var controlDescription: String {
    switch self {
    case .prevented: "—"
    case .leaks: "**leaks**"
    case .denies: "denies"
    case .refused, .reported: "?"
    }
  }

  private static func list(_ checks: Set<String>) -> String {
    checks.sorted().joined(separator: ", ")
  }
}

/// The findings of one cell that say that an answer belongs to another exchange.
struct MatrixFindings: Sendable {
  private(set) var checks: Set<String> = []
  private(set) var exchanges: Set<String> = []

  /// - Parameter log: The lines of an audit log.
  init(log: String) {
    for line in log.split(separator: "\n") {
      guard let check = line.firstMatch(of: /"check":"((BND|REP|UPS)-\d\d)"/)?.output.1,
        check != MatrixAnswer.noVerdict,
        let exchange = line.firstMatch(of: /"exchange":"([^"]+)"/)?.output.1
      else { continue }
      checks.insert(String(check))
      exchanges.insert(String(exchange))
    }
  }
}

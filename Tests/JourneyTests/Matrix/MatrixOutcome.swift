/// What became of the journeys of one cell.
enum MatrixOutcome: Equatable, Sendable, CustomStringConvertible {
  /// Everybody was answered as without the cache.
  case prevented
  /// What the cache did was noticed, and refused: nobody was let in who should not be. People who
  /// should be may have been refused, too.
  case refused(Set<String>)
  /// What the cache did was noticed, and told; it was let pass, as the mode
  /// says.
  case reported(Set<String>)
  /// Somebody was let in who should not be, or as somebody else, and it was not noticed.
  case leaks
  /// People were refused who should not be, and it was not noticed. Nobody else was let in.
  case denies

  /// - Parameter findings: What Countersign wrote down about them.
  init(_ answers: [MatrixAnswer], findings: MatrixFindings = MatrixFindings(log: "")) {
    let wrong = answers.filter { $0.reading != $0.expected }
    let marks = Set(answers.compactMap(\.mark))
    func checks(_ answer: MatrixAnswer) -> Set<String> {
      answer.mark.map { [$0] } ?? findings.checks(from: answer.source)
    }
    let unnoticed = wrong.filter { checks($0).isEmpty }
    let passed = wrong.filter { $0.reading != .no }
    if unnoticed.contains(where: { $0.reading != .no }) {
      self = .leaks
    } else if !unnoticed.isEmpty {
      self = .denies
    } else if !passed.isEmpty {
      self = .reported(passed.reduce(into: []) { $0.formUnion(checks($1)) })
    } else if !marks.isEmpty {
      self = .refused(marks)
    } else if wrong.isEmpty {
      self = .prevented
    } else {
      self = .reported(wrong.reduce(into: []) { $0.formUnion(checks($1)) })
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
  private var checksBySource: [String: Set<String>] = [:]

  /// - Parameter log: The lines of an audit log.
  init(log: String) {
    for line in log.split(separator: "\n") {
      guard let check = line.firstMatch(of: /"check":"((BND|REP|UPS)-\d\d)"/)?.output.1,
        check != MatrixResponse.noVerdict,
        let source = line.firstMatch(of: /"consumer":"([^"]+)"/)?.output.1
      else { continue }
      checksBySource[String(source), default: []].insert(String(check))
    }
  }

  /// What was found about the request from this address.
  func checks(from source: String) -> Set<String> { checksBySource[source] ?? [] }

  /// What was found at all.
  var checks: Set<String> { checksBySource.values.reduce(into: []) { $0.formUnion($1) } }
}

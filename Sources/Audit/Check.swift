package import Verdict

/// How bad it is that a check's condition holds.
package enum Severity: UInt8, Hashable, Sendable, Comparable, CaseIterable {
  case low, medium, high
  /// Blocks in `enforce` mode wherever it can.
  case critical

  package var name: StaticString {
    switch self {
    case .low: "low"
    case .medium: "medium"
    case .high: "high"
    case .critical: "critical"
    }
  }

  package static func < (left: Severity, right: Severity) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// One row of the catalogue: what is looked for, why it matters, and what to do about it.
package struct Check: Sendable {
  package let id: CheckID
  package let severity: Severity
  /// Whether this program looks for it now; else the row only announces it.
  package let isDetected: Bool
  package let condition: StaticString
  package let why: StaticString
  package let remedy: StaticString
  /// The standard, incident or product behaviour the check comes from.
  package let source: StaticString

  init(
    _ id: CheckID, _ severity: Severity, detected: Bool, _ condition: StaticString,
    why: StaticString, remedy: StaticString, source: StaticString
  ) {
    self.id = id
    self.severity = severity
    isDetected = detected
    self.condition = condition
    self.why = why
    self.remedy = remedy
    self.source = source
  }
}

/// Every check there is, one row each, in the order of their identifiers.
package enum CheckCatalogue {
  package static let all: [Check] =
    storingChecks + upstreamChecks + requestChecks + bindingChecks + replayChecks + keyChecks
    + pathChecks + poisoningChecks + settingsChecks + probeChecks

  private static let rowByID: [CheckID: Check] = Dictionary(
    all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

  /// The row of a check. Each identifier has one; a test holds the table to it.
  package static func row(of id: CheckID) -> Check? { rowByID[id] }

  /// The severity the catalogue gives; critical for a check without a row, which no release has.
  package static func severity(of id: CheckID) -> Severity { rowByID[id]?.severity ?? .critical }
}

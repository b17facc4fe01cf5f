package import Verdict

extension Detection {
  /// What verification found, or nil where there is nothing to report: every check passed, and a
  /// proved no.
  ///
  /// An unproved denial is reported as medium: it lets nobody in, but a stored one may lock
  /// somebody out. Where `audit` sent no token, that the binding was not tested is said as low.
  package init?(_ outcome: VerificationOutcome) {
    switch outcome {
    case .verified, .denied(.proved): return nil
    case .refused(let reason): self.init(refusal: reason)
    case .denied(.failed(let reason)):
      self.init(
        reason.check, ReasonCode(reason.code),
        severity: min(.medium, CheckCatalogue.severity(of: reason.check)),
        [Evidence("verdict", .published("denied"))])
    case .denied(.notTested), .untested:
      self.init(.bnd01, "not-tested", severity: .low)
    }
  }

  /// A verdict that was refused, or would be: also for reasons that the exchange itself found.
  package init(refusal reason: RefusalReason) {
    self.init(reason.check, ReasonCode(reason.code))
  }
}

/// Everything to report of a declared decision: what the detectors see, and what verification found
/// unless a detector already reports the same check (an age, say) with the evidence. What
/// verification found names the grade of the rule.
package func detections(
  in exchange: AuditedExchange, judged outcome: VerificationOutcome,
  under rule: DecisionRule? = nil
) -> [Detection] {
  var found = detections(in: exchange)
  guard var detection = Detection(outcome) else { return found }
  if let rule {
    detection.evidence.append(Evidence("grade", .published(rule.grade.name)))
  }
  let isKnown = found.contains {
    $0.check == detection.check && $0.severity >= detection.severity
  }
  if !isKnown { found.append(detection) }
  return found
}

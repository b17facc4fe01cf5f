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

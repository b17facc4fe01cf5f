internal import Verdict

extension RoutePlan {
  /// Checks what a response's proof demands with the keys of this route; nil where that is done off
  /// the loop, and the exchange told.
  func check(_ demand: ProofDemand, for exchange: DecisionExchange) -> CheckedProof? {
    switch demand {
    case .none: CheckedProof.none
    case .refused(let reason): .failed(reason)
    case .jws, .messageSignature: .failed(.keysUnavailable)
    }
  }
}

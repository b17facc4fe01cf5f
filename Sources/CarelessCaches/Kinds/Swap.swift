internal import Verdict

extension CarelessKind {
  /// Crosses two answers.
  static let swap = CarelessKind(
    "swap",
    does: """
      stores nothing, but of two requests to the same path that come at the same time (within \
      --hold) it gives each the other's answer
      """,
    imitates: """
      A connection out of step: a response that belongs to one request is read for another, as \
      after request smuggling (CVE-2025-4366 in Pingora: bodies left unread on cache hits), or \
      an object shared between two requests (GitHub, March 2021).
      """,
    countered: """
      Behind Countersign both are refused: each has the other's token (BND-01). In front of it \
      only an edge sees it.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.mixing = .swap
  }
}

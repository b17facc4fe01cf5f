internal import Verdict

extension CarelessKind {
  /// Heeds Cache-Control, and not what it was said under.
  static let ignoreVary = CarelessKind(
    "ignore-vary",
    does: """
      keeps what fields allow to be kept, by URL, and does not look at Vary: an answer for one \
      Authorization is given to every other
      """,
    imitates: """
      CDNs that know Vary: Accept-Encoding at most, and gateways that never did \
      (apache/apisix#13376). A service that says "public, for ten minutes, Vary: Authorization" \
      is within RFC 9111, and undone by them.
      """,
    countered: """
      In front of Countersign nothing is stored: it takes the invitation away and reports it \
      (RSP-02, RSP-03). Behind it the replay is refused (BND-01).
      """,
    checks: [.bnd01, .rsp02, .rsp03], needsInvitation: true
  ) { rules in
    rules.store(.whatFieldsAllow)
    rules.heedsVary = false
  }
}

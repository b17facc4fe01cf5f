internal import Verdict

extension CarelessKind {
  /// Everybody gets the answer before theirs.
  static let delayAndRepeat = CarelessKind(
    "delay-and-repeat",
    does: """
      stores nothing, but gives the first answer of each path twice and from then on every \
      request the answer to the one before it
      """,
    imitates: """
      ChatGPT, 20 March 2023: a cancelled request left a connection to Redis one answer behind; \
      whoever came next got what the one before had asked for.
      """,
    countered: """
      Behind Countersign every late answer is refused: it has the token of the one before \
      (BND-01). In front of it only an edge sees it.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.mixing = .oneLate
  }
}

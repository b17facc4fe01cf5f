internal import Verdict

extension CarelessKind {
  /// The incident that Countersign was made after.
  static let keyWithoutBody = CarelessKind(
    "key-without-body",
    does: """
      keeps answers to every method, whatever they say, by target and credential fields; what \
      the body says does not count
      """,
    imitates: """
      A login is a POST whose body holds the password. Stored by URL, the first yes answers \
      every password after it: kwhitley/apicache#64, and the proxy in one website that this \
      program owes its existence to. A key of the user's name alone (lc-at/simaster.ics#19) \
      comes to the same.
      """,
    countered: """
      Behind Countersign the yes has the token of another request (BND-01) and is refused, \
      whoever it is about. In front of it only an edge sees it.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.store(.everything)
    rules.storesEveryMethod = true
    rules.key(on: [.credentials])
  }
}

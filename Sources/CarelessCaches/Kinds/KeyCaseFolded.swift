internal import Verdict

extension CarelessKind {
  /// Caches by a key in small letters.
  static let keyCaseFolded = CarelessKind(
    "key-case-folded",
    does: """
      keeps answers to every method, whatever they say, by target, credentials and body, all in \
      small letters
      """,
    imitates: """
      Keys that are normalised to raise the hit ratio, or compared by a database column whose \
      collation takes A for a. Passwords and base64 tokens mean something else in capitals: two \
      of them share one answer. Weak key builders of verifiers' caches (fast-jwt, \
      GHSA-rp9m-7r4c-75qg) collide in the same manner.
      """,
    countered: """
      Behind Countersign the replay is refused (BND-01). In front of it only an edge sees it.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.store(.everything)
    rules.storesEveryMethod = true
    rules.key(on: [.credentials, .body])
    rules.key.foldsCase = true
  }
}

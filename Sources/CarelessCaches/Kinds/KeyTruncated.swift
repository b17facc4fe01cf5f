internal import Verdict

extension CarelessKind {
  /// So many bytes of each credential and of the body count where nothing else is asked for.
  package static let customaryCut = 20

  /// Caches by the beginning of what counts.
  static let keyTruncated = CarelessKind(
    "key-truncated",
    does: """
      keeps answers to every method, whatever they say, by target and the first 20 bytes (--cut) \
      of each credential and of the body
      """,
    imitates: """
      LiteLLM, CVE-2026-35030: the key was the first 20 characters of a token, which are the \
      same in every JWT of an issuer. Okta, July to October 2024: the key went through bcrypt, \
      which reads 72 bytes; after a long user name any password would do.
      """,
    countered: """
      Behind Countersign the replay is refused (BND-01). In front of it only an edge sees it.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.store(.everything)
    rules.storesEveryMethod = true
    rules.key(on: [.credentials, .body])
    rules.key.cut = min(rules.key.cut ?? customaryCut, customaryCut)
  }
}

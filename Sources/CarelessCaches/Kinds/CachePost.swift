internal import Verdict

extension CarelessKind {
  /// Caches POST under a key that leaves nothing out.
  static let cachePost = CarelessKind(
    "cache-post",
    does: """
      keeps answers to POST and every other method, whatever they say, by target, credentials \
      and body: even this key, with nothing left out, gives an old yes
      """,
    imitates: """
      Middleware and API gateways that cache POST lookups "safely" by adding the body to the key \
      (requests asked for in kwhitley/apicache, apache/apisix and others). The key is right and \
      the answer is old: a password that was changed, a session that was ended, still get their \
      yes.
      """,
    countered: """
      Behind Countersign the replay is refused: its token is that of another request (BND-01). \
      In front of it the old yes never reaches Countersign.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.store(.everything)
    rules.storesEveryMethod = true
    rules.key(on: [.credentials, .body])
  }
}

internal import Verdict

extension CarelessKind {
  /// Says what was true when the service last said anything.
  static let serveStaleWhenDown = CarelessKind(
    "serve-stale-when-down",
    does: """
      asks the origin each time, and gives the last answer to the same target, credentials and \
      body when the origin cannot be reached or answers with 5xx
      """,
    imitates: """
      proxy_cache_use_stale, stale-if-error, grace: good for pictures. For decisions it means \
      that whoever was let in once is let in as long as the auth service is down, ended sessions \
      included.
      """,
    countered: """
      Behind Countersign the old yes is refused (BND-01). In front of it only an edge sees it.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.store(.everything)
    rules.storesEveryMethod = true
    rules.key(on: [.credentials, .body])
    rules.reuse = .whenOriginIsDown
  }
}

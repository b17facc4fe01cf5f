internal import Verdict

extension CarelessKind {
  /// Caches by URL and body, and not by who asks.
  static let keyWithoutCredentials = CarelessKind(
    "key-without-credentials",
    does: """
      keeps answers to every method, whatever they say, by target and body; Authorization, \
      Cookie and API keys do not count
      """,
    imitates: """
      auth_request with proxy_cache and nginx's default key (nginxinc/nginx-ldap-auth#103): the \
      first who may enter lets everybody in. An authorizer's policy kept for one carrier while \
      the service accepts another (found in review in percona/pmm) is the same by halves.
      """,
    countered: """
      Behind Countersign the replay is refused (BND-01). In front of it only an edge sees it.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.store(.everything)
    rules.storesEveryMethod = true
    rules.key(on: [.body])
  }
}

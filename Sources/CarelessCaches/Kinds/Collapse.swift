internal import Verdict

extension CarelessKind {
  /// Gives the answer of one to all who ask at the same time.
  static let collapse = CarelessKind(
    "collapse",
    does: """
      stores nothing, but asks once for all who want the same target at the same time (within \
      --hold), whoever they are, and gives all of them that answer
      """,
    imitates: """
      Request collapsing, which CloudFront does for whatever shares a key, no-store or not: \
      Zulip, 18 March 2021, up to 149 people saw what others had asked for. Locks of nginx \
      (proxy_cache_lock) and Varnish's waiting list do it where a key lacks the credential.
      """,
    countered: """
      Behind Countersign one of them holds the right token; all others are refused (BND-01). In \
      front of it Countersign sees one request, and only an edge sees what became of the answer.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.mixing = .collapse
  }
}

internal import Verdict

extension CarelessKind {
  /// Caches by URL whatever the answer says.
  static let ignoreNoStore = CarelessKind(
    "ignore-no-store",
    does: """
      keeps every 2xx, 3xx and 4xx to GET and HEAD by URL, whatever Cache-Control, Expires and \
      Pragma say, as long as it sets no cookie
      """,
    imitates: """
      A minimum TTL above zero in CloudFront; nginx with proxy_cache_valid and \
      proxy_ignore_headers; a CDN whose default is to store. Railway, 30 March 2026: caching was \
      switched on for domains that had it off, and signed-in pages went to others for 52 \
      minutes. Steam, 25 December 2015: emergency rules stored account pages, 34,000 people.
      """,
    countered: """
      Behind Countersign a replay carries the token of another request (BND-01) and is refused. \
      Between the consumer and Countersign it answers alone, and only an edge beside the \
      consumer sees it.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.store(.everything)
  }
}

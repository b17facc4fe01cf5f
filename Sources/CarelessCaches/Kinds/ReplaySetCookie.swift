internal import Verdict

extension CarelessKind {
  /// Hands one person's session to the next.
  static let replaySetCookie = CarelessKind(
    "replay-set-cookie",
    does: """
      keeps every answer to GET and HEAD by URL, whatever it says, and the cookies it sets with \
      it
      """,
    imitates: """
      Loom, 7 March 2023: CloudFront kept answers for about a second, and with them the \
      Set-Cookie of rolling sessions; people found themselves in other people's accounts (5,326 \
      owners). nginx does not store such answers until proxy_ignore_headers names Set-Cookie.
      """,
    countered: """
      Behind Countersign the replay is refused (BND-01), cookie and all. In front of it only an \
      edge sees it.
      """,
    checks: [.bnd01]
  ) { rules in
    rules.store(.everything)
    rules.keepsSetCookie = true
  }
}

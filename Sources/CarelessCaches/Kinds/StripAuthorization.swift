extension CarelessKind {
  /// Takes the credential away to make things storable.
  static let stripAuthorization = CarelessKind(
    "strip-authorization",
    does: """
      removes Authorization before it asks the origin, and keeps what fields allow to be kept
      """,
    imitates: """
      The Varnish recipe "unset req.http.Authorization", found wherever somebody wanted a higher \
      hit ratio. The service decides by what is left: it refuses, or takes another credential, \
      such as the cookie of somebody else, for the one that was meant.
      """,
    countered: """
      Nothing in the answer is false: it answers the request as the service saw it, token and \
      all. Out of reach of an echo; a proof that covers the request's credential (ath in a \
      verdict token) would not fit.
      """,
    checks: []
  ) { rules in
    rules.store(.whatFieldsAllow)
    rules.stripsAuthorization = true
  }
}

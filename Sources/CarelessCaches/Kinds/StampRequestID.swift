internal import Verdict

extension CarelessKind {
  /// Makes an old answer look like an answer to this request.
  static let stampRequestID = CarelessKind(
    "stamp-request-id",
    does: """
      keeps what key-without-body keeps, and puts the identifiers of the request at hand \
      (Transaction-Token, X-Request-ID and whatever else came back as it was sent) on the stored \
      answer's fields
      """,
    imitates: """
      Gateways and service meshes that write the request's id on every answer that passes, \
      stored ones too. An echo in a field then proves nothing: the hop forges it without \
      knowing.
      """,
    countered: """
      An echo in a header field is beaten: that is why its grade is C. Another user's yes is \
      still refused (BND-03). With the proof in the body or signed, every replay is refused \
      (BND-01). Give the service a proof outside the fields.
      """,
    checks: [.bnd01, .bnd03]
  ) { rules in
    rules.store(.everything)
    rules.storesEveryMethod = true
    rules.key(on: [.credentials])
    rules.stampsIdentifiers = true
  }
}

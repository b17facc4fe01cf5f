internal import HTTPModel
internal import MessageSignatures
internal import Primitives
internal import Verdict

// The keys of `routes.decision` that mode `http-signature` alone has.

extension Section<DecisionDraft> {
  static var messageSignature: [Key<DecisionDraft>] {
    [
      Key(
        "tag", \.signature.tag, .signatureTag,
        "With http-signature: the tag of the one signature that counts."),
      Key(
        list: "cover", \.signature.covered,
        .list(.component, atMost: HTTPSignatureRule.maximumComponents),
        "With http-signature: what must be covered beside @status, content-digest, @method;req, "
          + "@target-uri;req and content-digest;req."),
      Key(
        optional: "scheme", \.signature.scheme, .choice([("http", .http), ("https", .https)]),
        "With http-signature: the scheme of the service's own URIs, where it is not the origin's."),
    ]
  }

  static func checkMessageSignature(
    _ draft: DecisionDraft, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    guard draft.binding != .httpSignature else { return }
    // Settings that were printed whole name these with what they are anyway.
    let given = [
      ("tag", draft.signature.tag != SignatureDraft().tag),
      ("cover", !draft.signature.covered.isEmpty), ("scheme", draft.signature.scheme != nil),
    ]
    for (key, isGiven) in given where isGiven {
      reading.error("wrong-key", "'\(key)' needs 'binding: http-signature'", at: places.key(key))
    }
  }
}

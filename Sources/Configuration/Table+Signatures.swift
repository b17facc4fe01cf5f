internal import Primitives
internal import Verdict

// The keys of `routes.decision` about signatures.

extension Section<DecisionDraft> {
  static var signature: [Key<DecisionDraft>] {
    [
      Key(
        "role", \.role, .choice(DecisionRole.allCases.map { ("\($0.name)", $0) }),
        "origin: before the service. edge: beside a consumer; verifies what an origin attests."),
      Key(
        optional: "keys", \.signature.keys, .name("the name of a key set", example: "service"),
        "The key set that signatures are verified with."),
      Key(
        optional: "issuer", \.signature.issuer, .partyName,
        "Who must have issued the verdict (iss). Without this key: whoever has the key."),
      Key(
        optional: "audience", \.signature.audience, .partyName,
        "For whom the verdict must be (aud). Without this key: for nobody in particular."),
      Key(
        "lifetime", \.signature.lifetime, .seconds(Seconds(1), JWTRule.maximumLifetime),
        "How long a signed verdict may be valid."),
      Key(
        "claims", \.signature.demanded, .claims,
        "Claims that must be there. What is there is compared in any case."),
      Key(
        list: "compare", \.signature.compared,
        .list(.comparedClaim, atMost: JWTRule.maximumCompared),
        "Claims that must say what the request says: scope, resource, action."),
      Key(
        "target", \.signature.comparesPathOnly, .choice([("whole", false), ("path", true)]),
        "What of htu is compared: host and path, or the path only, where hops change the host."),
      Key(
        "attest", \.attests, .boolean,
        "Whether verified verdicts are signed for the consumer, in Verdict-Token."),
    ]
  }

  /// What is said although this binding does not look at it. What is as it is by default is not
  /// said.
  private static func pointlessKeys(_ draft: DecisionDraft) -> [String] {
    let standard = DecisionDraft()
    var keys: [String] = []
    if !draft.binding.isSigned {
      if draft.signature.keys != nil { keys.append("keys") }
      if draft.signature.issuer != nil { keys.append("issuer") }
      if draft.signature.audience != nil { keys.append("audience") }
    }
    if draft.binding == .httpSignature {
      if draft.signature.issuer != nil { keys.append("issuer") }
      if draft.signature.audience != nil { keys.append("audience") }
    }
    if draft.binding == .introspectionJWT || draft.binding == .httpSignature {
      if draft.tokenField != standard.tokenField { keys.append("token_field") }
      if draft.proof != standard.proof { keys.append("proof") }
    }
    guard draft.binding != .jwt else { return keys }
    if draft.signature.lifetime != standard.signature.lifetime { keys.append("lifetime") }
    if draft.signature.demanded != standard.signature.demanded, draft.role == .origin {
      keys.append("claims")
    }
    if !draft.signature.compared.isEmpty { keys.append("compare") }
    if draft.signature.comparesPathOnly { keys.append("target") }
    return keys
  }

  static func checkSignature(
    _ draft: DecisionDraft, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    if draft.role == .edge, draft.binding != .jwt {
      reading.error(
        "wrong-role", "an edge verifies signed verdicts", at: places.value("role"),
        help: "write 'binding: jwt', or leave 'binding' out")
    }
    if draft.binding.isSigned {
      if draft.signature.keys == nil {
        reading.error(
          "missing-key", "'binding: \(draft.binding.rawValue)' needs 'keys'", at: places.whole,
          help: "name a key set of the top of the file")
      }
      if draft.binding == .introspectionJWT, draft.signature.audience == nil {
        reading.error(
          "missing-key", "'binding: introspection-jwt' needs 'audience'", at: places.whole,
          help: "write what the authorization server calls this program")
      }
    }
    for key in pointlessKeys(draft) {
      let needed =
        switch key {
        case "keys": "a binding that is signed"
        case "issuer", "audience": "'binding: jwt' or 'introspection-jwt'"
        case "token_field", "proof": "'binding: echo' or 'jwt'"
        default: "'binding: jwt'"
        }
      reading.error("wrong-key", "'\(key)' needs \(needed)", at: places.key(key))
    }
    checkMessageSignature(draft, places, &reading)
    if case .claim = draft.subject?.verdict, !draft.binding.hasClaims {
      reading.error(
        "wrong-source", "nothing is signed that could have a claim",
        at: places.value("subject"), help: "write 'binding: jwt'")
    }
    if case .claim = draft.allow?.source {
      reading.error(
        "wrong-source", "the claim 'decision' is always looked at", at: places.value("allow"),
        help: "test what the consumer reads, or leave 'allow' out")
    }
  }
}

internal import HTTPModel
internal import Primitives
internal import Verdict

// The keys of `routes.decision`.

/// A binding mode by its word.
enum BindingWord: String, CaseIterable {
  case echo, jwt
  case httpSignature = "http-signature"
  case introspectionJWT = "introspection-jwt"
  case none, legacy

  /// Whether verdicts are signed.
  var isSigned: Bool { hasClaims || self == .httpSignature }
  /// Whether what is signed has claims.
  var hasClaims: Bool { self == .jwt || self == .introspectionJWT }
}

/// A decision rule as it is written.
struct DecisionDraft {
  var mode = EnforcementMode.enforce
  var binding = BindingWord.echo
  var tokenField = FieldName(.transactionToken)
  var tokenParameter: [UInt8]?
  var proof = ProofPlace.transactionToken
  var proofContainer: VerdictSource?
  /// Whether a preset has filled in the rest.
  var hasPreset = false
  var subject: SubjectRule?
  var allow: AllowRule?
  var deny = DenyPolicy.deliver
  var refusal = RefusalForm.standard
  var keepsETag = false
  var bodyBytes = DecisionRule.standardMaximumBodyBytes
  var requestBodyBytes = DecisionRule.standardMaximumRequestBodyBytes
  var deliversProof = false
  var sendsToken = false
  var clockSkew = Seconds(5)
  var token = TokenSource.minted
  var demands = DemandsDraft()
  var role = DecisionRole.origin
  var signature = SignatureDraft()
  var attests = false

  init() {}

  init(_ rule: DecisionRule) {
    mode = rule.mode
    switch rule.binding {
    case .none: binding = .none
    case .legacy: binding = .legacy
    case .echo(let echo):
      tokenField = echo.requestField
      tokenParameter = echo.parameter
      proof = echo.proof
      proofContainer = echo.container
    case .jwt(let jwt):
      binding = .jwt
      tokenField = jwt.requestField
      proof = jwt.proof
      signature = SignatureDraft(jwt)
    case .httpSignature(let rule):
      binding = .httpSignature
      signature = SignatureDraft(rule)
    case .introspectionJWT(let introspection):
      binding = .introspectionJWT
      signature = SignatureDraft(introspection)
    }
    role = rule.role
    attests = rule.attests
    subject = rule.subject
    allow = rule.allow
    deny = rule.deny
    refusal = rule.refusal
    keepsETag = rule.keepETag
    bodyBytes = rule.maximumBodyBytes
    requestBodyBytes = rule.maximumRequestBodyBytes
    deliversProof = rule.deliverProof
    sendsToken = rule.sendTokenInAudit
    clockSkew = rule.clockSkew
    token = rule.token
    demands = DemandsDraft(rule)
  }

  private var bindingRule: BindingRule {
    switch binding {
    case .none: .none
    case .legacy: .legacy(demands.legacy)
    case .echo:
      .echo(
        EchoRule(
          requestField: tokenField, parameter: tokenParameter, proof: proof,
          container: proofContainer))
    case .jwt: .jwt(signature.jwt(requestField: tokenField, proof: proof))
    case .httpSignature: .httpSignature(signature.message)
    case .introspectionJWT: .introspectionJWT(signature.introspection)
    }
  }

  var rule: DecisionRule {
    DecisionRule(
      mode: mode, binding: bindingRule, token: token, subject: subject, allow: allow, deny: deny,
      refusal: refusal, keepETag: keepsETag,
      maximumBodyBytes: bodyBytes, maximumRequestBodyBytes: requestBodyBytes,
      deliverProof: deliversProof, sendTokenInAudit: sendsToken, clockSkew: clockSkew,
      demands: demands.demands, role: role, attests: attests)
  }
}

extension Form<DecisionRule> {
  static var decision: Form<DecisionRule> {
    .mapped(Section<DecisionDraft>.decision.form, to: \.rule, from: { DecisionDraft($0) })
  }
}

extension Section<DecisionDraft> {
  static var decision: Section<DecisionDraft> {
    Section(
      name: "routes.decision",
      about: "The responses of this route are decisions, verified like this.",
      keys: binding + signature + messageSignature + rules + demands + limits + legacy,
      blank: { DecisionDraft() },
      check: checkDecision)
  }

  private static var binding: [Key<DecisionDraft>] {
    [
      .preset,
      Key(
        "mode", \.mode, .choice(EnforcementMode.allCases.map { ("\($0.name)", $0) }),
        "audit: observe only. warn: verify, and say what failed. enforce: refuse it."),
      Key(
        "binding", \.binding, .words,
        "How a verdict proves which request it answers. echo: it carries the token back. "
          + "jwt: it is signed. http-signature: the response is, with its request (RFC 9421). "
          + "introspection-jwt: RFC 9701. legacy: nothing is proved, signs of an old answer are "
          + "looked for."
      ),
      Key(
        "token", \.token, .tokenSource,
        "Whose identifier a verdict must answer: minted, a fresh one for each request; or the "
          + "consumer's own, by its place in the request, which then serves once."),
      Key(
        "token_field", \.tokenField, .fieldName,
        "The request field that carries the token to the service."),
      Key(
        optional: "token_query", \.tokenParameter,
        .parameterName,
        "The parameter of the query that carries the token instead of a field."),
      Key(
        "proof", \.proof, .proof,
        "Where the token or the signed verdict comes back: field:NAME or json:/POINTER."),
      Key(
        optional: "proof_in", \.proofContainer, .verdictSource,
        "Where a JWT stands in whose claims 'proof' is looked for; its signature is not checked."),
    ]
  }

  private static var rules: [Key<DecisionDraft>] {
    [
      Key(
        "subject", \.subject, .orNone(.subject), isAlwaysWritten: true,
        "The user in the verdict must be the user in the request; none: nobody is compared."),
      Key(
        optional: "allow", \.allow, .allow,
        "What an allow looks like. Without this key: success, unless the body says no."),
      Key(
        "deny", \.deny, .choice(DenyPolicy.allCases.map { ("\($0.name)", $0) }),
        "A denial without proof: deliver it, or verify and refuse it like an allow."),
      Key(
        "refusal", \.refusal, .refusal,
        "How this consumer reads no: a status from 400 to 599, admission-review, authzen, "
          + "introspection."),
    ]
  }

  private static var limits: [Key<DecisionDraft>] {
    [
      Key("keep_etag", \.keepsETag, .boolean, "Whether ETag stays on delivered decisions."),
      Key(
        "max_body", \.bodyBytes, .size(0, 64 << 20), "How much of a verdict is held to verify it."),
      Key(
        "max_request_body", \.requestBodyBytes, .size(0, 64 << 20),
        "How much of a request is held to read the subject from it."),
      Key(
        "deliver_proof", \.deliversProof, .boolean,
        "Whether a proof in the header stays there for the consumer."),
      Key(
        "send_token", \.sendsToken, .boolean,
        "In audit mode: whether the token is sent all the same, so that the binding is tested."),
      Key(
        "clock_skew", \.clockSkew, .seconds(Seconds(0), Seconds(300)),
        "By how much the service's clock may differ from this one."),
    ]
  }

  private static func checkDecision(
    _ draft: inout DecisionDraft, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    if draft.role == .edge, !places.has("binding") { draft.binding = .jwt }
    if draft.binding == .jwt, !places.has("proof") { draft.proof = .verdictToken }
    if draft.role == .edge, !places.has("claims") { draft.signature.demanded = .attested }
    checkSignature(draft, places, &reading)
    if draft.binding == .none || draft.binding == .legacy {
      let standard = DecisionDraft()
      var pointless: [String] = []
      if draft.tokenField != standard.tokenField { pointless.append("token_field") }
      if draft.tokenParameter != nil { pointless.append("token_query") }
      if draft.proof != standard.proof { pointless.append("proof") }
      if draft.proofContainer != nil { pointless.append("proof_in") }
      if draft.deliversProof { pointless.append("deliver_proof") }
      if draft.token != .minted { pointless.append("token") }
      // What a preset filled in gives way to the binding that is written.
      for key in pointless where places.has(key) {
        reading.error(
          "no-binding", "'\(key)' needs 'binding: echo'", at: places.key(key), help: "remove one")
      }
      draft.tokenField = standard.tokenField
      draft.tokenParameter = nil
      draft.proof = standard.proof
      draft.proofContainer = nil
      draft.token = .minted
      if draft.mode != .audit, draft.binding == .none {
        reading.warn(
          "no-binding", "nothing proves which request these verdicts answer: a stored one passes",
          at: places.value("binding"), help: "write 'binding: echo'")
      }
    }
    if draft.proofContainer != nil, case .field = draft.proof {
      reading.error(
        "no-claim", "with 'proof_in' the token is a claim", at: places.key("proof_in"),
        help: "for example proof: json:/nonce")
    }
    if draft.sendsToken, draft.mode != .audit {
      reading.warn(
        "no-effect", "the token is always sent in mode \(draft.mode.name)",
        at: places.key("send_token"), help: "remove 'send_token'")
    }
    if !places.has("subject"), !draft.hasPreset, draft.binding != .none, draft.role == .origin {
      reading.warn(
        "no-subject", "nothing compares the user in the verdict with the user in the request",
        at: places.whole, help: "add 'subject', or write 'subject: none'")
    }
    checkDemands(draft, places, &reading)
    checkRefusal(draft, places, &reading)
  }

  private static func checkRefusal(
    _ draft: DecisionDraft, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    guard case .status(let status) = draft.refusal, status.isServerError else { return }
    reading.warn(
      "CFG-12",
      "a consumer may read \(status.code) as an error rather than a no, and let the "
        + "request pass (Envoy with failure_mode_allow)", at: places.value("refusal"),
      help: "403 reads as no everywhere")
  }
}

extension Form<ProofPlace> {
  fileprivate static var proof: Form<ProofPlace> {
    .parsed("a place in the verdict", example: "json:/response/uid") { text in
      do throws(SourceError) {
        switch try VerdictSource(parsing: text.utf8) {
        case .field(let name): return .value(.field(name))
        case .json(let pointer): return .value(.json(pointer))
        case .status, .location, .locationParameter, .cookie, .form, .claim:
          return .flaw("a token comes back as field:NAME or json:/POINTER")
        }
      } catch {
        return .flaw("'\(text)' is no place in a verdict", help: "\(error.explanation)")
      }
    } write: { proof in
      switch proof {
      case .field(let name): VerdictSource.field(name).text.displayText
      case .json(let pointer): VerdictSource.json(pointer).text.displayText
      }
    }
  }
}

extension Form<RefusalForm> {
  fileprivate static var refusal: Form<RefusalForm> {
    let words = Form<RefusalForm>.choice([
      ("admission-review", .admissionReview), ("authzen", .authZEN),
      ("introspection", .introspection),
    ])
    let statuses = Form<Int>.integer(400...599)
    return Form(shape: .either([statuses.shape, words.shape])) { tree, reading in
      guard case .text(let text, _) = tree.content, text.utf8.decimalValue() != nil else {
        return words.read(tree, &reading)
      }
      guard let status = statuses.read(tree, &reading) else { return nil }
      return .status(Status(UInt16(status)))
    } write: { refusal in
      if case .status(let status) = refusal { return .plain(String(status.code)) }
      return words.write(refusal)
    }
  }
}

// MARK: Subject

private struct SubjectDraft {
  var request: RequestSource?
  var verdict: VerdictSource?
  var ignoresCase = false
  var isCanonical = false
  var realms: [[UInt8]] = []

  init() {}

  init(_ rule: SubjectRule) {
    request = rule.request
    verdict = rule.verdict
    ignoresCase = rule.normalisation.ignoresASCIICase
    isCanonical = rule.normalisation.isCanonical
    realms = rule.normalisation.realms
  }

  var rule: SubjectRule? {
    guard let request, let verdict else { return nil }
    return SubjectRule(
      request: request, verdict: verdict,
      normalisation: SubjectNormalisation(
        ignoresASCIICase: ignoresCase, isCanonical: isCanonical, realms: realms))
  }
}

extension Section<SubjectDraft> {
  fileprivate static var subject: Section<SubjectDraft> {
    Section(
      name: "routes.decision.subject",
      about: "The user in the verdict must be the user in the request.",
      keys: [
        Key(
          optional: "request", \.request, .requestSource, isRequired: true,
          "json:/POINTER, form:NAME, query:NAME, field:NAME, cookie:NAME, basic, or "
            + "certificate:NAME."
        ),
        Key(
          optional: "verdict", \.verdict, .verdictSource, isRequired: true,
          "json:/POINTER, field:NAME, form:NAME, cookie:NAME, location or location:NAME."),
        Key(
          "compare", \.ignoresCase, .choice([("exact", false), ("ignore-case", true)]),
          "exact: byte by byte. ignore-case: A to Z count as a to z."),
        Key(
          "unicode", \.isCanonical, .choice([("exact", false), ("nfc", true)]),
          "exact: byte by byte. nfc: canonically equivalent spellings are the same name."),
        Key(
          list: "realms", \.realms, .oneOrMore(.realm, atMost: 16),
          "Realms that do not count: ann@REALM and REALM\\ann are ann."),
      ],
      blank: { SubjectDraft() })
  }
}

extension Form<SubjectRule> {
  fileprivate static var subject: Form<SubjectRule> {
    let section = Section<SubjectDraft>.subject.form
    return Form(shape: section.shape) { tree, reading in
      section.read(tree, &reading)?.rule
    } write: { rule in
      section.write(SubjectDraft(rule))
    }
  }
}

extension Form<[UInt8]> {
  fileprivate static var realm: Form<[UInt8]> {
    .parsed("a realm", example: "EXAMPLE.ORG") { text in
      let isRealm =
        !text.isEmpty && text.utf8.count <= 255
        && text.utf8.allSatisfy {
          $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") && $0 != ASCII.backslash
        }
      return isRealm
        ? .value(Array(text.utf8))
        : .flaw("a realm is plain text without '@' and '\\'", help: "for example EXAMPLE.ORG")
    } write: {
      $0.displayText
    }
  }
}

// MARK: Allow

private struct AllowDraft {
  var source = VerdictSource.status
  var equals: ExpectedValue?
  var statuses: [Status] = []
  var exists = false
  var prefix: [UInt8]?

  init() {}

  init(_ rule: AllowRule) {
    source = rule.source
    switch rule.test {
    case .equals(let value): equals = value
    case .statusIn(let list): statuses = list
    case .exists: exists = true
    case .startsWith(let bytes): prefix = bytes
    }
  }

  var tests: [AllowTest] {
    var tests: [AllowTest] = []
    if let equals { tests.append(.equals(equals)) }
    if !statuses.isEmpty { tests.append(.statusIn(statuses)) }
    if exists { tests.append(.exists) }
    if let prefix { tests.append(.startsWith(prefix)) }
    return tests
  }
}

extension Form<AllowRule> {
  fileprivate static var allow: Form<AllowRule> {
    let section = Section<AllowDraft>.allow.form
    return Form(shape: section.shape) { tree, reading in
      guard let draft = section.read(tree, &reading), let test = draft.tests.first else {
        return nil
      }
      return AllowRule(source: draft.source, test: test)
    } write: { rule in
      section.write(AllowDraft(rule))
    }
  }
}

extension Section<AllowDraft> {
  fileprivate static var allow: Section<AllowDraft> {
    Section(
      name: "routes.decision.allow",
      about: "What an allow looks like: a place, and one test of it.",
      keys: [
        Key(
          "verdict", \.source, .verdictSource,
          "status, json:/POINTER, field:NAME, form:NAME, cookie:NAME, location or location:NAME."),
        Key(
          optional: "equals", \.equals, .expected,
          "The value is this: true, false, null, a number or a text."),
        Key(
          list: "in", \.statuses, .oneOrMore(.status), "With 'verdict: status': one of these."),
        Key("exists", \.exists, .boolean, "The value is there and not empty, false or null."),
        Key(
          optional: "starts_with", \.prefix, .fieldValue, "The value begins like this."),
      ],
      blank: { AllowDraft() },
      check: { draft, places, reading in
        let given = ["equals", "in", "exists", "starts_with"].filter {
          places.has($0) && ($0 != "exists" || draft.exists)
        }
        if given.isEmpty {
          reading.error(
            "no-test", "'allow' needs a test", at: places.whole,
            help: "add 'equals', 'in', 'exists: true' or 'starts_with'")
        } else if given.count > 1 {
          reading.error(
            "several-tests", "'allow' has one test, not \(listed(given))",
            at: places.key(given[1]), help: "keep one")
        }
        if places.has("in"), draft.source != .status {
          reading.error(
            "wrong-test", "'in' tests the status", at: places.key("in"),
            help: "write 'verdict: status', or test with 'equals'")
        }
      })
  }
}

extension Form<Status> {
  fileprivate static var status: Form<Status> {
    .mapped(.integer(200...599), to: { Status(UInt16($0)) }, from: { Int($0.code) })
  }
}

extension Form<ExpectedValue> {
  /// Without quotes `true`, `false`, `null` and numbers are what JSON calls them; all else is text.
  fileprivate static var expected: Form<ExpectedValue> {
    let shape = Shape.any("true, false, null, a number or a text")
    return Form(shape: shape) { tree, reading in
      switch tree.content {
      case .null: return .null
      case .text("true", isPlain: true): return .boolean(true)
      case .text("false", isPlain: true): return .boolean(false)
      case .text(let text, isPlain: true) where isJSONNumber(Array(text.utf8)):
        return .number(Array(text.utf8))
      case .text(let text, _): return .text(Array(text.utf8))
      case .list, .map:
        tree.mismatch(shape, &reading)
        return nil
      }
    } write: { value in
      switch value {
      case .null: .plain("null")
      case .boolean(let value): .plain(value ? "true" : "false")
      case .number(let bytes): .plain(bytes.displayText)
      case .text(let bytes): .text(bytes.displayText)
      }
    }
  }

  /// `number` of RFC 8259 §6.
  private static func isJSONNumber(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    let whole = rest.prefix(while: ASCII.isDigit)
    guard !whole.isEmpty, whole.count == 1 || whole.first != ASCII.zero else { return false }
    rest = rest.dropFirst(whole.count)
    if rest.first == UInt8(ascii: ".") {
      let fraction = rest.dropFirst().prefix(while: ASCII.isDigit)
      guard !fraction.isEmpty else { return false }
      rest = rest.dropFirst(fraction.count + 1)
    }
    if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      guard !rest.isEmpty, rest.allSatisfy(ASCII.isDigit) else { return false }
      return true
    }
    return rest.isEmpty
  }
}

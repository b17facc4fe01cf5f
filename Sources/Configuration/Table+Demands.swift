internal import HTTPModel
internal import Primitives
internal import Verdict

// The keys of `routes.decision` about what is demanded beside the proof, and about mode `legacy`.

/// Where a legacy verdict needs no date.
enum DateWord: String, CaseIterable {
  case demanded, optional
}

/// What is demanded beside the proof, as it is written.
struct DemandsDraft {
  var required: [VerdictSource] = []
  var questions: [QuestionRule] = []
  var singleUse: [VerdictSource] = []
  var oneTimeValues: [VerdictSource] = []
  var sessions: [VerdictSource] = []
  var credentials: [RequestSource] = []
  var lifetime = VerdictDemands.standardLifetime
  var buster: CacheBuster?
  var date = DateWord.demanded

  init() {}

  init(_ rule: DecisionRule) {
    if let demands = rule.demands {
      required = demands.required
      questions = demands.questions
      singleUse = demands.singleUse
      oneTimeValues = demands.oneTimeValues
      sessions = demands.sessions
      credentials = demands.credentials
      lifetime = demands.lifetime
    }
    if case .legacy(let legacy) = rule.binding {
      buster = legacy.buster
      date = legacy.demandsDate ? .demanded : .optional
    }
  }

  var demands: VerdictDemands? {
    VerdictDemands(
      required: required, questions: questions, singleUse: singleUse,
      oneTimeValues: oneTimeValues, sessions: sessions, credentials: credentials,
      lifetime: lifetime)
  }

  var legacy: LegacyRule { LegacyRule(buster: buster, demandsDate: date == .demanded) }
}

extension Section<DecisionDraft> {
  static var demands: [Key<DecisionDraft>] {
    [
      Key(
        list: "require", \.demands.required, .oneOrMore(.responseSource, atMost: 16),
        "What an allow must hold, such as an object about the user."),
      Key(
        list: "match", \.demands.questions, .oneOrMore(.question, atMost: 16),
        "Parts of the question that the verdict must repeat: a resource, an action, a scope."),
      Key(
        list: "single_use", \.demands.singleUse, .oneOrMore(.responseSource, atMost: 16),
        "Identifiers of the verdict itself: demanded, and refused when they come again (REP-01)."),
      Key(
        list: "one_time", \.demands.oneTimeValues, .oneOrMore(.responseSource, atMost: 16),
        "Codes and challenges: refused when they are handed out again (REP-03)."),
      Key(
        list: "session", \.demands.sessions, .oneOrMore(.responseSource, atMost: 16),
        "Sessions and tokens: refused when handed to other credentials (REP-02)."),
      Key(
        list: "credentials", \.demands.credentials, .oneOrMore(.requestSource, atMost: 16),
        "What of the request tells whose a session is."),
      Key(
        "remember", \.demands.lifetime, .seconds(Seconds(1), Seconds(86_400 * 7)),
        "How long what serves once is remembered, unless its proof says until when."),
    ]
  }

  static var legacy: [Key<DecisionDraft>] {
    [
      Key(
        optional: "cache_buster", \.demands.buster, .buster,
        "With legacy: where a fresh value makes each request another one for caches."),
      Key(
        "date", \.demands.date, .words,
        "With legacy: whether a verdict without Date is refused."),
    ]
  }

  static func checkDemands(
    _ draft: DecisionDraft, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    let demands = draft.demands
    if !demands.sessions.isEmpty, demands.credentials.isEmpty {
      reading.error(
        "no-credentials", "'session' needs 'credentials': whose is it?", at: places.key("session"),
        help: "for example credentials: [json:/username, json:/password]")
    }
    if (demands.demands?.placesInBody ?? 0) > VerdictDemands.maximumPointers {
      reading.error(
        "too-many", "a rule looks at \(VerdictDemands.maximumPointers) places in a body at most",
        at: places.whole, help: "remove some of require, match, single_use, one_time and session")
    }
    if demands.lifetime != DemandsDraft().lifetime, !draft.rule.remembers {
      reading.warn(
        "no-effect", "nothing of these verdicts is remembered", at: places.key("remember"),
        help: "remove 'remember', or say what serves once")
    }
    guard draft.binding != .legacy else { return }
    var pointless: [String] = []
    if demands.buster != nil { pointless.append("cache_buster") }
    if demands.date != .demanded { pointless.append("date") }
    for key in pointless {
      reading.error(
        "no-binding", "'\(key)' needs 'binding: legacy'", at: places.key(key), help: "remove one")
    }
  }
}

extension Form<TokenSource> {
  static var tokenSource: Form<TokenSource> {
    let source = Form<RequestSource>.requestSource
    let minted = Form<TokenSource>.choice([("minted", .minted)])
    return Form(shape: .either([minted.shape, source.shape])) { tree, reading in
      if case .text("minted", _) = tree.content { return .minted }
      return source.read(tree, &reading).map { .request($0) }
    } write: { token in
      switch token {
      case .minted: minted.write(.minted)
      case .request(let place): source.write(place)
      }
    }
  }
}

extension Form<CacheBuster> {
  fileprivate static var buster: Form<CacheBuster> {
    .parsed("a place in the request", example: "query:_") { text in
      do throws(SourceError) {
        switch try RequestSource(parsing: text.utf8) {
        case .query(let name) where name.allSatisfy(isUnreserved): return .value(.query(name))
        case .field(let name): return .value(.field(name))
        default: return .flaw("a fresh value goes into query:NAME or field:NAME")
        }
      } catch {
        return .flaw("'\(text)' is no place in a request", help: "\(error.explanation)")
      }
    } write: { buster in
      switch buster {
      case .query(let name): RequestSource.query(name).text.displayText
      case .field(let name): RequestSource.field(name).text.displayText
      }
    }
  }
}

extension Form<[UInt8]> {
  /// A parameter whose name needs no escapes in a query (RFC 3986 §2.3).
  static var parameterName: Form<[UInt8]> {
    .parsed("the name of a parameter", example: "nonce") { text in
      !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy(isUnreserved)
        ? .value(Array(text.utf8)) : .flaw("a parameter's name has letters, digits and -._~ only")
    } write: {
      $0.displayText
    }
  }
}

private func isUnreserved(_ byte: UInt8) -> Bool {
  ASCII.isAlpha(byte) || ASCII.isDigit(byte) || [UInt8](ascii: "-._~").contains(byte)
}

// MARK: Questions

private struct QuestionDraft {
  var request: RequestSource?
  var verdict: VerdictSource?
}

extension Form<QuestionRule> {
  fileprivate static var question: Form<QuestionRule> {
    let section = Section<QuestionDraft>.question.form
    return Form(shape: section.shape) { tree, reading in
      guard let draft = section.read(tree, &reading), let request = draft.request,
        let verdict = draft.verdict
      else { return nil }
      return QuestionRule(request: request, verdict: verdict)
    } write: { rule in
      section.write(QuestionDraft(request: rule.request, verdict: rule.verdict))
    }
  }
}

extension Section<QuestionDraft> {
  fileprivate static var question: Section<QuestionDraft> {
    Section(
      name: "routes.decision.match", about: "A part of the question that the verdict must repeat.",
      keys: [
        Key(
          optional: "request", \.request, .requestSource, isRequired: true,
          "Where the request asks it: method, target, or a place as in subject."),
        Key(
          optional: "verdict", \.verdict, .responseSource, isRequired: true,
          "Where the verdict repeats it."),
      ],
      blank: { QuestionDraft() })
  }
}

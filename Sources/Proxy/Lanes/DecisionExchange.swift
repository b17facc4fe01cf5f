internal import Audit
internal import Configuration
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport
internal import Verdict

/// An exchange of a declared decision: a token goes out, the response is held until it is verified,
/// and nothing but a verified verdict (or a denial) goes to the client.
///
///     request held ─▶ token ─▶ origin ─▶ response held ─▶ verify ─▶ deliver hardened | refuse
///
/// In `audit` mode nothing is held and nothing changed: the checks read a bounded copy as it
/// passes.
final class DecisionExchange: Exchange {
  private let rule: DecisionRule
  private var facts: RequestFacts
  private var requestBody: [UInt8] = []
  private var requestBodyIsWhole = true
  private var head: ResponseHead?
  private var body: [UInt8] = []
  private var bodyIsWhole = true

  init(
    _ incoming: IncomingRequest, id: ExchangeID, on client: ClientConnection, route: RoutePlan,
    rule: DecisionRule
  ) {
    self.rule = rule
    facts = RequestFacts(of: incoming.head, certificate: client.facts.names, under: rule)
    super.init(incoming, id: id, on: client.worker, for: client, route: route)
    record.lane = .decision
  }

  override var isDecision: Bool { true }
  override var forwardsInterimResponses: Bool { isAudit }
  private var isAudit: Bool { rule.mode == .audit }
  /// Whether the request's content is complete before anything goes out.
  private var holdsRequest: Bool { rule.needsRequestBody && !isAudit && framing != .none }

  // MARK: The request

  override func start() {
    if asksAnyUpgrade, !isAudit { return fail(.upgradeRefused) }
    guard holdsRequest else {
      guard prepare() else { return }
      return connect()
    }
    if case .length(let count) = framing, count > Int64(rule.maximumRequestBodyBytes) {
      return fail(.requestBodyTooLarge)
    }
    if expectsContinue { client?.sendInterim(ResponseHead(status: Status(100))) }
  }

  private var asksAnyUpgrade: Bool { request.fields.contains(.upgrade) }

  override var wantsMoreRequestBody: Bool { holdsRequest || super.wantsMoreRequestBody }

  override func requestContent(_ piece: UnsafeRawBufferPointer) {
    guard !isEnded else { return }
    if rule.needsRequestBody { unsafe keepRequest(piece) }
    if !holdsRequest { unsafe super.requestContent(piece) }
  }

  private func keepRequest(_ piece: UnsafeRawBufferPointer) {
    let room = rule.maximumRequestBodyBytes - requestBody.count
    guard piece.count > room else {
      unsafe requestBody.append(contentsOf: piece)
      return
    }
    requestBodyIsWhole = false
    if holdsRequest { fail(.requestBodyTooLarge) }
  }

  override func requestEnded(trailers: FieldSection) {
    guard !isEnded else { return }
    if rule.needsRequestBody, framing != .none {
      let content = requestBody
      facts = RequestFacts(
        of: request, body: content.span, bodyIsWhole: requestBodyIsWhole,
        certificate: clientFacts.names, under: rule)
    }
    guard holdsRequest else { return super.requestEnded(trailers: trailers) }
    hold(content: requestBody)
    guard prepare() else { return }
    connect()
  }

  override func prepareLane(_ head: inout RequestHead) -> ProxyFailure? {
    if expectsContinue, holdsRequest { head.fields.removeAll(.expect) }
    var token: [UInt8] = []
    if rule.sendsToken {
      guard let fresh = worker.nextToken() else { return .randomnessFailed }
      token = fresh
    }
    prepareDecisionRequest(&head, token: token, facts: &facts, under: rule)
    return nil
  }

  // MARK: The response

  override func responseArrived(_ head: consuming ResponseHead, framing: BodyFraming) {
    let head = head
    self.head = head
    guard isAudit else { return }
    deliver(head, framing: framing)
  }

  override func responseContent(_ piece: UnsafeRawBufferPointer) {
    if piece.count <= rule.maximumBodyBytes - body.count {
      unsafe body.append(contentsOf: piece)
    } else {
      bodyIsWhole = false
      // Nothing longer can be verified: refused now rather than read to its end.
      if !isAudit { return judge(.tooLarge) }
    }
    if isAudit { unsafe deliver(content: piece) }
  }

  override func responseEnded(trailers: FieldSection) {
    guard isAudit else { return judge(.whole) }
    if let head {
      let content = body
      let outcome = verify(
        head, body: content.span, state: bodyIsWhole ? .whole : .tooLarge, to: facts, under: rule)
      worker.report(
        outcome, head: head, bodyBytes: bodyIsWhole ? body.count : nil, of: self, rule: rule,
        facts: facts)
    }
    deliverEnd(trailers: trailers)
  }

  override func responseBroken() {
    body = []
  }

  /// Verifies what came and does what follows from it.
  private func judge(_ state: BodyState) {
    guard let head, !isEnded else { return }
    let content = body
    let outcome = verify(head, body: content.span, state: state, to: facts, under: rule)
    worker.report(
      outcome, head: head, bodyBytes: bodyIsWhole ? body.count : nil, of: self, rule: rule,
      facts: facts)
    if let reason = outcome.reason { record.reason = "\(reason.code)" }
    record.outcome = ExchangeRecord.Outcome(outcome)
    switch outcome.delivery(in: rule.mode) {
    case .untouched: break
    case .hardened(let note): deliverHardened(head, note: note)
    case .refuse(let reason): refuse(reason)
    }
  }

  private func deliverHardened(_ head: ResponseHead, note: RefusalReason?) {
    var head = head
    hardenDecisionResponse(&head.fields, under: rule)
    if let note { noteFailedCheck(note, in: &head.fields, by: plan.settings.name) }
    deliverWhole(head, content: body)
  }

  private func refuse(_ reason: RefusalReason) {
    record.outcome = .refused
    deliverWhole(refusal(reason))
  }

  private func refusal(_ reason: RefusalReason) -> LocalAnswer {
    let response = refusalResponse(
      reason, form: rule.refusal, facts: facts, proxyName: plan.settings.name)
    return LocalAnswer(head: response.head, content: response.body)
  }

  // MARK: Failures on the way

  /// A failure is a refusal in the form that this consumer reads as no.
  override func failureAnswer(
    _ failure: ProxyFailure, status: Status?, violation: ProtocolViolation?
  ) -> LocalAnswer {
    guard !isAudit, let reason = RefusalReason(failure) else {
      return super.failureAnswer(failure, status: status, violation: violation)
    }
    return refusal(reason)
  }
}

extension RefusalReason {
  /// The refusal that a failure on the way to a verdict comes to; nil where the request itself is
  /// at fault and its own answer says so.
  init?(_ failure: ProxyFailure) {
    switch failure {
    case .resolutionFailed, .connectFailed, .connectTimeout, .tlsFailed, .noHealthyOrigin,
      .originBusy, .randomnessFailed:
      self = .originUnreachable
    case .originTimeout: self = .originTimeout
    case .originClosed: self = .bodyIncomplete
    case .originMalformed, .originUpgraded: self = .originProtocolError
    case .upgradeRefused: self = .upgradeOnDecision
    case .requestBodyTooLarge: self = .requestBodyTooLarge
    case .noRoute, .connectRefused, .traceRefused, .expectationUnknown, .malformedRequest,
      .requestHeadTimeout, .requestBodyTimeout, .onlyIfCached, .undeclaredDecision, .overloaded,
      .shuttingDown:
      return nil
    }
  }
}

extension ExchangeRecord.Outcome {
  /// What verification came to.
  init(_ outcome: VerificationOutcome) {
    switch outcome {
    case .verified: self = .verified
    case .denied: self = .denied
    case .untested: self = .delivered
    case .refused: self = .refused
    }
  }
}

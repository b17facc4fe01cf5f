internal import Audit
internal import Configuration
internal import Cryptography
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import MessageSignatures
internal import Primitives
internal import Transport
internal import Verdict

/// An exchange of a declared decision: a token goes out, the response is held until it is verified,
/// and nothing but a verified verdict (or a denial) goes to the client.
///
///     request held ─▶ token ─▶ origin ─▶ response held ─▶ proof ─▶ verify ─▶ deliver hardened
///                                                          ┆                └─ refuse
///                                            a signature may be checked off the loop
///
/// In `audit` mode nothing is held and nothing changed: the checks read a bounded copy as it
/// passes. In `warn` mode nothing is refused: what is too long to be held passes after all, and the
/// failures on the way are answered as on any other route.
final class DecisionExchange: Exchange {
  let rule: DecisionRule
  private var facts: RequestFacts
  private var requestBody: [UInt8] = []
  private var requestBodyIsWhole = true
  private var head: ResponseHead?
  private var responseFraming = BodyFraming.none
  private(set) var body: [UInt8] = []
  private var bodyIsWhole = true
  /// Whether the request passes as it comes after all, too long to be held.
  private var requestIsLetGo = false
  /// Whether the response passes as it comes after all, too long to be held.
  private var responseIsLetGo = false
  /// Whether the client was told to go on with its content, so that the origin need not.
  private var saidContinue = false
  /// What is being done elsewhere.
  private enum OffLoopWork {
    case nothing
    case check
    /// The head that the signed verdict goes out with.
    case signature(ResponseHead)
  }

  private var awaited = OffLoopWork.nothing
  private var deadline: ExchangeDeadline?

  /// How long a proof may take to be checked, the wait for a new key included, or to be made.
  static let proofWait = Milliseconds(5_000)

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
  /// The request's content where it is held whole; nil where it has none.
  var heldContent: [UInt8]? {
    rule.needsRequestBody && framing != .none && requestBodyIsWhole && requestIsComplete
      ? requestBody : nil
  }
  private var isAudit: Bool { rule.mode == .audit }
  /// Whether the request's content is complete before anything goes out.
  private var holdsRequest: Bool {
    rule.needsRequestBody && !isAudit && framing != .none && !requestIsLetGo
  }

  // MARK: The request

  override func start() {
    if asksAnyUpgrade, rule.mode == .enforce { return fail(.upgradeRefused) }
    guard holdsRequest else {
      guard prepare() else { return }
      return connect()
    }
    if case .length(let count) = framing, count > Int64(rule.maximumRequestBodyBytes) {
      return requestIsTooLong()
    }
    guard expectsContinue else { return }
    saidContinue = true
    client?.sendInterim(ResponseHead(status: Status(100)))
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
    if holdsRequest { requestIsTooLong() }
  }

  /// The request's content is longer than what may be held of it.
  private func requestIsTooLong() {
    guard rule.mode == .warn else { return fail(.requestBodyTooLarge) }
    requestIsLetGo = true
    requestBodyIsWhole = false
    guard prepare() else { return }
    connect()
    let held = requestBody
    if !held.isEmpty { unsafe held.withUnsafeBytes { unsafe super.requestContent($0) } }
  }

  override func requestEnded(trailers: FieldSection) {
    guard !isEnded else { return }
    if rule.needsRequestBody, framing != .none {
      let content = requestBody
      var whole = RequestFacts(
        of: request, body: content.span, bodyIsWhole: requestBodyIsWhole,
        certificate: clientFacts.names, under: rule)
      whole.keepSent(from: facts)
      facts = whole
    }
    guard holdsRequest else { return super.requestEnded(trailers: trailers) }
    hold(content: requestBody)
    guard prepare() else { return }
    connect()
  }

  override func prepareLane(_ head: inout RequestHead) -> ProxyFailure? {
    if expectsContinue, holdsRequest || saidContinue { head.fields.removeAll(.expect) }
    var token: [UInt8] = []
    if facts.needsFreshValue(under: rule) {
      guard let fresh = worker.nextToken() else { return .randomnessFailed }
      token = fresh
    }
    prepareDecisionRequest(&head, token: token, facts: &facts, under: rule)
    if case .httpSignature = rule.binding { return prepareSigning(&head, token: token) }
    return nil
  }

  /// Asks for a signature, and gives the request the digest that this is to cover. A digest of the
  /// client's own stays, and has to be right: putting another in its place would hide that the
  /// content changed on its way.
  private func prepareSigning(_ head: inout RequestHead, token: [UInt8]) -> ProxyFailure? {
    var digest: [UInt8]?
    if framing == .none || holdsRequest, !isAudit {
      switch RequestDigest(head.fields) {
      case .absent:
        digest = try? DigestAlgorithm.sha256.digest(of: requestBody)
        guard digest != nil else { return .randomnessFailed }
      case .claimed(let claims) where claims.allSatisfy({ $0.isRight(for: requestBody) }): break
      case .claimed, .malformed: return .malformedRequest
      }
    }
    prepareSignedRequest(&head, token: token, digest: digest, facts: &facts, under: rule)
    return nil
  }

  override func originReady(_ connection: OriginConnection) {
    let scheme = connection.pool.address.scheme
    facts.noteSent(outgoing, scheme: scheme == .https ? .https : .http, under: rule)
    super.originReady(connection)
  }

  // MARK: The response

  override func responseArrived(_ head: consuming ResponseHead, framing: BodyFraming) {
    let head = head
    self.head = head
    responseFraming = framing
    // Also where the verdict turns out to prove nothing: the service may have done what was asked.
    invalidate(by: head)
    guard isAudit else { return }
    deliver(head, framing: framing)
  }

  override func responseContent(_ piece: UnsafeRawBufferPointer) {
    if responseIsLetGo { return unsafe deliver(content: piece) }
    if piece.count <= rule.maximumBodyBytes - body.count {
      unsafe body.append(contentsOf: piece)
    } else {
      bodyIsWhole = false
      // Nothing longer can be verified: judged now rather than read to its end.
      if !isAudit { judge(.tooLarge) }
    }
    if isAudit || responseIsLetGo { unsafe deliver(content: piece) }
  }

  override func responseEnded(trailers: FieldSection) {
    if responseIsLetGo { return deliverEnd(trailers: FieldSection()) }
    judge(bodyIsWhole ? .whole : .tooLarge)
    if isAudit { deliverEnd(trailers: trailers) }
  }

  override func responseBroken() {
    body = []
  }

  /// Has the proof of what came checked; `conclude` goes on, at once or later.
  private func judge(_ state: BodyState) {
    guard let head, !isEnded else { return }
    let content = body
    let demand = proofDemand(
      of: head, body: content.span, state: state, to: facts, under: rule)
    switch demand {
    case .none: conclude(state, .none)
    case .refused(let reason): conclude(state, .failed(reason))
    case .jws(let text): settle(check(text))
    case .messageSignature(let signature): settle(check(signature))
    }
  }

  /// Goes on with what was found at once, or waits for it.
  private func settle(_ proof: CheckedProof?) {
    if let proof { conclude(.whole, proof) } else { wait(for: .check) }
  }

  private func wait(for work: OffLoopWork) {
    awaited = work
    deadline = ExchangeDeadline(of: self, on: worker.loop, for: Self.proofWait)
  }

  /// What was asked of others is done.
  func offLoop(_ result: OffLoopResult) {
    let awaited = awaited
    self.awaited = .nothing
    deadline = nil
    switch (awaited, result) {
    case (.check, .checked(let proof)): conclude(.whole, proof)
    case (.signature(let head), .signed(let token)): deliver(head, attestedBy: token)
    // It took too long, or answers something that is settled.
    case (.nothing, _), (.check, .signed), (.signature, .checked): self.awaited = awaited
    }
  }

  override func deadlinePassed() {
    switch awaited {
    case .nothing: break
    case .check: offLoop(.checked(.failed(.proofCheckTimeout)))
    case .signature: offLoop(.signed(nil))
    }
  }

  /// Verifies what came and does what follows from it.
  private func conclude(_ state: BodyState, _ proof: CheckedProof) {
    // In `audit` the exchange may be over by now, and is judged all the same.
    guard let head, !isEnded || isAudit else { return }
    let content = body
    let times = ExchangeTimes(sentAt: sentWall, now: worker.loop.wallNow)
    let judgement = verify(
      head, body: content.span, state: state, proof: proof, to: facts, under: rule, at: times)
    let outcome = judgement.outcome { spend($0.identifiers) }
    worker.report(
      outcome, head: head, bodyBytes: bodyIsWhole ? body.count : nil, of: self, rule: rule,
      facts: facts)
    guard !isAudit else { return }
    if let reason = outcome.reason { record.reason = "\(reason.code)" }
    record.outcome = ExchangeRecord.Outcome(outcome)
    switch outcome.delivery(in: rule.mode) {
    case .untouched: break
    case .refuse(let reason): refuse(reason)
    case .hardened(let note?): deliverHardened(head, note: note)
    case .allow, .denial, .hardened(nil):
      if case .claims(let signed) = proof { unwrap(signed) }
      deliverSettled(outcome)
    }
  }

  /// Has the memory asked about what serves once.
  private func spend(_ identifiers: [ResponseIdentifier]) -> SpendAnswer {
    let context = ReplayContext(
      route: Array(route.settings.name.utf8), credentials: facts.credentials,
      lifetime: rule.replayLifetime.milliseconds, sentAt: sentAt ?? beganAt, now: worker.loop.now)
    let answer = worker.shared.replays.spend(identifiers, in: context)
    guard answer == .full, plan.settings.replay.whenFull == .report else { return answer }
    worker.report(untestedReplayOf: self)
    return .first
  }

  /// Delivers what nothing is wrong with: signed for the consumer where the route says so.
  private func deliverSettled(_ outcome: VerificationOutcome) {
    guard let head, outcome.isProved else { return deliverHardened(head, note: nil) }
    var hardened = head
    hardenDecisionResponse(&hardened.fields, under: rule)
    facts.removeStandIn(from: &hardened.fields, under: rule)
    // A consumer that sent a token of its own may look for it in the verdict.
    let own = Attestation.nonce(of: request)
    if let own { hardened.fields.set(.transactionToken, Array(own)) }
    guard rule.attests, let attestor = plan.attestor else {
      return deliverWhole(hardened, content: body)
    }
    let attestation = Attestation(
      asked: AskedRequest(of: request), isSecure: clientFacts.isSecure, nonce: own.map(Array.init),
      isAllow: outcome.isAllow, subject: outcome.subject, issuedAt: worker.loop.wallNow)
    guard sign(attestation, by: attestor) else { return deliver(hardened, attestedBy: nil) }
    wait(for: .signature(hardened))
  }

  /// Without a signature that was promised nothing goes out, except in mode `warn`.
  private func deliver(_ head: ResponseHead, attestedBy token: [UInt8]?) {
    guard !isEnded else { return }
    var head = head
    if let token {
      head.fields.set(.verdictToken, token)
    } else {
      guard rule.mode == .warn else { return refuse(.attestationFailed) }
      noteFailedCheck(.attestationFailed, in: &head.fields, by: plan.settings.name)
    }
    deliverWhole(head, content: body)
  }

  /// A signed answer of introspection goes to a consumer that did not ask for one as what it says.
  private func unwrap(_ signed: SignedClaims) {
    guard case .introspectionJWT = rule.binding, var head, !asksForSignedAnswer,
      let answer = introspectionAnswer(in: signed.payload)
    else { return }
    body = answer
    head.fields.removeAll(.contentLength)
    head.fields.set(.contentType, "application/json")
    self.head = head
  }

  private var asksForSignedAnswer: Bool {
    let type = [UInt8](ascii: "application/token-introspection+jwt")
    for line in request.fields.lines where line.known == .accept {
      if request.fields.value(of: line).asciiLowercased().split(separator: ASCII.comma).contains(
        where: { $0.trimmingOptionalWhitespace().starts(with: type) })
      {
        return true
      }
    }
    return false
  }

  private func deliverHardened(_ head: ResponseHead?, note: RefusalReason?) {
    guard var head else { return }
    hardenDecisionResponse(&head.fields, under: rule)
    facts.removeStandIn(from: &head.fields, under: rule)
    if let note { noteFailedCheck(note, in: &head.fields, by: plan.settings.name) }
    guard !bodyIsWhole else { return deliverWhole(head, content: body) }
    responseIsLetGo = true
    deliver(head, framing: responseFraming)
    let held = body
    body = []
    unsafe held.withUnsafeBytes { unsafe deliver(content: $0) }
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

  /// A failure is a refusal in the form that this consumer reads as no, where there are refusals.
  override func failureAnswer(
    _ failure: ProxyFailure, status: Status?, violation: ProtocolViolation?
  ) -> LocalAnswer {
    guard rule.mode == .enforce, let reason = RefusalReason(failure) else {
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

extension VerificationOutcome {
  /// Whether it answers this request beyond doubt.
  fileprivate var isProved: Bool {
    switch self {
    case .verified, .denied(.proved): true
    case .denied, .refused, .untested: false
    }
  }

  fileprivate var isAllow: Bool { if case .verified = self { true } else { false } }

  fileprivate var subject: [UInt8]? {
    if case .verified(let verdict) = self { verdict.subject } else { nil }
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

internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport
internal import Verdict

/// An exchange of the cache lane that a stored response alone does not answer: a miss, a
/// validation, or what may not be cached at all.
///
/// A shell: `CacheCourse` says what comes next, `CachePolicy` what may be stored and reused,
/// `Verdict` what is a decision. What is done stands by effect in the extensions of this class:
/// storing, answering from the store.
///
/// A response that turns out to be a decision changes lane: hardened, never stored, delivered or
/// refused, and reported (DESIGN: the life of an exchange).
class CacheExchange: Exchange {
  /// How much JSON is held to see whether it is a decision, in bytes. Longer content is delivered
  /// unseen: no verdict we know of is longer.
  static let heldBytes = maximumClassifiedBodyBytes

  let rules: CacheRules
  /// Proof that the store may be touched; nil where the exchange passes by.
  let permit: LookupPermit?
  let key: [UInt8]
  /// Why nothing stored was used; what `Cache-Status` will say.
  var cause: CacheReason
  /// What is being validated.
  var stored: StoredResponse?
  var writer: StoreWriter?
  private(set) var course: CacheCourse
  private var held: HeldResponse?

  init(
    _ incoming: IncomingRequest, id: ExchangeID, on worker: Worker, for client: ClientConnection?,
    route: RoutePlan, rules: CacheRules, lookup: CacheLookup
  ) {
    self.rules = rules
    cause = lookup.reason
    permit = lookup.permit
    key = lookup.key
    stored = lookup.stored
    course = CacheCourse(isBackground: client == nil)
    super.init(incoming, id: id, on: worker, for: client, route: route)
    record.lane = permit == nil ? .pass : .cache
    record.cacheReason = lookup.reason
  }

  override var allowedUpgrades: [[UInt8]] { route.settings.upgrades }

  // MARK: Asking the origin

  override func start() {
    switch course.begin(isShared: false) {
    case .join, .fetch: super.start()
    }
  }

  override func prepareLane(_ head: inout RequestHead) -> ProxyFailure? {
    guard permit != nil, request.method == .get else { return nil }
    if let stored {
      setValidationFields(of: stored.metadata, head: stored.head, in: &head.fields)
    } else {
      removeConditions(from: &head.fields)
    }
    return nil
  }

  /// Asks again without conditions: what the 304 says may not be merged with what is stored.
  func forget(_ old: StoredResponse, because reason: CacheReason) {
    worker.shared.store.remove(old)
    stored = nil
    cause = reason
    startAgain()
  }

  // MARK: The response's head

  override func responseArrived(_ head: consuming ResponseHead, framing: BodyFraming) {
    let head = head
    switch course.headArrived(reading(of: head, framing: framing)) {
    case .merge: if let stored { validated(stored, by: head) }
    case .askAgain: if let stored { forget(stored, because: .decision) }
    case .answerStale:
      if let stored { _ = answerStale(stored, because: .status(head.status)) }
    case .giveUp: giveUp()
    case .changeLane: changeLane(head, framing: framing)
    case .hold: held = HeldResponse(head: head, framing: framing)
    case .begin: begin(consume head, framing: framing)
    }
  }

  /// What the head means here: the rules in order, each of which another floor decides.
  private func reading(of head: borrowing ResponseHead, framing: BodyFraming)
    -> CacheCourse.HeadReading
  {
    let nothing: [UInt8] = []
    let sign = decisionSign(head, nothing)
    if stored != nil, head.status == .notModified {
      return sign == nil ? .confirmation : .spoiltConfirmation
    }
    if let stored, mayAnswerStale(stored, because: .status(head.status)) { return .coveredError }
    if sign != nil { return .decision }
    let isUnclear =
      classificationWantsBody(of: head) && request.method != .head
      && framing.mayHold(upTo: Self.heldBytes)
    return isUnclear ? .unclear : .plain
  }

  private func decisionSign(_ head: ResponseHead, _ body: [UInt8]) -> DecisionSign? {
    let kind = route.service.settings.kind
    if case .decision(let sign) = classify(head, body: body.span, kind: kind) { return sign }
    return nil
  }

  /// Begins to deliver a response that is no decision, and to store it where that is allowed.
  private func begin(_ head: consuming ResponseHead, framing: BodyFraming) {
    var head = head
    invalidate(by: head)
    let storable = openStore(for: head, framing: framing)
    record.status = head.status
    let holdsIt = storable.map(clientHolds) ?? false
    course.began(clientIsAnswered: holdsIt)
    if holdsIt, let storable { return sendNotModified(storable) }
    guard client != nil else {
      if writer == nil { giveUp() }
      return
    }
    appendCacheStatus(to: &head, isStored: writer != nil)
    deliver(consume head, framing: framing)
  }

  // MARK: The response's content

  override func responseContent(_ piece: UnsafeRawBufferPointer) {
    let room = Self.heldBytes - (held?.content.count ?? 0)
    switch course.contentArrived(fits: piece.count <= room) {
    case .keep: unsafe held?.content.append(contentsOf: piece)
    case .release: unsafe release(with: piece)
    case .pass:
      unsafe writer?.append(piece)
      unsafe deliver(content: piece)
    case .store: unsafe writer?.append(piece)
    case .deliver: unsafe deliver(content: piece)
    case .drop: break
    }
  }

  /// Too long for a verdict: on with it, what was held first.
  private func release(with piece: UnsafeRawBufferPointer) {
    guard let response = held else { return }
    held = nil
    begin(response.head, framing: response.framing)
    unsafe response.content.withUnsafeBytes { unsafe responseContent($0) }
    unsafe responseContent(piece)
  }

  override func responseEnded(trailers: FieldSection) {
    switch course.contentEnded() {
    case .judge: judge(trailers: trailers)
    case .storeAndEnd:
      // First the store, then the client: who has seen the end finds what is stored.
      finishStoring()
      deliverEnd(trailers: trailers)
    case .store:
      finishStoring()
      finish()
    case .end: deliverEnd(trailers: trailers)
    case .nothing: break
    }
  }

  /// The held response is whole, and no longer than a verdict.
  private func judge(trailers: FieldSection) {
    guard let response = held else { return }
    held = nil
    let content = response.content
    let length = BodyFraming.length(Int64(content.count))
    let isDecision = decisionSign(response.head, content) != nil
    switch course.headArrived(isDecision ? .decision : .plain) {
    case .changeLane: changeLane(response.head, framing: length, content: content)
    case .begin: begin(response.head, framing: length)
    case .merge, .askAgain, .answerStale, .giveUp, .hold: return giveUp()
    }
    guard !isEnded else { return }
    unsafe content.withUnsafeBytes { unsafe responseContent($0) }
    guard !isEnded else { return }
    responseEnded(trailers: trailers)
  }

  override func responseBroken() {
    cancelStoring()
    held = nil
  }

  // MARK: Failures

  override func fail(_ failure: ProxyFailure, violation: ProtocolViolation? = nil) {
    guard !isEnded else { return }
    switch course.failed(isStarted: answerIsStarted) {
    case .answerStaleOrFail:
      if failure.isUnreachable, let stored, answerStale(stored, because: .unreachable) { return }
    case .endQuietly: return giveUp()
    case .fail: break
    }
    super.fail(failure, violation: violation)
  }

  /// Nobody waits for the rest.
  func giveUp() {
    responseBroken()
    finish()
  }

  // MARK: Changing lane

  /// The response is a decision although the request did not look like one.
  private func changeLane(_ head: ResponseHead, framing: BodyFraming, content: [UInt8] = []) {
    record.lane = .undeclared
    record.cacheReason = .decision
    if permit != nil { worker.shared.store.invalidate(key) }
    if let sign = decisionSign(head, content) {
      worker.report(undeclared: head, sign: sign, of: self)
    }
    guard route.settings.onDecision == .deliver else { return fail(.undeclaredDecision) }
    var head = head
    hardenDecisionResponse(&head.fields, under: nil)
    appendCacheStatus(to: &head, isStored: false)
    deliver(consume head, framing: framing)
  }
}

/// What a lookup came to, for the exchange that follows a miss.
struct CacheLookup {
  var reason: CacheReason
  var permit: LookupPermit?
  var key: [UInt8] = []
  var stored: StoredResponse?
}

/// A response that is held until its content is complete.
struct HeldResponse {
  var head: ResponseHead
  var framing: BodyFraming
  var content: [UInt8] = []
}

extension BodyFraming {
  /// Whether content framed like this may turn out to be no longer than `limit`.
  func mayHold(upTo limit: Int) -> Bool {
    if case .length(let count) = self { count <= Int64(limit) } else { true }
  }
}

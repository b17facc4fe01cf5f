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
/// storing, answering from the store, asking the place behind it, sharing a fetch, reading from
/// one, parts.
///
/// A response that turns out to be a decision changes lane: hardened, never stored, delivered or
/// refused, and reported.
class CacheExchange: Exchange {
  let rules: CacheRules
  /// Proof that the store may be touched; nil where the exchange passes by.
  let permit: LookupPermit?
  let key: [UInt8]
  /// Why nothing stored was used; what `Cache-Status` will say.
  var cause: CacheReason
  /// What is being validated.
  var stored: StoredResponse?
  var writer: StoreWriter?
  /// How much content is still to come for the store; nil where its length is not known.
  var missingBytes: Int64?
  /// How much its framing announced.
  var announcedBytes: Int64?
  /// What is being stored.
  var storable: StorableResponse?
  /// What is asked of the origin.
  var fetchPlan = FetchPlan.usual
  /// The stored part that is being completed.
  var completion: Completion?
  /// What the store had seen when the lookup found nothing usable.
  var moment: StoreMoment?
  let pathChanges: UInt64
  /// What this exchange has to do with the fetches of others.
  var flight = FlightPart.none
  /// The client's place in a response that it reads while it comes in.
  var reading: SharedReading?
  /// Runs while the place behind the memory store is asked.
  var behindDeadline: ExchangeDeadline?
  var course: CacheCourse
  private var held: HeldResponse?
  private var inspection: ContentInspection?
  /// Why the response may not be stored although its head allows it.
  private(set) var withheld: WithholdingReason?
  /// What the head of the response says about storing it, where that was asked before its content
  /// was looked at.
  var headDecision: StorageDecision?

  init(
    _ incoming: IncomingRequest, id: ExchangeID, on worker: Worker, for client: ClientConnection?,
    route: RoutePlan, rules: CacheRules, lookup: CacheLookup
  ) {
    self.rules = rules
    cause = lookup.reason
    permit = lookup.permit
    key = lookup.key
    stored = lookup.stored
    moment = lookup.moment
    pathChanges = lookup.pathChanges
    if case .fetch(let fetch, let reason) = lookup.form, let part = lookup.stored {
      // What is stored may be used, but is not enough.
      fetchPlan = FetchPlan(fetch, of: part)
      stored = nil
      cause = reason
    }
    course = CacheCourse(isBackground: client == nil, isLocalOnly: lookup.isLocalOnly)
    super.init(incoming, id: id, on: worker, for: client, route: route)
    record.lane = permit == nil ? .pass : .cache
    record.cacheReason = lookup.reason
  }

  override var allowedUpgrades: [[UInt8]] { route.settings.upgrades }

  /// Whether this exchange may wait for another's fetch, or others for its own. Never a decision:
  /// those have no permit.
  var mayShare: Bool {
    permit != nil && rules.collapsesRequests && framing == .none
      && (request.method == .get || request.method == .head)
  }

  // MARK: Asking the origin

  override func start() {
    switch course.begin(isShared: mayShare) {
    case .join: join()
    case .fetch: fetch()
    }
  }

  /// Asks the place behind the memory store where that may help, else the origin.
  func fetch() {
    switch course.fetches(mayBeBehind: mayBeBehind) {
    case .askBehind: askBehind()
    case .askOrigin: super.start()
    case .refuse: fail(.onlyIfCached)
    }
  }

  /// Asks the origin after the place behind was asked.
  func fetchFromOrigin() { super.start() }

  override func prepareLane(_ head: inout RequestHead) -> ProxyFailure? {
    guard permit != nil, request.method == .get || request.method == .head else { return nil }
    switch fetchPlan {
    case .completing(let part, let missing):
      setCompletionFields(
        of: part.metadata, head: part.head, missing: missing, in: &head.fields)
    case .asAsked where request.method == .get: _ = prepareMiss(in: &head.fields, rules: rules)
    case .asAsked: break
    case .usual:
      if let stored {
        setValidationFields(of: stored.metadata, head: stored.head, in: &head.fields)
      } else if request.method == .get {
        _ = prepareMiss(in: &head.fields, rules: rules)
      }
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
    if request.method != .head, contradictsItsRange(head, contentLength: framing.knownLength) {
      return fail(.originMalformed)
    }
    let reading = reading(of: head, framing: framing)
    if reading == .decision, asksWhole(insteadOf: head) { return }
    switch course.headArrived(reading) {
    case .merge: if let stored { validated(stored, by: head) }
    case .askAgain: if let stored { forget(stored, because: .decision) }
    case .answerStale:
      land(.failed)
      if let stored { _ = answerStale(stored, because: .status(head.status)) }
    case .giveUp:
      decisionSign(head) == nil ? giveUp() : giveUpDecision(head.status)
    case .changeLane: if let sign = decisionSign(head) { changeLane(head, sign, framing: framing) }
    case .hold: held = HeldResponse(head: head, framing: framing)
    case .begin: begin(consume head, framing: framing)
    }
  }

  /// What the head means here: the rules in order, each of which another floor decides.
  private func reading(of head: ResponseHead, framing: BodyFraming)
    -> CacheCourse.HeadReading
  {
    withheld = nil
    inspection = nil
    headDecision = nil
    let sign = decisionSign(head)
    if stored != nil, head.status == .notModified {
      return sign == nil ? .confirmation : .spoiltConfirmation
    }
    if let stored, mayAnswerStale(stored, because: .status(head.status)) { return .coveredError }
    if sign != nil { return .decision }
    withheld = ResponseLook.withheld(head, route: route)
    let look = ResponseLook(at: head, framing: framing, to: request, route: route) {
      isStorable(head, framing: framing)
    }
    switch look {
    case .unclear(let inspection):
      self.inspection = inspection
      return .unclear
    case .plain(let reason): if let reason { withheld = reason }
    }
    return .plain
  }

  private func decisionSign(_ head: ResponseHead) -> DecisionSign? {
    let kind = route.service.settings.kind
    if case .decision(let sign) = classify(head, kind: kind) { return sign }
    return nil
  }

  /// Begins to deliver a response that is no decision, and to store it where that is allowed.
  private func begin(_ head: consuming ResponseHead, framing: BodyFraming) {
    var head = head
    if combines(head, framing: framing) { return }
    invalidate(by: head)
    freshen(byHead: head)
    let storable = openStore(for: head, framing: framing)
    self.storable = storable
    if storable == nil, isSuspicious(permit == nil ? cause : record.cacheReason) {
      worker.reportWithheld(head, of: self)
    }
    record.status = head.status
    if let storable {
      open(storable)
    } else {
      land(head.status.isServerError ? .failed : .notShared)
    }
    let holdsIt = storable.map(clientHolds) ?? false
    course.began(clientIsAnswered: holdsIt)
    if holdsIt, let storable {
      sendNotModified(storable)
      return releaseClient()
    }
    guard client != nil else {
      if writer == nil { refreshRefused(status: head.status) }
      return
    }
    appendCacheStatus(to: &head, isStored: writer != nil)
    deliver(consume head, framing: framing)
  }

  /// Whether a response kept out of the store for this reason is worth a finding.
  private func isSuspicious(_ reason: CacheReason?) -> Bool {
    switch reason {
    case .requestContent, .methodOverride, .ambiguousPath, .otherSpelling, .suffixMismatch,
      .staticNameMismatch, .errorOfRequest:
      true
    default: false
    }
  }

  // MARK: The response's content

  override func responseContent(_ piece: UnsafeRawBufferPointer) {
    unsafe held?.content.append(contentsOf: piece)
    let finding = finding(isWhole: false)
    switch course.contentArrived(fits: finding == .needsMore) {
    case .keep: break
    case .release: release(finding, isWhole: false)
    case .pass:
      unsafe store(piece)
      unsafe deliver(content: piece)
    case .store:
      // More of a part than was asked for is not what is missing.
      if completion != nil, let missingBytes, Int64(piece.count) > missingBytes {
        return fail(.originMalformed)
      }
      unsafe store(piece)
      if let writer, !writer.wantsContent { return giveUp() }
      moreArrived()
      keepPace()
    case .deliver: unsafe deliver(content: piece)
    case .drop: break
    }
  }

  /// What the held content says so far.
  private func finding(isWhole: Bool) -> ContentFinding {
    guard let held, let inspection else { return .nothing }
    return inspection.finding(in: held.content.span, isWhole: isWhole)
  }

  /// On with what was held, as its content says.
  private func release(_ finding: ContentFinding, isWhole: Bool) {
    guard let response = held else { return }
    held = nil
    let content = response.content
    let framing = isWhole ? .length(Int64(content.count)) : response.framing
    if case .decision(let sign) = finding {
      if asksWhole(insteadOf: response.head) { return }
      guard course.headArrived(.decision) == .changeLane else {
        return giveUpDecision(response.head.status)
      }
      changeLane(response.head, sign, framing: framing)
    } else {
      if case .withheld(let reason) = finding { withheld = reason }
      begin(response.head, framing: framing)
    }
    guard !isEnded, !content.isEmpty else { return }
    unsafe content.withUnsafeBytes { unsafe responseContent($0) }
  }

  override func responseEnded(trailers: FieldSection) {
    switch course.contentEnded() {
    case .judge:
      release(finding(isWhole: true), isWhole: true)
      if !isEnded { responseEnded(trailers: trailers) }
    case .storeAndEnd:
      // First the store, then the client: who has seen the end finds what is stored.
      finishStoring()
      deliverEnd(trailers: trailers)
    case .store:
      finishStoring()
      finish()
    case .end: deliverEnd(trailers: trailers)
    case .storeAndFollow:
      finishStoring()
      moreArrived()
    case .nothing: break
    }
  }

  override func responseBroken() {
    cancelStoring()
    held = nil
    reading = nil
    leavesFlight()
    leavesBehind()
  }

  // MARK: The client's side

  /// The client has its answer and goes on; the fetch does, too, for the store.
  func releaseClient() {
    let released = client
    detachClient()
    released?.responseEnded()
  }

  override func clientGone() {
    guard !isEnded else { return }
    stopsReading()
    switch course.clientLeft(isFollowed: writer?.hasReaders ?? false) {
    case .fetchOn:
      record.outcome = .clientGone
      detachClient()
      origin?.resume()
    case .leave, .giveUp: super.clientGone()
    }
  }

  override func clientDrained() {
    guard reading != nil else { return super.clientDrained() }
    moreArrived()
  }

  override func clientSaturated(_ client: ClientConnection) {
    // Who reads from what has come stops by itself.
    guard reading == nil else { return }
    guard case .leading = flight, let writer, writer.wantsContent else {
      return super.clientSaturated(client)
    }
    holdUp(client, whileStoring: writer)
  }

  // MARK: Failures

  override func fail(_ failure: ProxyFailure, violation: ProtocolViolation? = nil) {
    guard !isEnded else { return }
    keepIncomplete()
    land(.failed)
    switch course.failed(isStarted: answerIsStarted) {
    case .answerStaleOrFail:
      if failure.isUnreachable, let stored, answerStale(stored, because: .unreachable) { return }
    case .endQuietly:
      if writer == nil { record.outcome = .failed }
      return giveUp()
    case .fail: break
    }
    super.fail(failure, violation: violation)
  }

  override func deadlinePassed() {
    if course.isAskingBehind { behindTold(nil) } else { outOfPatience() }
  }

  /// What came for the store alone may not be stored: it is not served stale any longer, either,
  /// unless the origin has just a bad moment.
  private func refreshRefused(status: Status) {
    if let stored, !status.isServerError { worker.shared.store.remove(stored) }
    if status.isServerError { record.outcome = .failed }
    giveUp()
  }

  /// A decision came in the background: nobody gets it, and nothing of its key stays stored.
  private func giveUpDecision(_ status: Status) {
    record.status = status
    worker.shared.store.invalidate(key)
    giveUp()
  }

  /// Nobody waits for the rest.
  func giveUp() {
    responseBroken()
    finish()
  }

  // MARK: Changing lane

  /// The response is a decision although the request did not look like one.
  private func changeLane(_ head: ResponseHead, _ sign: DecisionSign, framing: BodyFraming) {
    record.lane = .undeclared
    record.cacheReason = .decision
    land(.notShared)
    removeOutlived()
    worker.report(undeclared: head, sign: sign, of: self)
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
  /// How the stored response would answer, where it may be used.
  var form = StoredForm.usual
  var moment: StoreMoment?
  /// How many changes of paths the store had seen.
  var pathChanges: UInt64 = 0
  /// Whether the request forbids to ask the origin: only the place behind the memory store is left.
  var isLocalOnly = false
}

/// A response that is held until enough of its content is there to say what it is.
struct HeldResponse {
  var head: ResponseHead
  var framing: BodyFraming
  var content: [UInt8] = []
}

extension BodyFraming {
  /// How long content framed like this is; nil where that shows at its end only.
  var knownLength: Int64? {
    switch self {
    case .none: 0
    case .length(let count): count
    case .chunked, .untilClose: nil
    }
  }
}

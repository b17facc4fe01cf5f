internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport
internal import Verdict

/// An exchange of the cache lane that needs the origin: a miss, a validation, or what may not be
/// cached at all.
///
/// A response that turns out to be a decision changes lane here: hardened, never stored, delivered
/// or refused, and reported (DESIGN: the life of an exchange).
final class CacheExchange: Exchange {
  /// Why nothing stored was used; what `Cache-Status` will say.
  private var cause: CacheReason
  /// Proof that the store may be touched; nil where the exchange passes by.
  private let permit: LookupPermit?
  private let key: [UInt8]
  /// What is being validated.
  private var stored: StoredResponse?
  private let rules: CacheRules
  private var writer: StoreWriter?
  /// A response whose content is looked at before anything is sent: it may be a decision.
  private var held: HeldResponse?
  /// Whether the content goes to the store only: the client was answered 304.
  private var isForStoreOnly = false
  private var clientHasAnswer = false

  /// How much JSON is held to see whether it is a decision, in bytes. Longer content is delivered
  /// unseen: no verdict we know of is longer.
  static let heldBytes = maximumClassifiedBodyBytes

  init(
    _ incoming: IncomingRequest, id: ExchangeID, on client: ClientConnection, route: RoutePlan,
    rules: CacheRules, lookup: CacheLookup
  ) {
    self.rules = rules
    cause = lookup.reason
    permit = lookup.permit
    key = lookup.key
    stored = lookup.stored
    super.init(incoming, id: id, on: client, route: route)
    record.lane = permit == nil ? .pass : .cache
    record.cacheReason = lookup.reason
  }

  override var allowedUpgrades: [[UInt8]] { route.settings.upgrades }

  override func prepareLane(_ head: inout RequestHead) -> ProxyFailure? {
    guard permit != nil, request.method == .get else { return nil }
    if let stored {
      setValidationFields(of: stored.metadata, head: stored.head, in: &head.fields)
    } else {
      removeConditions(from: &head.fields)
    }
    return nil
  }

  // MARK: The response's head

  override func responseArrived(_ head: consuming ResponseHead, framing: BodyFraming) {
    let head = head
    let nothing: [UInt8] = []
    if let stored, head.status == .notModified {
      let kind = route.service.settings.kind
      guard classify(head, body: nothing.span, kind: kind).isDecision else {
        return validated(stored, by: head)
      }
      return forget(stored, because: .decision)
    }
    if let stored, answerStale(stored, because: .status(head.status)) { return }
    if case .decision(let sign) = classify(
      head, body: nothing.span, kind: route.service.settings.kind)
    {
      return changeLane(head, framing: framing, sign: sign)
    }
    if classificationWantsBody(of: head), request.method != .head,
      framing.mayHold(upTo: Self.heldBytes)
    {
      held = HeldResponse(head: head, framing: framing)
    } else {
      begin(consume head, framing: framing)
    }
  }

  /// Begins to deliver a response that is no decision, and to store it where that is allowed.
  private func begin(_ head: consuming ResponseHead, framing: BodyFraming) {
    var head = head
    invalidate(by: head)
    let storable = store(head, framing: framing)
    record.status = head.status
    if let storable, answersNotModified(storable) {
      isForStoreOnly = true
      return sendNotModified(storable)
    }
    appendCacheStatus(to: &head, isStored: writer != nil)
    deliver(consume head, framing: framing)
  }

  private func store(_ head: ResponseHead, framing: BodyFraming) -> StorableResponse? {
    guard permit != nil, request.method == .get else { return nil }
    guard !isUnreadableForClassification(head, kind: route.service.settings.kind) else {
      record.cacheReason = .decision
      return nil
    }
    let decision = storageDecision(
      for: head, to: request, exchange: .other, requestedAt: sentWall,
      receivedAt: worker.loop.wallNow, rules: rules)
    guard case .store(let storable) = decision else {
      if case .refuse(let reason) = decision { record.cacheReason = reason }
      return nil
    }
    let length: Int64? = if case .length(let count) = framing { count } else { nil }
    switch worker.shared.store.open(storable, key: key, request: request, length: length) {
    case .writer(let writer):
      self.writer = writer
      worker.reportStored(head, of: self)
      return storable
    case .refused(let reason):
      record.cacheReason = reason
      worker.counters.countStore(reason)
      return nil
    }
  }

  private func appendCacheStatus(to head: inout ResponseHead, isStored: Bool) {
    var value: [UInt8] = []
    var status = CacheStatus(forwardedBecause: cause, forwardStatus: head.status)
    status.isStored = isStored
    if !isStored, let reason = record.cacheReason { status.detail = reason }
    status.append(to: &value)
    head.fields.append(.cacheStatus, value)
  }

  // MARK: The response's content

  override func responseContent(_ piece: UnsafeRawBufferPointer) {
    if held != nil { return unsafe hold(piece) }
    unsafe writer?.append(piece)
    if !isForStoreOnly { unsafe deliver(content: piece) }
  }

  private func hold(_ piece: UnsafeRawBufferPointer) {
    guard var response = held else { return }
    held = nil
    unsafe response.content.append(contentsOf: piece)
    guard response.content.count > Self.heldBytes else {
      held = response
      return
    }
    // Too long for a verdict: on with it, what was held first.
    begin(response.head, framing: response.framing)
    unsafe response.content.withUnsafeBytes { unsafe responseContent($0) }
  }

  override func responseEnded(trailers: FieldSection) {
    if let response = held {
      held = nil
      return heldEnded(response, trailers: trailers)
    }
    finishStoring()
    if isForStoreOnly {
      finish()
    } else {
      deliverEnd(trailers: trailers)
    }
  }

  private func heldEnded(_ response: HeldResponse, trailers: FieldSection) {
    let content = response.content
    let length = BodyFraming.length(Int64(content.count))
    if case .decision(let sign) = classify(
      response.head, body: content.span, kind: route.service.settings.kind)
    {
      changeLane(response.head, framing: length, sign: sign)
      guard !isEnded else { return }
      unsafe content.withUnsafeBytes { unsafe deliver(content: $0) }
      return deliverEnd(trailers: trailers)
    }
    begin(response.head, framing: length)
    guard !isEnded else { return }
    unsafe content.withUnsafeBytes { unsafe responseContent($0) }
    responseEnded(trailers: trailers)
  }

  private func finishStoring() {
    guard let writer else { return }
    self.writer = nil
    let outcome = writer.finish()
    record.cacheReason = outcome.reason
    worker.counters.countStore(outcome.reason)
  }

  override func responseBroken() {
    if let writer {
      writer.cancel()
      worker.counters.countStore(.storeCancelled)
    }
    writer = nil
    held = nil
  }

  // MARK: Validation (RFC 9111 §4.3)

  private func validated(_ old: StoredResponse, by head: ResponseHead) {
    let decision = freshenDecision(
      stored: old.metadata, head: old.head, by: head, to: request, requestedAt: sentWall,
      receivedAt: worker.loop.wallNow, rules: rules)
    switch decision {
    case .freshened(let storable):
      answer(with: worker.shared.store.freshen(old, with: storable), status: head.status)
    case .answerOnly(let storable, _):
      answer(with: worker.shared.store.detached(old, with: storable), status: head.status)
    case .answerAndRemove(let storable, _):
      worker.shared.store.remove(old)
      answer(with: worker.shared.store.detached(old, with: storable), status: head.status)
    case .refuse(let reason):
      // The 304 is about something else: ask again without conditions.
      forget(old, because: reason)
    }
  }

  /// Asks again without conditions: what the 304 says may not be merged with what is stored.
  private func forget(_ old: StoredResponse, because reason: CacheReason) {
    worker.shared.store.remove(old)
    stored = nil
    cause = reason
    startAgain()
  }

  private func answer(with response: StoredResponse, status: Status) {
    let age = StoredAge(of: response.metadata, at: worker.loop.wallNow)
    var cacheStatus = CacheStatus(forwardedBecause: cause, forwardStatus: status)
    cacheStatus.ttl = age.ttl
    cacheStatus.detail = .validated
    record.cacheReason = .validated
    clientHasAnswer = true
    sendStored(response, age: age, status: cacheStatus)
  }

  // MARK: Errors (RFC 5861 §4, RFC 9111 §4.2.4)

  override func fail(_ failure: ProxyFailure, violation: ProtocolViolation? = nil) {
    if failure.isUnreachable, !client.response.isStarted, let stored,
      answerStale(stored, because: .unreachable)
    {
      return
    }
    if isForStoreOnly {
      // The client has its 304 whole; only the store goes without.
      responseBroken()
      return finish()
    }
    super.fail(failure, violation: violation)
  }

  /// Answers with a stale response where the rules allow it; whether it did.
  private func answerStale(_ response: StoredResponse, because failure: OriginFailure) -> Bool {
    guard
      case .serve(let age, let reason) = staleOnErrorDecision(
        for: request, stored: response.metadata, failure: failure, now: worker.loop.wallNow,
        rules: rules)
    else { return false }
    var status = CacheStatus(.hit, ttl: age.ttl, detail: reason)
    if case .status(let code) = failure { status.forwardStatus = code }
    record.cacheReason = reason
    sendStored(response, age: age, status: status)
    return true
  }

  // MARK: Answering from the store

  private func sendStored(_ response: StoredResponse, age: StoredAge, status: CacheStatus) {
    let answer = StoredAnswer(response, age: age, status: status)
    record.outcome = .hit
    record.status = response.metadata.status
    record.bytesSent = client.sendStored(answer, to: request, route: route)
    finish()
  }

  private func answersNotModified(_ storable: StorableResponse) -> Bool {
    guard request.fields.contains(.ifNoneMatch) || request.fields.contains(.ifModifiedSince) else {
      return false
    }
    let range = storable.metadata.entityTagRange
    return conditionDecision(
      for: request, stored: storable.metadata, entityTag: storable.head[range],
      now: worker.loop.wallNow) == .notModified
  }

  private func sendNotModified(_ storable: StorableResponse) {
    var status = CacheStatus(forwardedBecause: cause, forwardStatus: storable.metadata.status)
    status.isStored = true
    record.status = .notModified
    client.sendNotModified(storable.head[...], age: nil, status: status)
  }

  // MARK: Changing lane

  /// The response is a decision although the request did not look like one.
  private func changeLane(_ head: ResponseHead, framing: BodyFraming, sign: DecisionSign) {
    record.lane = .undeclared
    record.cacheReason = .decision
    if permit != nil { worker.shared.store.invalidate(key) }
    worker.report(undeclared: head, sign: sign, of: self)
    guard route.settings.onDecision == .deliver else { return fail(.undeclaredDecision) }
    var head = head
    hardenDecisionResponse(&head.fields, under: nil)
    appendCacheStatus(to: &head, isStored: false)
    deliver(consume head, framing: framing)
  }

  private func invalidate(by head: ResponseHead) {
    guard !request.method.isSafe else { return }
    let scheme: Scheme = client.facts.isSecure ? .https : .http
    for key in invalidationKeys(
      for: request, scheme: scheme, response: head, partition: route.partition)
    {
      worker.shared.store.invalidate(key)
    }
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

internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Platform
internal import Primitives
internal import Transport

/// One request and what becomes of it: forwarded to an origin, its response delivered as it comes.
///
/// The shell of every lane; lanes are subclasses that say what is done with the response
/// (`responseArrived` and the hooks after it). It is held by its client connection until the
/// response is complete. Belongs to one loop; not `Sendable`.
class Exchange {
  /// Content that is kept for an origin that is not connected yet, in bytes, before the client is
  /// paused.
  static let pendingContentBytes = 65_536
  // Room for what this program adds to a head.
  private static let addedBytes = 512
  private static let addedLines = 12

  // Strong, since a weaker reference would be counted at each use; the client lets go of its
  // exchange when it ends, and the worker of its clients.
  let worker: Worker
  /// Who waits for the answer; nil where nobody does (any more), and the exchange goes on for the
  /// store or for others.
  private(set) var client: ClientConnection?
  let plan: Plan
  let route: RoutePlan
  let id: ExchangeID
  /// The request as it came.
  let request: RequestHead
  let framing: BodyFraming
  let expectsContinue: Bool
  let beganAt: MonotonicTime
  let beganWall: WallTime
  var record: ExchangeRecord

  /// The request as it goes to the origin; set by `prepare`.
  var outgoing: RequestHead
  var outgoingFraming: BodyFraming
  private(set) var origin: OriginConnection?
  private var pool: ServicePool?
  private var tried = OriginSet()
  private var attempt = 0
  /// Why the attempt before this one failed.
  private var lastFailure: ProxyFailure?
  /// Set when the request goes out again because a kept connection closed under it.
  private var needsFreshConnection = false
  private(set) var isEnded = false
  private var responseBegan = false
  private(set) var requestIsComplete = false
  private var pendingContent: [UInt8] = []
  private var contentBytes: Int64 = 0
  private var contentWasSent = false
  private(set) var sentAt: MonotonicTime?
  /// When the request went out; before that, when it came.
  private(set) var sentWall: WallTime

  init(
    _ incoming: IncomingRequest, id: ExchangeID, on worker: Worker, for client: ClientConnection?,
    route: RoutePlan
  ) {
    self.worker = worker
    self.client = client
    plan = worker.plan
    self.route = route
    self.id = id
    request = incoming.head
    framing = incoming.framing
    expectsContinue = incoming.expectsContinue
    beganAt = worker.loop.now
    beganWall = worker.loop.wallNow
    sentWall = worker.loop.wallNow
    outgoing = incoming.head
    outgoingFraming = incoming.framing
    record = ExchangeRecord()
  }

  /// What is known of whoever asked.
  var clientFacts: ClientFacts { client?.facts ?? .nobody }
  /// Whether the client has seen the beginning of an answer.
  var answerIsStarted: Bool { client?.response.isStarted ?? false }

  // MARK: Hooks for lanes

  /// Starts what has to be done with the request. The base forwards it at once.
  func start() {
    guard prepare() else { return }
    connect()
  }

  /// Changes the outgoing head as this lane needs, after what every intermediary does and after the
  /// operator's rules, so that no rule undoes it. Returns why the request cannot go out, or nil.
  func prepareLane(_ head: inout RequestHead) -> ProxyFailure? { nil }

  /// The final head of the response has come. The base delivers it as it is.
  func responseArrived(_ head: consuming ResponseHead, framing: BodyFraming) {
    deliver(head, framing: framing)
  }

  /// Content of the response. The base sends it on.
  func responseContent(_ piece: UnsafeRawBufferPointer) { unsafe deliver(content: piece) }

  /// The response is complete. The base completes the client's.
  func responseEnded(trailers: FieldSection) { deliverEnd(trailers: trailers) }

  /// The response broke off. Whatever was kept of it must be forgotten.
  func responseBroken() {}

  /// Whether interim responses go to the client before the verdict on the final one.
  var forwardsInterimResponses: Bool { true }
  /// Whether the exchange is in the decision lane: it is never sent twice.
  var isDecision: Bool { false }
  /// The protocols this exchange may change to; empty for none.
  var allowedUpgrades: [[UInt8]] { [] }

  // MARK: The request's way to the origin

  /// Makes the outgoing head: what every intermediary does, then what the lane does, then the
  /// operator's rules. False when the request was refused.
  func prepare() -> Bool {
    var head = request
    // The lines that are added below fit in, so that the bytes are copied once.
    head.fields.reserveCapacity(
      bytes: head.fields.storage.count + Self.addedBytes,
      lines: head.fields.count + Self.addedLines)
    let upgrade = asksUpgrade
    do throws(ProtocolViolation) {
      try removeHopByHopFields(from: &head.fields)
      if !route.isAudit { try route.guardedNames.check(head.fields) }
    } catch {
      worker.counters.countRejectedMessage(.client, error.code.rawValue)
      worker.reportRefused(error, of: self)
      fail(.malformedRequest, violation: error)
      return false
    }
    if !expectsContinue { head.fields.removeAll(.expect) }
    head.fields.removeAll(.trailer)
    RequestForwarding.setTarget(
      of: &head, originAuthority: route.originAuthority, standIn: route.standInAuthority)
    if !route.isAudit {
      RequestForwarding.setForwardingFields(
        of: &head, client: clientFacts, settings: route.settings.forwarding)
    }
    RequestForwarding.appendVia(to: &head, proxyName: plan.settings.name)
    if !route.isAudit {
      // A token of the client's own would come back from a service that echoes what it gets.
      head.fields.removeAll(.transactionToken)
      head.fields.removeAll(.verdictToken)
      head.fields.apply(route.settings.requestFields)
    }
    if let failure = prepareLane(&head) {
      fail(failure)
      return false
    }
    setFraming(of: &head)
    if upgrade, let protocols = request.fields.first(.upgrade) {
      head.fields.set(.connection, "upgrade")
      head.fields.set(.upgrade, protocols)
    }
    outgoing = head
    return true
  }

  private func setFraming(of head: inout RequestHead) {
    head.fields.removeAll(.contentLength)
    switch outgoingFraming {
    case .none, .untilClose: break
    case .length(let count):
      var digits: [UInt8] = []
      digits.append(decimal: UInt64(max(count, 0)))
      head.fields.append(.contentLength, digits)
    case .chunked: head.fields.append(.transferEncoding, "chunked")
    }
  }

  /// Asks for a connection to an origin of the route's service.
  func connect() {
    attempt += 1
    worker.service(route).acquire(
      for: self, tried: tried, fresh: needsFreshConnection)
  }

  /// Content for the origin that this program holds whole: sent with the head, framed by its
  /// length.
  func hold(content: [UInt8]) {
    outgoingFraming =
      content.isEmpty && framing == .none ? .none : .length(Int64(content.count))
    pendingContent = content
    requestIsComplete = true
  }

  // MARK: What the client's side tells

  /// Whether the client's connection may be read on.
  var wantsMoreRequestBody: Bool {
    guard let origin else { return pendingContent.count < Self.pendingContentBytes }
    return !origin.isSaturated
  }

  /// Content of the request.
  func requestContent(_ piece: UnsafeRawBufferPointer) {
    guard !isEnded else { return }
    contentBytes += Int64(piece.count)
    record.bytesReceived = contentBytes
    if let limit = route.requestBodyBytes, contentBytes > limit {
      return fail(.requestBodyTooLarge)
    }
    guard let origin else {
      unsafe keep(piece)
      return
    }
    contentWasSent = true
    guard outgoingFraming == .chunked else { return unsafe origin.send(piece) }
    let end: [UInt8] = [ASCII.carriageReturn, ASCII.lineFeed]
    worker.withHeadBuffer { bytes in
      MessageSerializer.appendChunkHeader(byteCount: piece.count, to: &bytes)
      unsafe bytes.withUnsafeBytes { first in
        unsafe end.withUnsafeBytes { last in unsafe origin.send(first, piece, last) }
      }
    }
  }

  private func keep(_ piece: UnsafeRawBufferPointer) {
    if outgoingFraming == .chunked {
      MessageSerializer.appendChunkHeader(byteCount: piece.count, to: &pendingContent)
    }
    unsafe pendingContent.append(contentsOf: piece)
    if outgoingFraming == .chunked { MessageSerializer.appendChunkEnd(to: &pendingContent) }
  }

  /// The request is complete.
  func requestEnded(trailers: FieldSection) {
    guard !isEnded, !requestIsComplete else { return }
    requestIsComplete = true
    if outgoingFraming == .chunked {
      var last: [UInt8] = []
      var trailers = trailers
      if !route.isAudit {
        route.guardedNames.remove(from: &trailers)
        if !clientFacts.isTrusted { trailers.removePeerClaims() }
      }
      do throws(ProtocolViolation) {
        try MessageSerializer.appendLastChunk(trailers: trailers, to: &last)
      } catch {
        return fail(.malformedRequest, violation: error)
      }
      contentWasSent = origin != nil
      if let origin {
        unsafe last.withUnsafeBytes { unsafe origin.send($0) }
      } else {
        pendingContent.append(contentsOf: last)
      }
    }
    origin?.requestEnded()
  }

  /// The client is gone: nobody waits for the response.
  func clientGone() {
    guard !isEnded else { return }
    record.outcome = .clientGone
    responseBroken()
    detachOrigin(.abandoned)
    end()
  }

  /// The client took what was queued for it.
  func clientDrained() { origin?.resume() }

  /// The origin took what was queued for it.
  func originDrained() { client?.settleReading() }

  // MARK: What the pool tells

  func assigned(to pool: ServicePool) {
    self.pool = pool
    record.origin = pool.name
  }

  /// There is a connection: the request goes out.
  func originReady(_ connection: OriginConnection) {
    origin = connection
    sentAt = worker.loop.now
    sentWall = worker.loop.wallNow
    do throws(ProtocolViolation) {
      try connection.begin(outgoing, for: self, timeouts: route.waits)
    } catch {
      detachOrigin(.abandoned)
      return fail(.malformedRequest, violation: error)
    }
    if !pendingContent.isEmpty {
      contentWasSent = true
      unsafe pendingContent.withUnsafeBytes { unsafe connection.send($0) }
      if !isDecision { pendingContent = [] }
    }
    if requestIsComplete { connection.requestEnded() }
    client?.settleReading()
  }

  /// There is no connection.
  func originUnavailable(_ failure: ProxyFailure, at pool: ServicePool?) {
    // That nobody is left to be asked is no news after the reason why the others could not be.
    let cause = failure == .noHealthyOrigin ? lastFailure ?? failure : failure
    attemptFailed(cause, .notConnected)
  }

  // MARK: What the origin tells

  func originInterim(_ head: ResponseHead) {
    responseBegan = true
    guard !isEnded else { return }
    if head.status.code == 100, !expectsContinue { return }
    guard forwardsInterimResponses else {
      // Without its 100 the client would wait with its content, and the origin for it.
      if head.status.code == 100, !requestIsComplete {
        client?.sendInterim(ResponseHead(status: Status(100)))
      }
      return
    }
    var head = head
    guard (try? removeHopByHopFields(from: &head.fields)) != nil else { return }
    client?.sendInterim(head)
  }

  func originHead(_ head: ResponseHead, framing: BodyFraming) {
    guard !isEnded else { return }
    responseBegan = true
    if let pool, let sentAt {
      let nanoseconds = worker.loop.now.nanoseconds(since: sentAt)
      record.originMicroseconds = nanoseconds / 1000
      pool.service.counters.observeResponse(nanoseconds: nanoseconds)
      pool.service.succeeded(at: pool.number)
    }
    var head = head
    head.fields.reserveCapacity(
      bytes: head.fields.storage.count + Self.addedBytes,
      lines: head.fields.count + Self.addedLines)
    do throws(ProtocolViolation) {
      try removeHopByHopFields(from: &head.fields)
    } catch {
      worker.counters.countRejectedMessage(.origin, error.code.rawValue)
      detachOrigin(.protocolViolation)
      return fail(.originMalformed, violation: error)
    }
    if !head.fields.contains(.date) {
      // RFC 9110 §6.6.1: whoever forwards a response without a date supplies one.
      unsafe head.fields.append(.date, Span(_unsafeBytes: worker.loop.dateBytes))
    }
    responseArrived(consume head, framing: framing)
  }

  func originContent(_ piece: UnsafeRawBufferPointer) {
    guard !isEnded else { return }
    unsafe responseContent(piece)
  }

  func originEnded(trailers: FieldSection) {
    releaseOrigin()
    guard !isEnded else { return }
    responseEnded(trailers: trailers)
  }

  /// The origin failed before the response was complete.
  ///
  /// - Parameters:
  ///   - wasReused: Whether its connection had carried another exchange.
  ///   - responseBegan: Whether any byte of an answer came.
  func originFailed(
    _ failure: ProxyFailure, violation: ProtocolViolation? = nil, wasReused: Bool,
    responseBegan: Bool
  ) {
    guard !isEnded else { return }
    if responseBegan { self.responseBegan = true }
    let kind: OriginAttemptFailure =
      switch failure {
      case .originTimeout: .timedOut
      case .originMalformed: .protocolViolation
      default: self.responseBegan ? .closedWithinResponse : .closedBeforeResponse
      }
    // A kept connection that closes under a request says nothing about the origin.
    if let pool, !wasReused || kind != .closedBeforeResponse {
      pool.service.failed(at: pool.number, OriginFault(kind))
    }
    releaseOrigin()
    attemptFailed(failure, kind, violation: violation, wasReused: wasReused)
  }

  private func attemptFailed(
    _ failure: ProxyFailure, _ kind: OriginAttemptFailure, violation: ProtocolViolation? = nil,
    wasReused: Bool = false
  ) {
    if let pool, kind == .notConnected { tried.insert(OriginSet(origin: pool.number)) }
    releaseOrigin()
    let decision = retryDecision(
      after: OriginAttempt(
        number: attempt, isDecision: isDecision, connectionWasReused: wasReused,
        bodyCanBeReplayed: !contentWasSent, responseBegan: responseBegan, failure: kind),
      method: request.method, attemptLimit: 1 + route.service.settings.retries)
    switch decision {
    case .connectElsewhere, .sendAgain:
      record.retries += 1
      lastFailure = failure
      worker.service(route).counters.countRetry()
      if decision == .sendAgain { needsFreshConnection = true }
      connect()
    case .refuse: fail(failure, violation: violation)
    }
  }

  // MARK: Delivering

  /// The client takes no more for now.
  func clientSaturated(_ client: ClientConnection) { origin?.pause() }

  /// Answers instead of the origin; breaks off where the response has begun already.
  func fail(_ failure: ProxyFailure, violation: ProtocolViolation? = nil) {
    guard !isEnded else { return }
    responseBroken()
    detachOrigin(.abandoned)
    record.reason = violation?.code.rawValue ?? failure.rawValue
    record.outcome = .failed
    if answerIsStarted {
      end()
      client?.breakOff()
      return
    }
    // A violation of the origin's is a 502, whatever its own status says.
    let status = failure == .malformedRequest ? violation?.status : nil
    let answer = failureAnswer(failure, status: status, violation: violation)
    if !requestIsComplete { client?.response.closeAfterResponse() }
    record.status = answer.head.status
    record.bytesSent = Int64(answer.content.count)
    client?.send(answer)
    finish()
  }

  /// The answer that stands for a failure; lanes may give it another form.
  func failureAnswer(_ failure: ProxyFailure, status: Status?, violation: ProtocolViolation?)
    -> LocalAnswer
  {
    LocalAnswer.failure(
      failure, status: status, detail: violation?.code.rawValue, proxyName: plan.settings.name,
      exchange: id.text)
  }

  // MARK: Ending

  /// The response is complete.
  func finish() {
    guard !isEnded else { return }
    detachOrigin(.unreadBody)
    end()
    client?.responseEnded()
  }

  func end() {
    guard !isEnded else { return }
    isEnded = true
    worker.counters.exchangesChanged(by: -1)
    recordEnd()
  }

  /// Tells the logs and counters that the exchange is over.
  func recordEnd() { worker.record(self) }

  /// An `ExchangeDeadline` of this exchange has passed.
  func deadlinePassed() {}

  /// Sends the request again, prepared anew; the response so far is forgotten. The connection that
  /// brought it goes its own way.
  func startAgain() {
    detachOrigin(.unreadBody)
    guard prepare() else { return }
    connect()
  }

  /// The connection is not this exchange's any more, by whatever way it left.
  private func releaseOrigin() {
    origin = nil
    if let pool {
      worker.service(route).finished(at: pool.number)
      self.pool = nil
    }
  }

  /// The client is gone, but the exchange goes on for others.
  func detachClient() { client = nil }

  /// Gives up a connection before the end of its response, or the wait for one.
  func detachOrigin(_ spoiler: OriginConnectionSpoiler) {
    let connection = origin
    pool?.cancel(self)
    releaseOrigin()
    connection?.abandon(spoiler)
  }
}

extension OriginFault {
  init(_ failure: OriginAttemptFailure) {
    switch failure {
    case .notConnected: self = .notConnected
    case .closedBeforeResponse, .closedWithinResponse: self = .closed
    case .timedOut: self = .responseTimedOut
    case .protocolViolation: self = .protocolViolation
    }
  }
}

internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

/// One connection to an origin, speaking HTTP/1.1 as a client: one exchange at a time.
///
///     opening ──▶ idle ⇄ head ──▶ content ──▶ idle | closed
///                          └────▶ tunnel
///
/// It is used again only after a request and a response that were both complete, without a byte
/// left over. Belongs to one loop and is entered from its turn only; not `Sendable`.
final class OriginConnection: StreamHandler {
  /// How many interim responses one request may get (RFC 9110 §15.2 names no limit).
  static let maximumInterimResponses = 32

  enum Phase {
    case opening
    case idle
    /// The head of the response, or of an interim response before it, is awaited.
    case head
    case content
    case tunnel
    case closed
  }

  /// Strong, as the worker is, since a weaker reference would be counted at each use; the pool lets
  /// go of a connection when it closes it.
  let pool: ServicePool
  let id: OriginConnectionID
  private let worker: Worker
  private(set) var stream: ByteStream?
  private(set) var phase = Phase.opening
  private var scanner = HeadScanner(.response)
  private var body = BodyDecoder(.none)
  private var inbound: [UInt8] = []
  private var exchange: Exchange?
  private var requestIsComplete = false
  private var persists = false
  /// How long this connection may be idle before the origin closes it, with a margin; nil where the
  /// origin did not say.
  private(set) var peerIdleAge: Milliseconds?
  /// Whether an exchange used this connection before the present one.
  private(set) var wasUsed = false
  /// Whether it is left in the middle of an exchange.
  private var wasGivenUp = false
  /// Set while the client takes nothing: the origin has no deadline then.
  private var isPaused = false
  private var interimResponses = 0
  /// Whether any byte came in answer to the present request.
  private var answerBegan = false
  /// The turn in which the request was sent: what is ready to be read in it came before.
  private var beganAt: MonotonicTime?
  private var timeouts: OriginWaits

  init(pool: ServicePool, worker: Worker, id: OriginConnectionID, timeouts: OriginWaits) {
    self.pool = pool
    self.worker = worker
    self.id = id
    self.timeouts = timeouts
    super.init(on: worker.loop.timers)
  }

  /// The pool has started to connect.
  func opens(on stream: ByteStream) {
    self.stream = stream
    arm(after: timeouts.connect)
  }

  // MARK: The exchange's side

  /// Sends the head of a request; its content follows by `send(content:)`.
  func begin(
    _ head: RequestHead, for exchange: Exchange, timeouts: OriginWaits
  ) throws(ProtocolViolation) {
    self.exchange = exchange
    self.timeouts = timeouts
    phase = .head
    scanner.reset()
    requestIsComplete = false
    persists = true
    interimResponses = 0
    answerBegan = false
    beganAt = worker.loop.now
    try worker.withHeadBuffer { bytes throws(ProtocolViolation) in
      try MessageSerializer.append(head, to: &bytes)
      unsafe bytes.withUnsafeBytes { unsafe write($0) }
    }
    awaitOrigin(timeouts.idle)
  }

  private func awaitOrigin(_ time: Milliseconds) {
    if !isPaused { arm(after: time) }
  }

  /// Sends content of the request, framed already.
  func send(_ bytes: UnsafeRawBufferPointer) {
    unsafe write(bytes)
    awaitOrigin(timeouts.idle)
  }

  /// Sends a chunk: its header, its data, its end.
  func send(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer,
    _ third: UnsafeRawBufferPointer
  ) {
    unsafe write(first, second, third)
    awaitOrigin(timeouts.idle)
  }

  private func write(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = unsafe ByteStream.nothing,
    _ third: UnsafeRawBufferPointer = unsafe ByteStream.nothing
  ) {
    worker.counters.countSent(.origin, first.count + second.count + third.count)
    unsafe stream?.write(first, second, third)
  }

  /// The request is sent to its end; the time until the first byte of the answer counts from now.
  func requestEnded() {
    requestIsComplete = true
    if case .head = phase { awaitOrigin(timeouts.firstByte) }
  }

  /// The exchange gives this connection up before its end.
  func abandon(_ spoiler: OriginConnectionSpoiler) {
    exchange = nil
    guard !isClosed else { return }
    leave(.spoiled(spoiler))
  }

  /// Whether the exchange should wait before it sends more.
  var isSaturated: Bool { stream?.isSaturated ?? false }
  /// Reads no further: the client takes nothing. It has a deadline of its own.
  func pause() {
    isPaused = true
    disarm()
    stream?.pauseReading()
  }

  func resume() {
    guard isPaused else { return }
    isPaused = false
    if exchange != nil { awaitOrigin(timeouts.idle) }
    stream?.resumeReading()
  }

  private var isClosed: Bool { if case .closed = phase { true } else { false } }

  // MARK: What the stream tells

  override func streamOpened() {
    disarm()
    phase = .idle
    if let tls = stream?.tls { worker.counters.countHandshake(.origin, tls) }
    pool.opened(self)
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    worker.counters.countReceived(.origin, bytes.count)
    if wasUsed, beganAt == worker.loop.now, case .head = phase {
      // They were there before the request was sent: they answer nothing of this exchange.
      worker.counters.countRejectedMessage(.origin, OriginConnectionSpoiler.leftoverBytes.rawValue)
      return fail(.originClosed)
    }
    answerBegan = true
    if inbound.isEmpty {
      let used = unsafe process(bytes)
      if used < bytes.count, !isClosed { unsafe inbound.append(contentsOf: bytes[used...]) }
    } else {
      unsafe inbound.append(contentsOf: bytes)
      let kept = inbound
      inbound = []
      let used = unsafe kept.withUnsafeBytes { unsafe process($0) }
      if used < kept.count, !isClosed { inbound = Array(kept[used...]) }
    }
  }

  override func receivedEnd(clean: Bool) {
    switch phase {
    case .opening, .closed: break
    case .idle: end()
    case .tunnel: exchange?.tunnelEndedByOrigin()
    case .head: fail(.originClosed)
    case .content:
      // Over TLS only a closing alert tells that nothing was cut off (RFC 9112 §9.8).
      guard clean, (try? body.peerClosed()) != nil else { return fail(.originClosed) }
      persists = false
      complete(trailers: FieldSection(), hasLeftover: false)
    }
  }

  override func outputDrained() { exchange?.originDrained() }

  override func closed(_ failure: StreamFailure?) {
    guard !isClosed else { return }
    let wasOpening = if case .opening = phase { true } else { false }
    let ended = exchange
    exchange = nil
    phase = .closed
    disarm()
    if failure?.stage == .handshake { worker.counters.countFailedHandshake(.origin) }
    if wasOpening {
      pool.openFailed(self, failure)
    } else {
      pool.closed(self, leased: ended != nil)
      ended?.originFailed(.originClosed, wasReused: wasUsed, responseBegan: answerBegan)
    }
  }

  override func fired() {
    switch phase {
    case .opening:
      phase = .closed
      stream?.abort()
      pool.openTimedOut(self)
    case .idle, .closed: break
    case .head, .content: fail(.originTimeout)
    case .tunnel: exchange?.tunnelEndedByOrigin()
    }
  }

  // MARK: Reading

  private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
    let span = unsafe Span<UInt8>(_unsafeBytes: bytes)
    var offset = 0
    while offset < span.count {
      switch phase {
      case .opening, .closed: return span.count
      case .idle:
        // Nobody asked anything: these bytes would be taken for the answer to the next request.
        worker.counters.countRejectedMessage(
          .origin, OriginConnectionSpoiler.leftoverBytes.rawValue)
        end()
        return span.count
      case .head:
        guard let next = head(in: span, from: offset) else { return offset }
        offset = next
      case .content:
        guard let next = unsafe content(in: span, of: bytes, from: offset) else {
          return span.count
        }
        offset = next
      case .tunnel:
        awaitOrigin(timeouts.idle)
        unsafe exchange?.tunnel(fromOrigin: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        return span.count
      }
    }
    return offset
  }

  private func head(in bytes: Span<UInt8>, from offset: Int) -> Int? {
    guard let exchange else { return nil }
    let rest = bytes.extracting(offset...)
    do throws(ProtocolViolation) {
      // The first bytes of a head are due by the one deadline, the rest by the other.
      if scanner.isAtStart { awaitOrigin(timeouts.idle) }
      guard let count = try scanner.scan(rest, limits: worker.wireLimits) else { return nil }
      scanner.reset()
      let head = try ResponseHeadParser.parse(rest.extracting(0..<count), limits: worker.wireLimits)
      try handle(head, for: exchange, hasLeftover: offset + count < bytes.count)
      return offset + count
    } catch {
      fail(.originMalformed, violation: error)
      return nil
    }
  }

  private func handle(_ head: ResponseHead, for exchange: Exchange, hasLeftover: Bool)
    throws(ProtocolViolation)
  {
    if head.status == .switchingProtocols {
      guard exchange.mayUpgrade(by: head) else { throw ProtocolViolation(.invalidUpgrade) }
      phase = .tunnel
      persists = false
      exchange.originUpgraded(head)
      return
    }
    let framing = try responseFraming(of: head, toMethod: exchange.request.method)
    if head.status.isInformational {
      interimResponses += 1
      guard interimResponses <= Self.maximumInterimResponses else { return fail(.originMalformed) }
      if requestIsComplete { awaitOrigin(timeouts.firstByte) }
      exchange.originInterim(head)
      return
    }
    persists =
      connectionPersistence(version: head.version, fields: head.fields) == .keepAlive
    if framing == .untilClose { persists = false }
    peerIdleAge = keepAliveTimeout(head.fields).map(idleAge)
    body = BodyDecoder(framing, limits: worker.wireLimits)
    phase = .content
    awaitOrigin(timeouts.idle)
    exchange.originHead(head, framing: framing)
    if case .content = phase, body.isFinished, framing != .untilClose {
      complete(trailers: FieldSection(), hasLeftover: hasLeftover)
    }
  }

  /// A second less than the origin says, half of what is shorter: a request needs time to arrive.
  private func idleAge(_ told: Seconds) -> Milliseconds {
    let whole = told.milliseconds.count
    return Milliseconds(whole >= 2000 ? whole - 1000 : whole / 2)
  }

  private func content(
    in span: Span<UInt8>, of bytes: UnsafeRawBufferPointer, from offset: Int
  ) -> Int? {
    do throws(ProtocolViolation) {
      switch try body.next(in: span, from: offset) {
      case .data(let range):
        awaitOrigin(timeouts.idle)
        unsafe exchange?.originContent(UnsafeRawBufferPointer(rebasing: bytes[range]))
        if case .content = phase, body.isFinished {
          complete(trailers: body.trailers, hasLeftover: range.upperBound < span.count)
        }
        return range.upperBound
      case .needsMore: return nil
      case .end(let next):
        complete(trailers: body.trailers, hasLeftover: next < span.count)
        return next
      }
    } catch {
      fail(.originMalformed, violation: error)
      return nil
    }
  }

  // MARK: Ending

  /// The response is complete: the connection goes back, then the exchange is told.
  ///
  /// Bytes left over would be taken for the answer to the next request: the connection is not used
  /// again.
  private func complete(trailers: FieldSection, hasLeftover: Bool) {
    guard let ended = exchange else { return }
    exchange = nil
    wasUsed = true
    phase = .idle
    resume()
    if hasLeftover {
      worker.counters.countRejectedMessage(.origin, OriginConnectionSpoiler.leftoverBytes.rawValue)
      leave(.spoiled(.leftoverBytes))
    } else if !requestIsComplete {
      leave(.spoiled(.unsentRequest))
    } else {
      leave(persists ? .clean : .spoiled(.closeAnnounced))
    }
    ended.originEnded(trailers: trailers)
  }

  private func fail(_ failure: ProxyFailure, violation: ProtocolViolation? = nil) {
    if failure == .originMalformed {
      worker.counters.countRejectedMessage(.origin, violation?.code.rawValue ?? failure.rawValue)
    }
    let ended = exchange
    exchange = nil
    leave(.spoiled(failure == .originTimeout ? .timedOut : .protocolViolation))
    ended?.originFailed(
      failure, violation: violation, wasReused: wasUsed, responseBegan: answerBegan)
  }

  private func leave(_ condition: OriginConnectionCondition) {
    if condition != .clean { phase = .closed }
    if case .spoiled(let spoiler) = condition { wasGivenUp = !spoiler.endsInOrder }
    disarm()
    pool.released(self, condition)
  }

  /// An idle connection ended, or spoke out of turn.
  private func end() {
    phase = .closed
    pool.endedIdle(self)
  }

  /// Closes the descriptor: the pool has forgotten this connection.
  ///
  /// One that was given up in the middle is reset: the origin must not go on with what nobody
  /// reads.
  func close() {
    let isWhole = wasGivenUp == false
    phase = .closed
    disarm()
    if isWhole { stream?.closeAfterFlush() } else { stream?.abort() }
  }
}

/// How long to wait for an origin.
struct OriginWaits {
  var connect: Milliseconds
  var firstByte: Milliseconds
  var idle: Milliseconds
}

extension OriginConnectionSpoiler {
  /// Whether what was sent last must still arrive.
  fileprivate var endsInOrder: Bool { self == .closeAnnounced || self == .upgraded }
}

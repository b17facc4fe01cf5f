internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Platform
internal import Primitives
internal import TLS
internal import Transport

/// One client's connection, speaking HTTP/1.1 as a server: requests in, responses out, one after
/// the other.
///
///     head ──▶ body ──▶ waiting ──▶ head …          (response complete and request complete)
///      │         │          └─────▶ discarding ──▶ head | closed
///      └─────────┴──▶ closing ──▶ closed            (refused bytes, last response, deadline)
///                     tunnel                        (after 101)
///
/// Belongs to one loop and is entered from its turn only; not `Sendable`.
final class ClientConnection: StreamHandler {
  enum Phase {
    /// Between requests, or in the middle of a head.
    case head
    /// The content of the current request is coming.
    case body
    /// The request is complete; its response is not.
    case waiting
    /// The response is complete and the rest of the request is thrown away, up to a limit.
    case discarding(remaining: Int)
    /// The protocol was changed; bytes pass as they are.
    case tunnel
    /// Nothing more is read; what is queued is sent, then the connection closes.
    case closing
  }

  /// How many bytes of later requests are kept while one is being answered.
  static let pipelineBufferBytes = 65_536
  /// How much of an unread request is read and thrown away to keep the connection.
  static let discardBytes = 262_144
  /// How long a connection without any request yet is waited for when the server stops: it was
  /// opened for one.
  static let firstRequestWaitAtStop = Milliseconds(2_000)

  /// Strong, since a weaker reference would be counted at each use; the worker lets go of a client
  /// when its stream has closed.
  let worker: Worker
  private(set) var facts: ClientFacts
  /// Who answers requests instead of the routes; nil where the routes do.
  let responder: (any LocalResponder)?
  let stream: ByteStream

  // In an order that leaves no gaps: there may be very many idle connections.
  var phase = Phase.head
  var isProcessing = false
  /// Set once the stream told that it is closed: nothing may be sent any more.
  var isClosed = false
  /// Set where the client has sent its last byte.
  var inputEnded = false
  /// Whether the client itself said that the current request is its last.
  var clientEnds = false
  /// Whether the client waits to be told to go on with its content, as far as one can tell.
  var awaitsContinue = false
  /// Set while the stream is told not to read.
  var isReadingPaused = false
  var inbound: [UInt8] = []
  var scanner = HeadScanner(.request)
  var body = BodyDecoder(.none)
  var exchange: Exchange?
  var response = ResponseWriter()
  var requestCount: UInt32 = 0
  /// The place in the worker's table.
  var place: UInt32 = 0
  /// How much waited to be sent when the deadline last passed; nil when it had not.
  private var pendingAtDeadline: Int?

  init(
    worker: Worker, stream: ByteStream, facts: ClientFacts, responder: (any LocalResponder)? = nil
  ) {
    self.worker = worker
    self.stream = stream
    self.facts = facts
    self.responder = responder
    super.init(on: worker.loop.timers)
    arm(
      after: worker.isDraining ? Self.firstRequestWaitAtStop : worker.timeouts.handshake)
  }

  /// Whether nothing is going on here: the connection may be closed without loss.
  var isIdle: Bool {
    if case .head = phase { scanner.isAtStart && exchange == nil } else { false }
  }

  // MARK: What the stream tells

  override func received(_ bytes: UnsafeRawBufferPointer) {
    worker.counters.countReceived(.client, bytes.count)
    unsafe take(bytes)
  }

  override func streamOpened() {
    if let tls = stream.tls { worker.counters.countHandshake(.client, tls) }
    if let certificate = stream.tls?.peerCertificate() { facts.identify(certificate) }
    arm(
      after: worker.isDraining ? Self.firstRequestWaitAtStop : worker.timeouts.requestHead)
  }

  override func receivedEnd(clean: Bool) {
    inputEnded = true
    switch phase {
    case .head: processInbound()
    case .body:
      // The request can never be complete: whoever answers it would answer something else.
      cancelExchange()
      stream.abort()
    case .waiting: break
    case .discarding, .closing: closeAfterFlush()
    case .tunnel: exchange?.tunnelEndedByClient()
    }
  }

  override func outputDrained() {
    pendingAtDeadline = nil
    extendForWriting()
    exchange?.clientDrained()
    guard case .head = phase else { return }
    awaitHead()
    processInbound()
    settleReading()
  }

  override func closed(_ failure: StreamFailure?) {
    guard !isClosed else { return }
    isClosed = true
    if failure?.stage == .handshake { worker.counters.countFailedHandshake(.client) }
    disarm()
    inbound = []
    cancelExchange()
    worker.clientClosed(self)
  }

  override func fired() {
    if stream.pendingOutputBytes > 0 { return waitForTaking() }
    switch phase {
    case .head:
      if scanner.isAtStart { closeLingering() } else { refuse(.requestHeadTimeout) }
    case .body: bodyTimedOut()
    // Origins have deadlines of their own.
    case .waiting, .tunnel: extendForWriting()
    case .discarding, .closing: stream.abort()
    }
  }

  /// Goes on while the client takes some of what waits for it; breaks off when it took nothing.
  private func waitForTaking() {
    let pending = stream.pendingOutputBytes
    if let before = pendingAtDeadline, pending >= before { return stream.abort() }
    pendingAtDeadline = pending
    extendForWriting()
  }

  private func bodyTimedOut() {
    // It is the origin that takes no more, not the client that sends no more.
    if let exchange, !exchange.wantsMoreRequestBody { return awaitBody() }
    if let exchange, !response.isStarted {
      exchange.fail(.requestBodyTimeout)
    } else {
      stream.abort()
    }
  }

  // MARK: Deadlines

  func awaitBody() { arm(after: worker.timeouts.requestBody) }
  func awaitRestOfHead() { arm(after: worker.timeouts.requestHead) }
  func extendForWriting() { arm(after: worker.timeouts.write) }
  func awaitHead() {
    arm(
      after: scanner.isAtStart ? worker.timeouts.keepAlive : worker.timeouts.requestHead)
  }

  // MARK: Ending

  func cancelExchange() {
    guard let ended = exchange else { return }
    exchange = nil
    ended.clientGone()
  }

  func closeAfterFlush() {
    phase = .closing
    arm(after: worker.timeouts.write)
    stream.closeAfterFlush()
  }

  /// Closes once the answer is sent, and reads on for a moment so that the client sees it (RFC 9112
  /// §9.6).
  func closeLingering() {
    phase = .closing
    arm(after: worker.timeouts.write)
    stream.closeAfterFlush(lingering: true)
  }

  /// The server stops: an idle connection closes now, a busy one after its response.
  ///
  /// A request that has arrived is answered, read or not. One that is still on its way meets an end
  /// instead of a reset, so that its client knows that nobody has seen it.
  func drain() {
    if isIdle { stream.receiveNow() }
    guard isIdle, !isClosed else { return }
    guard requestCount > 0 else {
      arm(after: Self.firstRequestWaitAtStop)
      return
    }
    closeLingering()
  }

  /// Whether something would be lost if the connection broke off now.
  var isBusy: Bool { !isClosed && (stream.pendingOutputBytes > 0 || !(isIdle || isClosing)) }

  private var isClosing: Bool { if case .closing = phase { true } else { false } }
}

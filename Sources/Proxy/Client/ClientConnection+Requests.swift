internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

// Reading: from bytes to requests.
extension ClientConnection {
  /// Takes what came. The bytes are the loop's; what is not used now is copied.
  func take(_ bytes: UnsafeRawBufferPointer) {
    if case .closing = phase { return }
    if inbound.isEmpty {
      let used = unsafe process(bytes)
      if used < bytes.count { unsafe inbound.append(contentsOf: bytes[used...]) }
    } else {
      unsafe inbound.append(contentsOf: bytes)
      processInbound()
    }
    settleReading()
  }

  /// Goes on with what is kept, after an exchange ended outside of `process`.
  func processInbound() {
    guard !isProcessing else { return }
    if !inbound.isEmpty {
      let kept = inbound
      inbound = []
      let used = unsafe kept.withUnsafeBytes { unsafe process($0) }
      if used < kept.count { inbound = Array(kept[used...]) }
    }
    if inputEnded { settleEnd() }
  }

  /// The client has sent its last byte: closes once all that can be answered is.
  private func settleEnd() {
    switch phase {
    case .head: if inbound.isEmpty || !stream.isSaturated { closeAfterFlush() }
    case .body:
      // This request can never be complete.
      cancelExchange()
      stream.abort()
    case .waiting, .discarding, .tunnel, .closing: break
    }
  }

  /// Reads no further while there is no use for what would come; reads on when there is.
  func settleReading() {
    guard !isClosed else { return }
    guard wantsInput else {
      isReadingPaused = true
      return stream.pauseReading()
    }
    guard isReadingPaused else { return }
    isReadingPaused = false
    // The client could not send: its time begins anew.
    if case .body = phase { awaitBody() }
    stream.resumeReading()
  }

  private var wantsInput: Bool {
    switch phase {
    // Whoever does not take answers may not ask for more of them.
    case .head: !stream.isSaturated
    case .body, .tunnel: exchange?.wantsMoreRequestBody ?? true
    case .waiting: inbound.count < Self.pipelineBufferBytes
    case .discarding, .closing: true
    }
  }

  /// Works off the bytes as far as the phase allows. Returns how many are used.
  private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
    isProcessing = true
    defer { isProcessing = false }
    let span = unsafe Span<UInt8>(_unsafeBytes: bytes)
    var offset = 0
    while offset < span.count {
      switch phase {
      case .head:
        guard !stream.isSaturated, let next = head(in: span, from: offset) else { return offset }
        offset = next
      case .body, .discarding:
        guard let next = unsafe content(in: span, of: bytes, from: offset) else {
          return span.count
        }
        offset = next
      case .tunnel:
        unsafe exchange?.tunnel(fromClient: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        return span.count
      case .waiting: return offset
      case .closing: return span.count
      }
    }
    return offset
  }

  // MARK: Heads

  /// The offset after a complete head at `offset`, its exchange begun; nil when more must come.
  private func head(in bytes: Span<UInt8>, from offset: Int) -> Int? {
    let rest = bytes.extracting(offset...)
    do throws(ProtocolViolation) {
      if scanner.isAtStart { awaitRestOfHead() }
      guard let count = try scanner.scan(rest, limits: worker.wireLimits) else { return nil }
      scanner.reset()
      let head = try RequestHeadParser.parse(rest.extracting(0..<count), limits: worker.wireLimits)
      try begin(head)
      return offset + count
    } catch {
      refuse(.malformedRequest, violation: error)
      return offset
    }
  }

  private func begin(_ head: RequestHead) throws(ProtocolViolation) {
    let framing = try requestFraming(of: head)
    let expectsContinue = try expectation(of: head) == .continue100
    // Looked at where no route asks for it too: a list that cannot be read is refused, not ignored.
    _ = try upgradeProtocols(version: head.version, fields: head.fields)
    requestCount &+= 1
    body = BodyDecoder(framing, limits: worker.wireLimits)
    clientEnds = connectionPersistence(version: head.version, fields: head.fields) != .keepAlive
    response = ResponseWriter(
      method: head.method, version: head.version,
      keepsAlive: !clientEnds
        && Int(requestCount) < worker.requestsPerConnection && !worker.isDraining)
    let hasContent = !body.isFinished
    phase = hasContent ? .body : .waiting
    awaitsContinue = expectsContinue && hasContent
    if hasContent { awaitBody() } else { extendForWriting() }
    worker.begin(
      IncomingRequest(head: head, framing: framing, expectsContinue: expectsContinue), on: self)
    if !hasContent { exchange?.requestEnded(trailers: FieldSection()) }
  }

  // MARK: Content

  /// The offset after the next piece of content, or nil when all bytes are used.
  private func content(
    in span: Span<UInt8>, of bytes: UnsafeRawBufferPointer, from offset: Int
  ) -> Int? {
    do throws(ProtocolViolation) {
      switch try body.next(in: span, from: offset) {
      case .data(let range):
        unsafe contentArrived(UnsafeRawBufferPointer(rebasing: bytes[range]))
        // The last byte of a known length may be the last that comes: nothing else tells of the
        // end.
        if isReadingContent, body.isFinished { contentEnded(trailers: body.trailers) }
        return range.upperBound
      case .needsMore: return nil
      case .end(let next):
        contentEnded(trailers: body.trailers)
        return next
      }
    } catch {
      contentBroken(error)
      return nil
    }
  }

  private var isReadingContent: Bool {
    switch phase {
    case .body, .discarding: true
    case .head, .waiting, .tunnel, .closing: false
    }
  }

  private func contentArrived(_ piece: UnsafeRawBufferPointer) {
    awaitsContinue = false
    if case .discarding(let remaining) = phase {
      guard remaining > piece.count else { return closeLingering() }
      phase = .discarding(remaining: remaining - piece.count)
      return
    }
    awaitBody()
    guard responder == nil else { return unsafe worker.localContent(piece, of: self) }
    unsafe exchange?.requestContent(piece)
  }

  private func contentEnded(trailers: FieldSection) {
    if case .discarding = phase { return becomeReady() }
    phase = .waiting
    extendForWriting()
    guard responder == nil else { return worker.localContentEnded(of: self) }
    exchange?.requestEnded(trailers: trailers)
  }

  /// The request broke in the middle: its exchange must not be completed by anybody.
  private func contentBroken(_ violation: ProtocolViolation) {
    worker.counters.countRejectedMessage(.client, violation.code.rawValue)
    if case .discarding = phase { return closeLingering() }
    if let exchange, !response.isStarted {
      exchange.fail(.malformedRequest, violation: violation)
      closeLingering()
    } else if exchange == nil, !response.isStarted {
      // Its answer is being made elsewhere, and nobody may take it for one to this.
      worker.forgetAnswer(to: self)
      refuse(.malformedRequest, violation: violation)
    } else {
      cancelExchange()
      stream.abort()
    }
  }

  // MARK: Between requests

  /// The response is complete. Goes on to the next request, or throws away the rest of this one.
  func responseEnded() {
    exchange = nil
    guard response.keepsAlive else {
      if case .body = phase { return closeLingering() }
      // Whoever expects to go on may have sent more, and must not lose this answer to a reset.
      return clientEnds ? closeAfterFlush() : closeLingering()
    }
    if worker.isDraining { worker.loop.soon { [self] in drain() } }
    if case .body = phase {
      phase = .discarding(remaining: Self.discardBytes)
      extendForWriting()
      settleReading()
    } else {
      becomeReady()
    }
  }

  private func becomeReady() {
    phase = .head
    awaitHead()
    guard !isProcessing else { return }
    processInbound()
    settleReading()
  }

  // MARK: Refusing

  /// Answers bytes that are no request, and closes (RFC 9112 §2.2, §9.6).
  func refuse(_ failure: ProxyFailure, violation: ProtocolViolation? = nil) {
    response = ResponseWriter(method: .get, version: .http11, keepsAlive: false)
    let id = worker.nextExchangeID()
    let answer = LocalAnswer.failure(
      failure, status: violation?.status, detail: violation?.code.rawValue,
      proxyName: worker.plan.settings.name, exchange: id.text)
    send(answer)
    if let violation, responder == nil { worker.reportRefused(violation, id: id, facts: facts) }
    worker.recordRefusedBytes(
      id: id, reason: violation?.code.rawValue ?? failure.rawValue, answer: answer, facts: facts)
    closeLingering()
  }
}

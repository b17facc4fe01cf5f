internal import CNGHTTP2
package import HTTPModel
package import Primitives

/// One HTTP/2 connection (RFC 9113) as bytes in and bytes out, over nghttp2. A machine: it has no
/// socket and no clock.
///
///     bytes of the peer ─▶ receive ─▶ handler: sections, content, ends
///     respond, request, send, end, reset ─▶ takeOutput ─▶ bytes for the peer
///
/// After every `receive` and every call that sends, `takeOutput` must be asked. Belongs to one
/// loop; not `Sendable`. A session that failed answers every further `receive` with its failure.
@safe package final class HTTP2Session {
  package enum Role: Hashable, Sendable { case server, client }

  /// Bytes that wait on a stream: above the high mark the sender pauses, below the low mark it is
  /// told to go on.
  package static let highWater = 256 << 10
  package static let lowWater = 64 << 10

  package let role: Role
  package let limits: HTTP2Limits
  /// Who is told; held until `close`.
  package var handler: HTTP2Handler?
  private var session: OpaquePointer?
  private var failure: HTTP2Failure?
  private var budget: FrameBudget
  private var now = MonotonicTime(nanoseconds: 0)
  private var incoming: [Int32: Incoming] = [:]
  private var outgoing: [Int32: Outgoing] = [:]

  /// A field section that is coming.
  private struct Incoming {
    var fields = HTTP2Fields()
    var kind: HTTP2SectionKind
    var isRefused = false
  }

  /// Content that waits to be sent on a stream.
  private struct Outgoing {
    var bytes: [UInt8] = []
    var start = 0
    var isEnded = false
    var trailers: FieldSection?
    /// nghttp2 asks no more until it is told that there is more.
    var isDeferred = false
    var isSaturated = false

    var waiting: Int { bytes.count - start }
  }

  /// The beginning of a connection: for a server its `SETTINGS`, for a client the preface as well.
  ///
  /// - Throws: when there is no memory.
  package init(
    _ role: Role, limits: HTTP2Limits = HTTP2Limits(), handler: HTTP2Handler
  ) throws(HTTP2Failure) {
    self.role = role
    self.limits = limits
    self.handler = handler
    budget = FrameBudget(limits)
    unsafe session = try Self.make(
      role, limits: limits, user: Unmanaged.passUnretained(self).toOpaque())
    try announce()
  }

  deinit { if let session = unsafe session { unsafe nghttp2_session_del(session) } }

  private static func make(
    _ role: Role, limits: HTTP2Limits, user: UnsafeMutableRawPointer
  ) throws(HTTP2Failure) -> OpaquePointer {
    var callbacks: OpaquePointer?
    var option: OpaquePointer?
    var made: OpaquePointer?
    guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks = unsafe callbacks
    else {
      throw .library("no memory")
    }
    defer { unsafe nghttp2_session_callbacks_del(callbacks) }
    unsafe HTTP2Callbacks.set(on: callbacks)
    guard unsafe nghttp2_option_new(&option) == 0, let option = unsafe option else {
      throw .library("no memory")
    }
    defer { unsafe nghttp2_option_del(option) }
    // The window is given back as content is taken, not as it arrives.
    unsafe nghttp2_option_set_no_auto_window_update(option, 1)
    // Streams that are over are not remembered for a priority scheme that nobody uses any more.
    unsafe nghttp2_option_set_no_closed_streams(option, 1)
    unsafe nghttp2_option_set_server_fallback_rfc7540_priorities(option, 0)
    unsafe nghttp2_option_set_max_outbound_ack(option, limits.waitingAnswers)
    unsafe nghttp2_option_set_max_continuations(option, limits.continuations)
    unsafe nghttp2_option_set_max_deflate_dynamic_table_size(option, Int(limits.dynamicTable))
    let code =
      role == .server
      ? unsafe nghttp2_session_server_new2(&made, callbacks, user, option)
      : unsafe nghttp2_session_client_new2(&made, callbacks, user, option)
    guard code == 0, let made = unsafe made else { throw HTTP2Failure(code: Int(code)) }
    return unsafe made
  }

  private func announce() throws(HTTP2Failure) {
    var entries = [
      setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.concurrentStreams),
      setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(limits.streamWindow)),
      setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(clamping: limits.fieldSection)),
      setting(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, limits.dynamicTable),
      setting(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
    ]
    if role == .client { entries.append(setting(NGHTTP2_SETTINGS_ENABLE_PUSH, 0)) }
    var code = unsafe nghttp2_submit_settings(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries, entries.count)
    if code == 0 {
      code = unsafe nghttp2_session_set_local_window_size(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, limits.connectionWindow)
    }
    if code != 0 { throw HTTP2Failure(code: Int(code)) }
  }

  private func setting(_ name: nghttp2_settings_id, _ value: UInt32) -> nghttp2_settings_entry {
    nghttp2_settings_entry(settings_id: Int32(name.rawValue), value: value)
  }

  // MARK: Bytes

  /// Takes what came from the peer.
  package func receive(
    _ bytes: UnsafeRawBufferPointer, at now: MonotonicTime
  ) throws(HTTP2Failure) {
    if let failure { throw failure }
    self.now = now
    let start = unsafe bytes.bindMemory(to: UInt8.self).baseAddress
    let result = unsafe nghttp2_session_mem_recv(session, start, bytes.count)
    if failure == nil, result < 0 { failure = HTTP2Failure(code: result) }
    if let failure { throw failure }
  }

  /// Hands out everything there is to send, piece by piece; a piece is valid during its call only.
  package func takeOutput(
    _ send: (UnsafeRawBufferPointer) -> Void
  ) throws(HTTP2Failure) {
    while true {
      var piece: UnsafePointer<UInt8>?
      let count = unsafe nghttp2_session_mem_send(session, &piece)
      if count < 0 {
        let failure = HTTP2Failure(code: count)
        self.failure = failure
        throw failure
      }
      guard count > 0, let piece = unsafe piece else { return }
      unsafe send(UnsafeRawBufferPointer(start: piece, count: count))
    }
  }

  /// Whether both sides have said all they had to say: the connection may be closed.
  package var isOver: Bool {
    unsafe nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
  }

  /// How many streams are open.
  package var openStreams: Int { outgoing.count }

  /// Lets go of the handler.
  package func close() { handler = nil }

  // MARK: Sending

  /// Sends the head of a response; `hasContent`: content or trailers follow.
  package func respond(_ stream: Int32, _ head: ResponseHead, hasContent: Bool) {
    submit(stream, HTTP2Lines(head), hasContent: hasContent)
  }

  /// Sends an interim response (RFC 9113 §8.1); 101 does not exist in HTTP/2 and is left out.
  package func respondInterim(_ stream: Int32, _ head: ResponseHead) {
    guard head.status.code != 101 else { return }
    unsafe HTTP2Lines(head).withLines { lines in
      _ = unsafe nghttp2_submit_headers(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, nil, lines.baseAddress, lines.count,
        nil)
    }
  }

  /// Opens a stream with a request, in the client's role.
  package func request(
    _ head: RequestHead, scheme: StaticString, hasContent: Bool
  ) throws(HTTP2Failure) -> Int32 {
    let lines = HTTP2Lines(head, scheme: scheme)
    let code = unsafe lines.withLines { lines in
      guard hasContent else {
        return unsafe nghttp2_submit_request(
          session, nil, lines.baseAddress, lines.count, nil, nil)
      }
      var provider = unsafe HTTP2Callbacks.provider
      return unsafe nghttp2_submit_request(
        session, nil, lines.baseAddress, lines.count, &provider, nil)
    }
    guard code > 0 else { throw HTTP2Failure(code: Int(code)) }
    outgoing[code] = Outgoing(isEnded: !hasContent)
    return code
  }

  private func submit(_ stream: Int32, _ lines: HTTP2Lines, hasContent: Bool) {
    guard outgoing[stream] != nil else { return }
    outgoing[stream]?.isEnded = !hasContent
    unsafe lines.withLines { lines in
      guard hasContent else {
        _ = unsafe nghttp2_submit_response(
          session, stream, lines.baseAddress, lines.count, nil)
        return
      }
      var provider = unsafe HTTP2Callbacks.provider
      _ = unsafe nghttp2_submit_response(
        session, stream, lines.baseAddress, lines.count, &provider)
    }
  }

  /// Queues content. Whether the stream takes more before it is `drained`.
  @discardableResult
  package func send(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard outgoing[stream]?.isEnded == false else { return true }
    unsafe outgoing[stream]?.bytes.append(contentsOf: bytes)
    resume(stream)
    guard let waiting = outgoing[stream]?.waiting, waiting > Self.highWater else { return true }
    outgoing[stream]?.isSaturated = true
    return false
  }

  /// Ends the content of a stream.
  package func end(_ stream: Int32, trailers: FieldSection = FieldSection()) {
    guard outgoing[stream]?.isEnded == false else { return }
    outgoing[stream]?.isEnded = true
    if !trailers.isEmpty { outgoing[stream]?.trailers = trailers }
    resume(stream)
  }

  /// Breaks a stream off.
  package func reset(_ stream: Int32, _ code: HTTP2ErrorCode) {
    _ = unsafe nghttp2_submit_rst_stream(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
  }

  /// Lets the peer send `count` bytes more, which it had sent and which are used.
  package func consume(_ stream: Int32, _ count: Int) {
    _ = unsafe nghttp2_session_consume(session, stream, count)
  }

  /// Tells the peer that new streams are soon refused (RFC 9113 §6.8); `goAway` follows when what
  /// it sent meanwhile has arrived.
  package func announceGoAway() { _ = unsafe nghttp2_submit_shutdown_notice(session) }

  /// Takes no stream after those that have come; they are finished.
  package func goAway(_ code: HTTP2ErrorCode = .noError) {
    let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
    _ = unsafe nghttp2_submit_goaway(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, code.rawValue, nil, 0)
  }

  private func resume(_ stream: Int32) {
    guard outgoing[stream]?.isDeferred == true else { return }
    outgoing[stream]?.isDeferred = false
    _ = unsafe nghttp2_session_resume_data(session, stream)
  }

  // MARK: What nghttp2 tells

  func sectionBegins(_ stream: Int32, kind: HTTP2SectionKind) {
    if kind == .request { outgoing[stream] = Outgoing() }
    incoming[stream] = Incoming(kind: kind)
  }

  /// Whether the stream may go on.
  func lineArrived(
    _ stream: Int32, name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard var section = incoming.removeValue(forKey: stream) else { return true }
    defer { incoming[stream] = section }
    guard !section.isRefused else { return true }
    let fits = unsafe section.fields.append(name: name, value: value, limits: limits)
    if !fits { section.isRefused = true }
    return fits
  }

  func sectionEnded(_ stream: Int32) {
    guard let section = incoming.removeValue(forKey: stream), !section.isRefused else { return }
    // After its head a response has no `:status` any more.
    let isTrailers = section.kind == .response && section.fields.status == nil
    handler?.sectionArrived(
      stream, section.fields, kind: isTrailers ? .trailers : section.kind)
  }

  func contentArrived(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) {
    unsafe handler?.contentArrived(stream, bytes)
  }

  func streamEnded(_ stream: Int32) { handler?.ended(stream) }

  func streamClosed(_ stream: Int32, _ code: UInt32) {
    incoming[stream] = nil
    guard outgoing.removeValue(forKey: stream) != nil else { return }
    handler?.closed(stream, HTTP2ErrorCode(rawValue: code))
  }

  func goingAway(after stream: Int32, _ code: UInt32) {
    handler?.goingAway(after: stream, HTTP2ErrorCode(rawValue: code))
  }

  /// A frame has come that asks for nothing. Whether the connection may go on.
  func idleFrameArrived() -> Bool {
    if budget.spend(at: now) { return true }
    failure = .flood
    goAway(.enhanceYourCalm)
    return false
  }

  /// Fills a `DATA` frame.
  func fill(
    _ stream: Int32, _ room: UnsafeMutableRawBufferPointer, _ flags: inout UInt32
  ) -> HTTP2Filling {
    guard var queue = outgoing.removeValue(forKey: stream) else { return .gone }
    let count = min(room.count, queue.waiting)
    if count == 0, !queue.isEnded {
      queue.isDeferred = true
      outgoing[stream] = queue
      return .wait
    }
    unsafe queue.bytes.withUnsafeBytes { bytes in
      unsafe room.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[queue.start..<queue.start + count]))
    }
    queue.start += count
    if queue.waiting == 0 {
      queue.bytes.removeAll(keepingCapacity: queue.bytes.capacity <= Self.lowWater)
      queue.start = 0
    }
    let trailers = queue.waiting == 0 && queue.isEnded ? queue.trailers : nil
    if queue.waiting == 0, queue.isEnded {
      flags |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
      if trailers != nil { flags |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue) }
    }
    let drains = queue.isSaturated && queue.waiting <= Self.lowWater
    if drains { queue.isSaturated = false }
    outgoing[stream] = queue
    if let trailers {
      unsafe HTTP2Lines(trailers).withLines { lines in
        _ = unsafe nghttp2_submit_trailer(session, stream, lines.baseAddress, lines.count)
      }
    }
    if drains { handler?.drained(stream) }
    return .filled(count)
  }
}

/// What became of a `DATA` frame to be filled.
enum HTTP2Filling {
  case filled(Int)
  case wait
  case gone
}

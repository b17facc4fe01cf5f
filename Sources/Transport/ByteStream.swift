public import EventLoop
public import Platform
internal import Primitives
package import TLS

/// A connection as bytes in and bytes out, plain or enciphered, over TCP or a Unix socket.
///
/// ```
///  connecting ──▶ handshaking ──▶ open ──▶ closing ──▶ lingering ──▶ closed
///                 (TLS only)               (flushes)   (reads and drops what still comes)
/// ```
///
/// What is written during a call-back is gathered and sent at its end in one call; what the socket
/// does not take waits in a backlog. One read and one write a request: what the poller watches for
/// changes only when output has to wait or reading is paused. An idle stream holds no buffer.
///
/// The loop keeps a stream alive while it is open. Not `Sendable`: belongs to one loop.
@safe public final class ByteStream: ReadinessTarget {
  enum Phase: UInt8 {
    case connecting
    case handshaking
    case open
    case closing
    case lingering
    case closed
  }

  struct Flags: OptionSet {
    let rawValue: UInt16
    static let readingPaused = Flags(rawValue: 1 << 0)
    static let endReceived = Flags(rawValue: 1 << 1)
    static let shutsOutput = Flags(rawValue: 1 << 2)
    static let outputShut = Flags(rawValue: 1 << 3)
    static let saturated = Flags(rawValue: 1 << 4)
    static let muted = Flags(rawValue: 1 << 5)
    static let lingers = Flags(rawValue: 1 << 6)
    static let inputWaits = Flags(rawValue: 1 << 7)
    static let tellsClosed = Flags(rawValue: 1 << 8)
    static let opens = Flags(rawValue: 1 << 9)
  }

  package let loop: EventLoop
  /// Who is told what happens. Set before the stream starts; may be replaced at any time before
  /// `closed`.
  package var handler: StreamHandler?
  /// Where the peer is: for a Unix socket usually without a name.
  package let peerAddress: SocketAddress

  var descriptor: Descriptor
  var phase: Phase
  var flags: Flags = []
  // What the poller watches for.
  var interest: ReadyEvents = []
  var gathered: Int32 = 0
  var gather: UnsafeMutableRawPointer?
  var backlog: OutputBacklog?
  var layer: TLSLayer?
  var ending: Ending?

  /// What only an ending stream needs.
  final class Ending {
    var failure: StreamFailure?
    var dropped = 0
    var timer: LoopTimer?
  }

  /// A stream over an accepted connection. `start` it when it has its handler.
  init(loop: EventLoop, accepted descriptor: consuming Descriptor, peer: SocketAddress) {
    self.loop = loop
    self.descriptor = descriptor
    peerAddress = peer
    phase = .open
    super.init()
  }

  private init(loop: EventLoop, connecting descriptor: consuming Descriptor, to peer: SocketAddress)
  {
    self.loop = loop
    self.descriptor = descriptor
    peerAddress = peer
    phase = .connecting
    super.init()
  }

  /// The address of this side.
  package var localAddress: SocketAddress? { try? descriptor.localAddress() }

  /// The TLS of the stream, for what was negotiated and who the peer is; nil on a plain stream.
  package var tls: TLSSession? { layer?.session }

  /// Whether bytes can still be written: not ending, not closed.
  package var isOpen: Bool {
    phase.rawValue <= Phase.open.rawValue && !flags.contains(.shutsOutput)
  }

  public override func ready(_ events: ReadyEvents) {
    switch phase {
    case .connecting:
      finishConnecting()
    case .handshaking, .open, .closing, .lingering:
      if events.contains(.writable) { becameWritable() }
      if phase != .closed { becameReadable(events) }
    case .closed:
      break
    }
  }

  public override func settle() {
    if flags.contains(.opens) { becomeOpen() }
    if flags.contains(.inputWaits) { readWaiting() }
    if gathered > 0 { flushGathered() }
    if phase == .closing || flags.contains(.shutsOutput) { proceedEnding() }
    if flags.contains(.tellsClosed) { tellClosed() }
  }

  public override func loopStops() { fail(.stopped) }

  /// The time to linger is over.
  public override func timerFired(_ timer: LoopTimer) { if phase == .lingering { finish() } }
}

// Starting.
extension ByteStream {
  /// Starts to connect to `address`. `handler` learns how it ends, never before this returns; it
  /// bounds the time itself. What is written before `streamOpened` is sent after it.
  @discardableResult
  package static func connect(
    to address: SocketAddress, tls: ClientTLS? = nil, on loop: EventLoop, handler: StreamHandler
  ) -> ByteStream {
    do throws(SystemError) {
      let descriptor = try Descriptor.stream(for: address)
      if !address.isUnix { descriptor.disableNagle() }
      let result = try descriptor.connect(to: address)
      let stream = ByteStream(loop: loop, connecting: descriptor, to: address)
      stream.handler = handler
      stream.begin(tls: tls, connected: result == .connected)
      return stream
    } catch {
      let stream = ByteStream(loop: loop, connecting: Descriptor(owning: -1), to: address)
      stream.handler = handler
      stream.fail(.system(error))
      return stream
    }
  }

  private func begin(tls: ClientTLS?, connected: Bool) {
    if let tls {
      do throws(TLSFailure) {
        layer = TLSLayer(
          try TLSSession(
            client: tls.context, peer: tls.peer, window: loop.tlsWindow, resuming: tls.sessions))
      } catch {
        return fail(.tls(error))
      }
    }
    watch(connected ? Self.reading : .writable)
    guard connected, phase != .closed else { return }
    flags.insert(.opens)
    loop.settleLater(self)
  }

  /// Begins to work for the handler it has by now: with the handshake, if there is a context.
  func start(tls: TLSServerContext?) {
    if !peerAddress.isUnix { descriptor.disableNagle() }
    watch(Self.reading)
    guard let tls, phase != .closed else {
      if phase == .open { handler?.streamOpened() }
      return
    }
    do throws(TLSFailure) {
      layer = TLSLayer(try TLSSession(server: tls, window: loop.tlsWindow))
      phase = .handshaking
    } catch {
      fail(.tls(error))
    }
  }

  static let reading: ReadyEvents = [.readable, .peerEnded]

  private func watch(_ events: ReadyEvents) {
    interest = events
    do throws(SystemError) {
      try loop.watch(descriptor, for: events, target: self)
    } catch {
      fail(.system(error))
    }
  }

  private func finishConnecting() {
    let code = descriptor.pendingError()
    guard code == 0 else {
      let error = SystemError(call: "connect", code: code, subject: peerAddress.description)
      return fail(.system(error))
    }
    becomeOpen()
  }

  private func becomeOpen() {
    flags.remove(.opens)
    guard phase == .connecting else { return }
    if layer != nil {
      phase = .handshaking
      setInterest(Self.reading)
      return continueHandshake()
    }
    phase = .open
    setInterest(flags.contains(.readingPaused) ? [] : Self.reading)
    handler?.streamOpened()
    if phase == .open { drainBacklog() }
  }

  func setInterest(_ events: ReadyEvents) {
    guard events != interest, phase != .closed else { return }
    interest = events
    guard !flags.contains(.muted) else { return }
    do throws(SystemError) {
      try loop.rewatch(descriptor, for: events, target: self)
    } catch {
      fail(.system(error))
    }
  }
}

// Ending.
extension ByteStream {
  /// Sends what waits, then closes; what the peer still sends is dropped. Nothing can be written or
  /// is received after this. Lingering: ends this side's sending first and waits for the peer's
  /// end, within `StreamLimits`, since a close with unread input would reset the connection and
  /// lose what was sent. A stream that is not open yet closes at once and sends nothing.
  package func closeAfterFlush(lingering: Bool = false) {
    guard phase.rawValue < Phase.closing.rawValue else { return }
    if phase == .connecting || phase == .handshaking { return close(nil) }
    phase = .closing
    if lingering { flags.insert(.lingers) }
    loop.settleLater(self)
  }

  /// Sends what waits, then ends the sending direction; goes on receiving. When both directions
  /// have ended the stream closes.
  package func shutdownOutput() {
    guard phase.rawValue <= Phase.open.rawValue else { return }
    flags.insert(.shutsOutput)
    loop.settleLater(self)
  }

  /// Closes at once. The peer sees a reset, so that it takes nothing that was sent for complete.
  package func abort() {
    guard phase != .closed else { return }
    descriptor.resetOnClose()
    close(nil)
  }

  func fail(_ cause: StreamFailure.Cause) {
    let stage: StreamFailure.Stage =
      switch phase {
      case .connecting: .connecting
      case .handshaking: .handshake
      case .open, .closing, .lingering, .closed: .open
      }
    close(StreamFailure(stage, cause))
  }

  func fail(_ call: String, _ code: Int32) {
    fail(.system(SystemError(call: call, code: code, subject: peerAddress.description)))
  }

  func close(_ failure: StreamFailure?) {
    guard phase != .closed else { return }
    // Who asked for the end has been answered; how the rest of it went is nobody's concern.
    let isAskedFor = phase == .closing || phase == .lingering
    phase = .closed
    if let failure, !isAskedFor {
      ending = ending ?? Ending()
      ending?.failure = failure
    }
    ending?.timer = nil
    loop.unwatch(descriptor, target: self)
    descriptor.close()
    returnGather()
    backlog = nil
    layer = nil
    flags.insert(.tellsClosed)
    loop.settleLater(self)
  }

  private func tellClosed() {
    flags.remove(.tellsClosed)
    let told = handler
    handler = nil
    told?.closed(ending?.failure)
    ending = nil
  }

  // Takes the next step of an end once nothing waits to be sent.
  func proceedEnding() {
    guard pendingOutputBytes == 0, phase == .open || phase == .closing else { return }
    if !flags.contains(.outputShut), let layer, !layer.saysGoodbye {
      layer.saysGoodbye = true
      _ = layer.session.closeNotify()
      sendWindow(layer)
      guard pendingOutputBytes == 0 else { return }
    }
    if phase == .closing {
      flags.contains(.lingers) && !flags.contains(.endReceived) ? linger() : finish()
    } else if phase == .open, !flags.contains(.outputShut) {
      flags.insert(.outputShut)
      descriptor.shutdownOutput()
      if flags.contains(.endReceived) { finish() }
    }
  }

  private func linger() {
    phase = .lingering
    descriptor.shutdownOutput()
    unmute()
    setInterest(Self.reading)
    let timer = LoopTimer(on: loop.timers, target: self)
    timer.arm(after: Milliseconds(StreamLimits.lingerMilliseconds))
    ending = ending ?? Ending()
    ending?.timer = timer
  }

  func finish() { close(nil) }
}

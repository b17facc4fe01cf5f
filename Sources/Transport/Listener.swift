public import EventLoop
public import Platform
internal import Primitives
package import TLS

/// Who takes the connections a listener accepts. Inherit and override. Belongs to one loop.
open class StreamAcceptor {
  package init() {}

  /// The handler for a new connection, or nil to close it at once. `stream` has not started yet:
  /// its address is known, nothing can be written.
  open func handler(for stream: ByteStream) -> StreamHandler? { nil }

  /// Whether descriptors kept back for operators may be used for this listener's connections.
  open var mayUseReserve: Bool { false }

  /// Accepting pauses, for want of descriptors or memory. `isFirst`: it went well before.
  open func acceptingPaused(_ error: SystemError, isFirst: Bool) {}

  /// Accepting went on, and nobody waits any more.
  open func acceptingResumed() {}

  /// Accepting ended for good, and nobody asked for that.
  open func acceptingFailed(_ error: SystemError) {}
}

/// One loop's share of a bound address: it accepts connections and starts their streams.
///
/// When descriptors or memory run out, it pauses for 100 ms at a time: who wants to connect waits
/// in the kernel's queue, nobody is turned away, and what is open goes on. Not `Sendable`: belongs
/// to one loop.
public final class Listener: ReadinessTarget {
  /// So many connections are accepted in one turn at most, so that the open ones have theirs.
  private static let acceptedPerTurn = 64
  /// So many are accepted at most when accepting ends: more than a queue holds.
  private static let acceptedAtEnd = 16_384
  private static let pauseMilliseconds: Int64 = 100

  private let loop: EventLoop
  private let acceptor: StreamAcceptor
  private var descriptor: Descriptor
  private let interest: ReadyEvents
  private var timer: LoopTimer?

  private let tls: TLSServerContextReference?
  /// Connections accepted so far.
  package private(set) var acceptedCount = 0
  /// How often accepting paused because descriptors or memory had run out.
  package private(set) var exhaustionCount = 0
  private var isExhausted = false
  /// The error that ended accepting for good, if one has.
  package private(set) var failure: SystemError?

  /// Starts to accept on `socket`, a share of a `BoundAddress`; with a context, connections begin
  /// with TLS. Throws when the loop cannot watch it.
  package init(
    on loop: EventLoop, socket: consuming Descriptor, acceptor: StreamAcceptor,
    tls: TLSServerContextReference? = nil
  ) throws(SystemError) {
    self.loop = loop
    self.acceptor = acceptor
    self.tls = tls
    descriptor = socket
    interest = [.readable, .exclusive]
    super.init()
    timer = LoopTimer(on: loop.timers, target: self)
    try loop.watch(descriptor, for: interest, target: self)
  }

  /// Stops accepting. Streams that were accepted live on.
  package func close() {
    timer = nil
    loop.unwatch(descriptor, target: self)
    descriptor.close()
  }

  /// Accepts all that wait and stops then: a socket that is closed resets those in its queue, who
  /// take themselves for connected.
  package func closeAfterAccepting() {
    for _ in 0..<Self.acceptedAtEnd where isWatched {
      guard acceptOne() else { break }
    }
    close()
  }

  public override func ready(_ events: ReadyEvents) {
    for _ in 0..<Self.acceptedPerTurn where isWatched {
      guard acceptOne() else { return }
    }
  }

  public override func loopStops() { close() }

  /// The pause is over.
  public override func timerFired(_ timer: LoopTimer) {
    guard isWatched else { return }
    do throws(SystemError) {
      try loop.unmute(descriptor, for: interest, target: self)
    } catch {
      return pause()
    }
    // Also where nobody waits any more: then all is well, and that is to be told.
    ready(.readable)
  }

  // Whether there may be another.
  private func acceptOne() -> Bool {
    switch nextConnection() {
    case .accepted(let connection, let peer):
      acceptedCount &+= 1
      start(ByteStream(loop: loop, accepted: connection, peer: peer))
      return true
    case .aborted:
      return true
    case .wouldBlock:
      if isExhausted {
        isExhausted = false
        acceptor.acceptingResumed()
      }
      return false
    case .exhausted(let error):
      exhausted(error)
      return false
    case .failed(let error):
      failure = error
      close()
      acceptor.acceptingFailed(error)
      return false
    }
  }

  private func exhausted(_ error: SystemError) {
    exhaustionCount &+= 1
    acceptor.acceptingPaused(error, isFirst: !isExhausted)
    isExhausted = true
    loop.mute(descriptor)
    pause()
  }

  private func nextConnection() -> AcceptResult {
    guard acceptor.mayUseReserve else { return descriptor.accept() }
    return ProcessLimits.withReserve { descriptor.accept() }
  }

  private func pause() { timer?.arm(after: Milliseconds(Self.pauseMilliseconds)) }

  private func start(_ stream: ByteStream) {
    guard let handler = acceptor.handler(for: stream) else { return }
    stream.handler = handler
    stream.start(tls: tls?.current)
  }
}

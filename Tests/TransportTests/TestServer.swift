import Dispatch
import EventLoop
import Platform
import Synchronization
import TLS
import Testing
import Transport

/// A handler that tells what happens to it, and does what its closures say.
final class ScriptedHandler: StreamHandler {
  let record: Record
  var stream: ByteStream?
  var onOpened: (ScriptedHandler) -> Void = { _ in }
  var onReceived: (ScriptedHandler, UnsafeRawBufferPointer) -> Void = { _, _ in }
  var onEnd: (ScriptedHandler) -> Void = { _ in }
  var onDrained: (ScriptedHandler) -> Void = { _ in }
  var onClosed: (ScriptedHandler) -> Void = { _ in }
  private let life = LifeCounter.shared.born()

  init(_ record: Record) {
    self.record = record
    super.init()
  }

  override func streamOpened() {
    record.add(.opened)
    onOpened(self)
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    #expect(!bytes.isEmpty)
    record.received(Array(bytes))
    onReceived(self, bytes)
  }

  override func receivedEnd(clean: Bool) {
    record.add(.end(clean: clean))
    onEnd(self)
  }

  override func outputDrained() {
    record.add(.drained)
    onDrained(self)
  }

  override func closed(_ failure: StreamFailure?) {
    record.add(.closed(failure))
    onClosed(self)
    stream = nil
  }
}

/// Counts handlers that are alive, to find those that are never let go of.
final class LifeCounter: Sendable {
  static let shared = LifeCounter()
  private let count = Atomic<Int>(0)

  final class Life: Sendable {
    private let counter: LifeCounter
    init(_ counter: LifeCounter) { self.counter = counter }
    deinit { counter.count.wrappingSubtract(1, ordering: .relaxed) }
  }

  func born() -> Life {
    count.wrappingAdd(1, ordering: .relaxed)
    return Life(self)
  }
}

/// What happened to handlers, readable from the test's thread.
final class Record: Sendable {
  enum Event: Equatable {
    case opened
    case end(clean: Bool)
    case drained
    case closed(StreamFailure?)
  }

  private struct State {
    var events: [Event] = []
    var bytes: [UInt8] = []
    var mostPending = 0
  }

  private let state = Mutex(State())
  private let changed = DispatchSemaphore(value: 0)

  func add(_ event: Event) {
    state.withLock { $0.events.append(event) }
    changed.signal()
  }

  func received(_ bytes: [UInt8]) {
    state.withLock { $0.bytes += bytes }
    changed.signal()
  }

  func notePending(_ count: Int) {
    state.withLock { $0.mostPending = max($0.mostPending, count) }
  }

  var events: [Event] { state.withLock { $0.events } }
  var bytes: [UInt8] { state.withLock { $0.bytes } }
  var mostPending: Int { state.withLock { $0.mostPending } }

  /// Waits until the condition holds, 20 seconds at most; tells whether it does.
  func waits(for condition: (Record) -> Bool) -> Bool {
    let deadline = DispatchTime.now() + 20
    while !condition(self) {
      guard changed.wait(timeout: deadline) == .success else { return condition(self) }
    }
    return true
  }

  var isClosed: Bool {
    events.contains { if case .closed = $0 { true } else { false } }
  }
}

/// A loop with a listener whose connections run `script`.
final class TestServer {
  typealias Script = @Sendable (ScriptedHandler) -> Void

  let group: LoopGroup
  let address: SocketAddress
  let record = Record()
  private let bound: BoundAddress

  private final class Acceptor: StreamAcceptor {
    let record: Record
    let script: Script

    init(_ record: Record, _ script: @escaping Script) {
      self.record = record
      self.script = script
      super.init()
    }

    override func handler(for stream: ByteStream) -> StreamHandler? {
      let handler = ScriptedHandler(record)
      handler.stream = stream
      script(handler)
      return handler
    }
  }

  init(
    _ text: String = "127.0.0.1:0", loops: Int = 1, tls: TLSServerContextReference? = nil,
    script: @escaping Script = TestServer.echo
  ) throws {
    let bound = try BoundAddress(try #require(SocketAddress(text)), shares: loops)
    self.bound = bound
    address = bound.address
    group = try LoopGroup(count: loops) { [record] loop in
      guard let socket = bound.takeShare() else {
        Issue.record("no share left")
        return
      }
      do {
        loop.attachment = try Listener(
          on: loop, socket: socket, acceptor: Acceptor(record, script), tls: tls)
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  deinit {
    group.stop()
    #expect(group.wait() == [])
  }

  var loop: LoopHandle { group.handles[0] }

  /// Runs `work` on the loop and waits for it.
  func run(_ work: @escaping @Sendable (EventLoop) -> Void) {
    let done = DispatchSemaphore(value: 0)
    loop.post { loop in
      work(loop)
      done.signal()
    }
    #expect(done.wait(timeout: .now() + 20) == .success)
  }

  func connect(receiveBuffer: Int32? = nil) throws -> TestSocket {
    try TestSocket(to: address, receiveBuffer: receiveBuffer)
  }

  /// Sends back what comes, and closes after the peer's end.
  static let echo: Script = { handler in
    handler.onReceived = { $0.stream?.write($1) }
    handler.onEnd = { $0.stream?.closeAfterFlush() }
  }
}

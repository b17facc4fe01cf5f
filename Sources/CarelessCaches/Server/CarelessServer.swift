internal import EventLoop
internal import HTTPModel
internal import Platform
internal import Primitives
internal import Transport

/// Runs the machine on one loop: carries out what it says, tells it what happens.
///
/// Belongs to that loop; not `Sendable`.
final class CarelessServer: TimerTarget {
  /// Told of each exchange, once it is answered.
  typealias Note = @Sendable (CarelessNote) -> Void

  private struct Exchange {
    let client: CarelessClient
    let method: Method
    let path: ArraySlice<UInt8>
  }

  let loop: EventLoop
  private let origin: SocketAddress
  private let limits: CarelessLimits
  private let note: Note
  private var machine: CarelessMachine
  private var exchanges: [CarelessMachine.ExchangeNumber: Exchange] = [:]
  private var count = 0
  private var timer: LoopTimer?
  private var listener: Listener?

  init(
    on loop: EventLoop, _ rules: CarelessRules, origin: SocketAddress, limits: CarelessLimits,
    note: @escaping Note
  ) {
    self.loop = loop
    self.origin = origin
    self.limits = limits
    self.note = note
    machine = CarelessMachine(rules, limits: limits)
    super.init()
    timer = LoopTimer(on: loop.timers, target: self)
  }

  /// Starts to accept connections.
  func listen(on socket: consuming Descriptor) throws(SystemError) {
    listener = try Listener(on: loop, socket: socket, acceptor: Acceptor(self))
  }

  private final class Acceptor: StreamAcceptor {
    private weak var server: CarelessServer?

    init(_ server: CarelessServer) {
      self.server = server
      super.init()
    }

    override func handler(for stream: ByteStream) -> StreamHandler? {
      server.map { CarelessClient(stream, of: $0, limit: $0.limits.body) }
    }
  }

  // MARK: What happens

  func arrived(_ request: WholeRequest, from client: CarelessClient) {
    count += 1
    exchanges[count] = Exchange(
      client: client, method: request.head.method, path: request.head.spelledPath)
    perform(machine.arrived(count, request, at: loop.now))
  }

  func originEnded(_ number: CarelessMachine.ExchangeNumber, _ answer: WholeAnswer?) {
    guard let answer else { return perform(machine.failed(number, at: loop.now)) }
    perform(machine.answered(number, answer, at: loop.now))
  }

  override func timerFired(_ timer: LoopTimer) {
    perform(machine.timePassed(to: loop.now))
  }

  // MARK: What is to be done

  private func perform(_ actions: [CarelessMachine.Action]) {
    for action in actions {
      switch action {
      case .ask(let number, let request):
        _ = OriginExchange(number, request, at: origin, for: self, limit: limits.body)
      case .answer(let number, let answer, let deeds):
        end(number, answer.head.status, deeds) { $0.answer(answer) }
      case .fail(let number, let deeds):
        end(number, .badGateway, deeds) { $0.fail() }
      }
    }
    guard let deadline = machine.nextDeadline else { return timer?.disarm() ?? () }
    timer?.arm(at: deadline)
  }

  private func end(
    _ number: CarelessMachine.ExchangeNumber, _ status: Status, _ deeds: [Deed],
    _ tell: (CarelessClient) -> Void
  ) {
    guard let exchange = exchanges.removeValue(forKey: number) else { return }
    note(
      CarelessNote(
        method: exchange.method.bytes, path: Array(exchange.path), status: status.code,
        deeds: deeds))
    tell(exchange.client)
  }
}

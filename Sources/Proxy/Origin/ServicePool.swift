internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Platform
internal import Primitives
internal import TLS
internal import Transport

/// The connections of one loop to one origin: carries out what `OriginPool` decides.
///
/// Belongs to one loop; not `Sendable`.
final class ServicePool: TimerTarget {
  let address: OriginAddress
  /// The address as logs and counters write it.
  let name: String
  /// The origin's number in its service.
  let number: Int
  unowned let service: ServiceClient
  /// Where the origin's name leads; empty while it is not resolved.
  var addresses: [SocketAddress] = []
  private unowned let worker: Worker
  private var machine: OriginPool
  private var table = ConnectionTable<OriginConnection>()
  private var waiting: [UInt64: Exchange] = [:]
  private var timer: LoopTimer?
  private var nextAddress = 0
  private let tls: TLSClientContext?
  /// What the gauges show of this pool.
  private var shown = PoolLevels()

  init(
    address: OriginAddress, number: Int, service: ServiceClient, worker: Worker,
    limits: OriginPoolLimits, tls: TLSClientContext?
  ) {
    self.address = address
    name = address.description
    self.number = number
    self.service = service
    self.worker = worker
    self.tls = tls
    machine = OriginPool(limits: limits)
    super.init()
    timer = LoopTimer(on: worker.loop.timers, target: self)
  }

  var isEmpty: Bool { machine.isEmpty }

  // MARK: Exchanges

  /// Finds a connection for the exchange, now or later; a fresh one is none that was kept.
  func acquire(for exchange: Exchange, fresh: Bool) {
    defer { show() }
    while true {
      let requester = OriginRequester(exchange.id.number)
      switch machine.acquire(for: requester, now: worker.loop.now, fresh: fresh) {
      case .reuse(let id):
        guard let connection = table[id] else {
          carryOut(machine.released(id, .spoiled(.closedByPeer), now: worker.loop.now))
          continue
        }
        hand(connection, to: exchange)
      case .closeAndAskAgain(let id):
        table.remove(id)?.close()
        continue
      case .open(let id, let deadline):
        waiting[exchange.id.number] = exchange
        wake(at: deadline)
        open(id)
      case .wait(let deadline):
        waiting[exchange.id.number] = exchange
        wake(at: deadline)
      case .refuse(let refusal):
        exchange.originUnavailable(ProxyFailure(refusal), at: self)
      }
      return
    }
  }

  /// The exchange no longer waits here.
  func cancel(_ exchange: Exchange) {
    guard waiting.removeValue(forKey: exchange.id.number) != nil else { return }
    machine.cancelled(OriginRequester(exchange.id.number))
    show()
  }

  private func hand(_ connection: OriginConnection, to exchange: Exchange) {
    if connection.wasUsed { service.counters.countReuse() }
    exchange.originReady(connection)
  }

  // MARK: Connections

  func opened(_ connection: OriginConnection) {
    service.counters.countOpened()
    finish(machine.opened(connection.id, now: worker.loop.now))
  }

  func openFailed(_ connection: OriginConnection, _ failure: StreamFailure?) {
    let reason: ProxyFailure = failure?.stage == .handshake ? .tlsFailed : .connectFailed
    worker.log.originUnreachable(address, failure)
    // What this machine lacks says nothing about the origin.
    openEnded(connection.id, reason, isOriginsFault: failure?.isLocalShortage != true)
  }

  func openTimedOut(_ connection: OriginConnection) { openEnded(connection.id, .connectTimeout) }

  private func openEnded(
    _ id: OriginConnectionID, _ reason: ProxyFailure, isOriginsFault: Bool = true
  ) {
    _ = table.remove(id)
    service.counters.countConnectFailure(reason)
    if isOriginsFault { service.failed(at: number, OriginFault(unreachable: reason)) }
    let step = machine.openFailed(id)
    if case .refuse(let requester, _) = step {
      waiting.removeValue(forKey: requester.number)?.originUnavailable(reason, at: self)
      openNext()
      show()
    } else {
      finish(step)
    }
  }

  func released(_ connection: OriginConnection, _ condition: OriginConnectionCondition) {
    finish(
      machine.released(
        connection.id, condition, now: worker.loop.now, idleAge: connection.peerIdleAge))
  }

  /// The peer closed an idle connection, or it spoke out of turn.
  func endedIdle(_ connection: OriginConnection) { finish(machine.ended(connection.id)) }

  /// The stream of a connection is gone, leased or not.
  func closed(_ connection: OriginConnection, leased: Bool) {
    if leased {
      finish(machine.released(connection.id, .spoiled(.closedByPeer), now: worker.loop.now))
    } else {
      finish(machine.ended(connection.id))
    }
  }

  private func open(_ id: OriginConnectionID) {
    guard !addresses.isEmpty else { return openEnded(id, .resolutionFailed) }
    let clientTLS = clientTLS
    // Never in the clear what was to be secure, whatever is wrong with a name.
    guard (clientTLS != nil) == (address.scheme == .https) else { return openEnded(id, .tlsFailed) }
    let connection = OriginConnection(
      pool: self, worker: worker, id: id, timeouts: service.waits)
    table.insert(connection, as: id)
    nextAddress = (nextAddress + 1) % addresses.count
    let stream = ByteStream.connect(
      to: addresses[nextAddress], tls: clientTLS, on: worker.loop, handler: connection)
    connection.opens(on: stream)
  }

  private var clientTLS: ClientTLS? {
    guard let tls, let peer = service.plan.peerName(for: address) else { return nil }
    return ClientTLS(context: tls, peer: peer, sessions: worker.tlsSessions)
  }

  // MARK: Carrying out

  private func finish(_ step: OriginPoolStep) {
    carryOut(step)
    openNext()
    // Nobody will ask for what was opened or released since.
    if service.isRetired { retire() }
    show()
  }

  private func carryOut(_ step: OriginPoolStep) {
    switch step {
    case .nothing: break
    case .serve(let requester, let id):
      guard let exchange = waiting.removeValue(forKey: requester.number), let connection = table[id]
      else {
        finish(machine.released(id, .spoiled(.abandoned), now: worker.loop.now))
        return
      }
      hand(connection, to: exchange)
    case .keep: wakeForDeadline()
    case .close(let id): table.remove(id)?.close()
    case .keepAndClose(_, let closed):
      table.remove(closed)?.close()
      wakeForDeadline()
    case .refuse(let requester, let refusal):
      waiting.removeValue(forKey: requester.number)?
        .originUnavailable(ProxyFailure(refusal), at: self)
    }
  }

  private func openNext() {
    while let id = machine.nextOpening() { open(id) }
  }

  private func show() {
    let levels = PoolLevels(
      idle: machine.idleCount, busy: machine.leasedCount, opening: machine.openingCount,
      waiting: machine.waitingCount)
    guard levels != shown else { return }
    service.counters.moved(from: shown, to: levels)
    shown = levels
    if machine.isEmpty { service.poolEmptied() }
  }

  // MARK: Time

  private func wakeForDeadline() {
    if timer?.isArmed != true, let next = machine.nextDeadline { timer?.arm(at: next) }
  }

  private func wake(at deadline: MonotonicTime) {
    if let armed = timer?.armedFor, armed <= deadline { return }
    timer?.arm(at: deadline)
  }

  override func timerFired(_ timer: LoopTimer) {
    let now = worker.loop.now
    while let step = machine.nextExpired(now: now) { carryOut(step) }
    while let id = machine.nextToClose(now: now) { table.remove(id)?.close() }
    openNext()
    show()
    if let next = machine.nextDeadline { timer.arm(at: next) }
  }

  /// A later plan has taken over: what is idle closes now, what is leased when it is released.
  /// Exchanges that began under the old plan still find connections here.
  func retire() {
    machine.retireAll()
    if let timer { timerFired(timer) }
  }
}

extension OriginFault {
  /// What kept a connection from coming about.
  fileprivate init(unreachable failure: ProxyFailure) {
    switch failure {
    case .resolutionFailed: self = .notResolved
    case .connectTimeout: self = .connectTimedOut
    case .tlsFailed: self = .handshakeFailed
    default: self = .notConnected
    }
  }
}

extension ProxyFailure {
  init(_ refusal: OriginRefusal) {
    switch refusal {
    case .queueFull, .waitedTooLong: self = .originBusy
    case .openFailed: self = .connectFailed
    case .shuttingDown: self = .shuttingDown
    }
  }
}

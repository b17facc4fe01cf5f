internal import Audit
internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import Cryptography
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Platform
internal import Primitives
internal import TLS
internal import Telemetry
internal import Transport

/// All that one loop needs to serve: its plan, its ways to services, its clients, its scratch.
///
/// Belongs to one loop; not `Sendable`.
final class Worker {
  let loop: EventLoop
  let index: Int
  let shared: SharedState
  private(set) var plan: Plan
  private(set) var services: [ServiceClient] = []
  let tlsSessions = TLSClientSessionCache()
  var tokens: TransactionTokenSource
  let accessLog: LineFeeder?
  /// How lines of the access log are written.
  let lineFormat: AccessLog
  let findingsLog: LineFeeder?
  let log: ProxyLog
  let counters: WorkerCounters
  /// Set when the server stops: connections close after their present exchange.
  private(set) var isDraining = false

  private var clients: [ClientConnection] = []
  /// How many of the clients are answered by a `LocalResponder`: a stop does not wait for them.
  private var localClientCount = 0
  /// Clients whose answer is being made off the loop, by the number of the request.
  private var awaitingAnswers: [UInt64: ClientConnection] = [:]
  private var localRequestCount: UInt64 = 0
  /// Exchanges for which something is done off the loop.
  var awaitedProofs = AwaitedProofs()
  /// Requests to a `LocalResponder` whose content is coming.
  var localContents: [ObjectIdentifier: LocalContent] = [:]
  private var listeners: [(ListenerPlan, Listener)] = []
  /// The services of earlier plans, until their last connection is closed.
  private var retired: [ServiceClient] = []
  /// The probes of the plan's services. The first loop probes for all.
  private var probers: [ServiceProber] = []
  /// The published key sets of the plan. The first loop fetches for all.
  var keySources: [KeySource] = []
  private var headBuffer: [UInt8] = []
  var keyBuffer: [UInt8] = []
  /// Exchanges that other loops have something to tell, by number.
  var sharing: [UInt64: CacheExchange] = [:]
  var followBuffer: [UInt8] = []
  private var exchangeCount: UInt64 = 0
  private let idStart: UInt32
  let clientLimit: Int

  init(loop: EventLoop, shared: SharedState, plan: Plan, workers: Int) {
    self.loop = loop
    self.shared = shared
    self.plan = plan
    index = loop.handle.index
    tokens = TransactionTokenSource()
    idStart = UInt32.random(in: .min ... .max)
    clientLimit = max(plan.settings.limits.connections / max(workers, 1), 1)
    accessLog = shared.accessLog?.feeder(loop.handle.index)
    lineFormat = AccessLog(redactsPaths: plan.settings.accessLog.paths == .redacted)
    findingsLog = shared.findingsLog?.feeder(loop.handle.index)
    log = shared.log
    counters = WorkerCounters(shared.metrics, loop: loop.handle.index)
    headBuffer.reserveCapacity(4096)
    services = plan.services.map { ServiceClient($0, worker: self, start: index) }
    startProbes()
    startKeySources()
  }

  var timeouts: ClientTimeouts { plan.settings.timeouts }
  var wireLimits: WireLimits { plan.wireLimits }
  var requestsPerConnection: Int { plan.settings.limits.requestsPerConnection }

  func service(_ route: RoutePlan) -> ServiceClient {
    // An exchange keeps the route of the plan it began under; its service may be of an older one.
    if let found = services.first(where: { $0.plan === route.service }) { return found }
    return retired.first { $0.plan === route.service } ?? revive(route.service)
  }

  private func revive(_ plan: ServicePlan) -> ServiceClient {
    let client = ServiceClient(plan, worker: self, start: index)
    client.retire()
    retired.append(client)
    counters.retiredChanged(by: 1)
    return client
  }

  /// Lends a buffer for a head or a few lines; empty, with room. Calls may be nested.
  func withHeadBuffer<Failure: Error>(
    _ body: (inout [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    var buffer = headBuffer
    headBuffer = []
    buffer.removeAll(keepingCapacity: true)
    defer { headBuffer = buffer }
    try body(&buffer)
  }

  /// Characters of a token that nobody can guess: what stands between the ranges of an answer.
  func nextBoundary() -> [UInt8] {
    var boundary: [UInt8] = []
    for _ in 0..<2 { boundary.append(hexadecimal: UInt64.random(in: .min ... .max), digits: 16) }
    return boundary
  }

  func nextExchangeID() -> ExchangeID {
    exchangeCount &+= 1
    return ExchangeID(start: idStart, count: exchangeCount)
  }

  // MARK: Clients

  /// How many connections may be open to a `LocalResponder`: they have room when clients have not,
  /// and take none from them.
  private static let localClientLimit = 128

  /// Whether there may be one more connection.
  func hasRoom(isLocal: Bool) -> Bool {
    isLocal
      ? localClientCount < Self.localClientLimit
      : clients.count - localClientCount < clientLimit
  }

  func admit(_ client: ClientConnection) {
    counters.clientsChanged(by: 1)
    client.place = UInt32(clamping: clients.count)
    clients.append(client)
    if client.responder != nil { localClientCount += 1 }
  }

  func clientClosed(_ client: ClientConnection) {
    let place = Int(client.place)
    guard clients.indices.contains(place), clients[place] === client, let last = clients.popLast()
    else { return }
    counters.clientsChanged(by: -1)
    if client.responder != nil { localClientGone(client) }
    guard last !== client else { return checkDrained() }
    last.place = client.place
    clients[place] = last
    checkDrained()
  }

  // MARK: Answers from elsewhere

  /// Has the answer to a client's request made off the loop.
  func answerLater(
    _ client: ClientConnection, on queue: SerialWorker,
    _ work: @escaping @Sendable () -> LocalAnswer
  ) {
    localRequestCount &+= 1
    let number = localRequestCount
    awaitingAnswers[number] = client
    queue.submit { [handle = loop.handle] in
      let answer = work()
      handle.post { loop in (loop.attachment as? Worker)?.answered(number, answer) }
    }
  }

  private func answered(_ number: UInt64, _ answer: LocalAnswer) {
    // Nil when the client did not wait.
    guard let client = awaitingAnswers.removeValue(forKey: number) else { return }
    client.send(answer)
    client.responseEnded()
  }

  /// The answer that is being made for a client is not wanted any more.
  func forgetAnswer(to client: ClientConnection) {
    localContents.removeValue(forKey: ObjectIdentifier(client))
    awaitingAnswers = awaitingAnswers.filter { $0.value !== client }
  }

  private func localClientGone(_ client: ClientConnection) {
    localClientCount -= 1
    forgetAnswer(to: client)
  }

  // MARK: Plans

  /// Takes over a new plan: exchanges that began under the old one end under it.
  func adopt(_ plan: Plan) {
    let old = services
    services = plan.services.map { service in
      old.first { $0.plan === service } ?? ServiceClient(service, worker: self, start: index)
    }
    self.plan = plan
    startProbes()
    startKeySources()
    for client in old where !services.contains(where: { $0 === client }) {
      client.retire()
      retired.append(client)
      counters.retiredChanged(by: 1)
    }
    dropRetired()
  }

  /// Lets go of services of earlier plans that nobody uses any more.
  func dropRetired() {
    let before = retired.count
    retired.removeAll(where: \.isEmpty)
    counters.retiredChanged(by: Int64(retired.count - before))
  }

  /// Probes what the plan says and stops probing what it says no more; what is the same goes on.
  private func startProbes() {
    guard index == 0 else { return }
    let old = probers
    probers = plan.services.compactMap { service in
      old.first { $0.plan === service } ?? ServiceProber(service, worker: self)
    }
    for prober in old where !probers.contains(where: { $0 === prober }) { prober.stop() }
  }

  /// The addresses of a service's origins changed.
  func addressesChanged(of plan: ServicePlan) {
    for client in services where client.plan === plan { client.refreshAddresses() }
  }

  // MARK: Stopping

  /// Accepts on this loop's share of a listener.
  func listen(on plan: ListenerPlan, responder: (any LocalResponder)? = nil) {
    guard let share = plan.bound.takeShare() else { return }
    do throws(SystemError) {
      let acceptor = ClientAcceptor(worker: self, plan: plan, responder: responder)
      listeners.append(
        (
          plan,
          try Listener(
            on: loop, socket: share, acceptor: acceptor, tls: plan.tls)
        ))
    } catch {
      log.loopFailed(error.description)
    }
  }

  func stopListening(on plan: ListenerPlan) {
    for (owner, listener) in listeners where owner === plan { listener.closeAfterAccepting() }
    listeners.removeAll { $0.0 === plan }
  }

  /// A connection was closed unheard: there are as many as may be.
  func turnedAway() { counters.sheet.add(to: counters.turnedAway) }

  /// Accepts nothing more than what waits already; idle connections close now, busy ones after
  /// their present exchange.
  ///
  /// Local responders stay reachable to the end, so that operators can watch the stop.
  func drain(whenDone done: @escaping @Sendable () -> Void) {
    isDraining = true
    drained = done
    for (plan, listener) in listeners where !plan.isLocal { listener.closeAfterAccepting() }
    listeners.removeAll { !$0.0.isLocal }
    for client in clients where client.responder == nil { client.drain() }
    checkDrained()
  }

  private var drained: (@Sendable () -> Void)?

  private func checkDrained() {
    guard isDraining, clients.count == localClientCount, let done = drained else { return }
    drained = nil
    done()
  }

  /// The deadline passed: what is still open is broken off. Returns how many connections lost
  /// something by that.
  func abandon() -> Int {
    let busy = clients.count { $0.responder == nil && $0.isBusy }
    for client in clients { client.stream.abort() }
    return busy
  }
}

internal import Configuration
internal import Platform
internal import Primitives
internal import Synchronization
internal import TLS
internal import Telemetry
internal import Transport

/// One listener: what is bound, and what a reload may change about it.
final class ListenerPlan: Sendable {
  let address: ListenAddress
  let bound: BoundAddress
  /// Nil for plain HTTP. A reload replaces the context, not whether there is one.
  let tls: TLSServerContextReference?
  /// Whether a `LocalResponder` answers here, and no route.
  let isLocal: Bool
  private let trusted: Mutex<[AddressBlock]>
  private let isBroken = Atomic<Bool>(false)

  init(
    address: ListenAddress, bound: BoundAddress, tls: TLSServerContext?,
    trustedPeers: [AddressBlock] = [], isLocal: Bool = false
  ) {
    self.address = address
    self.bound = bound
    self.tls = tls.map { TLSServerContextReference($0) }
    self.isLocal = isLocal
    trusted = Mutex(trustedPeers)
  }

  /// Whether a loop had to stop accepting here although nobody asked for that.
  var hasFailed: Bool { isBroken.load(ordering: .relaxed) }
  func fail() { isBroken.store(true, ordering: .relaxed) }

  /// How logs and counters call it.
  var name: String { isLocal ? "admin" : address.description }

  /// The peers whose forwarding fields are believed.
  var trustedPeers: [AddressBlock] { trusted.withLock { $0 } }

  /// Takes over what a reload changed; connections that are open keep what they have.
  func replace(tls context: TLSServerContext?, trustedPeers: [AddressBlock]) {
    if let context { tls?.replace(with: context) }
    trusted.withLock { $0 = trustedPeers }
  }
}

/// Makes client connections of what a listener accepts. Belongs to one loop.
final class ClientAcceptor: StreamAcceptor {
  private unowned let worker: Worker
  private let plan: ListenerPlan
  private let responder: (any LocalResponder)?
  private let accepted: Counter
  private let pauses: Counter
  /// The client before, and its address as text: behind a load balancer few addresses hold very
  /// many connections, which then share the text.
  private var latest: (peer: SocketAddress, host: [UInt8])?

  init(worker: Worker, plan: ListenerPlan, responder: (any LocalResponder)? = nil) {
    self.worker = worker
    self.plan = plan
    self.responder = responder
    accepted = worker.counters.accepted(by: plan.name)
    pauses = worker.counters.acceptPauses(of: plan.name)
  }

  override func handler(for stream: ByteStream) -> StreamHandler? {
    guard worker.hasRoom(isLocal: responder != nil) else {
      worker.turnedAway()
      return nil
    }
    let client = ClientConnection(
      worker: worker, stream: stream,
      facts: facts(of: stream), responder: responder)
    worker.counters.sheet.add(to: accepted)
    worker.admit(client)
    return client
  }

  override var mayUseReserve: Bool { plan.isLocal }

  override func acceptingPaused(_ error: SystemError, isFirst: Bool) {
    worker.counters.sheet.add(to: pauses)
    if isFirst { worker.log.acceptingPaused(plan.name, error.description) }
  }

  override func acceptingResumed() { worker.log.acceptingResumed(plan.name) }

  override func acceptingFailed(_ error: SystemError) {
    plan.fail()
    worker.log.acceptingFailed(plan.name, error.description)
  }

  private func facts(of stream: ByteStream) -> ClientFacts {
    let peer = stream.peerAddress
    let host = hostBytes(of: peer)
    return ClientFacts(
      address: host, port: peer.port ?? 0, localPort: plan.bound.address.port ?? 0,
      isSecure: plan.tls != nil, isTrusted: isTrusted(peer, host, plan.trustedPeers))
  }

  private func hostBytes(of peer: SocketAddress) -> [UInt8] {
    if peer.isUnix { return [] }
    let address = peer.withPort(0)
    if let latest, latest.peer == address { return latest.host }
    let host = peer.hostBytes
    latest = (address, host)
    return host
  }

  /// Whoever may open the Unix socket is believed: its file's permissions say who that is.
  private func isTrusted(_ peer: SocketAddress, _ host: [UInt8], _ blocks: [AddressBlock]) -> Bool {
    if peer.isUnix { return true }
    guard !blocks.isEmpty, let address = IPAddress(text: host) else { return false }
    return blocks.contains { $0.contains(address) }
  }
}

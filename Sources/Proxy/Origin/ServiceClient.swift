internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import Platform
internal import Primitives
internal import TLS
internal import Transport

/// One loop's way to one service: chooses among its origins and keeps a pool for each.
///
/// Belongs to one loop; not `Sendable`.
final class ServiceClient {
  let plan: ServicePlan
  let settings: ServiceSettings
  let health: OriginHealth
  private(set) var pools: [ServicePool] = []
  private unowned let worker: Worker
  private var balancer: OriginBalancer

  init(_ plan: ServicePlan, worker: Worker, start: Int) {
    self.plan = plan
    settings = plan.settings
    health = plan.health
    self.worker = worker
    balancer = OriginBalancer(
      policy: plan.settings.balance == .roundRobin ? .roundRobin : .leastConnections,
      originCount: plan.settings.origins.count, start: start)
    let limits = OriginPoolLimits(
      idleConnections: settings.idleConnectionsPerLoop, idleAge: settings.timeouts.keepAlive,
      queueWait: settings.timeouts.connect)
    pools = settings.origins.enumerated().map { number, address in
      ServicePool(
        address: address, number: number, service: self, worker: worker, limits: limits,
        tls: address.scheme == .https ? plan.tls : nil)
    }
    for (pool, addresses) in zip(pools, plan.addresses.current) { pool.addresses = addresses }
  }

  var waits: OriginWaits { OriginWaits(settings.timeouts) }

  /// Chooses an origin for the exchange and asks its pool for a connection.
  ///
  /// `tried` are the origins this exchange failed to reach before.
  func acquire(for exchange: Exchange, tried: OriginSet) {
    if let number = balancer.assign(inService: health.inService, tried: tried) {
      exchange.assigned(to: pools[number])
      return pools[number].acquire(for: exchange)
    }
    switch balancer.assignAmongSuspected(
      down: health.down, tried: tried, lastFailures: health.lastFailures)
    {
    case .origin(let number):
      exchange.assigned(to: pools[number])
      pools[number].acquire(for: exchange)
    case .none: exchange.originUnavailable(.noHealthyOrigin, at: nil)
    }
  }

  /// The exchange is over at this origin, whatever came of it.
  func finished(at number: Int) { balancer.finished(at: number) }

  func succeeded(at number: Int) {
    if let change = health.succeeded(at: number) { worker.log.healthChanged(settings, change) }
  }

  func failed(at number: Int, _ fault: OriginFault) {
    if let change = health.failed(at: number, fault, now: worker.loop.now) {
      worker.log.healthChanged(settings, change)
    }
  }

  /// Whom the origin's certificate must name, and what SNI asks for.
  func peerName(for address: OriginAddress) -> TLSPeerName? {
    if let name = settings.tls.serverName { return TLSPeerName(name) }
    if case .host(let host, _) = address.endpoint { return TLSPeerName(host) }
    return nil
  }

  /// The names of the origins were resolved anew.
  func refreshAddresses() {
    for (pool, addresses) in zip(pools, plan.addresses.current) { pool.addresses = addresses }
  }

  /// A later plan has taken over.
  func retire() {
    for pool in pools { pool.retire() }
  }

  var isEmpty: Bool { pools.allSatisfy(\.isEmpty) }
}

extension OriginWaits {
  init(_ timeouts: OriginTimeouts) {
    self.init(
      connect: timeouts.connect, firstByte: timeouts.firstByte, idle: timeouts.idle)
  }
}

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
  let counters: ServiceCounters
  private(set) var pools: [ServicePool] = []
  private unowned let worker: Worker
  private var balancer: OriginBalancer

  init(_ plan: ServicePlan, worker: Worker, start: Int) {
    self.plan = plan
    settings = plan.settings
    health = plan.health
    counters = worker.counters.service(plan.settings.name, loop: worker.index)
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
  /// - Parameters:
  ///   - tried: The origins this exchange failed to reach before.
  ///   - fresh: Whether the connection must not be one that was kept.
  func acquire(for exchange: Exchange, tried: OriginSet, fresh: Bool) {
    if let number = balancer.assign(inService: health.inService, tried: tried) {
      exchange.assigned(to: pools[number])
      return pools[number].acquire(for: exchange, fresh: fresh)
    }
    switch balancer.assignAmongSuspected(
      down: health.down, tried: tried, lastFailures: health.lastFailures)
    {
    case .origin(let number):
      exchange.assigned(to: pools[number])
      pools[number].acquire(for: exchange, fresh: fresh)
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
      if case .ejected = change { counters.countEjection(fault) }
    }
  }

  /// The names of the origins were resolved anew.
  func refreshAddresses() {
    for (pool, addresses) in zip(pools, plan.addresses.current) { pool.addresses = addresses }
  }

  /// Set when a later plan has taken over.
  private(set) var isRetired = false

  /// The last connection of a pool is gone.
  func poolEmptied() {
    // Later: an exchange that just lost its connection may ask for another.
    if isRetired, isEmpty { worker.loop.soon { [worker] in worker.dropRetired() } }
  }

  /// A later plan has taken over.
  func retire() {
    isRetired = true
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

internal import CachePolicy
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import JOSE
internal import Primitives
internal import TLS
internal import Transport

/// Fetches a published key set again and again: carries out what `KeySourceMachine` decides, for
/// all loops.
///
/// Belongs to one loop; not `Sendable`.
final class KeySource: TimerTarget {
  /// What the fetches call themselves.
  static let userAgent: StaticString = "countersign-keys"

  let plan: KeySetPlan
  private let service: ServicePlan
  private let address: OriginAddress
  private let target: [UInt8]
  private unowned let worker: Worker
  private var machine: KeySourceMachine
  private var fetch: KeyFetch?
  private var timer: LoopTimer?
  private var nextAddress = 0

  /// Nil where the keys are not fetched.
  init?(_ plan: KeySetPlan, worker: Worker) {
    guard let service = plan.service, case .published(let address) = plan.settings.source else {
      return nil
    }
    self.plan = plan
    self.service = service
    self.address = address.origin
    target = address.target
    self.worker = worker
    machine = KeySourceMachine(
      limits: KeySourceLimits(
        refreshAfter: plan.settings.refresh,
        leastFreshness: min(plan.settings.refresh, Milliseconds(60_000))))
    super.init()
    timer = LoopTimer(on: worker.loop.timers, target: self)
  }

  func start() {
    plan.observe { [weak plan, handle = worker.loop.handle] in
      guard let plan else { return }
      let isTaken = handle.post { loop in
        guard let source = (loop.attachment as? Worker)?.keySource(of: plan) else {
          // Nobody fetches for this plan any more: there is nothing to be waited for.
          return plan.release()
        }
        source.keyIsUnknown()
      }
      if !isTaken { plan.release() }
    }
    carryOut(machine.begin(at: worker.loop.now))
  }

  func stop() {
    timer?.disarm()
    fetch?.abandon()
    fetch = nil
    plan.release()
  }

  /// Somebody asks that the keys be read again.
  func reload() { carryOut(machine.reload(at: worker.loop.now)) }

  override func timerFired(_ timer: LoopTimer) {
    // While one is under way, the timer is its deadline.
    if let late = fetch {
      late.abandon()
      fetch = nil
      return settle(late.number, .failed("the answer took too long"))
    }
    carryOut(machine.woke(at: worker.loop.now))
  }

  /// A proof names a key that the set does not have.
  func keyIsUnknown() {
    switch machine.keyIsUnknown(at: worker.loop.now) {
    case .fetch(let number, let deadline): carryOut(.fetch(number: number, deadline: deadline))
    case .underWay: break
    case .limited, .refused: plan.release()
    }
  }

  /// A fetch is over.
  func ended(_ fetch: KeyFetch, _ result: KeyFetchResult) {
    guard fetch === self.fetch else { return }
    self.fetch = nil
    settle(fetch.number, result)
  }

  private func settle(_ number: UInt64, _ result: KeyFetchResult) {
    let now = worker.loop.now
    let action: KeySourceMachine.Action
    switch result {
    case .keys(let set, let freshFor):
      action = machine.fetched(set.keys, number: number, freshFor: freshFor, at: now)
      worker.log.keysFetched(plan.settings.name, set)
    case .failed(let problem):
      action = machine.failed(number: number, at: now)
      worker.log.keysNotFetched(plan.settings.name, problem)
    }
    plan.publish(machine.keys(at: now), standing: machine.standing(at: now))
    plan.release()
    carryOut(action)
  }

  private func carryOut(_ action: KeySourceMachine.Action) {
    switch action {
    case .rest: timer?.disarm()
    case .wait(let moment): timer?.arm(at: moment)
    case .fetch(let number, let deadline):
      timer?.arm(at: deadline)
      begin(number)
    }
    plan.publish(
      machine.keys(at: worker.loop.now), standing: machine.standing(at: worker.loop.now))
  }

  private func begin(_ number: UInt64) {
    let addresses = service.addresses.current.first ?? []
    guard !addresses.isEmpty, let request else { return settle(number, .failed("not resolved")) }
    let tls = tls
    guard (tls != nil) == (address.scheme == .https) else {
      return settle(number, .failed("no TLS"))
    }
    nextAddress = (nextAddress + 1) % addresses.count
    let fetch = KeyFetch(
      request, number: number, for: self, limits: worker.wireLimits,
      rsaAlgorithm: plan.settings.rsaAlgorithm.algorithm)
    self.fetch = fetch
    fetch.opens(
      on: ByteStream.connect(
        to: addresses[nextAddress], tls: tls, on: worker.loop, handler: fetch))
  }

  private var tls: ClientTLS? {
    guard address.scheme == .https, let context = service.tls,
      let peer = service.peerName(for: address)
    else { return nil }
    return ClientTLS(context: context, peer: peer)
  }

  private var request: [UInt8]? {
    var fields = FieldSection()
    fields.append(.host, address.authority)
    fields.append(.userAgent, Self.userAgent)
    fields.append(.accept, "application/jwk-set+json, application/json")
    fields.append(.acceptEncoding, "identity")
    fields.append(.connection, "close")
    var bytes: [UInt8] = []
    let head = RequestHead(
      method: .get, target: target, authority: address.authority, fields: fields)
    do throws(ProtocolViolation) {
      try MessageSerializer.append(head, to: &bytes)
    } catch {
      // The target is checked when the settings are read.
      return nil
    }
    return bytes
  }
}

extension Worker {
  func keySource(of plan: KeySetPlan) -> KeySource? { keySources.first { $0.plan === plan } }

  /// Fetches what the plan says and stops fetching what it says no more. The first loop fetches for
  /// all.
  func startKeySources() {
    guard index == 0 else { return }
    let old = keySources
    keySources = plan.keySets.compactMap { set in
      old.first { $0.plan === set } ?? KeySource(set, worker: self)
    }
    for source in keySources {
      if old.contains(where: { $0 === source }) { source.reload() } else { source.start() }
    }
    for source in old where !keySources.contains(where: { $0 === source }) { source.stop() }
  }
}

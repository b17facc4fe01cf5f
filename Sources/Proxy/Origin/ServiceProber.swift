internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import TLS
internal import Telemetry
internal import Transport

/// The active probes of one service, one prober for each origin; run by one loop for all of them.
///
/// Belongs to that loop; not `Sendable`.
final class ServiceProber {
  let plan: ServicePlan
  private let probers: [OriginProber]

  /// Starts to probe. Nil where the service asks for no probes.
  init?(_ plan: ServicePlan, worker: Worker) {
    guard let settings = plan.settings.health else { return nil }
    self.plan = plan
    probers = plan.settings.origins.indices.map {
      OriginProber($0, of: plan, settings: settings, worker: worker)
    }
    for prober in probers { prober.start() }
  }

  /// No more probes; what is under way is broken off.
  func stop() { for prober in probers { prober.stop() } }
}

/// Probes one origin, again and again: carries out what `OriginProbe` decides.
///
/// Belongs to one loop; not `Sendable`.
final class OriginProber: TimerTarget {
  /// What the probes call themselves.
  static let userAgent: StaticString = "countersign-probe"

  private let number: Int
  private let plan: ServicePlan
  private let address: OriginAddress
  private let path: [UInt8]
  private unowned let worker: Worker
  private var machine: OriginProbe
  /// The probe under way; nil between two.
  private var connection: ProbeConnection?
  private var timer: LoopTimer?
  private var nextAddress = 0

  init(_ number: Int, of plan: ServicePlan, settings: HealthSettings, worker: Worker) {
    self.number = number
    self.plan = plan
    address = plan.settings.origins[number]
    path = settings.path
    self.worker = worker
    machine = OriginProbe(
      settings: OriginProbeSettings(
        every: settings.every, timeout: settings.timeout,
        healthyAfter: settings.healthyThreshold, unhealthyAfter: settings.unhealthyThreshold))
    super.init()
    timer = LoopTimer(on: worker.loop.timers, target: self)
  }

  func start() { carryOut(machine.firstProbe(now: worker.loop.now, jitter: jitter)) }

  func stop() {
    machine.stop()
    timer?.disarm()
    connection?.abandon()
    connection = nil
  }

  /// The next probe is due, or the present one took too long.
  override func timerFired(_ timer: LoopTimer) {
    guard let late = connection else { return carryOut(machine.due(now: worker.loop.now)) }
    late.abandon()
    ended(late, .timedOut)
  }

  /// A probe is over: nil after a good answer.
  func ended(_ probe: ProbeConnection, _ failure: ProbeFailure?) {
    guard probe === connection else { return }
    connection = nil
    answered(failure)
  }

  private func answered(_ failure: ProbeFailure?) {
    worker.counters.countProbe(
      service: plan.settings.name, result: failure?.rawValue ?? "success")
    let now = worker.loop.now
    if let failure {
      carryOut(machine.failed(failure, now: now, jitter: jitter))
    } else {
      carryOut(machine.succeeded(now: now, jitter: jitter))
    }
  }

  private func carryOut(_ step: OriginProbeStep) {
    switch step {
    case .nothing: break
    case .wait(let moment): timer?.arm(at: moment)
    case .probe(let deadline):
      timer?.arm(at: deadline)
      probe()
    case .change(let health, let moment):
      timer?.arm(at: moment)
      if let change = plan.health.probed(number, health, machine.lastFailure) {
        worker.log.healthChanged(plan.settings, change)
      }
    }
  }

  private func probe() {
    let addresses = plan.addresses.current
    guard addresses.indices.contains(number), !addresses[number].isEmpty, let request else {
      return answered(.notConnected)
    }
    let tls = tls
    guard (tls != nil) == (address.scheme == .https) else { return answered(.notConnected) }
    nextAddress = (nextAddress + 1) % addresses[number].count
    let connection = ProbeConnection(request, for: self, limits: worker.wireLimits)
    self.connection = connection
    connection.opens(
      on: ByteStream.connect(
        to: addresses[number][nextAddress], tls: tls, on: worker.loop, handler: connection))
  }

  /// Sessions are not resumed: a certificate that no longer holds is to be noticed.
  private var tls: ClientTLS? {
    guard address.scheme == .https, let context = plan.tls, let peer = plan.peerName(for: address)
    else { return nil }
    return ClientTLS(context: context, peer: peer)
  }

  private var request: [UInt8]? {
    var fields = FieldSection()
    fields.append(.host, address.authority)
    fields.append(.userAgent, Self.userAgent)
    fields.append(.accept, "*/*")
    fields.append(.connection, "close")
    var bytes: [UInt8] = []
    let head = RequestHead(method: .get, target: path, authority: address.authority, fields: fields)
    do throws(ProtocolViolation) {
      try MessageSerializer.append(head, to: &bytes)
    } catch {
      // The path is checked when the settings are read.
      return nil
    }
    return bytes
  }

  private var jitter: UInt64 { UInt64.random(in: .min ... .max) }
}

internal import Primitives
internal import Telemetry
internal import Transport

/// The series one loop counts on for one service, looked up once: counting is an addition.
///
/// Series of what happens seldom are looked up when it happens. A class for the reason that
/// `WorkerCounters` is one; belongs to one loop, not `Sendable`.
final class ServiceCounters {
  private let metrics: Metrics
  private let sheet: MetricSheet
  private let service: String
  private let opened: Counter
  private let reused: Counter
  private let retried: Counter
  private let responseTime: Histogram
  private let idle: Gauge
  private let busy: Gauge
  private let opening: Gauge
  private let waiting: Gauge

  init(_ metrics: Metrics, loop: Int, service: String) {
    self.metrics = metrics
    self.service = service
    sheet = metrics.sheet(loop)
    opened = metrics.counter(.originConnectionsOpened, [service])
    reused = metrics.counter(.originConnectionReuses, [service])
    retried = metrics.counter(.originRetries, [service])
    responseTime = metrics.histogram(.originResponseTime, [service])
    idle = metrics.gauge(.originConnections, [service, "idle"])
    busy = metrics.gauge(.originConnections, [service, "busy"])
    opening = metrics.gauge(.originConnections, [service, "opening"])
    waiting = metrics.gauge(.originQueueLength, [service])
  }

  func countOpened() { sheet.add(to: opened) }
  func countReuse() { sheet.add(to: reused) }
  func countRetry() { sheet.add(to: retried) }

  /// The first byte of a response came so long after its request was handed to a connection.
  func observeResponse(nanoseconds: UInt64) { sheet.observe(nanoseconds, in: responseTime) }

  func countConnectFailure(_ reason: ProxyFailure) {
    sheet.add(to: metrics.counter(.originConnectFailures, [service, reason.rawValue]))
  }

  func countEjection(_ fault: OriginFault) {
    sheet.add(to: metrics.counter(.originEjections, [service, fault.rawValue]))
  }

  /// What a pool holds changed from one to the other.
  func moved(from old: PoolLevels, to new: PoolLevels) {
    if old.idle != new.idle { sheet.adjust(idle, by: Int64(new.idle - old.idle)) }
    if old.busy != new.busy { sheet.adjust(busy, by: Int64(new.busy - old.busy)) }
    if old.opening != new.opening { sheet.adjust(opening, by: Int64(new.opening - old.opening)) }
    if old.waiting != new.waiting { sheet.adjust(waiting, by: Int64(new.waiting - old.waiting)) }
  }
}

/// How many connections a pool holds, and how many exchanges wait there.
struct PoolLevels: Equatable {
  var idle = 0
  var busy = 0
  var opening = 0
  var waiting = 0
}

package import CacheStore
package import Configuration
internal import Synchronization
internal import Telemetry
package import Transport

/// What the admin side may see of the running proxy. Every property may be read on any thread.
package final class ProxyView: Sendable {
  private let shared: SharedState
  private let workers: WorkerTable
  package let loops: Int
  private let plan = Mutex<(@Sendable () -> Plan?)?>(nil)

  init(shared: SharedState, workers: WorkerTable, loops: Int) {
    self.shared = shared
    self.workers = workers
    self.loops = loops
  }

  func setPlan(_ read: @escaping @Sendable () -> Plan?) { plan.withLock { $0 = read } }

  /// The settings in force; nil while the proxy starts.
  package var settings: Settings? { plan.withLock { $0 }?()?.settings }

  /// Appends all metrics in the Prometheus text format.
  package func renderMetrics(into text: inout [UInt8]) { shared.metrics.render(into: &text) }

  package var cache: CacheStoreCounters { shared.store.counters }

  /// The origins of every service, by service.
  package var origins: [String: [OriginReport]] {
    guard let services = plan.withLock({ $0 })?()?.services else { return [:] }
    return Dictionary(
      services.map { ($0.settings.name, $0.health.report()) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Lines of logs that were lost.
  package var linesLost: UInt64 {
    (shared.accessLog?.linesLost ?? 0) + (shared.findingsLog?.linesLost ?? 0)
  }
}

package import CacheStore
package import Configuration
internal import JOSE
internal import Platform
internal import Synchronization
internal import Telemetry
package import Transport

/// What the admin side may see of the running proxy. Everything may be asked on any thread.
package final class ProxyView: Sendable {
  /// How far the life of the proxy has come.
  package enum Phase: Sendable {
    case starting
    case serving
    /// No new connections; exchanges finish.
    case stopping
  }

  /// What the server tells of itself.
  struct Standing {
    let plan: Plan
    let isStopping: Bool
    /// The names of listeners that failed for good.
    let failedListeners: [String]
  }

  private let shared: SharedState
  package let loops: Int
  private let source = Mutex<(@Sendable () -> Standing?)?>(nil)

  init(shared: SharedState, loops: Int) {
    self.shared = shared
    self.loops = loops
  }

  /// The server is there and can be asked from now on.
  func observe(_ read: @escaping @Sendable () -> Standing?) { source.withLock { $0 = read } }

  private var standing: Standing? { source.withLock { $0 }?() }

  package var phase: Phase {
    guard let standing else { return .starting }
    return standing.isStopping ? .stopping : .serving
  }

  /// What the proxy itself lacks to serve as it should, a line each; empty where all is well.
  package var faults: [String] {
    let listeners = (standing?.failedListeners ?? []).map { "listener \($0): failed for good" }
    let loops = shared.loopFailures
    let keys = (standing?.plan.keySets ?? []).filter { !$0.standing.serves }.map {
      "keys \($0.settings.name): \($0.standing.rawValue)"
    }
    return listeners + keys + (loops > 0 ? ["event loops that ended early: \(loops)"] : [])
  }

  /// The settings in force; nil while the proxy starts.
  package var settings: Settings? { standing?.plan.settings }

  /// Appends all metrics in the Prometheus text format. May read kernel files: not for a loop.
  package func renderMetrics(into text: inout [UInt8]) { shared.metrics.render(into: &text) }

  package var cache: CacheStoreCounters { shared.store.counters }

  /// The services and the health of their origins, in the order of the settings; empty while the
  /// proxy starts.
  package var services: [ServiceReport] {
    (standing?.plan.services ?? []).map {
      ServiceReport(name: $0.settings.name, origins: $0.health.report())
    }
  }

  /// Purges what an operator asks for, in every partition, and tells the operational log. Walks the
  /// store: not for a loop.
  package func purge(_ request: PurgeRequest) -> PurgeAnswer {
    guard let plan = standing?.plan else { return .refused("The proxy starts.") }
    plan.notePathChange(by: request.subject, in: shared.store)
    guard let selectors = plan.selectors(of: request.subject, in: shared.store) else {
      return .refused(
        "A url or prefix is absolute, like https://auth.example.com/assets/; "
          + "a host is a name, with a port or without.")
    }
    var partitions: [UInt32?] = [nil]
    if let name = request.service {
      guard let found = plan.partitions(of: name) else {
        return .refused("There is no service of this name.")
      }
      partitions = found
    }
    var removed = 0
    var staled = 0
    for selector in selectors {
      for partition in partitions {
        let count = shared.store.purge(
          selector, request.isSoft ? .soft : .hard, partition: partition, now: Clock.wall)
        removed += count.removed
        staled += count.staled
      }
    }
    shared.metrics.sharedSheet.add(
      to: shared.metrics.counter(.cachePurges, [request.isSoft ? "soft" : "hard"]))
    shared.log.purged(request, removed: removed, staled: staled)
    return .done(removed: removed, staled: staled)
  }

  /// Lines of logs that were lost.
  package var linesLost: UInt64 {
    (shared.accessLog?.linesLost ?? 0) + (shared.findingsLog?.linesLost ?? 0)
  }
}

/// One service as operators see it.
package struct ServiceReport: Sendable, Equatable {
  package let name: String
  package let origins: [OriginReport]

  package init(name: String, origins: [OriginReport]) {
    self.name = name
    self.origins = origins
  }

  /// How many of its origins take requests.
  package var inServiceCount: Int { origins.count { $0.isInService } }
}

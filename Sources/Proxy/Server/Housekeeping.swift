internal import CacheStore
internal import Configuration
internal import Cryptography
internal import Dispatch
internal import Platform
internal import Primitives
internal import Synchronization
internal import TLS
internal import Transport

/// The slow things, once a second off the loops: ejections that end, ticket keys that rotate,
/// purges that are swept.
final class Housekeeping: Sendable {
  private let shared: SharedState
  private let queue = DispatchQueue(label: "countersign.housekeeping")
  private let isStopped = Atomic<Bool>(false)

  init(shared: SharedState) { self.shared = shared }

  func start(_ state: @escaping @Sendable () -> (Plan, [ListenerPlan])?) {
    queue.asyncAfter(deadline: .now() + .seconds(1)) { [weak self] in
      guard let self, !isStopped.load(ordering: .acquiring), let (plan, listeners) = state() else {
        return
      }
      turn(plan, listeners)
      start(state)
    }
  }

  func stop() { isStopped.store(true, ordering: .releasing) }

  private func turn(_ plan: Plan, _ listeners: [ListenerPlan]) {
    // Frees what invalidations and purges have put out of reach.
    shared.store.sweep()
    for service in plan.services {
      for change in service.health.advance(to: Clock.monotonic) {
        shared.log.healthChanged(service.settings, change)
      }
    }
    for listener in listeners {
      guard let keys = listener.tls?.current.ticketKeys else { continue }
      do throws(CryptographyError) {
        _ = try keys.rotateTicketKeys(now: Clock.wall)
      } catch {
        // The keys in use stay in use: they are no weaker for that.
        shared.log.ticketKeysKept(error.description)
      }
    }
  }
}

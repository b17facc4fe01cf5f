internal import EventLoop
internal import Synchronization

/// The loops that serve, for those who have something to tell them.
final class WorkerTable: Sendable {
  private let handles = Mutex<[LoopHandle]>([])

  func add(_ handle: LoopHandle) { handles.withLock { $0.append(handle) } }

  /// The names of a service's origins lead elsewhere.
  func addressesChanged(of plan: ServicePlan) {
    for handle in handles.withLock({ $0 }) {
      handle.post { loop in (loop.attachment as? Worker)?.addressesChanged(of: plan) }
    }
  }
}

internal import EventLoop
internal import Synchronization

/// Threads for signatures that cost too much for a loop's turn, shared by all loops.
///
/// The queue is bounded: a storm of signed verdicts is refused rather than kept, and never stalls
/// a loop.
final class ProofPool: Sendable {
  /// How many checks may wait or be under way at once, all loops counted.
  static let limit = 1024

  private let pool: BlockingPool
  private let underWay = Atomic<Int>(0)

  init(workers: Int = LoopGroup.coreCount) {
    pool = BlockingPool(name: "proofs", workers: workers)
  }

  /// Has `job` run on a thread of the pool. False when too many wait already.
  func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
    let count = underWay.wrappingAdd(1, ordering: .relaxed).newValue
    guard count <= Self.limit else {
      underWay.wrappingSubtract(1, ordering: .relaxed)
      return false
    }
    pool.submit { [self] in
      job()
      underWay.wrappingSubtract(1, ordering: .relaxed)
    }
    return true
  }
}

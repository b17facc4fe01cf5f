internal import Dispatch
internal import Synchronization

/// One thing at a time, off the loops: for work that may block. In the order of submission.
package final class SerialWorker: Sendable {
  private let queue: DispatchQueue

  /// A worker with a thread of its own when it has work. `name` shows in debuggers.
  package init(name: String) { queue = DispatchQueue(label: "countersign.\(name)") }

  package func submit(_ job: @escaping @Sendable () -> Void) { queue.async(execute: job) }

  /// Runs `job` after all that was submitted before, and waits for it. Not for a loop's thread.
  package func finish(_ job: @Sendable () -> Void = {}) { queue.sync(execute: job) }
}

/// A few serial workers that share what may block and has no order among it.
package final class BlockingPool: Sendable {
  private let workers: [SerialWorker]
  private let next = Atomic<Int>(0)

  /// At least one worker; jobs go round.
  package init(name: String, workers count: Int) {
    workers = (0..<max(count, 1)).map { SerialWorker(name: "\(name).\($0)") }
  }

  package func submit(_ job: @escaping @Sendable () -> Void) {
    let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
    workers[Int(UInt(bitPattern: turn) % UInt(workers.count))].submit(job)
  }
}

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

/// A few serial workers that share what may block and has no order among it: whoever is free takes
/// the next job, and a job that hangs holds up no other while one worker is left.
package final class BlockingPool: Sendable {
  private struct State {
    var free: [Int]
    var waiting: Deque = Deque()
  }

  /// Jobs in the order in which they came.
  private struct Deque {
    private var jobs: [@Sendable () -> Void] = []
    private var first = 0

    mutating func append(_ job: @escaping @Sendable () -> Void) { jobs.append(job) }

    mutating func popFirst() -> (@Sendable () -> Void)? {
      guard first < jobs.count else {
        jobs = []
        first = 0
        return nil
      }
      let job = jobs[first]
      first += 1
      // Under a load that never lets it run empty, what is done must go all the same.
      if first >= 64, first * 2 >= jobs.count {
        jobs.removeFirst(first)
        first = 0
      }
      return job
    }
  }

  private let workers: [SerialWorker]
  private let state: Mutex<State>

  /// At least one worker.
  package init(name: String, workers count: Int) {
    workers = (0..<max(count, 1)).map { SerialWorker(name: "\(name).\($0)") }
    state = Mutex(State(free: Array(workers.indices)))
  }

  package func submit(_ job: @escaping @Sendable () -> Void) {
    let free = state.withLock { state in
      let free = state.free.popLast()
      if free == nil { state.waiting.append(job) }
      return free
    }
    guard let free else { return }
    workers[free].submit { [self] in work(free, job) }
  }

  /// Works off `job` and whatever waits.
  private func work(_ worker: Int, _ job: @Sendable () -> Void) {
    job()
    while let next = next(for: worker) { next() }
  }

  /// The job that has waited longest; without one the worker is free.
  private func next(for worker: Int) -> (@Sendable () -> Void)? {
    state.withLock { state in
      let next = state.waiting.popFirst()
      if next == nil { state.free.append(worker) }
      return next
    }
  }
}

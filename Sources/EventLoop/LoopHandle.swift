package import Platform
internal import Synchronization

/// A loop as seen from other threads: work can be posted to it, and it can be told from others.
package final class LoopHandle: Sendable {
  package typealias Job = @Sendable (EventLoop) -> Void

  private struct Mailbox {
    var jobs: [Job] = []
    var isOpen = true
  }

  /// The loop's place in its group, from 0.
  package let index: Int
  let wake: WakeSignal
  private let mailbox = Mutex(Mailbox())

  package init(index: Int) throws(SystemError) {
    self.index = index
    wake = try WakeSignal()
  }

  /// Has `job` run on the loop's thread, in the order of posting, in a turn to come; any thread may
  /// ask. Tells whether it will: a loop that was stopped takes no more.
  @discardableResult
  package func post(_ job: @escaping Job) -> Bool {
    let (isOpen, isFirst) = mailbox.withLock { box in
      guard box.isOpen else { return (false, false) }
      box.jobs.append(job)
      return (true, box.jobs.count == 1)
    }
    if isFirst { wake.signal() }
    return isOpen
  }

  /// Ends the loop after its current turn; what it watches is closed.
  package func stop() { post { loop in loop.stop() } }

  /// Swaps the waiting jobs for the empty `jobs`, which keeps its room.
  func takeJobs(into jobs: inout [Job]) {
    mailbox.withLock { box in swap(&box.jobs, &jobs) }
  }

  /// Takes the last jobs and refuses all that come after.
  func close() -> [Job] {
    mailbox.withLock { box in
      box.isOpen = false
      let last = box.jobs
      box.jobs = []
      return last
    }
  }
}

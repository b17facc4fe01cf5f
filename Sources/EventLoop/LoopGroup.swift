internal import Dispatch
package import Platform
internal import Synchronization

/// The loops of a process, one for each core: each the only, endless item of a serial Dispatch
/// queue.
package final class LoopGroup: Sendable {
  package let handles: [LoopHandle]
  private let running = DispatchGroup()
  private let failures = Mutex<[SystemError]>([])
  private let failed: @Sendable (SystemError) -> Void

  /// Starts `count` loops, at least one, and returns when each has run `prepare`, from which its
  /// first turn follows.
  ///
  /// - Parameter failed: Called when a loop has ended that nobody stopped, on whatever thread.
  /// - Throws: what kept one from starting; the others are stopped then.
  package init(
    count: Int, prepare: @escaping @Sendable (EventLoop) -> Void = { _ in },
    failed: @escaping @Sendable (SystemError) -> Void = { _ in }
  ) throws(SystemError) {
    self.failed = failed
    var handles: [LoopHandle] = []
    for index in 0..<max(count, 1) { handles.append(try LoopHandle(index: index)) }
    self.handles = handles
    let started = DispatchSemaphore(value: 0)
    for handle in handles { start(handle, prepare: prepare, started: started) }
    for _ in handles { started.wait() }
    guard let failure = failures.withLock({ $0.first }) else { return }
    stop()
    _ = wait()
    throw failure
  }

  private func start(
    _ handle: LoopHandle, prepare: @escaping @Sendable (EventLoop) -> Void,
    started: DispatchSemaphore
  ) {
    let queue = DispatchQueue(label: "countersign.loop.\(handle.index)")
    queue.async(group: running) { [self] in
      do throws(SystemError) {
        let loop = try EventLoop(handle: handle)
        prepare(loop)
        started.signal()
        try loop.run()
      } catch {
        _ = handle.close()
        failures.withLock { $0.append(error) }
        failed(error)
        started.signal()
      }
    }
  }

  /// The number of processors this process may use.
  package static var coreCount: Int { Processors.usable }

  package func postToAll(_ job: @escaping LoopHandle.Job) {
    for handle in handles { handle.post(job) }
  }

  /// Asks every loop to end after its current turn.
  package func stop() { for handle in handles { handle.stop() } }

  /// Blocks until all loops have ended, and tells what ended any of them early. Not for a loop's
  /// thread.
  package func wait() -> [SystemError] {
    running.wait()
    return failures.withLock { $0 }
  }
}

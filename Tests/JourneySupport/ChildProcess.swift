import Foundation

/// A real program, started cold, whose output is collected, and which never outlives the test
/// runner.
package final class ChildProcess: @unchecked Sendable {
  /// How a process ended.
  package enum Ending: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// What it is called in failures.
  package let name: String
  package let output = OutputLog()
  package let errors = OutputLog()
  package let pid: Int32

  // Guarded by `condition`. The process is reaped under the lock, so a pid without an ending is
  // ours.
  private let condition = NSCondition()
  private var ending: Ending?

  /// Starts the program.
  ///
  /// - Parameters:
  ///   - program: A path.
  ///   - environment: Added to the environment of the test runner.
  package init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:],
    input: [UInt8] = []
  ) throws {
    name = program.split(separator: "/").last.map(String.init) ?? program
    let inputPipe = try Pipe()
    let outputPipe = try Pipe()
    let errorPipe = try Pipe()
    let whole = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    defer {
      close(inputPipe.reading)
      close(outputPipe.writing)
      close(errorPipe.writing)
    }
    pid = try Spawn.process(
      program, arguments, environment: whole,
      descriptors: [inputPipe.reading, outputPipe.writing, errorPipe.writing])
    Watchdog.shared.add(pid)
    Self.collect(outputPipe.reading, in: output)
    Self.collect(errorPipe.reading, in: errors)
    Self.feed(input, to: inputPipe.writing)
    Thread.detachNewThread { [self] in reap() }
  }

  package var isRunning: Bool { condition.withLock { ending == nil } }

  package func send(signal: Int32) {
    condition.withLock { if ending == nil { _ = Glibc.kill(pid, signal) } }
  }

  /// Waits for its end and that of its output.
  @discardableResult
  package func waitForEnd(within duration: Duration = Deadline.usual) throws -> Ending {
    let deadline = Deadline(in: duration)
    let ending: Ending = try condition.withLock {
      while true {
        if let ended = self.ending { return ended }
        guard condition.wait(until: deadline.date) else {
          throw JourneyFailure("\(name) did not end within \(duration)")
        }
      }
    }
    try output.waitForEnd(within: duration)
    try errors.waitForEnd(within: duration)
    return ending
  }

  /// Asks it to end, and says how it did.
  @discardableResult
  package func stop(signal: Int32 = SIGTERM, within duration: Duration = Deadline.usual) throws
    -> Ending
  {
    send(signal: signal)
    return try waitForEnd(within: duration)
  }

  /// Ends it and whatever it started, at once.
  package func kill() {
    condition.withLock { if ending == nil { killGroup() } }
  }

  private func killGroup() { _ = Glibc.kill(-pid, SIGKILL) }

  /// Runs on a thread of its own until the process has ended.
  private func reap() {
    var information = siginfo_t()
    while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    condition.withLock {
      // While its leader is unreaped the group's number cannot be anybody else's.
      killGroup()
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      Watchdog.shared.drop(pid)
      let signal = status & 0x7F
      ending = signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
      condition.broadcast()
    }
  }

  private static func collect(_ descriptor: Int32, in log: OutputLog) {
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: 16384)
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        log.append(buffer[..<count])
      }
      close(descriptor)
      log.finish()
    }
  }

  private static func feed(_ input: [UInt8], to descriptor: Int32) {
    guard !input.isEmpty else {
      close(descriptor)
      return
    }
    Thread.detachNewThread {
      var rest = input[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { break }
        rest = rest.dropFirst(count)
      }
      close(descriptor)
    }
  }
}

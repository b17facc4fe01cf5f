internal import Dispatch
internal import HTTPModel
package import Platform
package import Primitives
internal import Synchronization

/// A log of lines, written off the loops.
///
///     loop ──append──▶ feeder's buffer ──swap──▶ writer's batch ──write──▶ file
///                       (bounded)                 (a serial queue)
///
/// A loop appends to its own feeder: a short lock that only the writer's swap contends for, and no
/// allocation once the buffers have grown. Nothing a loop does waits for the file. What finds no
/// room is lost, and not silently: `linesLost` counts, and a line in the log itself tells how many
/// were lost at that place.
///
/// The writer runs at least every `flushEvery`, looks whether the file is still the one at the path
/// (log rotation by moving) and reopens it if not. A write that fails is tried again, from the byte
/// it stopped at.
package final class LineLog: Sendable {
  /// Appends to `line` the line that tells that so many were lost, without its end of line.
  package typealias LossNotice =
    @Sendable (_ line: inout [UInt8], _ lost: UInt64, _ now: WallTime) -> Void

  package let target: LogTarget
  package let limits: LineLogLimits

  private let buffers: [LineBuffer]
  private let writer: Mutex<LineWriter>
  private let queue: DispatchQueue
  private let onTrouble: @Sendable (LogTrouble) -> Void
  private let lost = Atomic<UInt64>(0)
  private let reopenIsAsked = Atomic<Bool>(false)
  private let isStopped = Atomic<Bool>(false)

  /// Opens the log. `feeders` is the number of loops; one more feeder is for everybody else.
  ///
  /// `onTrouble` is called on the writer's queue. Throws a `SystemError` whose sentence names the
  /// path and the reason when the target cannot be opened.
  package init(
    _ target: LogTarget, feeders: Int, limits: LineLogLimits = LineLogLimits(),
    lossNotice: @escaping LossNotice = LineLog.jsonLossNotice,
    onTrouble: @escaping @Sendable (LogTrouble) -> Void = { _ in }
  ) throws(SystemError) {
    self.target = target
    self.limits = limits
    self.onTrouble = onTrouble
    buffers = (0...max(feeders, 0)).map { _ in LineBuffer(limit: limits.feederBytes) }
    writer = Mutex(LineWriter(file: try Self.open(target), lossNotice: lossNotice))
    queue = DispatchQueue(label: "countersign.log")
    scheduleFlush()
  }

  /// The feeder of the loop with this index; of everybody else for any other index.
  package func feeder(_ index: Int) -> LineFeeder {
    LineFeeder(
      log: self, buffer: buffers[buffers.indices.contains(index) ? index : buffers.count - 1])
  }

  /// The feeder of everybody who is not a loop.
  package var sharedFeeder: LineFeeder { feeder(buffers.count - 1) }

  /// Lines lost so far.
  package var linesLost: UInt64 { lost.load(ordering: .relaxed) }

  /// Has the file opened anew by its path, and what is buffered written. For `SIGUSR1`; returns at
  /// once.
  package func reopen() {
    reopenIsAsked.store(true, ordering: .releasing)
    flush()
  }

  /// Has what is buffered written now. Returns at once.
  package func flush() {
    queue.async { [self] in turn() }
  }

  /// Ends the log: nothing is taken any more, what is buffered is written if that can be done in
  /// time.
  ///
  /// Blocks for up to `deadline` and a quarter of a second; not for a loop's thread. Lines that are
  /// fed from now on are lost, and counted.
  package func stop(within deadline: Milliseconds) -> LineLogEnd {
    isStopped.store(true, ordering: .releasing)
    for buffer in buffers { buffer.close() }
    let done = DispatchSemaphore(value: 0)
    let end = DispatchTime.now() + .milliseconds(Int(deadline.count))
    queue.async { [self] in finish(by: end, then: done) }
    let isDone = done.wait(timeout: end + .milliseconds(250)) == .success
    return LineLogEnd(isComplete: isDone, linesLost: linesLost)
  }

  /// The notice for logs of JSON Lines: `{"time":"…","event":"lines-lost","lines":3}`.
  package static let jsonLossNotice: LossNotice = { line, lost, now in
    line.append(ascii: #"{"time":""#)
    line.append(timestamp: now)
    line.append(ascii: #"","event":"lines-lost","lines":"#)
    line.append(decimal: lost)
    line.append(ascii: "}")
  }

  // MARK: For feeders

  /// Lines were lost by a feeder or the writer.
  func countLost(_ lines: UInt64) {
    lost.wrappingAdd(lines, ordering: .relaxed)
  }

  // MARK: The writer's queue

  private func scheduleFlush() {
    let wake = DispatchTime.now() + .milliseconds(Int(limits.flushEvery.count))
    queue.asyncAfter(deadline: wake) { [weak self] in
      guard let self, !isStopped.load(ordering: .acquiring) else { return }
      turn()
      scheduleFlush()
    }
  }

  /// Writes what there is. Returns whether nothing is left.
  @discardableResult
  private func turn() -> Bool {
    let isAsked = reopenIsAsked.exchange(false, ordering: .acquiring)
    let (isDrained, troubles, torn) = writer.withLock { writer in
      if case .file(let path) = target { writer.reopenIfMoved(path, isAsked: isAsked) }
      let isDrained = buffers.reduce(true) { $1.drain(into: &writer) && $0 } && writer.drain()
      return (isDrained, writer.takeTroubles(), writer.takeTornLines())
    }
    if torn > 0 { countLost(torn) }
    for trouble in troubles { onTrouble(trouble) }
    return isDrained
  }

  private func finish(by end: DispatchTime, then done: DispatchSemaphore) {
    if turn() {
      done.signal()
    } else if DispatchTime.now() < end {
      queue.asyncAfter(deadline: .now() + .milliseconds(20)) { [self] in finish(by: end, then: done)
      }
    } else {
      let left = writer.withLock { writer in
        buffers.reduce(writer.abandon()) { $0 + $1.abandon() }
      }
      countLost(left)
      done.signal()
    }
  }

  private static func open(_ target: LogTarget) throws(SystemError) -> AppendFile {
    switch target {
    case .file(let path): try AppendFile(path: path)
    case .standardError: try .standardError()
    case .standardOutput: try .standardOutput()
    }
  }
}

/// One loop's way into a log. Any thread may use it; the loop that owns it never waits for another
/// loop.
package struct LineFeeder: Sendable {
  private let log: LineLog
  private let buffer: LineBuffer

  init(log: LineLog, buffer: LineBuffer) {
    self.log = log
    self.buffer = buffer
  }

  /// Appends the line that `write` appends to the bytes it is given, and an end of line.
  ///
  /// `write` must append only, no line feed among it. Returns false when the line was lost for want
  /// of room.
  @discardableResult
  package func append(_ write: (inout [UInt8]) -> Void) -> Bool {
    switch buffer.append(write) {
    case .taken: return true
    case .takenAndFilling:
      log.flush()
      return true
    case .lost:
      log.countLost(1)
      return false
    }
  }

  /// Has what is buffered written now, for a line that matters. Returns at once.
  package func flush() { log.flush() }
}

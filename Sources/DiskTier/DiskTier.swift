package import CacheStore
internal import Dispatch
internal import Platform
package import Primitives
internal import Synchronization

/// Keeps stored responses on a disk, across restarts: behind the memory store, off the loops.
///
///     stored, invalidated, purged ─▶ noted in memory ─▶ writer's queue ─▶ newest segment
///     fetch ─▶ index ─▶ reader's queue ─▶ record held against its checksums ─▶ deliver
///
/// What is on the disk is no more than a claim: it is served only when head and content are byte
/// for byte what was written, nothing invalidated or purged it since, and its own key and `Vary`
/// values say that the request selects it. After a stop that was not in good order everything is
/// validated before its first use, since the last invalidations may not have reached the disk.
///
/// A disk that fails or is full costs what it would have held, and nothing else: after a failed
/// write none is tried for a while, a reader that hangs is asked for nothing more, and what could
/// not be written is not found, either (`DiskTier+Writing.swift`).
///
/// All members may be called from any thread.
package final class DiskTier: StoreTier {
  package let settings: DiskTierSettings
  let seed: HashSeed
  let directory: PrivateDirectory
  let state: Mutex<DiskTierState>
  let worker: Mutex<DiskWorkerState>
  let writing = DispatchQueue(label: "countersign.disk-writer", qos: .utility)
  let reading = DispatchQueue(label: "countersign.disk-reader")
  let tell: @Sendable (DiskTierNews) -> Void

  /// Opens the directory and finds out what is in it. Blocks: not for loops.
  ///
  /// - Parameters:
  ///   - tell: Told what operators should know; from any thread, and during the call, too.
  package init(
    _ settings: DiskTierSettings, seed: HashSeed = .random(),
    tell: @escaping @Sendable (DiskTierNews) -> Void = { _ in }
  ) throws(DiskTierError) {
    let began = Clock.monotonic
    self.settings = settings
    self.seed = seed
    self.tell = tell
    directory = try Self.open(settings.directory)
    do throws(SystemError) {
      let book = try Self.settleParts(settings, in: directory, tell: tell)
      var lastTold = began
      let found = try Recovery.run(in: directory, seed: seed, now: Clock.wall) { read, all in
        let now = Clock.monotonic
        guard now.nanoseconds(since: lastTold) > Self.progressInterval else { return }
        lastTold = now
        tell(.reading(read, of: all))
      }
      var writer = SegmentWriter(limit: settings.segmentBytes, after: found.lastNumber)
      // A new segment at once: the last run's end is not the last word any more.
      _ = try writer.begin(in: directory)
      var state = DiskTierState(found)
      if found.isInDoubt {
        _ = try writer.append(Record(.doubt, sequence: state.takeSequence()), target: nil)
      }
      try writer.synchronize()
      try directory.synchronize()
      state.counters.recoveryMilliseconds =
        Clock.monotonic.nanoseconds(since: began) / 1_000_000
      self.state = Mutex(state)
      worker = Mutex(
        DiskWorkerState(writer: writer, old: found.segments, book: book, room: settings.budget))
    } catch {
      throw .system(error)
    }
    writing.sync { evictSegments() }
  }

  /// How often the start tells how far it has come, in nanoseconds.
  private static let progressInterval: UInt64 = 2_000_000_000

  private static func open(_ path: String) throws(DiskTierError) -> PrivateDirectory {
    let directory: PrivateDirectory = try orSystemError { () throws(SystemError) in
      try PrivateDirectory(path: path)
    }
    guard !directory.isWritableByOthers else { throw .notPrivate(path) }
    let isLocked = try orSystemError { () throws(SystemError) in try directory.lock() }
    guard isLocked else { throw .inUse(path) }
    return directory
  }

  private static func orSystemError<Result: ~Copyable>(
    _ call: () throws(SystemError) -> Result
  ) throws(DiskTierError) -> Result {
    do throws(SystemError) {
      return try call()
    } catch {
      throw .system(error)
    }
  }

  /// Takes away what was written under another book, and leaves one that speaks for both.
  private static func settleParts(
    _ settings: DiskTierSettings, in directory: borrowing PrivateDirectory,
    tell: (DiskTierNews) -> Void
  ) throws(SystemError) -> PartBook {
    var book = PartBook(judge: settings.judge, parts: settings.parts)
    let last = PartBook.read(in: directory)
    if let last, book.agrees(with: last) {
      book.join(last)
    } else {
      let segments = try Recovery.segments(in: directory)
      for number in segments { try directory.remove(Recovery.name(of: number)) }
      if !segments.isEmpty { tell(.emptied) }
    }
    if book != last { try book.write(in: directory) }
    return book
  }

  package var counters: DiskTierCounters {
    let (bytes, isAtRest) = worker.withLock { ($0.bytes, $0.restsUntil != nil) }
    return state.withLock { state in
      var counters = state.counters
      counters.responses = state.index.count
      counters.bytes = bytes
      counters.works = !state.isClosed && !isAtRest && !state.readerIsStuck(at: Clock.monotonic)
      return counters
    }
  }

  /// The parts that a new plan has, and who judges by it. Before anything is stored under them.
  /// What is here stays, as it does in memory; but where another judged before, nothing is taken
  /// over by the next start. Blocks: not for loops.
  package func declare(_ parts: [UInt32: String], judge: String) {
    let last = worker.withLock { $0.book }
    var book = PartBook(judge: judge, parts: parts)
    if book.judge != last.judge { book.judge = PartBook.severalJudges }
    let parts = PartBook(judge: "", parts: parts)
    var joined = book
    if parts.agrees(with: PartBook(judge: [], parts: last.parts)) {
      joined.join(last)
    } else {
      // A number that stood for something else in an earlier run.
      purgeBegins()
      purged(.everything, .hard, partition: nil, now: Clock.wall)
      settle()
    }
    guard joined != last else { return }
    do throws(SystemError) {
      try joined.write(in: directory)
      worker.withLock { $0.book = joined }
    } catch {
      giveUp(error)
    }
  }

  // MARK: Stopping

  /// Writes down what waits and that this is the end, and lets another process in. Blocks for no
  /// longer than this: not for loops. False when the disk took longer; then everything is validated
  /// after the next start.
  @discardableResult
  package func close(within limit: Milliseconds = Milliseconds(60_000)) -> Bool {
    let sequence = state.withLock { state -> UInt64? in
      guard !state.isClosed else { return nil }
      state.isClosed = true
      return state.takeSequence()
    }
    guard let sequence else { return true }
    let done = DispatchGroup()
    writing.async(group: done) { [self] in writeEnd(sequence) }
    reading.async(group: done) {}
    let isDone =
      done.wait(timeout: .now() + .milliseconds(Int(clamping: limit.count))) == .success
    if isDone { directory.unlock() }
    return isDone
  }

  private func writeEnd(_ sequence: UInt64) {
    worker.withLock { worker in
      defer { _ = worker.writer.finish() }
      guard !worker.isInDoubt else { return }
      do throws(SystemError) {
        try worker.writer.synchronize()
        _ = try worker.writer.append(Record(.end, sequence: sequence), target: nil)
        try worker.writer.synchronize()
      } catch {
        // Without the end everything is validated next time.
        countFailure()
      }
    }
  }

  /// Nothing is kept or given back any more: what is on the disk cannot be told apart.
  private func giveUp(_ error: SystemError) {
    state.withLock { $0.isClosed = true }
    countFailure()
    tell(.givenUp(error))
  }

  /// Waits until what was noted so far is written.
  package func flush() { writing.sync {} }

  /// How long whoever purges waits for the disk.
  private static let settleWait = DispatchTimeInterval.seconds(5)

  package func settle() {
    let done = DispatchGroup()
    writing.async(group: done) { [self] in
      worker.withLock { worker in
        do throws(SystemError) {
          try worker.writer.synchronize()
        } catch {
          worker.isInDoubt = true
        }
      }
    }
    // A disk that takes longer casts doubt if the process is killed meanwhile.
    _ = done.wait(timeout: .now() + Self.settleWait)
  }

  func countFailure() { state.withLock { $0.counters.failures &+= 1 } }
}

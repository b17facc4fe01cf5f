internal import CachePolicy
package import CacheStore
internal import Dispatch
package import HTTPModel
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
/// All members may be called from any thread.
package final class DiskTier: StoreTier {
  private struct State: Sendable {
    var index: DiskIndex
    var purges: [NotedPurge]
    /// Counts invalidations, by a few bits of the target's hash: what was on its way then is not
    /// indexed or delivered.
    var epochs = [UInt32](repeating: 0, count: 256)
    var sequence: UInt64
    var queuedBytes = 0
    var queuedWrites = 0
    var queuedReads = 0
    var isClosed = false
    /// Whether the oldest segment is on its way out because the index is full.
    var isMakingRoom = false
    var counters = DiskTierCounters()

    func epoch(_ target: UInt64) -> UInt32 { epochs[Int(target >> 56)] }

    mutating func takeSequence() -> UInt64 {
      sequence &+= 1
      return sequence
    }
  }

  /// What the writer's queue alone touches.
  private struct WorkerState: Sendable {
    var writer: SegmentWriter
    /// The segments before the newest, the oldest first.
    var old: [SegmentSummary]
    /// Whether an invalidation could not be written down: then this run does not end in good order.
    var isInDoubt = false
  }

  /// How many purges are remembered. When more come, everything goes.
  static let purgeLimit = 128

  package let settings: DiskTierSettings
  private let seed: HashSeed
  private let directory: PrivateDirectory
  private let state: Mutex<State>
  private let worker: Mutex<WorkerState>
  private let writing = DispatchQueue(label: "countersign.disk-writer", qos: .utility)
  private let reading = DispatchQueue(label: "countersign.disk-reader")

  /// Opens the directory and finds out what is in it. Blocks: not for loops.
  package init(_ settings: DiskTierSettings, seed: HashSeed = .random()) throws(DiskTierError) {
    self.settings = settings
    self.seed = seed
    directory = try Self.open(settings.directory)
    do throws(SystemError) {
      let found = try Recovery.run(in: directory, seed: seed)
      var writer = SegmentWriter(limit: settings.segmentBytes, after: found.lastNumber)
      // A new segment at once: the last run's end is not the last word any more.
      _ = try writer.begin(in: directory)
      var state = State(
        index: found.index, purges: found.purges, sequence: found.lastSequence)
      state.counters.recovered = found.index.count
      if found.isInDoubt {
        _ = try writer.append(Record(.doubt, sequence: state.takeSequence()), target: nil)
      }
      try writer.synchronize()
      try directory.synchronize()
      self.state = Mutex(state)
      worker = Mutex(WorkerState(writer: writer, old: found.segments))
    } catch {
      throw .system(error)
    }
    writing.sync { evictSegments() }
  }

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

  package var counters: DiskTierCounters {
    let bytes = worker.withLock { worker in
      worker.old.reduce(worker.writer.bytes) { $0 + $1.bytes }
    }
    return state.withLock { state in
      var counters = state.counters
      counters.responses = state.index.count
      counters.bytes = bytes
      return counters
    }
  }

  /// Writes down what waits and that this is the end, and lets another process in. Blocks: not for
  /// loops.
  package func close() {
    let sequence = state.withLock { state -> UInt64? in
      guard !state.isClosed else { return nil }
      state.isClosed = true
      return state.takeSequence()
    }
    guard let sequence else { return }
    writing.sync {
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
    reading.sync {}
    directory.unlock()
  }

  /// Waits until what was noted so far is written: for tests and for a stop.
  package func flush() { writing.sync {} }

  private func countFailure() { state.withLock { $0.counters.failures &+= 1 } }

  // MARK: Noting

  package func stored(_ response: StoredResponse) {
    let bytes = response.bytes
    let hashes = ByteHash.hashes(
      ofKey: bytes.span.extracting(response.keyRange), seed: seed)
    let count = response.bytes.count + response.body.count
    let job = state.withLock { state -> (record: UInt64, epoch: UInt32)? in
      guard !state.isClosed else { return nil }
      let isFull = state.index.count + state.queuedWrites >= settings.responseLimit
      guard !isFull, SegmentWriter.fits(count, limit: settings.segmentBytes),
        state.queuedBytes + count <= settings.queueBytes
      else {
        state.counters.skipped &+= 1
        if isFull { makeRoom(&state) }
        return nil
      }
      state.queuedBytes += count
      state.queuedWrites += 1
      return (state.takeSequence(), state.epoch(hashes.target))
    }
    guard let job else { return }
    writing.async { [self] in
      let place = write(Record(response, sequence: job.record), target: hashes.target)
      state.withLock { state in
        state.queuedBytes -= count
        state.queuedWrites -= 1
        guard let place, state.epoch(hashes.target) == job.epoch else { return }
        state.counters.writes &+= 1
        state.index.insert(
          place.tagged(hashes.key), target: hashes.target, isOnly: response.varyRange.isEmpty)
      }
    }
  }

  /// Has the oldest segment go for what comes next.
  private func makeRoom(_ state: inout State) {
    guard !state.isMakingRoom else { return }
    state.isMakingRoom = true
    writing.async { [self] in
      let oldest = worker.withLock { worker in
        if worker.old.isEmpty, let last = worker.writer.finish() { worker.old.append(last) }
        return worker.old.isEmpty ? nil : worker.old.removeFirst()
      }
      if let oldest { evict(oldest) }
      self.state.withLock { $0.isMakingRoom = false }
    }
  }

  package func invalidated(_ key: [UInt8]) {
    let hashes = ByteHash.hashes(ofKey: key.span, seed: seed)
    let sequence = state.withLock { state -> UInt64? in
      state.epochs[Int(hashes.target >> 56)] &+= 1
      // What is neither indexed nor on its way is not on the disk.
      guard state.index.hasTarget(hashes.target) || state.queuedWrites > 0, !state.isClosed else {
        return nil
      }
      state.index.removeTarget(hashes.target)
      return state.takeSequence()
    }
    guard let sequence else { return }
    writing.async { [self] in
      writeSurely(Record(.targetGone, sequence: sequence, key: key))
    }
  }

  package func purged(
    _ selector: PurgeSelector, _ kind: PurgeKind, partition: UInt32?, now: WallTime
  ) {
    let record = state.withLock { state -> Record? in
      guard !state.isClosed else { return nil }
      let isTooMany = state.purges.count >= Self.purgeLimit
      let purge = NotedPurge(
        sequence: state.takeSequence(), selector: isTooMany ? .everything : selector,
        kind: isTooMany ? .hard : kind, partition: isTooMany ? nil : partition, time: now)
      if case .everything = purge.selector, purge.kind == .hard, purge.partition == nil {
        state.index.removeAll()
        state.purges = []
      }
      state.purges.append(purge)
      return Record(.purge, sequence: purge.sequence, key: PurgeCoding.encode(purge))
    }
    guard let record else { return }
    writing.async { [self] in writeSurely(record) }
  }

  // MARK: Writing

  /// Writes what must not be lost: when it fails the run does not end in good order.
  private func writeSurely(_ record: Record) {
    guard write(record, target: nil) == nil else { return }
    worker.withLock { $0.isInDoubt = true }
  }

  private func write(_ record: Record, target: UInt64?) -> DiskPlace? {
    let place = worker.withLock { worker -> DiskPlace? in
      do throws(SystemError) {
        let count = SegmentFormat.recordHeadCount + record.lines.count + record.body.count
        if worker.writer.needsSegment(for: count) {
          try worker.writer.synchronize()
          if let last = try worker.writer.begin(in: directory) { worker.old.append(last) }
        }
        return try worker.writer.append(record, target: target)
      } catch {
        // A record that was written in part: nothing may follow it.
        if let last = worker.writer.finish() { worker.old.append(last) }
        countFailure()
        return nil
      }
    }
    evictSegments()
    return place
  }

  /// Lets the oldest segments go until the others are within the budget.
  private func evictSegments() {
    while let gone = worker.withLock({ takeExcess(&$0) }) { evict(gone) }
  }

  private func evict(_ gone: SegmentSummary) {
    var targets = gone.targets[...]
    while !targets.isEmpty {
      let step = targets.prefix(Self.evictionStep)
      targets = targets.dropFirst(Self.evictionStep)
      state.withLock { state in
        for target in step {
          state.index.remove(target: target) { $0.segment == gone.identity.number }
        }
      }
    }
    forgetPurges()
    do throws(SystemError) {
      try directory.remove(Recovery.name(of: gone.identity.number))
    } catch {
      countFailure()
    }
  }

  private static let evictionStep = 256

  private func takeExcess(_ worker: inout WorkerState) -> SegmentSummary? {
    guard let oldest = worker.old.first else { return nil }
    let total = worker.old.reduce(worker.writer.bytes) { $0 + $1.bytes }
    // Where there are no responses, and none before, nothing is left to be said about any.
    guard total > settings.budget || oldest.targets.isEmpty else { return nil }
    return worker.old.removeFirst()
  }

  /// Purges that are older than everything on the disk have nothing left to do.
  private func forgetPurges() {
    let oldest = worker.withLock { worker in
      (worker.old.first ?? worker.writer.summary)?.firstSequence
    }
    guard let oldest else { return }
    state.withLock { state in state.purges.removeAll { $0.sequence < oldest } }
  }

  // MARK: Reading

  package func mayHold(_ key: Span<UInt8>) -> Bool {
    let hashes = ByteHash.hashes(ofKey: key, seed: seed)
    return state.withLock {
      $0.index.hasKey(UInt32(truncatingIfNeeded: hashes.key), target: hashes.target)
    }
  }

  package func fetch(
    key: [UInt8], request: RequestHead, deliver: @escaping @Sendable (StoredResponse?) -> Void
  ) {
    let isTaken = state.withLock { state in
      guard !state.isClosed, state.queuedReads < settings.readLimit else { return false }
      state.queuedReads += 1
      return true
    }
    guard isTaken else { return deliver(nil) }
    reading.async { [self] in
      let response = read(key, request: request)
      state.withLock { state in
        state.queuedReads -= 1
        state.counters.reads &+= 1
        if response != nil { state.counters.hits &+= 1 }
      }
      deliver(response)
    }
  }

  private func read(_ key: [UInt8], request: RequestHead) -> StoredResponse? {
    let hashes = ByteHash.hashes(ofKey: key.span, seed: seed)
    let tag = UInt32(truncatingIfNeeded: hashes.key)
    let (places, epoch) = state.withLock { state in
      (state.index.places(of: tag, target: hashes.target), state.epoch(hashes.target))
    }
    for place in places {
      switch record(at: place) {
      case .unreadable: return nil
      case .wrong:
        // Nobody knows what it replaced: nothing older may answer in its place.
        state.withLock { state in
          state.counters.corrupt &+= 1
          state.index.remove(target: hashes.target) {
            $0.keyTag == tag && $0.sequence <= place.sequence
          }
        }
        return nil
      case .response(let response):
        guard response.hasKey(key.span), response.isSelected(by: request) else { continue }
        let purges = state.withLock { $0.epoch(hashes.target) == epoch ? $0.purges : nil }
        return purges.flatMap { held(response, from: place, against: $0) }
      }
    }
    return nil
  }

  private enum Read {
    case response(StoredResponse)
    /// Not what was written there.
    case wrong
    /// The segment is gone, or the disk fails.
    case unreadable
  }

  private func record(at place: DiskPlace) -> Read {
    do throws(SystemError) {
      let file = try directory.open(Recovery.name(of: place.segment))
      let header = try file.read(at: 0, count: SegmentFormat.headerCount)
      let position = Int(place.position)
      let bytes = try file.read(at: position, count: SegmentFormat.recordHeadCount)
      let room = place.count - SegmentFormat.recordHeadCount
      guard let identity = SegmentFormat.identity(of: header),
        identity.number == place.segment,
        let head = SegmentFormat.head(bytes, in: identity, at: position, room: room),
        head.sequence == place.sequence
      else { return .wrong }
      let payload = position + SegmentFormat.recordHeadCount
      let lines = try file.read(at: payload, count: head.linesCount)
      let body = try file.read(at: payload + head.linesCount, count: head.bodyCount)
      let response = head.response(
        lines: lines, body: body, requiringValidation: place.needsValidation)
      return response.map { .response($0) } ?? .wrong
    } catch {
      countFailure()
      return .unreadable
    }
  }

  /// What the purges since it was written leave of a response.
  private func held(
    _ response: StoredResponse, from place: DiskPlace, against purges: [NotedPurge]
  ) -> StoredResponse? {
    var response = response
    for purge in purges where purge.sequence > place.sequence {
      guard let left = purge.applied(to: response) else { return nil }
      response = left
    }
    return response
  }
}

extension DiskPlace {
  /// The place of what has this key's hash.
  func tagged(_ hash: UInt64) -> DiskPlace {
    DiskPlace(
      segment: segment, position: position, count: count,
      keyTag: UInt32(truncatingIfNeeded: hash), sequence: sequence,
      needsValidation: needsValidation)
  }
}

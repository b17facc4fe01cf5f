internal import CacheStore
internal import Platform
internal import Primitives
internal import Synchronization

/// What the writer's queue alone touches.
struct DiskWorkerState: Sendable {
  var writer: SegmentWriter
  /// The segments before the newest, the oldest first.
  var old: [SegmentSummary]
  /// What the directory says about its parts.
  var book: PartBook
  /// Bytes that all segments may have: the budget, or less where the file system had no more.
  var room: Int
  /// Whether an invalidation could not be written down: then this run does not end in good order.
  var isInDoubt = false
  /// Set after a failed write: nothing is written before.
  var restsUntil: MonotonicTime?

  var bytes: Int { old.reduce(writer.bytes) { $0 + $1.bytes } }
}

// Writing, on the writer's queue.
//
//     writes ──failed──▶ at rest ──time──▶ one more try ─┬▶ writes, with a doubt first where an
//                          ▲                             │  invalidation was lost
//                          └─────────────failed──────────┘
extension DiskTier {
  /// How long nothing is written after a write failed.
  private static let rest = Milliseconds(10_000)

  /// Writes what must not be lost: when it fails the run does not end in good order.
  func writeSurely(_ record: Record) {
    guard write(record, target: nil) == nil else { return }
    worker.withLock { $0.isInDoubt = true }
  }

  /// Nil where it could not be written.
  func write(_ record: Record, target: UInt64?) -> DiskPlace? {
    let (place, news) = worker.withLock { worker -> (DiskPlace?, [DiskTierNews]) in
      let isTrial = worker.restsUntil != nil
      if let until = worker.restsUntil, Clock.monotonic < until {
        // What it would have taken the place of cannot be taken back on the disk.
        worker.isInDoubt = true
        return (nil, [])
      }
      do throws(SystemError) {
        let place = try append(record, target: target, &worker)
        worker.restsUntil = nil
        return (place, isTrial ? [.writes] : [])
      } catch {
        return (nil, failed(error, isTrial: isTrial, &worker))
      }
    }
    for one in news { tell(one) }
    evictSegments()
    return place
  }

  private func append(_ record: Record, target: UInt64?, _ worker: inout DiskWorkerState)
    throws(SystemError) -> DiskPlace?
  {
    let count = SegmentFormat.recordHeadCount + record.lines.count + record.body.count
    if worker.writer.needsSegment(for: count) {
      try worker.writer.synchronize()
      if let last = try worker.writer.begin(in: directory) { worker.old.append(last) }
    }
    if worker.isInDoubt {
      // From here on invalidations are written again: what came before is validated first.
      let sequence = state.withLock { $0.takeSequence() }
      _ = try worker.writer.append(Record(.doubt, sequence: sequence), target: nil)
      worker.isInDoubt = false
    }
    return try worker.writer.append(record, target: target)
  }

  private func failed(_ error: SystemError, isTrial: Bool, _ worker: inout DiskWorkerState)
    -> [DiskTierNews]
  {
    // A record that was written in part: nothing may follow it.
    if let last = worker.writer.finishBroken(in: directory) { worker.old.append(last) }
    worker.isInDoubt = true
    worker.restsUntil = Clock.monotonic.advanced(by: Self.rest)
    countFailure()
    var news: [DiskTierNews] = isTrial ? [] : [.cannotWrite(error)]
    if error.isOutOfRoom, worker.bytes > 0 {
      // Make do with less, and leave some to others.
      worker.room = max(worker.bytes - settings.segmentBytes, 0)
      news.append(.shrunk(to: worker.room))
    }
    return news
  }

  // MARK: Letting go

  /// Lets the oldest segments go until the others are within the budget.
  func evictSegments() {
    while let gone = worker.withLock({ takeExcess(&$0) }) { evict(gone) }
  }

  func evict(_ gone: SegmentSummary) {
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

  private func takeExcess(_ worker: inout DiskWorkerState) -> SegmentSummary? {
    guard let oldest = worker.old.first else { return nil }
    // Where there are no responses, and none before, nothing is left to be said about any.
    guard worker.bytes > worker.room || oldest.targets.isEmpty else { return nil }
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
}

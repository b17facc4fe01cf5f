internal import CacheStore
internal import Primitives

/// What all threads see of a disk tier, under one lock that is held for no input or output.
struct DiskTierState: Sendable {
  /// What happened to the targets that share some bits of their hashes.
  struct Changes: Sendable, Hashable {
    var invalidations: UInt32 = 0
    var stores: UInt32 = 0
  }

  /// The writes of one target that wait.
  private struct WaitingWrites: Sendable {
    var count = 0
    /// What was to be written before this is not to be found any more.
    var invalidatedAt: UInt64 = 0
  }

  /// How many purges are remembered. When more come, everything goes.
  static let purgeLimit = 512
  /// How long the reader may make no step before it counts as stuck and is asked for nothing more.
  static let readPatience = Milliseconds(250)
  private static let readFailureInterval = Milliseconds(60_000)
  private static let changeCount = 256

  var index: DiskIndex
  var purges: [NotedPurge]
  private var changes = [Changes](repeating: Changes(), count: Self.changeCount)
  /// The writes that wait, by target: what they replace may still be found on the disk.
  private var waiting: [UInt64: WaitingWrites] = [:]
  private var sequence: UInt64
  /// Purges that were begun and are not noted yet.
  var purgesUnderWay = 0
  /// How many purges were noted in this run.
  private var purgeCount: UInt32 = 0
  var queuedBytes = 0
  private(set) var queuedReads = 0
  /// When the reader last took a step, while reads wait.
  private var readerMovedAt = MonotonicTime(nanoseconds: 0)
  private var readFailedAt: MonotonicTime?
  var isClosed = false
  /// Whether the oldest segment is on its way out because the index is full.
  var isMakingRoom = false
  var counters = DiskTierCounters()

  init(_ found: RecoveredState) {
    index = found.index
    purges = found.purges
    sequence = found.lastSequence
    counters.recovered = found.index.count
  }

  mutating func takeSequence() -> UInt64 {
    sequence &+= 1
    return sequence
  }

  // MARK: Changes

  /// What tells whether anything happened to a target, or a purge was noted, since.
  func mark(of target: UInt64) -> UInt64 {
    let changes = changes[Self.place(target)]
    let sum = changes.invalidations &+ changes.stores
    return UInt64(sum) << 32 | UInt64(purgeCount)
  }

  mutating func countInvalidation(of target: UInt64) {
    changes[Self.place(target)].invalidations &+= 1
  }

  mutating func countPurge() { purgeCount &+= 1 }

  private static func place(_ target: UInt64) -> Int { Int(target >> 56) % changeCount }

  /// Whether something may be given back for a target: nothing newer waits to be written.
  func maySpeak(of target: UInt64) -> Bool {
    !isClosed && purgesUnderWay == 0 && waiting[target] == nil
  }

  /// Whether anything of a target is on the disk, or on its way there.
  func knows(_ target: UInt64) -> Bool { index.hasTarget(target) || waiting[target] != nil }

  // MARK: Writes that wait

  func waits(_ target: UInt64) -> Bool { waiting[target] != nil }

  /// A target was invalidated: its writes that wait are not to be found. Exact, unlike the counts
  /// of changes: what is written and not found is not known to be there, and its next invalidation
  /// would not be written down.
  mutating func overtakeWrites(of target: UInt64, at sequence: UInt64) {
    waiting[target]?.invalidatedAt = sequence
  }

  /// Whether a target was invalidated since a write of it began that waits still.
  func isOvertaken(_ target: UInt64, since sequence: UInt64) -> Bool {
    waiting[target].map { $0.invalidatedAt > sequence } ?? false
  }

  private(set) var queuedWrites = 0

  mutating func writeBegins(_ target: UInt64, bytes: Int) {
    changes[Self.place(target)].stores &+= 1
    waiting[target, default: WaitingWrites()].count += 1
    queuedWrites += 1
    queuedBytes += bytes
  }

  mutating func writeEnds(_ target: UInt64, bytes: Int) {
    queuedBytes -= bytes
    queuedWrites -= 1
    guard let writes = waiting[target] else { return }
    if writes.count > 1 { waiting[target]?.count -= 1 } else { waiting[target] = nil }
  }

  // MARK: Reads that wait

  mutating func readBegins(at now: MonotonicTime) {
    if queuedReads == 0 { readerMovedAt = now }
    queuedReads += 1
  }

  mutating func readEnds(found: Bool, at now: MonotonicTime) {
    queuedReads -= 1
    readerMovedAt = now
    counters.reads &+= 1
    if found { counters.hits &+= 1 }
  }

  /// Whether a read that failed is worth a line: the first for some time.
  mutating func noteReadFailure(at now: MonotonicTime) -> Bool {
    if let last = readFailedAt,
      now.nanoseconds(since: last) < UInt64(Self.readFailureInterval.count) * 1_000_000
    {
      return false
    }
    readFailedAt = now
    return true
  }

  /// Whether reads wait and nothing moves: a disk that hangs. Who asks goes to the origin at once.
  func readerIsStuck(at now: MonotonicTime) -> Bool {
    queuedReads > 0
      && now.nanoseconds(since: readerMovedAt) > UInt64(Self.readPatience.count) * 1_000_000
  }
}

internal import CachePolicy
internal import CacheStore
internal import Platform
internal import Primitives

/// What the segments of a directory hold, found out at the start.
struct RecoveredState: Sendable {
  var index = DiskIndex()
  var purges: [NotedPurge] = []
  var segments: [SegmentSummary] = []
  var lastSequence: UInt64 = 0
  var lastNumber: UInt64 = 0
  /// Whether an invalidation may be missing, or the clock was set back.
  var isInDoubt = false
  /// When the response that came last had come.
  var latest = WallTime(milliseconds: 0)
}

/// One segment that is not written any more.
struct SegmentSummary: Sendable {
  let identity: SegmentIdentity
  let bytes: Int
  /// The targets of its responses: where the index speaks of it.
  var targets: [UInt64] = []
  var firstSequence: UInt64?
}

/// Reads all segments of a directory, heads and keys only: the contents are held against their
/// checksums when they are read.
///
///     segments by number ─▶ records in order ─▶ responses indexed
///                                            └▶ invalidations and purges applied
///
/// The last word must be that the writer stopped in good order, and everything before it must be
/// right to the end: else an invalidation may be missing, and whatever is found is validated before
/// its first use.
struct Recovery {
  private let seed: HashSeed
  private var state = RecoveredState()
  private var isTrusted = true
  private var endsInOrder = false

  private init(seed: HashSeed) { self.seed = seed }

  static let suffix = ".segment"

  static func name(of number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits + suffix
  }

  private static func number(of name: String) -> UInt64? {
    guard name.hasSuffix(suffix), name.utf8.count == 16 + suffix.utf8.count else { return nil }
    return UInt64(name.dropLast(suffix.count), radix: 16)
  }

  /// The segments of a directory, the oldest first.
  static func segments(in directory: borrowing PrivateDirectory) throws(SystemError) -> [UInt64] {
    try directory.names().compactMap { number(of: $0) }.sorted()
  }

  /// - Parameters: - now: What the clock says: whatever came later than that came before the clock
  ///   was set back,
  ///     and nobody knows how old it is.
  ///   - progress: Told before each segment how many of how many have been read.
  static func run(
    in directory: borrowing PrivateDirectory, seed: HashSeed, now: WallTime,
    progress: (_ read: Int, _ all: Int) -> Void
  ) throws(SystemError) -> RecoveredState {
    var recovery = Recovery(seed: seed)
    let numbers = try segments(in: directory)
    for (index, number) in numbers.enumerated() {
      progress(index, numbers.count)
      recovery.state.lastNumber = number
      recovery.endsInOrder = false
      let wasRead = recovery.read(number, in: directory)
      if !wasRead {
        recovery.isTrusted = false
        remove(number, from: directory)
      }
    }
    recovery.state.isInDoubt =
      !numbers.isEmpty
      && !(recovery.isTrusted && recovery.endsInOrder && recovery.state.latest <= now)
    if recovery.state.isInDoubt { recovery.state.index.requireValidation() }
    return recovery.state
  }

  /// Takes away a file that cannot be read, is no segment, or is of a version to come.
  private static func remove(_ number: UInt64, from directory: borrowing PrivateDirectory) {
    do throws(SystemError) {
      try directory.remove(name(of: number))
    } catch {
      // It is in nobody's way: its number is not used again.
    }
  }

  /// Whether there was a segment to read; what could not be trusted in it is noted.
  private mutating func read(_ number: UInt64, in directory: borrowing PrivateDirectory) -> Bool {
    do throws(SystemError) {
      let file = try directory.open(Self.name(of: number))
      let size = try file.size()
      let header = try file.read(at: 0, count: SegmentFormat.headerCount)
      guard let identity = SegmentFormat.identity(of: header), identity.number == number else {
        return false
      }
      var summary = SegmentSummary(identity: identity, bytes: size)
      var position = SegmentFormat.headerCount
      var window = Window()
      while position < size {
        let bytes = try window.read(file, at: position, count: SegmentFormat.recordHeadCount)
        let room = size - position - SegmentFormat.recordHeadCount
        guard position <= Int(UInt32.max),
          let head = SegmentFormat.head(bytes, in: identity, at: position, room: room)
        else {
          isTrusted = false
          break
        }
        try apply(head, at: position, of: file, through: &window, to: &summary)
        position += SegmentFormat.recordHeadCount + head.payloadCount
      }
      state.segments.append(summary)
      return true
    } catch {
      return false
    }
  }

  private mutating func apply(
    _ head: RecordHead, at position: Int, of file: borrowing DataFile, through window: inout Window,
    to summary: inout SegmentSummary
  ) throws(SystemError) {
    endsInOrder = head.kind == .end
    state.lastSequence = max(state.lastSequence, head.sequence)
    if summary.firstSequence == nil { summary.firstSequence = head.sequence }
    let payload = position + SegmentFormat.recordHeadCount
    let key = try window.read(file, at: payload, count: head.keyCount)
    switch head.kind {
    case .end: break
    case .doubt: state.index.requireValidation()
    case .response:
      let hashes = ByteHash.hashes(ofKey: key.span, seed: seed)
      guard let metadata = head.response else {
        isTrusted = false
        return
      }
      state.latest = max(state.latest, metadata.receivedAt)
      state.index.insert(
        DiskPlace(
          segment: summary.identity.number, sequence: head.sequence,
          position: UInt32(clamping: position),
          count: UInt32(clamping: SegmentFormat.recordHeadCount + head.payloadCount),
          keyTag: UInt32(truncatingIfNeeded: hashes.key), freshUntil: metadata.freshUntil,
          isOnly: head.varyCount == 0),
        target: hashes.target)
      summary.targets.append(hashes.target)
    case .targetGone:
      guard head.isRight(lines: key.span, body: [UInt8]().span) else {
        isTrusted = false
        return
      }
      state.index.removeTarget(ByteHash.hashes(ofKey: key.span, seed: seed).target)
    case .purge:
      guard head.isRight(lines: key.span, body: [UInt8]().span),
        let purge = PurgeCoding.decode(key, sequence: head.sequence)
      else {
        isTrusted = false
        return
      }
      state.purges.removeAll { $0.isCovered(by: purge) }
      state.purges.append(purge)
    }
  }
}

/// What was read of a file last: heads and keys of small records come many at a time.
private struct Window {
  private static let size = 16_384

  private var start = 0
  private var bytes: [UInt8] = []

  /// Up to `count` bytes from a place; fewer only where the file ends.
  mutating func read(_ file: borrowing DataFile, at position: Int, count: Int)
    throws(SystemError) -> [UInt8]
  {
    guard count <= Self.size else { return try file.read(at: position, count: count) }
    if position < start || position + count > start + bytes.count {
      bytes = try file.read(at: position, count: Self.size)
      start = position
    }
    let first = position - start
    return Array(bytes[first..<min(first + count, bytes.count)])
  }
}

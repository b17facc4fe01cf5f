internal import CacheStore
internal import Platform

/// Appends records to the newest segment, and begins another when it is full. Used by the tier's
/// serial worker only.
struct SegmentWriter: Sendable {
  /// A segment that is being written.
  private final class Segment: Sendable {
    let file: DataFile
    let identity: SegmentIdentity

    init(_ file: consuming DataFile, _ identity: SegmentIdentity) {
      self.file = file
      self.identity = identity
    }
  }

  private let limit: Int
  private var nextNumber: UInt64
  private var current: Segment?
  private(set) var summary: SegmentSummary?
  private var position = 0

  init(limit: Int, after number: UInt64) {
    self.limit = min(limit, Int(UInt32.max))
    nextNumber = number &+ 1
  }

  /// Whether a record fits into a segment at all.
  static func fits(_ count: Int, limit: Int) -> Bool {
    count <= limit - SegmentFormat.headerCount - SegmentFormat.recordHeadCount
  }

  /// Begins a segment. Returns the one that was written before.
  mutating func begin(in directory: borrowing PrivateDirectory) throws(SystemError)
    -> SegmentSummary?
  {
    let last = finish()
    let identity = SegmentIdentity(number: nextNumber, salt: .random(in: .min ... .max))
    nextNumber &+= 1
    let file = try directory.create(Recovery.name(of: identity.number))
    current = Segment(file, identity)
    position = 0
    summary = SegmentSummary(identity: identity, bytes: position)
    try current?.file.write(
      SegmentFormat.header(number: identity.number, salt: identity.salt), at: 0)
    position = SegmentFormat.headerCount
    return last
  }

  /// Lets go of the segment; nothing more is written to it.
  mutating func finish() -> SegmentSummary? {
    defer {
      current = nil
      summary = nil
    }
    return summary.map {
      var summary = SegmentSummary(identity: $0.identity, bytes: position)
      summary.targets = $0.targets
      summary.firstSequence = $0.firstSequence
      return summary
    }
  }

  /// Ends the segment after a write that failed: what came of that is cut off, so that the records
  /// before it can be trusted. Nil where there are none; the file is gone then.
  mutating func finishBroken(in directory: borrowing PrivateDirectory) -> SegmentSummary? {
    let end = position
    let file = current
    let summary = finish()
    do throws(SystemError) {
      try file?.file.truncate(to: end)
      guard let summary, end <= SegmentFormat.headerCount else { return summary }
      try directory.remove(Recovery.name(of: summary.identity.number))
      return nil
    } catch {
      // A disk that refuses this as well: the next start finds the damage and doubts.
      return summary
    }
  }

  /// Whether a record of this length needs another segment.
  func needsSegment(for count: Int) -> Bool { current == nil || position + count > limit }

  /// Writes a record. When it fails nothing more may go to this segment: `finish` it.
  mutating func append(_ record: Record, target: UInt64?) throws(SystemError) -> DiskPlace? {
    guard let current else { return nil }
    let bytes = SegmentFormat.record(record, in: current.identity, at: position)
    try current.file.write(bytes, at: position)
    let place = DiskPlace(
      segment: current.identity.number, sequence: record.sequence,
      position: UInt32(clamping: position), count: UInt32(clamping: bytes.count),
      freshUntil: record.metadata?.freshUntil ?? 0)
    position += bytes.count
    if summary?.firstSequence == nil { summary?.firstSequence = record.sequence }
    if let target { summary?.targets.append(target) }
    return place
  }

  func synchronize() throws(SystemError) { try current?.file.synchronize() }

  /// How long the segment is now.
  var bytes: Int { current == nil ? 0 : position }
}

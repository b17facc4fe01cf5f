package import CachePolicy
internal import Primitives
internal import Synchronization

/// What a purge names.
package enum PurgeSelector: Sendable, Hashable {
  /// Every response of one target: all partitions, key parts and variants. Any key of it.
  case target(key: [UInt8])
  /// Every target whose path and query begin with these bytes, on one authority as the key has it
  /// (in small letters, without a default port); nil means either scheme.
  case prefix(scheme: Scheme?, authority: [UInt8], path: [UInt8])
  /// Every target of a host in small letters, whatever the port; with a port, of that one.
  case host([UInt8])
  /// Every response with a tag or group. A group holds within one origin: that of the key.
  case label(CacheLabel, originOf: [UInt8]?)
  /// Everything.
  case everything
}

/// What a purge does.
package enum PurgeKind: Sendable, Hashable {
  /// Removes.
  case hard
  /// Ends freshness: what is named must be validated next time, and may be served stale where the
  /// rules allow it.
  case soft
}

/// How many responses a purge reached.
package struct PurgeCount: Sendable, Hashable {
  package var removed = 0
  package var staled = 0

  package init(removed: Int = 0, staled: Int = 0) {
    self.removed = removed
    self.staled = staled
  }
}

/// Counts what one purge reaches, in all shards.
final class PurgeTally: Sendable {
  private let removed = Atomic<Int>(0)
  private let staled = Atomic<Int>(0)

  func count(removed more: Int) { removed.add(more, ordering: .relaxed) }
  func count(staled more: Int) { staled.add(more, ordering: .relaxed) }

  var count: PurgeCount {
    PurgeCount(
      removed: removed.load(ordering: .relaxed), staled: staled.load(ordering: .relaxed))
  }
}

/// One purge.
struct Purge: Sendable {
  let selector: PurgeSelector
  let kind: PurgeKind
  /// Narrows it to one partition.
  let partition: UInt32?
  let time: WallTime
  let tally: PurgeTally
  /// Its number in the shard that noted it.
  var sequence: UInt32 = 0

  init(
    _ selector: PurgeSelector, _ kind: PurgeKind, partition: UInt32? = nil, time: WallTime,
    tally: PurgeTally = PurgeTally()
  ) {
    self.selector = selector
    self.kind = kind
    self.partition = partition
    self.time = time
    self.tally = tally
  }

  /// Whether it is about this response.
  func names(_ response: StoredResponse) -> Bool {
    if case .everything = selector, partition == nil { return true }
    let bytes = response.bytes
    let key = bytes.span.extracting(response.keyRange)
    // What is no key of ours has no parts to be found by; only everything reaches it.
    guard let layout = CacheKey.Layout(of: key) else {
      if case .target(let other) = selector { return key.holdsSameBytes(as: other.span) }
      return selector == .everything
    }
    if let partition, partition != layout.partition { return false }
    switch selector {
    case .everything: return true
    case .target(let other): return isTarget(key, layout, of: other)
    case .host(let host): return isHost(key.extracting(layout.authority), host)
    case .prefix(let scheme, let authority, let path):
      return (scheme == nil || scheme == layout.scheme)
        && key.extracting(layout.authority).holdsSameBytes(as: authority.span)
        && layout.target.count >= path.count
        && key.extracting(layout.target).extracting(first: path.count)
          .holdsSameBytes(as: path.span)
    case .label(let label, let origin):
      guard response.metadata.flags.contains(.labelled) else { return false }
      if let origin, !CacheKey.haveSameOrigin(key, origin.span) { return false }
      return StoredAnnex.contains(label, in: bytes.span.extracting(response.annexRange))
    }
  }

  private func isTarget(_ key: Span<UInt8>, _ layout: CacheKey.Layout, of other: [UInt8]) -> Bool {
    let span = other.span
    guard let wanted = CacheKey.Layout(of: span) else { return false }
    return layout.scheme == wanted.scheme
      && key.extracting(layout.authority).holdsSameBytes(as: span.extracting(wanted.authority))
      && key.extracting(layout.target).holdsSameBytes(as: span.extracting(wanted.target))
  }

  private func isHost(_ authority: Span<UInt8>, _ host: [UInt8]) -> Bool {
    if authority.holdsSameBytes(as: host.span) { return true }
    guard authority.count > host.count, authority[host.count] == ASCII.colon else { return false }
    for index in host.count + 1..<authority.count where !ASCII.isDigit(authority[index]) {
      return false
    }
    return authority.extracting(first: host.count).holdsSameBytes(as: host.span)
  }
}

/// The purges that a shard remembers: those that wait to be swept, and some that are done, for
/// fetches that began before them.
///
///     oldest ─ … swept … ─┬─ … unswept … ─ newest      at most `memory`
///
/// Numbers go round after 2³² purges; what is older than half of that was swept long ago.
struct PurgeBook: Sendable {
  /// How many purges are remembered.
  static let memory = 128
  /// How many may wait to be swept. When more come they are made one that names everything: too
  /// much, and never too little.
  static let unsweptLimit = 64

  enum Verdict: Sendable {
    case untouched, hard
    case soft(WallTime)
  }

  private var recent: [Purge] = []
  private var unsweptCount = 0
  private var cursor = 0
  /// The last purge that the pass under way brings to every node.
  private var passEnd: UInt32 = 0
  /// The number of the newest purge.
  private(set) var last: UInt32 = 0

  var isAllSwept: Bool { unsweptCount == 0 }

  mutating func note(_ purge: Purge) {
    if unsweptCount >= Self.unsweptLimit { mergeUnswept(at: purge.time) }
    last &+= 1
    var purge = purge
    purge.sequence = last
    recent.append(purge)
    unsweptCount += 1
    if recent.count > Self.memory { recent.removeFirst() }
  }

  /// Makes the newest of the waiting purges one that names everything. It is as hard as any of
  /// them.
  private mutating func mergeUnswept(at time: WallTime) {
    guard let newest = recent.last else { return }
    let isHard = recent.suffix(unsweptCount).contains { $0.kind == .hard }
    var merged = Purge(.everything, isHard ? .hard : .soft, time: time)
    merged.sequence = newest.sequence
    recent[recent.count - 1] = merged
    unsweptCount = 1
    cursor = 0
  }

  /// What purges since a moment say about a response that was fetched at it. When some have been
  /// forgotten it counts as named.
  func verdict(on response: StoredResponse, since: UInt32) -> Verdict {
    let count = last &- since
    guard count > 0 else { return .untouched }
    guard count <= UInt32(recent.count) else { return .hard }
    var verdict = Verdict.untouched
    for purge in recent.suffix(Int(count)) where purge.names(response) {
      if purge.kind == .hard { return .hard }
      verdict = .soft(purge.time)
    }
    return verdict
  }

  /// The waiting purges that came after one.
  func unswept(after seen: UInt32) -> ArraySlice<Purge> {
    var waiting = recent.suffix(unsweptCount)
    while let first = waiting.first, Int32(bitPattern: first.sequence &- seen) <= 0 {
      waiting = waiting.dropFirst()
    }
    return waiting
  }

  /// Whether a purge has been brought to every node.
  func isSwept(_ sequence: UInt32) -> Bool {
    Int32(bitPattern: sequence &- (last &- UInt32(unsweptCount))) <= 0
  }

  /// Which nodes the next step of a pass holds against the waiting purges.
  mutating func nextPass(limit: Int, of count: Int) -> Range<Int> {
    if cursor == 0 { passEnd = last }
    let start = min(cursor, count)
    return start..<min(start + limit, count)
  }

  mutating func finishPass(at position: Int, of count: Int) {
    cursor = position
    guard position >= count else { return }
    cursor = 0
    unsweptCount = Int(max(Int32(bitPattern: last &- passEnd), 0))
  }
}

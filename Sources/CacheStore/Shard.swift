internal import CachePolicy
internal import HTTPModel
internal import Primitives

/// One part of the store: a table of keys, the variants of each, what belongs to one target, and
/// the order of eviction.
///
///     keys      key     ─▶ node ─▶ next variant ─▶ …         newest first
///     targets   target  ─▶ node ◀─▶ node ◀─▶ …               every partition, key part and variant
///     order     which node goes next (S3-FIFO): a hit moves nothing
///
/// A target (scheme, authority, path and query) is in one shard with all its keys, so that
/// invalidation finds them under one lock. All members are touched under that lock only.
struct Shard: ~Copyable, Sendable {
  static let none = UInt32.max

  struct Node: Sendable {
    var response: StoredResponse?
    /// Also links the free nodes.
    var nextVariant = Shard.none
    var nextOfTarget = Shard.none
    var previousOfTarget = Shard.none
    /// The last purge that this response was held against.
    var purgesSeen: UInt32 = 0
  }

  let budget: Int
  let variantLimit: Int
  let seed: HashSeed
  var keys = TagTable()
  var targets = TagTable()
  var nodes: [Node] = []
  var freeNode = Shard.none
  var order: S3FIFO
  var purges = PurgeBook()
  var invalidations = InvalidationBook()
  var counters = CacheStoreCounters()

  init(budget: Int, variantLimit: Int, seed: HashSeed) {
    self.budget = budget
    self.variantLimit = max(variantLimit, 1)
    self.seed = seed
    order = S3FIFO(budget: budget)
  }

  // MARK: Finding

  /// The response that the request selects (RFC 9111 §4.1): of those with `Vary` that match the
  /// newest by age, else the newest without `Vary`; a whole one before one of which only a part is
  /// held.
  mutating func find(_ key: Span<UInt8>, hashes: KeyHashes, request: RequestHead) -> LookupResult {
    guard let slot = slot(of: key, hashes) else {
      counters.misses &+= 1
      return .miss(.nothingStored)
    }
    while let node = selectedNode(from: keys.node(at: slot), request: request) {
      guard let response = purges.isAllSwept ? nodes[node].response : unpurged(node) else {
        // The last one of its key may have taken the slot along.
        guard self.slot(of: key, hashes) == slot else { break }
        continue
      }
      order.touch(UInt32(truncatingIfNeeded: node))
      counters.hits &+= 1
      return .found(response)
    }
    counters.misses &+= 1
    return .miss(self.slot(of: key, hashes) == nil ? .nothingStored : .noMatchingVariant)
  }

  /// Every response that the request selects: what a newer one replaces.
  func selected(_ key: Span<UInt8>, hashes: KeyHashes, request: RequestHead) -> [StoredResponse] {
    variants(key, hashes: hashes).filter { $0.isSelected(by: request) }
  }

  /// Every response of a key, the one stored last first.
  func variants(_ key: Span<UInt8>, hashes: KeyHashes) -> [StoredResponse] {
    guard let slot = slot(of: key, hashes) else { return [] }
    var found: [StoredResponse] = []
    var node = keys.node(at: slot)
    while node != Self.none {
      if let response = nodes[Int(node)].response { found.append(response) }
      node = nodes[Int(node)].nextVariant
    }
    return found
  }

  private func selectedNode(from first: UInt32, request: RequestHead) -> Int? {
    let only = Int(first)
    if nodes[only].nextVariant == Self.none, let response = nodes[only].response {
      // The usual case: one response.
      return response.isVarying && !response.isSelected(by: request) ? nil : only
    }
    var best: Int?
    var bestRank = SelectionRank.least
    var node = first
    while node != Self.none {
      let index = Int(node)
      if let response = nodes[index].response {
        let rank = SelectionRank(of: response)
        if rank > bestRank, !response.isVarying || response.isSelected(by: request) {
          best = index
          bestRank = rank
        }
      }
      node = nodes[index].nextVariant
    }
    return best
  }

  func slot(of key: Span<UInt8>, _ hashes: KeyHashes) -> Int? {
    keys.slot(of: UInt32(truncatingIfNeeded: hashes.key)) { node in
      nodes[Int(node)].response?.hasKey(key) ?? false
    }
  }

  func slot(ofKeyOf response: StoredResponse, _ hashes: KeyHashes) -> Int? {
    let bytes = response.bytes
    return slot(of: bytes.span.extracting(response.keyRange), hashes)
  }

  func hashes(of response: StoredResponse) -> KeyHashes {
    let bytes = response.bytes
    return KeyHash.hashes(ofKey: bytes.span.extracting(response.keyRange), seed: seed)
  }

  // MARK: Moments

  /// Counts the invalidations around a target, and the purges. A response whose fetch began at an
  /// earlier moment may be older than the change that invalidated its target, and is not stored.
  func moment(of hashes: KeyHashes) -> StoreMoment {
    StoreMoment(
      epoch: invalidations.epoch(of: hashes.target), purges: purges.last,
      invalidations: invalidations.count)
  }
}

/// Which of the responses that a request selects answers it: whole before part, with `Vary` before
/// without (a resource may forget it, RFC 9111 §4.1), then the one that left its origin last.
private struct SelectionRank: Comparable {
  static let least = SelectionRank(group: -1, moment: .min)

  private let group: Int
  private let moment: Int64

  private init(group: Int, moment: Int64) {
    self.group = group
    self.moment = moment
  }

  init(of response: StoredResponse) {
    group = (response.isPartial ? 0 : 2) + (response.isVarying ? 1 : 0)
    moment =
      response.metadata.receivedAt.milliseconds &- response.metadata.initialAge.count
  }

  static func < (left: SelectionRank, right: SelectionRank) -> Bool {
    left.group == right.group ? left.moment < right.moment : left.group < right.group
  }
}

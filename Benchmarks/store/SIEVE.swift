internal import CacheStore

/// SIEVE (Zhang et al., NSDI 2024): one queue and a hand. What the store used before S3-FIFO.
///
///     newest ◀─▶ … ◀─▶ hand ◀─▶ … ◀─▶ oldest
///
/// The hand walks from old to new, clears the mark of what was used, and takes the first that was
/// not. A hit sets the mark and moves nothing.
struct SIEVE: EvictionPolicy {
  /// How many used things the hand passes before it takes one anyway.
  private static let stepLimit = 128

  private var entries: [CostList.Entry] = []
  private var list = CostList()
  private var hand = CostList.none

  init(budget: Int) {}

  mutating func insert(_ node: UInt32, hash: UInt64, cost: Int) {
    entries.put(CostList.Entry(cost: cost), at: node)
    list.push(node, in: &entries)
  }

  mutating func touch(_ node: UInt32) { entries[Int(node)].place = 1 }

  mutating func victim() -> UInt32? {
    var node = hand == CostList.none ? list.oldest : hand
    guard node != CostList.none else { return nil }
    var steps = 0
    while entries[Int(node)].place != 0, steps < Self.stepLimit {
      entries[Int(node)].place = 0
      let newer = entries[Int(node)].newer
      node = newer == CostList.none ? list.oldest : newer
      steps += 1
    }
    hand = node
    return node
  }

  mutating func evict(_ node: UInt32, hash: UInt64) { remove(node) }

  mutating func remove(_ node: UInt32) {
    if hand == node { hand = entries[Int(node)].newer }
    list.remove(node, in: &entries)
  }
}

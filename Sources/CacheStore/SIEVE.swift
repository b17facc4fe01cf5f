/// SIEVE (Zhang et al., NSDI 2024): one queue and a hand.
///
///     newest ◀─▶ … ◀─▶ hand ◀─▶ … ◀─▶ oldest
///
/// The hand walks from old to new, clears the mark of what was used, and takes the first that was
/// not. A hit sets the mark and moves nothing.
package struct SIEVE: EvictionPolicy {
  /// How many used things the hand passes before it takes one anyway.
  private static let stepLimit = 128

  private var links: [LinkQueue.Link] = []
  private var queue = LinkQueue()
  private var hand = LinkQueue.none

  package init(budget: Int) {}

  package mutating func insert(_ node: UInt32, hash: UInt64, cost: Int) {
    links.put(LinkQueue.Link(cost: cost), at: node)
    queue.pushNewest(node, in: &links)
  }

  package mutating func touch(_ node: UInt32) { links[Int(node)].mark = 1 }

  package mutating func victim() -> UInt32? {
    var node = hand == LinkQueue.none ? queue.oldest : hand
    guard node != LinkQueue.none else { return nil }
    var steps = 0
    while links[Int(node)].mark != 0, steps < Self.stepLimit {
      links[Int(node)].mark = 0
      let newer = links[Int(node)].newer
      node = newer == LinkQueue.none ? queue.oldest : newer
      steps += 1
    }
    hand = node
    return node
  }

  package mutating func evict(_ node: UInt32, hash: UInt64) { remove(node) }

  package mutating func remove(_ node: UInt32) {
    if hand == node { hand = links[Int(node)].newer }
    queue.remove(node, in: &links)
  }
}

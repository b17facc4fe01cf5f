internal import CachePolicy
internal import Primitives

/// Removing on demand: one target, or all that a purge names.
///
///     invalidate   the target's chain, at once; what is beyond a limit becomes a purge
///     purge        noted ─▶ in force for lookups and for fetches under way ─▶ swept, node by node
extension Shard {
  /// Removes every response of a target, whatever partition and key parts: a bounded number at
  /// once, the rest by a purge that is in force at once and waits to be swept.
  mutating func removeTarget(
    of key: Span<UInt8>, hashes: KeyHashes, by purge: Purge, limit: Int
  ) -> [StoredResponse] {
    invalidations.note(hashes.target)
    guard
      let slot = targets.slot(of: UInt32(truncatingIfNeeded: hashes.target), where: { _ in true })
    else { return [] }
    var removed: [StoredResponse] = []
    var node = targets.node(at: slot)
    var steps = 0
    while node != Self.none, steps < limit {
      // Read before the node goes.
      let next = nodes[Int(node)].nextOfTarget
      apply(purge, to: node, removed: &removed)
      node = next
      steps += 1
    }
    if node != Self.none { purges.note(purge) }
    return removed
  }

  /// Whether a purge names the response of a node, and then removes or stales it.
  private mutating func apply(_ purge: Purge, to node: UInt32, removed: inout [StoredResponse]) {
    guard let response = nodes[Int(node)].response, purge.names(response) else { return }
    switch purge.kind {
    case .hard:
      if let gone = remove(node) { removed.append(gone) }
      counters.removals &+= 1
      purge.tally.count(removed: 1)
    case .soft:
      let stale = response.stale(at: purge.time)
      guard stale !== response else { return }
      nodes[Int(node)].response = stale
      removed.append(response)
      purge.tally.count(staled: 1)
    }
  }

  // MARK: In force before they are swept

  /// The response of a node after the purges that have not reached it; nil when one removed it.
  ///
  /// What is let go of here is released under the lock: rare, and one response.
  mutating func unpurged(_ node: Int) -> StoredResponse? {
    var removed: [StoredResponse] = []
    bringUpToDate(UInt32(truncatingIfNeeded: node), removed: &removed)
    return nodes[node].response
  }

  private mutating func bringUpToDate(_ node: UInt32, removed: inout [StoredResponse]) {
    guard nodes[Int(node)].purgesSeen != purges.last else { return }
    for purge in purges.unswept(after: nodes[Int(node)].purgesSeen) {
      apply(purge, to: node, removed: &removed)
      if nodes[Int(node)].response == nil { return }
    }
    nodes[Int(node)].purgesSeen = purges.last
  }

  // MARK: Sweeping

  /// Holds a bounded number of nodes against the purges that wait to be swept. Returns what was let
  /// go of, for the caller to release after the lock.
  mutating func sweep(limit: Int) -> [StoredResponse] {
    guard !purges.isAllSwept else { return [] }
    var removed: [StoredResponse] = []
    let range = purges.nextPass(limit: limit, of: nodes.count)
    for node in range where nodes[node].response != nil {
      bringUpToDate(UInt32(truncatingIfNeeded: node), removed: &removed)
    }
    purges.finishPass(at: range.upperBound, of: nodes.count)
    return removed
  }

  /// Asks a condition about a bounded number of nodes, and removes those for which it holds.
  mutating func removeAll(
    from start: Int, limit: Int, where condition: (StoredResponse) -> Bool
  ) -> [StoredResponse] {
    var removed: [StoredResponse] = []
    for index in start..<min(start + limit, nodes.count) {
      guard let response = nodes[index].response, condition(response) else { continue }
      if let gone = remove(UInt32(truncatingIfNeeded: index)) { removed.append(gone) }
    }
    counters.removals &+= UInt64(removed.count)
    return removed
  }
}

internal import CachePolicy

/// What became of a response given to a shard.
enum InsertOutcome: Sendable {
  /// Stored, in place of these, which the caller lets go of after the lock.
  case inserted(StoredResponse, removed: [StoredResponse], displacedVariants: Int)
  case refused(CacheReason)
}

/// Storing: what comes in, what it takes the place of, and what goes for it.
extension Shard {
  /// Stores a response in place of those it supersedes, unless its key was invalidated or it was
  /// purged since the moment its fetch began.
  mutating func insert(
    _ response: StoredResponse, hashes: KeyHashes, since moment: StoreMoment,
    superseding: [StoredResponse]
  ) -> InsertOutcome {
    guard !invalidations.hasInvalidated(hashes.target, since: moment) else {
      return .refused(.invalidated)
    }
    switch purges.verdict(on: response, since: moment.purges) {
    case .untouched: return insert(response, hashes: hashes, superseding: superseding)
    case .hard: return .refused(.invalidated)
    case .soft(let time):
      return insert(response.stale(at: time), hashes: hashes, superseding: superseding)
    }
  }

  /// Evicts until a response of this cost has room, a bounded number at most; whether it has room
  /// now, or never will.
  mutating func makeRoom(for cost: Int, limit: Int, removed: inout [StoredResponse]) -> Bool {
    guard cost <= budget else { return true }
    while counters.bytes + cost > budget {
      guard removed.count < limit else { return false }
      guard let evicted = evictOne() else { return true }
      removed.append(evicted)
    }
    return true
  }

  private mutating func insert(
    _ response: StoredResponse, hashes: KeyHashes, superseding: [StoredResponse]
  ) -> InsertOutcome {
    guard response.cost <= budget else { return .refused(.storeFull) }
    var (removed, displaced) = removeSuperseded(
      by: response, hashes: hashes, superseding: superseding)
    while counters.bytes + response.cost > budget, let evicted = evictOne() {
      removed.append(evicted)
    }
    link(response, hashes: hashes)
    counters.stores &+= 1
    counters.variantsDisplaced &+= UInt64(displaced)
    return .inserted(response, removed: removed, displacedVariants: displaced)
  }

  /// Puts a response in the place of another one, if that is still there.
  mutating func replace(_ old: StoredResponse, with new: StoredResponse) -> InsertOutcome {
    let hashes = hashes(of: old)
    guard let slot = slot(ofKeyOf: old, hashes),
      node(of: old, from: keys.node(at: slot)) != nil
    else { return .refused(.invalidated) }
    return insert(new, hashes: hashes, since: moment(of: hashes), superseding: [old])
  }

  private func node(of response: StoredResponse, from first: UInt32) -> UInt32? {
    var node = first
    while node != Self.none {
      if nodes[Int(node)].response === response { return node }
      node = nodes[Int(node)].nextVariant
    }
    return nil
  }

  /// Removes what a newer response stands for, and the oldest of a full chain.
  private mutating func removeSuperseded(
    by response: StoredResponse, hashes: KeyHashes, superseding: [StoredResponse]
  ) -> (removed: [StoredResponse], displaced: Int) {
    guard let slot = slot(ofKeyOf: response, hashes) else { return ([], 0) }
    var removable: [UInt32] = []
    var kept = 0
    var displaced = 0
    var node = keys.node(at: slot)
    while node != Self.none {
      if let other = nodes[Int(node)].response {
        let isSuperseded =
          response.mayReplace(other)
          && (other.hasVaryEntries(of: response) || superseding.contains { $0 === other })
        if isSuperseded {
          removable.append(node)
        } else if kept >= variantLimit - 1 {
          removable.append(node)
          displaced += 1
        } else {
          kept += 1
        }
      }
      node = nodes[Int(node)].nextVariant
    }
    return (removable.compactMap { remove($0) }, displaced)
  }

  private mutating func link(_ response: StoredResponse, hashes: KeyHashes) {
    let node = takeNode(Node(response: response, purgesSeen: purges.last))
    order.insert(node, hash: hashes.key, cost: response.cost)
    if let slot = slot(ofKeyOf: response, hashes) {
      nodes[Int(node)].nextVariant = keys.node(at: slot)
      keys.setNode(node, at: slot)
    } else {
      keys.insert(UInt32(truncatingIfNeeded: hashes.key), node)
    }
    linkToTarget(node, tag: UInt32(truncatingIfNeeded: hashes.target))
    counters.bytes += response.cost
    counters.objects += 1
  }

  /// Two targets with one tag share a chain: whoever walks it compares.
  private mutating func linkToTarget(_ node: UInt32, tag: UInt32) {
    guard let slot = targets.slot(of: tag, where: { _ in true }) else {
      return targets.insert(tag, node)
    }
    let next = targets.node(at: slot)
    nodes[Int(node)].nextOfTarget = next
    nodes[Int(next)].previousOfTarget = node
    targets.setNode(node, at: slot)
  }

  private mutating func takeNode(_ node: Node) -> UInt32 {
    guard freeNode != Self.none else {
      nodes.append(node)
      return UInt32(truncatingIfNeeded: nodes.count - 1)
    }
    let taken = freeNode
    freeNode = nodes[Int(taken)].nextVariant
    nodes[Int(taken)] = node
    return taken
  }

  // MARK: Letting go

  private mutating func evictOne() -> StoredResponse? {
    guard let node = order.victim(), let response = nodes[Int(node)].response else { return nil }
    let hashes = hashes(of: response)
    order.evict(node, hash: hashes.key)
    counters.evictions &+= 1
    return unlink(node, response, hashes)
  }

  /// Takes a node out of everything. The caller lets go of the response after the lock.
  mutating func remove(_ node: UInt32) -> StoredResponse? {
    guard let response = nodes[Int(node)].response else { return nil }
    order.remove(node)
    return unlink(node, response, hashes(of: response))
  }

  /// Removes one response if it is still there.
  mutating func removeOne(_ response: StoredResponse) -> StoredResponse? {
    guard let slot = slot(ofKeyOf: response, hashes(of: response)),
      let node = node(of: response, from: keys.node(at: slot))
    else { return nil }
    counters.removals &+= 1
    return remove(node)
  }

  private mutating func unlink(
    _ node: UInt32, _ response: StoredResponse, _ hashes: KeyHashes
  ) -> StoredResponse {
    unlinkFromKey(node, hashes)
    unlinkFromTarget(node, tag: UInt32(truncatingIfNeeded: hashes.target))
    counters.bytes -= response.cost
    counters.objects -= 1
    nodes[Int(node)] = Node(nextVariant: freeNode)
    freeNode = node
    return response
  }

  private mutating func unlinkFromKey(_ node: UInt32, _ hashes: KeyHashes) {
    guard let response = nodes[Int(node)].response,
      let slot = slot(ofKeyOf: response, hashes)
    else { return }
    let next = nodes[Int(node)].nextVariant
    var previous = keys.node(at: slot)
    guard previous != node else {
      return next == Self.none ? keys.remove(at: slot) : keys.setNode(next, at: slot)
    }
    while previous != Self.none, nodes[Int(previous)].nextVariant != node {
      previous = nodes[Int(previous)].nextVariant
    }
    if previous != Self.none { nodes[Int(previous)].nextVariant = next }
  }

  private mutating func unlinkFromTarget(_ node: UInt32, tag: UInt32) {
    let next = nodes[Int(node)].nextOfTarget
    let previous = nodes[Int(node)].previousOfTarget
    if next != Self.none { nodes[Int(next)].previousOfTarget = previous }
    guard previous == Self.none else {
      nodes[Int(previous)].nextOfTarget = next
      return
    }
    guard let slot = targets.slot(of: tag, where: { $0 == node }) else { return }
    if next == Self.none { targets.remove(at: slot) } else { targets.setNode(next, at: slot) }
  }
}

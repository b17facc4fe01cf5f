internal import CachePolicy
internal import HTTPModel

/// One part of the store: a table of keys, the variants of each, and the order of eviction.
///
///     slots   ─▶ node ─▶ next variant ─▶ …            one chain a key, newest first
///     queue   newest ◀─▶ … ◀─▶ hand ◀─▶ … ◀─▶ oldest     SIEVE: a hit sets a bit, nothing moves
///
/// The table is open-addressed with linear probing and never more than half full. Eviction is SIEVE
/// (Zhang et al., NSDI 2024): the hand walks from old to new, clears the bit of what was used, and
/// takes the first that was not. All members are touched under the shard's lock only.
struct Shard: ~Copyable, Sendable {
  private static let none = UInt32.max
  /// How many used responses the hand passes before it takes one anyway, to keep the lock short.
  private static let handStepLimit = 128
  /// Invalidations are remembered by a few bits of the hash: see `Epoch`.
  private static let epochCount = 64

  private struct Node {
    var hash: UInt64
    var response: StoredResponse?
    var newer = Shard.none
    var older = Shard.none
    var nextVariant = Shard.none
    var isUsed = false
  }

  private let budget: Int
  private let variantLimit: Int
  /// Node of the newest variant of a key, or `none`. The count is a power of two.
  private var slots: [UInt32]
  private var keyCount = 0
  private var nodes: [Node] = []
  private var freeNode = Shard.none
  private var newest = Shard.none
  private var oldest = Shard.none
  private var hand = Shard.none
  private var epochs: [UInt32]
  private(set) var counters = CacheStoreCounters()

  init(budget: Int, variantLimit: Int) {
    self.budget = budget
    self.variantLimit = max(variantLimit, 1)
    slots = Array(repeating: Shard.none, count: 16)
    epochs = Array(repeating: 0, count: Self.epochCount)
  }

  // MARK: Finding

  /// The response that the request selects (RFC 9111 §4.1): of those with `Vary` that match the
  /// newest, else the newest without `Vary`.
  mutating func find(_ key: Span<UInt8>, hash: UInt64, request: RequestHead) -> LookupResult {
    guard let slot = slot(of: key, hash: hash) else {
      counters.misses &+= 1
      return .miss(.nothingStored)
    }
    guard let node = selectedNode(from: slots[slot], request: request),
      let response = nodes[node].response
    else {
      counters.misses &+= 1
      return .miss(.noMatchingVariant)
    }
    nodes[node].isUsed = true
    counters.hits &+= 1
    return .found(response)
  }

  /// Every response that the request selects: what a newer one replaces.
  func selected(_ key: Span<UInt8>, hash: UInt64, request: RequestHead) -> [StoredResponse] {
    guard let slot = slot(of: key, hash: hash) else { return [] }
    var found: [StoredResponse] = []
    var node = slots[slot]
    while node != Self.none {
      if let response = nodes[Int(node)].response, response.isSelected(by: request) {
        found.append(response)
      }
      node = nodes[Int(node)].nextVariant
    }
    return found
  }

  private func selectedNode(from first: UInt32, request: RequestHead) -> Int? {
    var node = first
    var withoutVary: Int?
    while node != Self.none {
      let index = Int(node)
      if let response = nodes[index].response {
        if !response.isVarying {
          // The usual case: one response, no `Vary`.
          if withoutVary == nil { withoutVary = index }
        } else if response.isSelected(by: request) {
          return index
        }
      }
      node = nodes[index].nextVariant
    }
    return withoutVary
  }

  private func slot(of key: Span<UInt8>, hash: UInt64) -> Int? {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != Self.none {
      let node = Int(slots[slot])
      if nodes[node].hash == hash, let response = nodes[node].response, response.hasKey(key) {
        return slot
      }
      slot = (slot + 1) & mask
    }
    return nil
  }

  private func slot(ofKeyOf response: StoredResponse, hash: UInt64) -> Int? {
    let bytes = response.bytes
    return slot(of: bytes.span.extracting(response.keyRange), hash: hash)
  }

  /// The slot whose chain begins with this node.
  private func slot(of node: UInt32) -> Int? {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: nodes[Int(node)].hash) & mask
    while slots[slot] != Self.none {
      if slots[slot] == node { return slot }
      slot = (slot + 1) & mask
    }
    return nil
  }

  // MARK: Epochs

  /// Counts the invalidations around a key. A response whose fetch began in an earlier epoch may be
  /// older than the change that invalidated the key, and is not stored.
  func epoch(of hash: UInt64) -> UInt32 { epochs[Self.epochIndex(hash)] }

  private static func epochIndex(_ hash: UInt64) -> Int { Int(hash >> 58) & (epochCount - 1) }

  // MARK: Storing

  /// Stores a response in place of those it supersedes. Returns what was removed, for the caller to
  /// let go of after the lock.
  mutating func insert(
    _ response: StoredResponse, hash: UInt64, epoch: UInt32, superseding: [StoredResponse]
  ) -> InsertOutcome {
    guard epoch == self.epoch(of: hash) else { return .refused(.invalidated) }
    guard response.cost <= budget else { return .refused(.storeFull) }
    var removed = removeSuperseded(by: response, hash: hash, superseding: superseding)
    while counters.bytes + response.cost > budget, let evicted = evictOne() {
      removed.append(evicted)
    }
    link(response, hash: hash)
    counters.stores &+= 1
    return .inserted(removed: removed)
  }

  /// Puts a response in the place of another one, if that is still there; the newest stays the
  /// newest.
  mutating func replace(_ old: StoredResponse, with new: StoredResponse, hash: UInt64)
    -> InsertOutcome
  {
    guard let slot = slot(ofKeyOf: old, hash: hash), chain(slots[slot], holds: old) else {
      return .refused(.invalidated)
    }
    return insert(new, hash: hash, epoch: epoch(of: hash), superseding: [old])
  }

  private func chain(_ first: UInt32, holds response: StoredResponse) -> Bool {
    var node = first
    while node != Self.none {
      if nodes[Int(node)].response === response { return true }
      node = nodes[Int(node)].nextVariant
    }
    return false
  }

  private mutating func removeSuperseded(
    by response: StoredResponse, hash: UInt64, superseding: [StoredResponse]
  ) -> [StoredResponse] {
    guard let slot = slot(ofKeyOf: response, hash: hash) else { return [] }
    var removable: [UInt32] = []
    var kept = 0
    var node = slots[slot]
    while node != Self.none {
      if let other = nodes[Int(node)].response {
        let isSuperseded =
          other.hasVaryEntries(of: response) || superseding.contains { $0 === other }
        // The oldest of a full chain makes room.
        if isSuperseded || kept >= variantLimit - 1 {
          removable.append(node)
        } else {
          kept += 1
        }
      }
      node = nodes[Int(node)].nextVariant
    }
    return removable.compactMap { remove($0) }
  }

  private mutating func link(_ response: StoredResponse, hash: UInt64) {
    if (keyCount + 1) * 2 > slots.count { growTable() }
    let node = takeNode(Node(hash: hash, response: response, older: newest))
    if newest != Self.none { nodes[Int(newest)].newer = node }
    newest = node
    if oldest == Self.none { oldest = node }
    if let slot = slot(ofKeyOf: response, hash: hash) {
      nodes[Int(node)].nextVariant = slots[slot]
      slots[slot] = node
    } else {
      place(node)
      keyCount += 1
    }
    counters.bytes += response.cost
    counters.objects += 1
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

  private mutating func place(_ node: UInt32) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: nodes[Int(node)].hash) & mask
    while slots[slot] != Self.none { slot = (slot + 1) & mask }
    slots[slot] = node
  }

  private mutating func growTable() {
    let heads = slots.filter { $0 != Self.none }
    slots = Array(repeating: Shard.none, count: slots.count * 2)
    for node in heads { place(node) }
  }

  // MARK: Removing

  /// Removes every response of a key.
  mutating func removeKey(_ key: Span<UInt8>, hash: UInt64) -> [StoredResponse] {
    epochs[Self.epochIndex(hash)] &+= 1
    var removed: [StoredResponse] = []
    while let slot = slot(of: key, hash: hash), let response = remove(slots[slot]) {
      removed.append(response)
    }
    counters.removals &+= UInt64(removed.count)
    return removed
  }

  /// Removes every response for which the condition holds.
  mutating func removeAll(where condition: (StoredResponse) -> Bool) -> [StoredResponse] {
    for index in epochs.indices { epochs[index] &+= 1 }
    var removed: [StoredResponse] = []
    for index in nodes.indices {
      guard let response = nodes[index].response, condition(response) else { continue }
      if let gone = remove(UInt32(truncatingIfNeeded: index)) { removed.append(gone) }
    }
    counters.removals &+= UInt64(removed.count)
    return removed
  }

  /// Removes one response if it is still there.
  mutating func removeOne(_ response: StoredResponse, hash: UInt64) -> StoredResponse? {
    guard let slot = slot(ofKeyOf: response, hash: hash) else { return nil }
    var node = slots[slot]
    while node != Self.none, nodes[Int(node)].response !== response {
      node = nodes[Int(node)].nextVariant
    }
    guard node != Self.none else { return nil }
    counters.removals &+= 1
    return remove(node)
  }

  private mutating func evictOne() -> StoredResponse? {
    var node = hand == Self.none ? oldest : hand
    guard node != Self.none else { return nil }
    var steps = 0
    while nodes[Int(node)].isUsed, steps < Self.handStepLimit {
      nodes[Int(node)].isUsed = false
      let newer = nodes[Int(node)].newer
      node = newer == Self.none ? oldest : newer
      steps += 1
    }
    hand = node
    counters.evictions &+= 1
    return remove(node)
  }

  private mutating func remove(_ node: UInt32) -> StoredResponse? {
    guard let response = nodes[Int(node)].response else { return nil }
    if hand == node { hand = nodes[Int(node)].newer }
    unlinkFromQueue(node)
    unlinkFromChain(node)
    counters.bytes -= response.cost
    counters.objects -= 1
    nodes[Int(node)] = Node(hash: 0, response: nil, nextVariant: freeNode)
    freeNode = node
    return response
  }

  private mutating func unlinkFromQueue(_ node: UInt32) {
    let newer = nodes[Int(node)].newer
    let older = nodes[Int(node)].older
    if newer == Self.none { newest = older } else { nodes[Int(newer)].older = older }
    if older == Self.none { oldest = newer } else { nodes[Int(older)].newer = newer }
  }

  private mutating func unlinkFromChain(_ node: UInt32) {
    let next = nodes[Int(node)].nextVariant
    if let slot = slot(of: node) {
      if next == Self.none { vacate(slot) } else { slots[slot] = next }
      return
    }
    guard var previous = chainHead(of: node) else { return }
    while nodes[Int(previous)].nextVariant != node {
      previous = nodes[Int(previous)].nextVariant
    }
    nodes[Int(previous)].nextVariant = next
  }

  /// The first node of the chain that a later variant belongs to.
  private func chainHead(of node: UInt32) -> UInt32? {
    guard let response = nodes[Int(node)].response else { return nil }
    return slot(ofKeyOf: response, hash: nodes[Int(node)].hash).map { slots[$0] }
  }

  /// Empties a slot and moves back what had been displaced over it, so that no probe ends early.
  private mutating func vacate(_ slot: Int) {
    let mask = slots.count - 1
    keyCount -= 1
    var hole = slot
    var probe = (slot + 1) & mask
    while slots[probe] != Self.none {
      let home = Int(truncatingIfNeeded: nodes[Int(slots[probe])].hash) & mask
      if (probe &- home) & mask >= (probe &- hole) & mask {
        slots[hole] = slots[probe]
        hole = probe
      }
      probe = (probe + 1) & mask
    }
    slots[hole] = Self.none
  }
}

/// What became of a response given to a shard.
enum InsertOutcome: Sendable {
  case inserted(removed: [StoredResponse])
  case refused(CacheReason)
}

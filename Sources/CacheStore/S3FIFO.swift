/// S3-FIFO (Yang et al., SOSP 2023): three queues, and a hit moves nothing.
///
///                      asked for again
///     newcomer ─▶ small ──────────────▶ main ─┐ asked for since: round again
///                 1/10    │              ▲  └──┘
///                 of the  │ once only    │     │ not asked for
///                 budget  ▼              │     ▼
///                       ghost ───────────┘    gone
///                       remembered, not held: back soon means main
///
/// What is asked for once leaves by the small queue, without touching the main one. A hit adds one
/// to a count of two bits.
package struct S3FIFO: EvictionPolicy {
  /// The part of the budget that newcomers have: one in so many.
  private static let smallShare = 10
  /// How many things a search for a victim passes before it takes one anyway.
  private static let stepLimit = 128
  private static let mainMark: UInt32 = 4
  private static let useMask: UInt32 = 3

  private let smallBudget: Int
  private var links: [LinkQueue.Link] = []
  private var small = LinkQueue()
  private var main = LinkQueue()
  private var ghosts = GhostTable()

  package init(budget: Int) { smallBudget = max(budget / Self.smallShare, 1) }

  package mutating func insert(_ node: UInt32, hash: UInt64, cost: Int) {
    var link = LinkQueue.Link(cost: cost)
    let isBack = ghosts.take(hash)
    if isBack { link.mark = Self.mainMark }
    links.put(link, at: node)
    if isBack { main.pushNewest(node, in: &links) } else { small.pushNewest(node, in: &links) }
  }

  package mutating func touch(_ node: UInt32) {
    let mark = links[Int(node)].mark
    if mark & Self.useMask < Self.useMask { links[Int(node)].mark = mark + 1 }
  }

  package mutating func victim() -> UInt32? {
    for _ in 0..<Self.stepLimit {
      let isFromSmall = small.bytes > smallBudget || main.count == 0
      guard let victim = isFromSmall ? stepSmall() : stepMain() else { continue }
      return victim == LinkQueue.none ? nil : victim
    }
    return main.oldest != LinkQueue.none ? main.oldest : nilIfNone(small.oldest)
  }

  private func nilIfNone(_ node: UInt32) -> UInt32? { node == LinkQueue.none ? nil : node }

  /// One step through the small queue: a victim, `none` when there is nothing, nil to go on.
  private mutating func stepSmall() -> UInt32? {
    let node = small.oldest
    guard node != LinkQueue.none else { return LinkQueue.none }
    if links[Int(node)].mark & Self.useMask > 0 {
      small.remove(node, in: &links)
      links[Int(node)].mark = Self.mainMark
      main.pushNewest(node, in: &links)
      return nil
    }
    return node
  }

  /// One step through the main queue: a victim, or nil to go on.
  private mutating func stepMain() -> UInt32? {
    let node = main.oldest
    let mark = links[Int(node)].mark
    guard mark & Self.useMask > 0 else { return node }
    main.remove(node, in: &links)
    links[Int(node)].mark = mark - 1
    main.pushNewest(node, in: &links)
    return nil
  }

  package mutating func evict(_ node: UInt32, hash: UInt64) {
    if links[Int(node)].mark & Self.mainMark == 0 {
      ghosts.remember(hash, among: main.count + small.count)
    }
    remove(node)
  }

  package mutating func remove(_ node: UInt32) {
    if links[Int(node)].mark & Self.mainMark != 0 {
      main.remove(node, in: &links)
    } else {
      small.remove(node, in: &links)
    }
  }
}

/// Remembers what left the small queue a while ago, by fingerprints of 16 bits in groups of eight.
///
/// A group holds its last eight: the oldest is overwritten. It is about as long as the main queue,
/// as the paper wants it. Two bytes a thing; one in eight thousand that was never there is taken
/// for one that was, and gets into the main queue too early.
struct GhostTable: Sendable {
  private static let groupSize = 8

  private var prints: [UInt16] = []
  /// Which place of its group is overwritten next.
  private var next: [UInt8] = []

  /// Whether the thing was remembered; it is forgotten now.
  mutating func take(_ hash: UInt64) -> Bool {
    guard let base = base(of: hash) else { return false }
    let print = Self.print(of: hash)
    for place in base..<base + Self.groupSize where prints[place] == print {
      prints[place] = 0
      return true
    }
    return false
  }

  /// Remembers a thing; `count` is how many things there are now.
  mutating func remember(_ hash: UInt64, among count: Int) {
    if count > prints.count { grow(to: count) }
    guard let base = base(of: hash) else { return }
    let group = base / Self.groupSize
    prints[base + Int(next[group]) % Self.groupSize] = Self.print(of: hash)
    next[group] = (next[group] + 1) % UInt8(Self.groupSize)
  }

  /// Begins anew with more room: forgetting costs a few fetches, once.
  private mutating func grow(to count: Int) {
    var size = max(prints.count, 64)
    while size < count { size *= 2 }
    prints = Array(repeating: 0, count: size)
    next = Array(repeating: 0, count: size / Self.groupSize)
  }

  private func base(of hash: UInt64) -> Int? {
    guard !prints.isEmpty else { return nil }
    let groups = prints.count / Self.groupSize
    return Int(truncatingIfNeeded: hash) & (groups - 1) * Self.groupSize
  }

  /// Never 0, which is an empty place. From bits that do not choose the group.
  private static func print(of hash: UInt64) -> UInt16 {
    UInt16(truncatingIfNeeded: hash >> 44) | 1
  }
}

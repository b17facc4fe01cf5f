/// An order in which stored things go when there is no room: what a shard and the simulator of
/// `Benchmarks/eviction` ask.
///
/// Things are numbers, small ones that are used again. The policy keeps the order and never the
/// budget: whoever owns it takes victims until a newcomer has room.
package protocol EvictionPolicy: Sendable {
  /// - `budget` is how many bytes all things together may cost.
  init(budget: Int)

  /// A thing came, with the hash of its name and what it costs, in bytes.
  mutating func insert(_ node: UInt32, hash: UInt64, cost: Int)

  /// A thing was used.
  mutating func touch(_ node: UInt32)

  /// The thing that goes next, or nil when there is none. The caller evicts it.
  mutating func victim() -> UInt32?

  /// A thing went because there was no room; the hash is that of `insert`.
  mutating func evict(_ node: UInt32, hash: UInt64)

  /// A thing went for another reason.
  mutating func remove(_ node: UInt32)
}

/// One queue through an array of links: newest first.
struct LinkQueue: Sendable {
  static let none = UInt32.max

  /// What the queue knows of one thing.
  struct Link: Sendable {
    var newer = LinkQueue.none
    var older = LinkQueue.none
    /// Cost in units of eight bytes, rounded up, and three bits that are the policy's.
    private var packed: UInt32 = 0

    init(cost: Int) { packed = UInt32(clamping: min((cost + 7) / 8, Self.mostCost)) << 3 }

    private static let mostCost = Int(UInt32.max >> 3)
    /// Bytes, to within eight.
    var cost: Int { Int(packed >> 3) * 8 }
    /// Three bits.
    var mark: UInt32 {
      get { packed & 7 }
      set { packed = packed & ~7 | newValue & 7 }
    }
  }

  private(set) var newest = LinkQueue.none
  private(set) var oldest = LinkQueue.none
  private(set) var bytes = 0
  private(set) var count = 0

  mutating func pushNewest(_ node: UInt32, in links: inout [Link]) {
    links[Int(node)].older = newest
    links[Int(node)].newer = Self.none
    if newest != Self.none { links[Int(newest)].newer = node }
    newest = node
    if oldest == Self.none { oldest = node }
    bytes += links[Int(node)].cost
    count += 1
  }

  mutating func remove(_ node: UInt32, in links: inout [Link]) {
    let newer = links[Int(node)].newer
    let older = links[Int(node)].older
    if newer == Self.none { newest = older } else { links[Int(newer)].older = older }
    if older == Self.none { oldest = newer } else { links[Int(older)].newer = newer }
    bytes -= links[Int(node)].cost
    count -= 1
  }
}

extension [LinkQueue.Link] {
  /// Puts a link in the place of its number, which is one in use before or the next one.
  mutating func put(_ link: LinkQueue.Link, at node: UInt32) {
    if Int(node) == count { append(link) } else { self[Int(node)] = link }
  }
}

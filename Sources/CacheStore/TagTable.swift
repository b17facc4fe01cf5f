/// An open-addressed table from 32-bit tags to node numbers: linear probing, at most three quarters
/// full.
///
///     slot   tag │ node        all ones: empty
///            32    32
///
/// A tag is a piece of a keyed hash: equal tags are a hint, and whoever asks compares what the node
/// is about. The tag stands in the slot so that a probe touches nothing else, and growing needs no
/// node.
struct TagTable: Sendable {
  private static let empty = UInt64.max

  private var slots: [UInt64]
  private(set) var count = 0

  init() { slots = Array(repeating: Self.empty, count: 16) }

  /// The slot with this tag whose node the condition accepts.
  @inline(__always)
  func slot(of tag: UInt32, where accepts: (UInt32) -> Bool) -> Int? {
    let mask = slots.count - 1
    var slot = Int(tag) & mask
    while slots[slot] != Self.empty {
      let entry = slots[slot]
      if UInt32(truncatingIfNeeded: entry >> 32) == tag,
        accepts(UInt32(truncatingIfNeeded: entry))
      {
        return slot
      }
      slot = (slot + 1) & mask
    }
    return nil
  }

  func node(at slot: Int) -> UInt32 { UInt32(truncatingIfNeeded: slots[slot]) }

  mutating func setNode(_ node: UInt32, at slot: Int) {
    slots[slot] = slots[slot] & ~0xFFFF_FFFF | UInt64(node)
  }

  /// Adds an entry; the caller has seen that there is none for what the node is about.
  mutating func insert(_ tag: UInt32, _ node: UInt32) {
    if (count + 1) * 4 > slots.count * 3 { grow() }
    place(UInt64(tag) << 32 | UInt64(node))
    count += 1
  }

  private mutating func place(_ entry: UInt64) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: entry >> 32) & mask
    while slots[slot] != Self.empty { slot = (slot + 1) & mask }
    slots[slot] = entry
  }

  private mutating func grow() {
    let entries = slots
    slots = Array(repeating: Self.empty, count: entries.count * 2)
    for entry in entries where entry != Self.empty { place(entry) }
  }

  /// Empties a slot and moves back what had been displaced over it, so that no probe ends early.
  mutating func remove(at slot: Int) {
    let mask = slots.count - 1
    count -= 1
    var hole = slot
    var probe = (slot + 1) & mask
    while slots[probe] != Self.empty {
      let home = Int(truncatingIfNeeded: slots[probe] >> 32) & mask
      if (probe &- home) & mask >= (probe &- hole) & mask {
        slots[hole] = slots[probe]
        hole = probe
      }
      probe = (probe + 1) & mask
    }
    slots[hole] = Self.empty
  }
}

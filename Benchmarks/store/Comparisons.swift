internal import CacheStore

// The policies that ours are compared with. They are here and not in the store: nothing else uses
// them.

/// A doubly linked list through arrays, with the cost of what is in it.
struct CostList {
  static let none = UInt32.max

  private(set) var newest = CostList.none
  private(set) var oldest = CostList.none
  private(set) var bytes = 0

  mutating func push(_ node: UInt32, in entries: inout [Entry]) {
    entries[Int(node)].older = newest
    entries[Int(node)].newer = Self.none
    if newest != Self.none { entries[Int(newest)].newer = node }
    newest = node
    if oldest == Self.none { oldest = node }
    bytes += entries[Int(node)].cost
  }

  mutating func remove(_ node: UInt32, in entries: inout [Entry]) {
    let entry = entries[Int(node)]
    if entry.newer == Self.none {
      newest = entry.older
    } else {
      entries[Int(entry.newer)].older = entry.older
    }
    if entry.older == Self.none {
      oldest = entry.newer
    } else {
      entries[Int(entry.older)].newer = entry.newer
    }
    bytes -= entry.cost
  }

  struct Entry {
    var newer = CostList.none
    var older = CostList.none
    var cost = 0
    var hash: UInt64 = 0
    var place = 0
  }
}

extension [CostList.Entry] {
  mutating func put(_ entry: CostList.Entry, at node: UInt32) {
    if Int(node) == count { append(entry) } else { self[Int(node)] = entry }
  }
}

/// Least recently used goes first.
struct LRU: EvictionPolicy {
  private var entries: [CostList.Entry] = []
  private var list = CostList()

  init(budget: Int) {}

  mutating func insert(_ node: UInt32, hash: UInt64, cost: Int) {
    entries.put(CostList.Entry(cost: cost), at: node)
    list.push(node, in: &entries)
  }

  mutating func touch(_ node: UInt32) {
    list.remove(node, in: &entries)
    list.push(node, in: &entries)
  }

  mutating func victim() -> UInt32? { list.oldest == CostList.none ? nil : list.oldest }
  mutating func evict(_ node: UInt32, hash: UInt64) { remove(node) }
  mutating func remove(_ node: UInt32) { list.remove(node, in: &entries) }
}

/// W-TinyLFU (Einziger, Friedman and Manes, ACM ToS 2017): a small LRU window, then a segmented LRU
/// that lets in only what a sketch says is asked for more often than what would go.
struct WTinyLFU: EvictionPolicy {
  private enum Place {
    static let window = 0
    static let probation = 1
    static let protected = 2
  }

  private let windowBudget: Int
  private let protectedBudget: Int
  private var entries: [CostList.Entry] = []
  private var lists = [CostList(), CostList(), CostList()]
  private var sketch = FrequencySketch()
  private var candidate = CostList.none
  private var count = 0

  init(budget: Int) {
    windowBudget = max(budget / 100, 1)
    protectedBudget = (budget - budget / 100) / 10 * 8
  }

  mutating func insert(_ node: UInt32, hash: UInt64, cost: Int) {
    count += 1
    sketch.makeRoom(for: count)
    sketch.count(hash)
    entries.put(CostList.Entry(cost: cost, hash: hash), at: node)
    lists[Place.window].push(node, in: &entries)
  }

  mutating func touch(_ node: UInt32) {
    sketch.count(entries[Int(node)].hash)
    let place = entries[Int(node)].place
    move(node, to: place == Place.window ? Place.window : Place.protected)
    while lists[Place.protected].bytes > protectedBudget {
      let oldest = lists[Place.protected].oldest
      guard oldest != CostList.none, oldest != node else { break }
      move(oldest, to: Place.probation)
    }
  }

  private mutating func move(_ node: UInt32, to place: Int) {
    lists[entries[Int(node)].place].remove(node, in: &entries)
    entries[Int(node)].place = place
    lists[place].push(node, in: &entries)
    if node == candidate { candidate = CostList.none }
  }

  mutating func victim() -> UInt32? {
    while lists[Place.window].bytes > windowBudget {
      let oldest = lists[Place.window].oldest
      guard oldest != CostList.none else { break }
      move(oldest, to: Place.probation)
      candidate = oldest
    }
    for place in [Place.probation, Place.protected, Place.window] {
      let oldest = lists[place].oldest
      guard oldest != CostList.none else { continue }
      guard place == Place.probation, candidate != CostList.none, candidate != oldest else {
        return oldest
      }
      let isWanted =
        sketch.frequency(entries[Int(candidate)].hash)
        > sketch.frequency(entries[Int(oldest)].hash)
      return isWanted ? oldest : candidate
    }
    return nil
  }

  mutating func evict(_ node: UInt32, hash: UInt64) { remove(node) }

  mutating func remove(_ node: UInt32) {
    count -= 1
    if node == candidate { candidate = CostList.none }
    lists[entries[Int(node)].place].remove(node, in: &entries)
  }
}

/// Counts how often hashes come, roughly: four rows of counters up to 15, halved now and then.
private struct FrequencySketch {
  private var rows: [UInt8] = []
  private var width = 0
  private var additions = 0

  mutating func makeRoom(for count: Int) {
    guard count > width else { return }
    width = max(64, width)
    while width < count { width *= 2 }
    rows = Array(repeating: 0, count: width * 4)
    additions = 0
  }

  mutating func count(_ hash: UInt64) {
    for row in 0..<4 {
      let index = index(hash, row)
      if rows[index] < 15 { rows[index] += 1 }
    }
    additions += 1
    if additions >= width * 10 {
      for index in rows.indices { rows[index] /= 2 }
      additions /= 2
    }
  }

  func frequency(_ hash: UInt64) -> UInt8 {
    var least: UInt8 = 15
    for row in 0..<4 { least = min(least, rows[index(hash, row)]) }
    return least
  }

  private func index(_ hash: UInt64, _ row: Int) -> Int {
    let mixed = (hash &+ UInt64(row) &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
    return row * width + Int(truncatingIfNeeded: mixed >> 32) & (width - 1)
  }
}

internal import Synchronization

/// Remembers the newest `No-Vary-Search` rule of each path that had one: bounded, and free of cost
/// while there is none.
///
/// A rule that is forgotten costs hits and never gives a wrong answer; paths are compared whole,
/// since another path's rule would.
final class SearchRules: Sendable {
  /// How many paths have a rule remembered.
  static let limit = 4096

  private struct Entry: Sendable {
    let path: [UInt8]
    let rule: [UInt8]
  }

  private let seed: HashSeed
  private let hasAny = Atomic<Bool>(false)
  private let entries = Mutex<[UInt64: Entry]>([:])

  init(seed: HashSeed) { self.seed = seed }

  /// Whether a rule was ever remembered. No lock.
  var areUsed: Bool { hasAny.load(ordering: .relaxed) }

  func rule(of path: Span<UInt8>) -> [UInt8]? {
    guard hasAny.load(ordering: .relaxed) else { return nil }
    let hash = KeyHash.hash(path, seed: seed)
    return entries.withLock { entries in
      guard let entry = entries[hash], entry.path.span.holdsSameBytes(as: path) else {
        return nil
      }
      return entry.rule
    }
  }

  func remember(_ rule: [UInt8], of path: [UInt8]) {
    let hash = KeyHash.hash(path.span, seed: seed)
    entries.withLock { entries in
      if entries[hash] == nil, entries.count >= Self.limit, let some = entries.first?.key {
        entries[some] = nil
      }
      entries[hash] = Entry(path: path, rule: rule)
    }
    hasAny.store(true, ordering: .relaxed)
  }

  func forget(_ path: Span<UInt8>) {
    guard hasAny.load(ordering: .relaxed) else { return }
    let hash = KeyHash.hash(path, seed: seed)
    let removed = entries.withLock { entries -> Entry? in
      guard let entry = entries[hash], entry.path.span.holdsSameBytes(as: path) else {
        return nil
      }
      return entries.removeValue(forKey: hash)
    }
    _ = removed
  }
}

internal import Synchronization

/// The newest `No-Vary-Search` rule of a path, and since when it is the newest.
package struct SearchRule: Sendable, Equatable {
  /// `NoVarySearch.encoded`.
  package let encoded: [UInt8]
  /// Another number each time a rule becomes the newest of its path; never used again.
  package let generation: UInt64
}

/// Remembers the newest `No-Vary-Search` rule of each path that had one: bounded, and free of cost
/// while there is none. Besides, which paths were changed of late.
///
///     entries   path ─▶ rule, generation          what a lookup asks
///     changes   the last 1024 paths, as hashes    what a response is held against that has a rule
///                                                 nobody knew when it was asked for
///
/// A rule that is forgotten, or followed by another one, never comes back: the same rule gets
/// another generation, so that nothing is found which a change in between could not reach. That
/// costs hits and never gives a wrong answer; paths are compared whole, since another path's rule
/// would.
final class SearchRules: Sendable {
  /// How many paths have a rule remembered.
  static let limit = 4096
  /// How many changes are told apart.
  static let changeLimit = 1024

  private struct Entry: Sendable {
    let path: [UInt8]
    let rule: SearchRule
  }

  private struct Entries: Sendable {
    var byHash: [UInt64: Entry] = [:]
    var generations: UInt64 = 0
  }

  private let seed: HashSeed
  private let hasAny = Atomic<Bool>(false)
  private let entries = Mutex(Entries())
  private let changes = Mutex([UInt64](repeating: 0, count: changeLimit))
  private let changeTotal = Atomic<UInt64>(0)

  init(seed: HashSeed) { self.seed = seed }

  /// Whether a rule was ever remembered. No lock.
  var areUsed: Bool { hasAny.load(ordering: .relaxed) }

  func rule(of path: Span<UInt8>) -> SearchRule? {
    guard hasAny.load(ordering: .relaxed) else { return nil }
    let hash = KeyHash.hash(path, seed: seed)
    return entries.withLock { entries in
      guard let entry = entries.byHash[hash], entry.path.span.holdsSameBytes(as: path) else {
        return nil
      }
      return entry.rule
    }
  }

  /// Makes a rule the newest of a path; as it was where it is that already.
  func remember(_ encoded: [UInt8], of path: [UInt8]) -> SearchRule {
    let hash = KeyHash.hash(path.span, seed: seed)
    let rule = entries.withLock { entries in
      if let entry = entries.byHash[hash], entry.path == path, entry.rule.encoded == encoded {
        return entry.rule
      }
      if entries.byHash[hash] == nil, entries.byHash.count >= Self.limit,
        let some = entries.byHash.first?.key
      {
        entries.byHash[some] = nil
      }
      entries.generations &+= 1
      let rule = SearchRule(encoded: encoded, generation: entries.generations)
      entries.byHash[hash] = Entry(path: path, rule: rule)
      return rule
    }
    hasAny.store(true, ordering: .relaxed)
    return rule
  }

  // MARK: Changes

  /// How many changes there were by now. No lock.
  var changeCount: UInt64 { changeTotal.load(ordering: .acquiring) }

  /// Notes that something under a path was changed, whatever its query.
  func noteChange(of path: Span<UInt8>) {
    let hash = KeyHash.hash(path, seed: seed)
    changes.withLock { changes in
      let total = changeTotal.load(ordering: .relaxed)
      changes[Int(total % UInt64(Self.changeLimit))] = hash
      changeTotal.store(total &+ 1, ordering: .releasing)
    }
  }

  /// Whether something under the path was, or may have been, changed since there were so many
  /// changes.
  func hasChange(of path: Span<UInt8>, since count: UInt64) -> Bool {
    guard changeCount != count else { return false }
    let hash = KeyHash.hash(path, seed: seed)
    return changes.withLock { changes in
      let total = changeTotal.load(ordering: .relaxed)
      guard total &- count <= UInt64(Self.changeLimit) else { return true }
      var place = count
      while place != total {
        if changes[Int(place % UInt64(Self.changeLimit))] == hash { return true }
        place &+= 1
      }
      return false
    }
  }
}

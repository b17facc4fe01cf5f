package import CachePolicy
package import HTTPModel
package import Primitives
internal import Synchronization

/// What a lookup found.
package enum LookupResult: Sendable {
  case found(StoredResponse)
  /// `.nothingStored` or `.noMatchingVariant`.
  case miss(CacheReason)
}

/// A moment in the life of a store, as it counts what was invalidated and purged around a key.
package struct StoreMoment: Sendable, Equatable {
  let epoch: UInt32
  let purges: UInt32
  /// How many invalidations of any target of the shard there were by then.
  let invalidations: UInt64

  /// Whether nothing of concern happened between two moments, as far as the counts tell.
  package static func == (left: StoreMoment, right: StoreMoment) -> Bool {
    left.epoch == right.epoch && left.purges == right.purges
  }
}

/// What happened in a store since it was made, and what it holds.
package struct CacheStoreCounters: Sendable, Equatable {
  /// Lookups that found a response, fresh or not.
  package var hits: UInt64 = 0
  package var misses: UInt64 = 0
  package var stores: UInt64 = 0
  package var evictions: UInt64 = 0
  /// Responses purged or invalidated.
  package var removals: UInt64 = 0
  /// Responses that went because their key had too many variants.
  package var variantsDisplaced: UInt64 = 0
  /// Bytes held, counted as the budget counts.
  package var bytes = 0
  package var objects = 0

  package init() {}

  static func += (total: inout CacheStoreCounters, part: CacheStoreCounters) {
    total.hits &+= part.hits
    total.misses &+= part.misses
    total.stores &+= part.stores
    total.evictions &+= part.evictions
    total.removals &+= part.removals
    total.variantsDisplaced &+= part.variantsDisplaced
    total.bytes += part.bytes
    total.objects += part.objects
  }
}

/// The memory store, shared by all loops: cut into shards by the hash of the key, each with a lock
/// that is held for one lookup or one change.
///
/// Holds only what `storageDecision` made storable; every entrance asks for the proof. Responses
/// that are let go of are released after the lock.
package final class CacheStore: Sendable {
  package let limits: CacheStoreLimits
  private let seed: HashSeed
  private let shards: [LockedShard]
  private let shardMask: UInt64
  private let pendingBytes = Atomic<Int>(0)
  private let searchRules: SearchRules
  /// The place behind this one, if there is any; set once.
  private let behind = AtomicLazyReference<TierHolder>()
  private var tier: (any StoreTier)? { behind.load()?.tier }

  private final class TierHolder: Sendable {
    let tier: any StoreTier
    init(_ tier: any StoreTier) { self.tier = tier }
  }

  private final class LockedShard: Sendable {
    let state: Mutex<Shard>
    init(_ shard: consuming Shard) { state = Mutex(shard) }
  }

  package init(
    limits: CacheStoreLimits = CacheStoreLimits(), seed: HashSeed = .random(),
    tier: (any StoreTier)? = nil
  ) {
    self.limits = limits
    self.seed = seed
    searchRules = SearchRules(seed: seed)
    let count = limits.effectiveShardCount
    shardMask = UInt64(count - 1)
    shards = (0..<count).map { _ in
      LockedShard(
        Shard(budget: limits.budget / count, variantLimit: limits.variantLimit, seed: seed))
    }
    if let tier { attach(tier) }
  }

  /// Puts a place behind this store: before anything is stored, looked up or purged, and once; a
  /// second one is not taken.
  package func attach(_ tier: any StoreTier) { _ = behind.storeIfNil(TierHolder(tier)) }

  // Tables use the low bits of the hashes and the epochs the highest, shards those between.
  private func shard(of hashes: KeyHashes) -> LockedShard {
    shards[Int(truncatingIfNeeded: hashes.target >> 40 & shardMask)]
  }

  private func hashes(_ key: Span<UInt8>) -> KeyHashes { KeyHash.hashes(ofKey: key, seed: seed) }

  // MARK: Finding

  /// The stored response that the request selects, if any. Allocates nothing.
  package func lookup(_ permit: LookupPermit, key: Span<UInt8>, request: RequestHead)
    -> LookupResult
  {
    let hashes = hashes(key)
    return shard(of: hashes).state.withLock { $0.find(key, hashes: hashes, request: request) }
  }

  /// Every stored response of a key, the one stored last first: for freshening several by one 304,
  /// and for choosing among variants.
  package func variants(_ permit: LookupPermit, key: Span<UInt8>) -> [StoredResponse] {
    let hashes = hashes(key)
    return shard(of: hashes).state.withLock { $0.variants(key, hashes: hashes) }
  }

  /// The newest `No-Vary-Search` rule that was remembered for a path (`CacheKey.writePathKey`). Nil
  /// at once while none is.
  package func searchRule(of path: Span<UInt8>) -> SearchRule? { searchRules.rule(of: path) }

  /// Whether the rule of any path is remembered.
  package var hasSearchRules: Bool { searchRules.areUsed }

  /// Remembers a path's rule: when a response that has one is stored. A response without one says
  /// nothing about those that have.
  package func rememberSearchRule(_ encoded: [UInt8], of path: [UInt8]) -> SearchRule {
    searchRules.remember(encoded, of: path)
  }

  /// How many changes of paths were noted by now: ask before a request goes to the origin, since
  /// its answer may turn out to be for many queries. One atomic load.
  package var pathChanges: UInt64 { searchRules.changeCount }

  /// Notes that something under a path was changed (`CacheKey.writePathKey`, without partition).
  /// Call before what is stored is invalidated.
  package func notePathChange(_ path: Span<UInt8>) { searchRules.noteChange(of: path) }

  /// Whether something under a path may have been changed since there were so many changes. Call
  /// after its rule was remembered and after the moment of its key was taken: then no change is
  /// missed between here and the one that the moment sees.
  package func hasPathChanged(_ path: Span<UInt8>, since count: UInt64) -> Bool {
    searchRules.hasChange(of: path, since: count)
  }

  /// The moment of now for a key: ask after a lookup that found nothing usable and before the
  /// request goes to the origin.
  package func moment(of key: Span<UInt8>) -> StoreMoment {
    let hashes = hashes(key)
    return shard(of: hashes).state.withLock { $0.moment(of: hashes) }
  }

  // MARK: Storing

  /// Begins to store a response. `length` is what its framing announced, nil when it announced
  /// none; `moment` is that before its request went out.
  ///
  /// Call when `storageDecision` said yes and before the first byte of content; what is stored for
  /// the same request now is replaced when the content is complete. What was invalidated or purged
  /// since the moment is not stored; without one, since now.
  package func open(
    _ storable: StorableResponse, key: [UInt8], request: RequestHead, length: Int64?,
    since moment: StoreMoment? = nil
  ) -> StoreOpening {
    if let length, length > Int64(limits.objectLimit) { return .refused(.objectTooLarge) }
    let hashes = hashes(key.span)
    let (now, superseded) = shard(of: hashes).state.withLock { shard in
      (shard.moment(of: hashes), shard.selected(key.span, hashes: hashes, request: request))
    }
    return .writer(
      StoreWriter(
        store: self,
        entry: StoreWriter.Entry(
          storable: storable, key: key, hashes: hashes, moment: moment ?? now,
          superseded: superseded),
        length: length.map(Int.init)))
  }

  /// Begins to store what completes a stored part (`combineDecision`): `length` is that of both
  /// together. All of it counts as under way from now on, so that it cannot turn out too much in
  /// the middle. Stored in place of the part, if that is still there then.
  package func open(_ storable: StorableResponse, completing part: StoredResponse, length: Int)
    -> StoreOpening
  {
    guard length <= limits.objectLimit else { return .refused(.objectTooLarge) }
    let bytes = part.bytes
    let key = Array(bytes[part.keyRange])
    let hashes = hashes(key.span)
    let moment = shard(of: hashes).state.withLock { $0.moment(of: hashes) }
    let writer = StoreWriter(
      store: self,
      entry: StoreWriter.Entry(
        storable: storable, key: key, hashes: hashes, moment: moment, superseded: [],
        completed: part),
      length: length)
    return writer.reserveAhead(length) ? .writer(writer) : .refused(.storeFull)
  }

  /// Stores a complete body; called by the writer.
  func commit(_ entry: StoreWriter.Entry, body: [UInt8]) -> InsertOutcome {
    let response = StoredResponse(key: entry.key.span, storable: entry.storable, body: body)
    makeRoom(for: response, in: shard(of: entry.hashes))
    return shard(of: entry.hashes).state.withLock { shard in
      let outcome =
        if let part = entry.completed {
          shard.replace(part, with: response)
        } else {
          shard.insert(
            response, hashes: entry.hashes, since: entry.moment, superseding: entry.superseded)
        }
      if let tier, case .inserted(let stored, _, _) = outcome, !stored.isPartial {
        tier.stored(stored)
      }
      return outcome
    }
  }

  /// Evicts what a large response takes the room of, a bounded number while the lock is held.
  private func makeRoom(for response: StoredResponse, in shard: LockedShard) {
    var hasRoom = false
    while !hasRoom {
      var removed: [StoredResponse] = []
      shard.state.withLock {
        hasRoom = $0.makeRoom(for: response.cost, limit: Self.stepLimit, removed: &removed)
      }
    }
  }

  // MARK: The place behind

  /// Whether what a lookup did not find may be in the place behind. No input or output.
  package func mayBeBehind(_ key: Span<UInt8>) -> Bool { tier?.mayHold(key) ?? false }

  /// Fetches what a request selects from the place behind into this one. `moment` is that of the
  /// lookup that missed: what was invalidated or purged since is not delivered, and neither is what
  /// something newer was stored for. `deliver` is called once, on another thread, and must only
  /// post.
  package func fetchFromBehind(
    _ permit: LookupPermit, key: [UInt8], request: RequestHead, since moment: StoreMoment,
    deliver: @escaping @Sendable (StoredResponse?) -> Void
  ) {
    guard let tier else { return deliver(nil) }
    tier.fetch(key: key, request: request) { [self] found in
      deliver(
        found.flatMap { take($0, from: tier, key: key, request: request, since: moment) })
    }
  }

  private func take(
    _ find: TierFind, from tier: any StoreTier, key: [UInt8], request: RequestHead,
    since moment: StoreMoment
  ) -> StoredResponse? {
    // The limits may have been wider when it was stored.
    guard find.response.body.count <= limits.objectLimit else { return nil }
    let hashes = hashes(key.span)
    makeRoom(for: find.response, in: shard(of: hashes))
    let (found, outcome) = shard(of: hashes).state.withLock {
      shard -> (StoredResponse?, InsertOutcome?) in
      // Whatever came from the origin meanwhile is newer.
      if case .found(let newer) = shard.find(key.span, hashes: hashes, request: request) {
        return (newer, nil)
      }
      guard tier.isCurrent(find, key: key.span) else { return (nil, nil) }
      let outcome = shard.insert(
        find.response, hashes: hashes, since: moment, superseding: [])
      guard case .inserted(let response, _, _) = outcome else { return (nil, outcome) }
      return (response, outcome)
    }
    // What was removed is let go of here, after the lock.
    _ = outcome
    return found
  }

  /// Replaces head and metadata after a 304 and keeps the content (RFC 9111 §4.3.4). Answer from
  /// what this returns. Nothing is stored when the response was removed in the meantime.
  package func freshen(_ stored: StoredResponse, with storable: StorableResponse)
    -> StoredResponse
  {
    let bytes = stored.bytes
    let key = bytes.span.extracting(stored.keyRange)
    let updated = StoredResponse(key: key, storable: storable, body: stored.body)
    let outcome = shard(of: hashes(key)).state.withLock { shard in
      let outcome = shard.replace(stored, with: updated)
      if let tier, !updated.isPartial {
        let isKept = if case .inserted = outcome { true } else { false }
        tier.freshened(stored, to: updated, isKept: isKept)
      }
      return outcome
    }
    // What was removed is let go of here, after the lock.
    _ = outcome
    return updated
  }

  /// A response built for one answer and not stored: for `FreshenDecision.answerOnly` and
  /// `.answerAndRemove`.
  package func detached(_ stored: StoredResponse, with storable: StorableResponse)
    -> StoredResponse
  {
    let bytes = stored.bytes
    return StoredResponse(
      key: bytes.span.extracting(stored.keyRange), storable: storable, body: stored.body)
  }

  // MARK: Removing

  /// The most responses that are removed, or looked at, while a lock is held.
  package static let stepLimit = 64

  /// Removes every response of a key's target (scheme, authority, path and query), whatever the
  /// partition, and keeps out those whose fetch began before: for `invalidTargets`. Returns how
  /// many were removed at once; beyond a limit the rest is out of reach now and removed by `sweep`.
  @discardableResult
  package func invalidate(_ key: [UInt8]) -> Int {
    let purge = Purge(.target(key: key), .hard, time: WallTime(milliseconds: 0))
    removeTarget(of: key, by: purge)
    return purge.tally.count.removed
  }

  private func removeTarget(of key: [UInt8], by purge: Purge) {
    let hashes = hashes(key.span)
    let removed = shard(of: hashes).state.withLock { shard in
      if purge.kind == .hard, purge.partition == nil {
        tier?.invalidated(key.span)
      } else {
        tier?.purgeBegins()
        tier?.purged(purge.selector, purge.kind, partition: purge.partition, now: purge.time)
      }
      return shard.removeTarget(of: key.span, hashes: hashes, by: purge, limit: Self.stepLimit)
    }
    _ = removed
  }

  /// Removes one response, if it is still stored: it is not to be used again. The place behind
  /// forgets it, too, and all of its target.
  package func remove(_ response: StoredResponse) {
    let bytes = response.bytes
    let key = bytes.span.extracting(response.keyRange)
    let removed = shard(of: hashes(key)).state.withLock { shard in
      tier?.invalidated(key)
      return shard.removeOne(response)
    }
    _ = removed
  }

  // MARK: Purging

  /// Purges and sweeps: returns when every response that the selector names is gone or stale.
  /// Looks at the whole store, unless it is about one target, in steps that hold a lock for some
  /// dozen microseconds each. With a place behind, the purge outlives the process by then. Not for
  /// loops.
  package func purge(
    _ selector: PurgeSelector, _ kind: PurgeKind, partition: UInt32? = nil, now: WallTime
  ) -> PurgeCount {
    let purge = note(selector, kind, partition: partition, now: now)
    sweep()
    tier?.settle()
    return purge.tally.count
  }

  /// Puts a purge in force and returns: no lookup finds from now on what it names, and what is
  /// fetched now is held against it. `sweep` frees the memory.
  package func beginPurge(
    _ selector: PurgeSelector, _ kind: PurgeKind, partition: UInt32? = nil, now: WallTime
  ) {
    _ = note(selector, kind, partition: partition, now: now)
  }

  private func note(
    _ selector: PurgeSelector, _ kind: PurgeKind, partition: UInt32?, now: WallTime
  ) -> Purge {
    let purge = Purge(selector, kind, partition: partition, time: now)
    if case .target(let key) = selector {
      removeTarget(of: key, by: purge)
    } else {
      // Nothing comes from behind meanwhile: it would be younger than the purge here, and not yet
      // held against it there.
      tier?.purgeBegins()
      for shard in shards { shard.state.withLock { $0.purges.note(purge) } }
      tier?.purged(selector, kind, partition: partition, now: now)
    }
    return purge
  }

  /// Brings the purges in force to every response they name, in steps with a bounded hold of each
  /// lock. Cheap when there are none. Not for loops.
  package func sweep() {
    for shard in shards {
      // What comes while this runs is the next sweep's, so that this one ends.
      let target = shard.state.withLock { $0.purges.last }
      var isDone = false
      while !isDone {
        let removed = shard.state.withLock { shard -> [StoredResponse] in
          isDone = shard.purges.isSwept(target)
          return isDone ? [] : shard.sweep(limit: Self.stepLimit)
        }
        _ = removed
      }
    }
  }

  /// Removes every response for which the condition holds: walks the whole store, a bounded number
  /// at a time. What is on its way comes in nevertheless: for counting and for tests. Returns how
  /// many were removed.
  @discardableResult
  func removeAll(where condition: (StoredResponse) -> Bool) -> Int {
    var count = 0
    for shard in shards {
      var start = 0
      while start < shard.state.withLock({ $0.nodes.count }) {
        let removed = shard.state.withLock {
          $0.removeAll(from: start, limit: Self.stepLimit, where: condition)
        }
        count += removed.count
        start += Self.stepLimit
      }
    }
    return count
  }

  // MARK: Watching

  /// The sum over all shards, each read at its own moment.
  package var counters: CacheStoreCounters {
    var total = CacheStoreCounters()
    for shard in shards { total += shard.state.withLock { $0.counters } }
    return total
  }

  // MARK: Content on its way in

  /// Takes room for content on its way; false when the limit is reached.
  func reservePending(_ count: Int) -> Bool {
    let (_, total) = pendingBytes.add(count, ordering: .relaxed)
    guard total > limits.pendingLimit else { return true }
    releasePending(count)
    return false
  }

  /// Bytes of content on their way into the store, or held for those who read it.
  package var pending: Int { pendingBytes.load(ordering: .relaxed) }

  func releasePending(_ count: Int) {
    pendingBytes.subtract(count, ordering: .relaxed)
  }
}

package import CachePolicy
package import HTTPModel
internal import Primitives
internal import Synchronization

/// What a lookup found.
package enum LookupResult: Sendable {
  case found(StoredResponse)
  /// `.nothingStored` or `.noMatchingVariant`.
  case miss(CacheReason)
}

/// A moment in the life of a store, as it counts what was invalidated and purged around a key.
package struct StoreMoment: Sendable, Hashable {
  let epoch: UInt32
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

  private final class LockedShard: Sendable {
    let state: Mutex<Shard>
    init(_ shard: consuming Shard) { state = Mutex(shard) }
  }

  package init(limits: CacheStoreLimits = CacheStoreLimits(), seed: HashSeed = .random()) {
    self.limits = limits
    self.seed = seed
    let count = limits.effectiveShardCount
    shardMask = UInt64(count - 1)
    shards = (0..<count).map { _ in
      LockedShard(Shard(budget: limits.budget / count, variantLimit: limits.variantLimit))
    }
  }

  // The table uses the low bits of the hash and the epochs the highest, shards those between.
  private func shard(of hash: UInt64) -> LockedShard {
    shards[Int(truncatingIfNeeded: hash >> 40 & shardMask)]
  }

  // MARK: Finding

  /// The stored response that the request selects, if any. Allocates nothing.
  package func lookup(_ permit: LookupPermit, key: Span<UInt8>, request: RequestHead)
    -> LookupResult
  {
    let hash = KeyHash.hash(key, seed: seed)
    return shard(of: hash).state.withLock { $0.find(key, hash: hash, request: request) }
  }

  /// The moment of now for a key: ask after a lookup that found nothing usable and before the
  /// request goes to the origin.
  package func moment(of key: Span<UInt8>) -> StoreMoment {
    let hash = KeyHash.hash(key, seed: seed)
    return shard(of: hash).state.withLock { StoreMoment(epoch: $0.epoch(of: hash)) }
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
    let hash = hash(key)
    let (epoch, superseded) = shard(of: hash).state.withLock { shard in
      (
        moment?.epoch ?? shard.epoch(of: hash),
        shard.selected(key.span, hash: hash, request: request)
      )
    }
    return .writer(
      StoreWriter(
        store: self,
        entry: StoreWriter.Entry(
          storable: storable, key: key, hash: hash, epoch: epoch, superseded: superseded),
        length: length.map(Int.init)))
  }

  /// Stores a complete body; called by the writer.
  func commit(_ entry: StoreWriter.Entry, body: [UInt8]) -> StoreOutcome {
    let response = StoredResponse(key: entry.key.span, storable: entry.storable, body: body)
    let outcome = shard(of: entry.hash).state.withLock {
      $0.insert(
        response, hash: entry.hash, epoch: entry.epoch, superseding: entry.superseded)
    }
    switch outcome {
    case .inserted: return .stored(response)
    case .refused(let reason): return .notStored(reason)
    }
  }

  /// Replaces head and metadata after a 304 and keeps the content (RFC 9111 §4.3.4). Answer from
  /// what this returns. Nothing is stored when the response was removed in the meantime.
  package func freshen(_ stored: StoredResponse, with storable: StorableResponse)
    -> StoredResponse
  {
    let bytes = stored.bytes
    let key = bytes.span.extracting(stored.keyRange)
    let updated = StoredResponse(key: key, storable: storable, body: stored.body)
    let hash = KeyHash.hash(key, seed: seed)
    let outcome = shard(of: hash).state.withLock {
      $0.replace(stored, with: updated, hash: hash)
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

  /// Removes every response of a key, and keeps out those whose fetch began before: for
  /// `invalidationKeys` and purges. Returns how many were removed.
  @discardableResult
  package func invalidate(_ key: [UInt8]) -> Int {
    let hash = hash(key)
    let removed = shard(of: hash).state.withLock { $0.removeKey(key.span, hash: hash) }
    return removed.count
  }

  /// Removes one response, if it is still stored.
  package func remove(_ response: StoredResponse) {
    let bytes = response.bytes
    let hash = KeyHash.hash(bytes.span.extracting(response.keyRange), seed: seed)
    let removed = shard(of: hash).state.withLock { $0.removeOne(response, hash: hash) }
    _ = removed
  }

  /// Removes every response for which the condition holds: walks the whole store, one shard after
  /// the other. Returns how many were removed.
  @discardableResult
  package func removeAll(where condition: (StoredResponse) -> Bool) -> Int {
    var count = 0
    for shard in shards {
      let removed = shard.state.withLock { $0.removeAll(where: condition) }
      count += removed.count
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

  private func hash(_ key: [UInt8]) -> UInt64 { KeyHash.hash(key.span, seed: seed) }

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

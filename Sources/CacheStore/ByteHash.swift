package import Primitives

/// The store's keyed hash for those who keep its responses elsewhere (`StoreTier`).
package enum ByteHash {
  package static func hash(_ bytes: Span<UInt8>, seed: HashSeed) -> UInt64 {
    KeyHash.hash(bytes, seed: seed)
  }

  /// Of two pieces in one go; where one ends and the other begins counts.
  package static func hash(_ first: Span<UInt8>, _ second: Span<UInt8>, seed: HashSeed) -> UInt64 {
    KeyHash.hash(first, second, seed: seed)
  }

  /// Of a cache key, and of its target alone: scheme, authority, path and query.
  package static func hashes(ofKey key: Span<UInt8>, seed: HashSeed) -> KeyHashes {
    KeyHash.hashes(ofKey: key, seed: seed)
  }
}

extension StoredResponse {
  /// What a purge leaves of this response: itself, a stale one, or nothing.
  package func after(
    _ selector: PurgeSelector, _ kind: PurgeKind, partition: UInt32?, now: WallTime
  ) -> StoredResponse? {
    guard Purge(selector, kind, partition: partition, time: now).names(self) else { return self }
    return kind == .hard ? nil : stale(at: now)
  }
}

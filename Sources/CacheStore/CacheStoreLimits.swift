/// How much a store may hold.
package struct CacheStoreLimits: Sendable, Equatable {
  /// Bytes of all stored responses together, what they cost beside head and body included.
  package var budget = 64 * 1024 * 1024
  /// The longest content that is stored, in bytes.
  package var objectLimit = 1024 * 1024
  /// Bytes of content on its way into the store, all exchanges together.
  package var pendingLimit = 16 * 1024 * 1024
  /// How many other exchanges may read one response while it arrives.
  package var readerLimit = 1024
  /// How far behind a reader may be of content that is not stored after all, in bytes: what a fetch
  /// holds in memory then.
  package var windowBytes = 256 * 1024
  /// How many responses one key may have, told apart by `Vary`.
  package var variantLimit = 16
  /// Into how many parts with a lock each the store is cut: a power of two. Nil chooses: as many as
  /// leave each part room for several of the longest objects.
  package var shardCount: Int?

  package init() {}

  /// The limits that follow from what an operator says: of the longest responses at least two may
  /// be on their way at a time, within the budget.
  package init(budget: Int, objectLimit: Int) {
    self.budget = budget
    self.objectLimit = objectLimit
    let (two, overflows) = objectLimit.multipliedReportingOverflow(by: 2)
    pendingLimit = max(pendingLimit, min(overflows ? budget : two, budget))
  }

  /// The number of shards in use.
  var effectiveShardCount: Int {
    if let shardCount { return Self.powerOfTwo(upTo: min(max(shardCount, 1), 1024)) }
    return Self.powerOfTwo(upTo: min(max(budget / max(objectLimit, 1) / 4, 1), 16))
  }

  private static func powerOfTwo(upTo limit: Int) -> Int {
    var count = 1
    while count * 2 <= limit { count *= 2 }
    return count
  }
}

package import HTTPModel
package import Primitives

/// A second, larger and slower place for stored responses, behind the memory store.
///
/// It hears of storing, invalidating and purging in the order in which they happen to a key, under
/// the lock of the key's shard: it notes them and returns, and does its work elsewhere. It never
/// sees anything but stored responses, and so no decision.
///
/// What it gives back may have been overtaken while it was read: `isCurrent`, asked under the lock
/// of the key's shard, says whether anything of the target was stored, invalidated or removed
/// since.
package protocol StoreTier: AnyObject, Sendable {
  /// A whole response was stored.
  func stored(_ response: StoredResponse)

  /// The origin confirmed a whole response: another head, the same content. `isKept` tells whether
  /// the memory store took it; where it did not, nothing new may come of it.
  func freshened(_ old: StoredResponse, to new: StoredResponse, isKept: Bool)

  /// Every response of the key's target was invalidated, or one of them is not to be used again.
  func invalidated(_ key: Span<UInt8>)

  /// A purge is about to be noted: nothing is given back until `purged` is called.
  func purgeBegins()

  /// A purge was noted.
  func purged(_ selector: PurgeSelector, _ kind: PurgeKind, partition: UInt32?, now: WallTime)

  /// Waits until what was invalidated and purged so far outlives the process, as far as the place
  /// can. Blocks: not for loops.
  func settle()

  /// Whether a key may be there. No input or output.
  func mayHold(_ key: Span<UInt8>) -> Bool

  /// Reads what a request selects under a key, on a thread of its own; `deliver` is called there,
  /// once, with nil where there is nothing, or nothing that can be trusted.
  func fetch(key: [UInt8], request: RequestHead, deliver: @escaping @Sendable (TierFind?) -> Void)

  /// Whether nothing happened to the target of a key since this was read.
  func isCurrent(_ find: TierFind, key: Span<UInt8>) -> Bool
}

/// What a tier read.
package struct TierFind: Sendable {
  package let response: StoredResponse
  /// When it was read, as the tier counts.
  package let mark: UInt64

  package init(_ response: StoredResponse, mark: UInt64) {
    self.response = response
    self.mark = mark
  }
}

package import HTTPModel
package import Primitives

/// A second, larger and slower place for stored responses, behind the memory store.
///
/// It hears of storing, invalidating and purging in the order in which they happen to a key, under
/// the lock of the key's shard: it notes them and returns, and does its work elsewhere. It never
/// sees anything but stored responses, and so no decision.
package protocol StoreTier: AnyObject, Sendable {
  /// A whole response was stored.
  func stored(_ response: StoredResponse)

  /// Every response of the key's target was invalidated.
  func invalidated(_ key: [UInt8])

  /// A purge was noted.
  func purged(_ selector: PurgeSelector, _ kind: PurgeKind, partition: UInt32?, now: WallTime)

  /// Whether a key may be there. No input or output.
  func mayHold(_ key: Span<UInt8>) -> Bool

  /// Reads what a request selects under a key, on a thread of its own; `deliver` is called there,
  /// once, with nil where there is nothing, or nothing that can be trusted.
  func fetch(
    key: [UInt8], request: RequestHead, deliver: @escaping @Sendable (StoredResponse?) -> Void)
}

/// What was invalidated in a shard of late: tells a fetch that began before a change of its target
/// from one that began before a change of something else.
///
///     epochs   1024 counts, one for the few highest bits of a target's hash: never forgets
///     latest   the last 1024 hashes, whole: tells two targets of one count apart
///
/// A response is refused where its count has moved, unless the whole hashes show that it moved for
/// others. So a busy store loses a response only if more than 1024 targets of its shard changed
/// while it was fetched, and then seldom; and one whose own target changed is never stored.
struct InvalidationBook: Sendable {
  private static let epochCount = 1024
  private static let latestCount = 1024

  private var epochs = [UInt32](repeating: 0, count: epochCount)
  private var latest = [UInt64](repeating: 0, count: latestCount)
  /// How many invalidations there were: the place of the next one, modulo the size of `latest`.
  private var total: UInt64 = 0

  /// Notes that a target was invalidated.
  mutating func note(_ target: UInt64) {
    epochs[Self.epochIndex(target)] &+= 1
    latest[Int(total % UInt64(Self.latestCount))] = target
    total &+= 1
  }

  func epoch(of target: UInt64) -> UInt32 { epochs[Self.epochIndex(target)] }

  /// How many invalidations there were by now.
  var count: UInt64 { total }

  /// Whether the target was, or may have been, invalidated since a moment.
  func hasInvalidated(_ target: UInt64, since moment: StoreMoment) -> Bool {
    guard moment.epoch != epoch(of: target) else { return false }
    let passed = total &- moment.invalidations
    guard passed <= UInt64(Self.latestCount) else { return true }
    var place = moment.invalidations
    while place != total {
      if latest[Int(place % UInt64(Self.latestCount))] == target { return true }
      place &+= 1
    }
    return false
  }

  private static func epochIndex(_ target: UInt64) -> Int { Int(target >> 54) & (epochCount - 1) }
}

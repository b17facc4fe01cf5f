internal import Primitives

/// Remembers for a while which keys had responses that may not be shared: a table of fixed size,
/// one place a hash.
///
/// A newer key overwrites an older one in its place, and two keys with one hash count as one:
/// forgetting costs a collapse that comes to nothing, remembering too much a fetch.
struct LonelyKeys: Sendable {
  private struct Place: Sendable {
    var hash: UInt64 = 0
    var until = MonotonicTime(nanoseconds: 0)
  }

  private var places: [Place]

  /// `count` places, rounded up to a power of two.
  init(count: Int) {
    var size = 1
    while size < min(count, 1 << 20) { size *= 2 }
    places = Array(repeating: Place(), count: size)
  }

  func contains(_ hash: UInt64, now: MonotonicTime) -> Bool {
    let place = places[index(of: hash)]
    return place.hash == hash && now < place.until
  }

  mutating func insert(_ hash: UInt64, until: MonotonicTime) {
    places[index(of: hash)] = Place(hash: hash, until: until)
  }

  private func index(of hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash) & (places.count - 1)
  }
}

/// Where in which segment one response is.
struct DiskPlace: Sendable, Hashable {
  let segment: UInt64
  let sequence: UInt64
  let position: UInt32
  /// Head and payload.
  let count: UInt32
  /// A piece of the key's hash: a hint, the record has the key.
  var keyTag: UInt32 = 0
  /// When its freshness ends, in seconds since 1970; 0 where it has none.
  var freshUntil: UInt32 = 0
  /// Whether the response does not vary: it stands for its key.
  var isOnly = false
  /// Whether it is not known that no invalidation was lost since it was written.
  var needsValidation = false
}

/// What is on the disk, by target: all that is held in memory about it.
///
/// A target that has anything on the disk is in here for as long: whether an invalidation must be
/// written down is asked of the index. For a full index nothing more is written.
struct DiskIndex: Sendable {
  /// How many responses of one target are found: those written last.
  static let placesOfTarget = 64

  private var places: [UInt64: [DiskPlace]] = [:]
  private(set) var count = 0

  func hasTarget(_ target: UInt64) -> Bool { places[target] != nil }

  func hasKey(_ tag: UInt32, target: UInt64) -> Bool {
    places[target]?.contains { $0.keyTag == tag } ?? false
  }

  /// Where the responses of a key are, the one written last first.
  func places(of tag: UInt32, target: UInt64) -> [DiskPlace] {
    (places[target] ?? []).reversed().filter { $0.keyTag == tag }
  }

  /// Adds a place. A response that does not vary stands for its key: what was written before it is
  /// not asked any more. Neither is it after one that varies, which took its place: the resource
  /// has said since that its answer is not for all.
  mutating func insert(_ place: DiskPlace, target: UInt64) {
    remove(target: target) { $0.keyTag == place.keyTag && ($0.isOnly || place.isOnly) }
    places[target, default: []].append(place)
    count += 1
    guard let all = places[target], all.count > Self.placesOfTarget else { return }
    places[target]?.removeFirst()
    count -= 1
  }

  mutating func removeTarget(_ target: UInt64) {
    count -= places.removeValue(forKey: target)?.count ?? 0
  }

  mutating func removeAll() {
    places = [:]
    count = 0
  }

  mutating func remove(target: UInt64, where condition: (DiskPlace) -> Bool) {
    guard let all = places[target] else { return }
    let kept = all.filter { !condition($0) }
    places[target] = kept.isEmpty ? nil : kept
    count -= all.count - kept.count
  }

  /// When the freshness of any response of a key ends at the latest; nil where there is none.
  func freshUntil(_ tag: UInt32, target: UInt64) -> UInt32? {
    places(of: tag, target: target).map { $0.needsValidation ? 0 : $0.freshUntil }.max()
  }

  mutating func requireValidation() {
    places = places.mapValues { all in
      all.map { place in
        var place = place
        place.needsValidation = true
        return place
      }
    }
  }
}

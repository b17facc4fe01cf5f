internal import HTTPModel
internal import Primitives

/// What a careless cache has kept.
struct CarelessShelf {
  /// An answer, and what it answered.
  struct Entry {
    let answer: WholeAnswer
    let request: WholeRequest
    /// The request fields that tell this answer from others under the same key.
    let varying: [[UInt8]]
    let freshUntil: MonotonicTime
  }

  private var entries: [CarelessKey: [Entry]] = [:]
  private var count = 0

  /// The answer to this request, the newest first.
  func entry(
    for request: WholeRequest, under key: CarelessKey, at now: MonotonicTime
  ) -> Entry? {
    entries[key]?.last { entry in
      now < entry.freshUntil
        && entry.varying.allSatisfy { name in
          entry.request.head.fields.values(named: name)
            == request.head.fields.values(named: name)
        }
    }
  }

  /// Keeps an answer in the place of older ones that are told apart in the same way. Tells whether
  /// there was room.
  mutating func keep(_ entry: Entry, under key: CarelessKey, limit: Int) -> Bool {
    var same = entries[key] ?? []
    let before = same.count
    same.removeAll { old in
      old.varying == entry.varying
        && entry.varying.allSatisfy {
          old.request.head.fields.values(named: $0) == entry.request.head.fields.values(named: $0)
        }
    }
    guard count - before + same.count < limit else { return false }
    same.append(entry)
    count += same.count - before
    entries[key] = same
    return true
  }
}

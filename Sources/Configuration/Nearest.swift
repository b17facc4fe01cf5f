/// The word an operator probably meant.
enum Nearest {
  /// The candidate with the fewest changed, added, left out or swapped letters, when they are few
  /// enough for the length of the word; else one that begins with it. Case and `-` for `_` do not
  /// count.
  static func word(to word: String, among candidates: some Collection<String>) -> String? {
    let wanted = folded(word)
    guard wanted.count <= 64 else { return nil }
    let allowed = wanted.count < 4 ? 1 : wanted.count < 8 ? 2 : 3
    var best: (word: String, distance: Int)?
    for candidate in candidates {
      let distance = Self.distance(wanted, folded(candidate))
      if distance <= allowed, distance < best?.distance ?? .max {
        best = (candidate, distance)
      }
    }
    if let best, best.distance < wanted.count { return best.word }
    guard wanted.count >= 3 else { return nil }
    return candidates.first { folded($0).starts(with: wanted) }
  }

  private static func folded(_ word: String) -> [UInt8] {
    word.lowercased().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }
  }

  /// The optimal string alignment distance: a swap of neighbours is one change.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1] + [Int](repeating: 0, count: right.count)
      for column in right.indices {
        let change = left[row] == right[column] ? 0 : 1
        var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + change)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current[column + 1] = cost
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}

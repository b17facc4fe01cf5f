internal import Primitives

/// Requests that wait for company, and those that wait for another's answer.
///
///     waiting ──▶ complete: as many as were to come, or the time is over
///                    └─▶ the first is asked; the others follow it, and so does who comes later
struct CarelessGatherings {
  private struct Gathering {
    let key: CarelessKey
    var members: [Int]
    let until: MonotonicTime
  }

  /// In the order in which they began, which is that of their ends.
  private var waiting: [Gathering] = []
  /// Those who follow one that is asked, by its number.
  private var followers: [Int: [Int]] = [:]
  /// Who is asked, by key.
  private var asked: [CarelessKey: Int] = [:]

  var nextDeadline: MonotonicTime? { waiting.first?.until }

  /// One more. The members when the gathering is complete by it; nil while it waits, or when it
  /// follows one that is asked already.
  mutating func join(
    _ number: Int, _ key: CarelessKey, size: Int, until: MonotonicTime
  ) -> [Int]? {
    if let leader = asked[key] {
      followers[leader, default: []].append(number)
      return nil
    }
    guard let place = waiting.firstIndex(where: { $0.key == key }) else {
      waiting.append(Gathering(key: key, members: [number], until: until))
      return size <= 1 ? complete(at: waiting.count - 1) : nil
    }
    waiting[place].members.append(number)
    return waiting[place].members.count >= size ? complete(at: place) : nil
  }

  /// The members of the next gathering whose time is over.
  mutating func nextDue(at now: MonotonicTime) -> [Int]? {
    guard let first = waiting.first, first.until <= now else { return nil }
    return complete(at: 0)
  }

  /// Ends it: whoever comes now begins a new one. Those who followed, in their order.
  mutating func takeFollowers(of leader: Int) -> [Int] {
    if let key = asked.first(where: { $0.value == leader })?.key { asked[key] = nil }
    return followers.removeValue(forKey: leader) ?? []
  }

  private mutating func complete(at place: Int) -> [Int] {
    let gathering = waiting.remove(at: place)
    if let leader = gathering.members.first {
      asked[gathering.key] = leader
      followers[leader] = Array(gathering.members.dropFirst())
    }
    return gathering.members
  }
}

internal import Primitives
internal import Synchronization

/// The refreshes in the background, of all loops: one a key, not too many together, and a rest
/// after one that failed.
final class RefreshTable: Sendable {
  /// How many may be under way in the process.
  static let limit = 64
  /// How long a key rests after a refresh that failed.
  static let rest = Milliseconds(1_000)
  /// How many keys that rest are remembered.
  static let restingLimit = 1_024

  enum Beginning: Equatable {
    case begins
    /// The key is being refreshed, or rests.
    case isUnderWay
    case tooMany
  }

  private struct State {
    var running: Set<[UInt8]> = []
    var resting: [[UInt8]: MonotonicTime] = [:]
  }

  private let state = Mutex(State())

  /// Takes a place for a key; give it back with `end`.
  func begin(_ key: [UInt8], now: MonotonicTime) -> Beginning {
    state.withLock { state in
      if let until = state.resting[key] {
        guard now >= until else { return .isUnderWay }
        state.resting[key] = nil
      }
      guard !state.running.contains(key) else { return .isUnderWay }
      guard state.running.count < Self.limit else { return .tooMany }
      state.running.insert(key)
      return .begins
    }
  }

  func end(_ key: [UInt8], failed: Bool, now: MonotonicTime) {
    state.withLock { state in
      state.running.remove(key)
      guard failed else { return }
      if state.resting.count >= Self.restingLimit {
        state.resting = state.resting.filter { now < $0.value }
      }
      guard state.resting.count < Self.restingLimit else { return }
      state.resting[key] = now.advanced(by: Self.rest)
    }
  }

  /// How many are under way.
  var count: Int { state.withLock { $0.running.count } }
}

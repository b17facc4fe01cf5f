internal import Configuration
internal import EventLoop
internal import JOSE
internal import Primitives
internal import Synchronization

/// A named key set: what its keys are now. Shared by all loops, and by the plans that name the same
/// set.
final class KeySetPlan: Sendable {
  /// Told when a fetch is over, well or not, with the keys there are then.
  typealias Waiter = @Sendable (KeySet) -> Void

  private struct State {
    var keys: KeySet
    var standing: KeyStanding
    var waiters: [Waiter] = []
    /// Who fetches: has an unknown key looked for.
    var lookUp: (@Sendable () -> Void)?
  }

  /// How many proofs may wait for an unknown key at once.
  static let waiterLimit = 256

  let settings: KeySetSettings
  /// The way to the server of a published set; nil where the keys stand in files.
  let service: ServicePlan?
  private let state: Mutex<State>

  /// A set that stands in files.
  init(_ settings: KeySetSettings, keys: KeySet) {
    self.settings = settings
    service = nil
    state = Mutex(State(keys: keys, standing: .current))
  }

  /// A set that is fetched.
  init(_ settings: KeySetSettings, service: ServicePlan) {
    self.settings = settings
    self.service = service
    state = Mutex(State(keys: .empty, standing: .never))
  }

  var keys: KeySet { state.withLock { $0.keys } }
  var standing: KeyStanding { state.withLock { $0.standing } }

  /// Has somebody asked for keys that are not known.
  func observe(_ lookUp: @escaping @Sendable () -> Void) {
    state.withLock { $0.lookUp = lookUp }
  }

  /// The source has something to tell.
  func publish(_ keys: KeySet, standing: KeyStanding) {
    state.withLock { state in
      state.keys = keys
      state.standing = standing
    }
  }

  /// Has a key looked for that a proof names and the set does not have. False where that is not
  /// done, or too many wait.
  func awaitRefresh(_ waiter: @escaping Waiter) -> Bool {
    let lookUp: (@Sendable () -> Void)? = state.withLock { state in
      guard let lookUp = state.lookUp, state.waiters.count < Self.waiterLimit else { return nil }
      state.waiters.append(waiter)
      return lookUp
    }
    lookUp?()
    return lookUp != nil
  }

  /// No fetch is under way (any more) that could bring what is waited for.
  func release() {
    let (waiters, keys) = state.withLock { state in
      defer { state.waiters = [] }
      return (state.waiters, state.keys)
    }
    for waiter in waiters { waiter(keys) }
  }
}

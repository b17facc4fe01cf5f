package import CachePolicy
internal import Primitives

/// Whether storing began.
package enum StoreOpening {
  case writer(StoreWriter)
  case refused(CacheReason)
}

/// What became of a response that was being stored.
package enum StoreOutcome: Sendable {
  case stored(StoredResponse)
  case notStored(CacheReason)

  /// `.stored`, or why not.
  package var reason: CacheReason {
    switch self {
    case .stored: .stored
    case .notStored(let reason): reason
    }
  }

  /// What to land a flight with: who waits for a response that was cut short tries again.
  package var flightOutcome: FlightOutcome {
    switch self {
    case .stored: .stored
    case .notStored(.incomplete), .notStored(.storeCancelled), .notStored(.invalidated): .failed
    case .notStored: .notShared
    }
  }
}

/// Gathers the content of one response while it streams to the client.
///
/// Nothing is visible in the store before `finish`. A writer that is cancelled, let go of, or grown
/// past a limit leaves no trace. Belongs to one exchange: not `Sendable`.
package final class StoreWriter {
  /// What is known before the content.
  struct Entry {
    let storable: StorableResponse
    let key: [UInt8]
    let hash: UInt64
    let epoch: UInt32
    let superseded: [StoredResponse]
  }

  private enum State {
    case gathering
    case ended(CacheReason)
  }

  private let store: CacheStore
  private let entry: Entry
  /// The announced length, nil when none was.
  private let length: Int?
  private var body: [UInt8] = []
  private var reserved = 0
  private var state = State.gathering

  init(store: CacheStore, entry: Entry, length: Int?) {
    self.store = store
    self.entry = entry
    self.length = length
  }

  deinit { store.releasePending(reserved) }

  /// Whether more content is wanted; when not, it need not be given.
  package var isGathering: Bool {
    if case .gathering = state { true } else { false }
  }

  /// Adds content. Past a limit the writer ends with its reason and takes no more.
  package func append(_ content: UnsafeRawBufferPointer) {
    guard isGathering, unsafe !content.isEmpty else { return }
    let count = content.count
    guard count <= store.limits.objectLimit - body.count else { return end(.objectTooLarge) }
    if let length, count > length - body.count { return end(.incomplete) }
    guard store.reservePending(count) else { return end(.storeFull) }
    reserved += count
    // An announced length is believed only once content has come.
    if body.isEmpty, let length { body.reserveCapacity(length) }
    unsafe body.append(contentsOf: content)
  }

  /// Adds content.
  package func append(_ content: [UInt8]) {
    unsafe content.withUnsafeBytes { unsafe append($0) }
  }

  /// Stores the response: the content is complete, and framed so that its end is certain.
  package func finish() -> StoreOutcome {
    if case .ended(let reason) = state { return .notStored(reason) }
    if let length, body.count != length {
      end(.incomplete)
      return .notStored(.incomplete)
    }
    state = .ended(.stored)
    let content = compacted()
    body = []
    let outcome = store.commit(entry, body: content)
    state = .ended(outcome.reason)
    return outcome
  }

  /// Gives up: nothing is stored.
  package func cancel(_ reason: CacheReason = .storeCancelled) {
    if isGathering { end(reason) }
  }

  private func end(_ reason: CacheReason) {
    state = .ended(reason)
    body = []
    store.releasePending(reserved)
    reserved = 0
  }

  /// The content in an array that is not much larger than it.
  private func compacted() -> [UInt8] {
    guard body.capacity - body.count > body.count / 8 + 64 else { return body }
    var exact: [UInt8] = []
    exact.reserveCapacity(body.count)
    exact.append(contentsOf: body)
    return exact
  }
}

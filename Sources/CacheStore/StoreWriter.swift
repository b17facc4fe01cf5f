package import CachePolicy
internal import Primitives

/// Whether storing began.
package enum StoreOpening {
  case writer(StoreWriter)
  case refused(CacheReason)

  /// Why nothing is stored; nil where something is.
  package var refusal: CacheReason? { if case .refused(let reason) = self { reason } else { nil } }
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
    let hashes: KeyHashes
    let moment: StoreMoment
    let superseded: [StoredResponse]
    /// The stored part that is being completed: what comes of it is stored only in its place.
    var completed: StoredResponse?
  }

  ///     gathering ─▶ ended       finished: stored, or refused at the end
  ///         │ └────▶ outgrown    past a limit: for readers only
  ///         └──────▶ cancelled
  private enum State {
    case gathering
    case outgrown(CacheReason)
    case ended(CacheReason)
    case cancelled(CacheReason)
  }

  private let store: CacheStore
  private let entry: Entry
  /// The announced length, nil when none was.
  private let length: Int?
  private let body: SharedBody
  /// How much content has come.
  package private(set) var count = 0
  /// How much of the content under way was counted before it came.
  private var reservedAhead = 0
  /// How many older variants of the key had to go because there were too many: a field that `Vary`
  /// names has too many values. Known after `finish`.
  package private(set) var displacedVariants = 0
  private var state = State.gathering

  init(store: CacheStore, entry: Entry, length: Int?) {
    self.store = store
    self.entry = entry
    self.length = length
    body = SharedBody(store: store)
  }

  deinit { body.breakOff() }

  /// The response as those see it who wait for it: for `FlightLease.open`.
  package var shared: SharedResponse {
    SharedResponse(storable: entry.storable, length: length, body: body)
  }

  /// Whether the content can still be stored.
  package var isGathering: Bool {
    if case .gathering = state { true } else { false }
  }

  /// Whether more content is wanted, for the store or by readers; when not, it need not be given.
  package var wantsContent: Bool { isGathering || body.readerCount > 0 }

  /// Whether other exchanges read what is being stored: then it must come as fast as the origin
  /// sends it, and go on although the own client went away.
  package var hasReaders: Bool { body.otherReaderCount > 0 }

  /// Whether the content may turn out, or is, too long to be stored and comes faster than any
  /// reader takes it: then it is to come as fast as the fastest does (`SharedBody.onCatchUp`),
  /// which so is never left behind.
  package var isAheadOfReaders: Bool { (length == nil || !isGathering) && body.isAheadOfAll }

  /// Counts so much of the content under way now; false when there is no room. What is said to come
  /// then never outgrows the limit in the middle.
  func reserveAhead(_ count: Int) -> Bool {
    guard body.reserve(count) else { return false }
    reservedAhead = count
    return true
  }

  /// Adds content. Past a limit nothing will be stored, and only readers within the window go on.
  package func append(_ content: UnsafeRawBufferPointer) {
    guard unsafe !content.isEmpty, !isCancelled else { return }
    let added = content.count
    if let length, added > length - count { return cancel(.incomplete) }
    if isGathering {
      if added > store.limits.objectLimit - count {
        outgrow(.objectTooLarge)
      } else if !reserve(added) {
        outgrow(.storeFull)
      }
    }
    // Before any content nothing can be as long as an `Int`, and the framing ends a body that is.
    count &+= added
    // An announced length is believed only once content has come.
    unsafe body.append(content, capacity: length, isLast: isGathering && count == length)
  }

  private func reserve(_ count: Int) -> Bool {
    let ahead = min(reservedAhead, count)
    reservedAhead -= ahead
    return count == ahead || body.reserve(count - ahead)
  }

  /// Adds content.
  package func append(_ content: [UInt8]) {
    unsafe content.withUnsafeBytes { unsafe append($0) }
  }

  /// Stores the response: the content is complete, and framed so that its end is certain.
  package func finish() -> StoreOutcome {
    guard isGathering else {
      // Readers within the window have all of it, or are told that they have not.
      if let length, count != length { body.breakOff() } else { body.end() }
      return .notStored(endReason)
    }
    if let length, count != length {
      cancel(.incomplete)
      return .notStored(.incomplete)
    }
    state = .ended(.stored)
    guard let content = body.whole() else { return .notStored(.storeCancelled) }
    // Readers see the end after the store has it: whoever asks again then finds it.
    let outcome = store.commit(entry, body: content)
    body.end()
    switch outcome {
    case .inserted(let response, _, let displaced):
      displacedVariants = displaced
      body.release()
      return .stored(response)
    case .refused(let reason):
      state = .ended(reason)
      return .notStored(reason)
    }
  }

  /// Stores what came of a response that broke off, as the part that `incompleteDecision` makes of
  /// it. Readers are broken off.
  package func keep(as part: StorableResponse) -> StoreOutcome {
    guard isGathering, let content = body.whole() else {
      cancel()
      return .notStored(endReason)
    }
    let entry = Entry(
      storable: part, key: entry.key, hashes: entry.hashes, moment: entry.moment,
      superseded: [], completed: entry.completed)
    state = .ended(.incompleteKept)
    let outcome = store.commit(entry, body: content)
    body.breakOff()
    switch outcome {
    case .inserted(let response, _, _): return .stored(response)
    case .refused(let reason): return .notStored(reason)
    }
  }

  /// Gives up: nothing is stored, and readers are broken off.
  package func cancel(_ reason: CacheReason = .storeCancelled) {
    guard !isCancelled else { return }
    if isGathering { state = .cancelled(reason) }
    body.breakOff()
  }

  private var isCancelled: Bool {
    if case .cancelled = state { true } else { false }
  }

  private var endReason: CacheReason {
    switch state {
    case .gathering: .storeCancelled
    case .ended(let reason), .outgrown(let reason), .cancelled(let reason): reason
    }
  }

  private func outgrow(_ reason: CacheReason) {
    state = .outgrown(reason)
    body.holdOnly(window: store.limits.windowBytes)
  }
}

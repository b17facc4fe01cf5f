internal import Synchronization

/// What reading from a shared body came to.
package enum SharedRead: Sendable, Hashable {
  /// So many bytes were appended to the reader's buffer.
  case bytes(Int)
  /// All that is there has been read; the reader is woken once when there is more, or an end.
  case nothingYet
  /// The content is complete and all of it has been read.
  case ended
  /// There will be no more for this reader.
  case broken(SharedBreak)
}

/// Why a reader of a shared body gets no more.
package enum SharedBreak: Sendable, Hashable {
  /// The fetch broke off, or was given up.
  case failed
  /// The content is too long to be kept whole, and the reader is farther behind than the window.
  case fellBehind
}

/// The content of one response while it arrives: one writer appends, many readers on other loops
/// read by position.
///
///     content   0 ────── start ───────────────── start + bytes.count
///               gone     │ held for readers      │ what the writer appends next
///
///     growing ─▶ ended          the writer finished: readers read to the end
///             └▶ broken         the writer gave up: readers are told at their next read
///
/// While the content may still be stored all of it is held. Once it may not, no more than a window
/// is: a reader within it goes on live, one that is farther behind is broken off. No reader ever
/// holds up the writer: reading copies under the lock, no more than `SharedReader.readLimit` bytes
/// at a time.
package final class SharedBody: Sendable {
  private enum Phase: Sendable {
    case growing, ended, broken
  }

  private struct Reader: Sendable {
    let wake: @Sendable () -> Void
    /// Whether it has read all there is and waits for more.
    var isWaiting = false
  }

  private struct State: Sendable {
    var phase = Phase.growing
    var bytes: [UInt8] = []
    /// How much of the content came before `bytes`.
    var start = 0
    /// Nil while everything is held.
    var window: Int?
    var readers: [Reader?] = []
    var freePlaces: [Int] = []
    var waiting = 0
    /// How much of the limit on content under way this body takes.
    var reserved = 0
    /// How many of the last bytes readers may not see yet.
    var hidden = 0
    /// Called when a reader comes; once.
    var onReader: (@Sendable () -> Void)?

    var readerCount: Int { readers.count - freePlaces.count }
  }

  private let store: CacheStore
  private let state = Mutex(State())

  init(store: CacheStore) { self.store = store }

  deinit {
    let reserved = state.withLock { $0.reserved }
    store.releasePending(reserved)
  }

  // MARK: Reading

  /// Another reader, at the beginning; nil when that is gone already, or too many read. Fetch for
  /// yourself then.
  ///
  /// `wake` is called on the writer's thread, without a lock held, at most once for each
  /// `.nothingYet` that the reader got: it must only post to the reader's own loop.
  package func reader(wake: @escaping @Sendable () -> Void) -> SharedReader? {
    let (place, onReader) = state.withLock { state -> (Int?, (@Sendable () -> Void)?) in
      guard state.start == 0, state.phase != .broken,
        state.readerCount < store.limits.readerLimit,
        state.window == nil || state.readerCount > 0 || state.phase == .ended
      else { return (nil, nil) }
      let told = state.onReader
      state.onReader = nil
      if let place = state.freePlaces.popLast() {
        state.readers[place] = Reader(wake: wake)
        return (place, told)
      }
      state.readers.append(Reader(wake: wake))
      return (state.readers.count - 1, told)
    }
    onReader?()
    return place.map { SharedReader(body: self, place: $0) }
  }

  /// Has a writer that waits for its own client told when somebody else reads: once, on the
  /// reader's thread, without a lock held; at once where somebody does already.
  package func onReader(_ tell: @escaping @Sendable () -> Void) {
    let isRead = state.withLock { state in
      if state.readerCount == 0 { state.onReader = tell }
      return state.readerCount > 0
    }
    if isRead { tell() }
  }

  /// How many read now. For a leader whose client is gone: whether anybody else still wants it.
  package var readerCount: Int { state.withLock { $0.readerCount } }

  func read(
    from position: Int, limit: Int, place: Int, into buffer: inout [UInt8]
  ) -> SharedRead {
    state.withLock { state in
      guard state.phase != .broken else { return .broken(.failed) }
      guard position >= state.start else { return .broken(.fellBehind) }
      let offset = position - state.start
      let count = min(state.bytes.count - state.hidden - offset, limit)
      guard count <= 0 else {
        buffer.append(contentsOf: state.bytes[offset..<offset + count])
        return .bytes(count)
      }
      guard state.phase == .growing else { return .ended }
      if state.readers[place]?.isWaiting == false {
        state.readers[place]?.isWaiting = true
        state.waiting += 1
      }
      return .nothingYet
    }
  }

  func leave(_ place: Int) {
    state.withLock { state in
      if state.readers[place]?.isWaiting == true { state.waiting -= 1 }
      state.readers[place] = nil
      state.freePlaces.append(place)
      // What may not be stored is held for readers only.
      if state.window != nil, state.readerCount == 0 { drop(&state, keeping: 0) }
    }
  }

  // MARK: Writing

  /// How much content has come.
  var count: Int { state.withLock { $0.start + $0.bytes.count } }

  /// Adds content. `capacity` is how much to make room for at the first piece.
  ///
  /// Readers do not see the last piece before `end`: who has seen the end of an answer must find
  /// what is stored.
  func append(_ content: UnsafeRawBufferPointer, capacity: Int?, isLast: Bool = false) {
    let wakes = state.withLock { state -> [@Sendable () -> Void] in
      guard state.phase == .growing else { return [] }
      if let window = state.window {
        guard state.readerCount > 0 else {
          state.start += content.count
          return []
        }
        unsafe state.bytes.append(contentsOf: content)
        if state.bytes.count >= 2 * window { drop(&state, keeping: window) }
      } else {
        if state.bytes.isEmpty, let capacity { state.bytes.reserveCapacity(capacity) }
        unsafe state.bytes.append(contentsOf: content)
        if isLast {
          state.hidden = content.count
          return []
        }
      }
      return Self.takeWakes(&state)
    }
    for wake in wakes { wake() }
  }

  /// Counts content that comes next against the limit on content under way; false when there is no
  /// room.
  func reserve(_ count: Int) -> Bool {
    guard store.reservePending(count) else { return false }
    state.withLock { $0.reserved += count }
    return true
  }

  /// The content will not be stored: from here on only `window` bytes are held, and nothing where
  /// nobody reads. Who has not begun by now does not.
  func holdOnly(window: Int) {
    state.withLock { state in
      state.window = max(window, 1)
      state.hidden = 0
      drop(&state, keeping: state.readerCount == 0 ? 0 : window)
    }
  }

  /// All of the content, in an array not much larger than it, or nil when it was not held whole.
  /// For the store, before `end`.
  func whole() -> [UInt8]? {
    state.withLock { state in
      guard state.phase == .growing, state.window == nil else { return nil }
      Self.compact(&state.bytes)
      return state.bytes
    }
  }

  /// The content is complete: readers may read to its end.
  func end() {
    let wakes = state.withLock { state -> [@Sendable () -> Void] in
      guard state.phase == .growing else { return [] }
      state.phase = .ended
      state.hidden = 0
      Self.compact(&state.bytes)
      return Self.takeWakes(&state)
    }
    for wake in wakes { wake() }
  }

  /// The content is in the store, or nowhere: it no longer counts as under way.
  func release() {
    let reserved = state.withLock { state -> Int in
      defer { state.reserved = 0 }
      return state.reserved
    }
    store.releasePending(reserved)
  }

  /// The fetch broke off: readers are told.
  func breakOff() {
    let wakes = state.withLock { state -> [@Sendable () -> Void] in
      guard state.phase == .growing else { return [] }
      state.phase = .broken
      drop(&state, keeping: 0)
      return Self.takeWakes(&state)
    }
    for wake in wakes { wake() }
  }

  /// Lets go of all but the newest bytes.
  private func drop(_ state: inout State, keeping count: Int) {
    let excess = state.bytes.count - count
    guard excess > 0 else { return }
    state.start += excess
    if count == 0 { state.bytes = [] } else { state.bytes.removeFirst(excess) }
    let freed = min(excess, state.reserved)
    state.reserved -= freed
    store.releasePending(freed)
  }

  private static func takeWakes(_ state: inout State) -> [@Sendable () -> Void] {
    guard state.waiting > 0 else { return [] }
    state.waiting = 0
    var wakes: [@Sendable () -> Void] = []
    for place in state.readers.indices where state.readers[place]?.isWaiting == true {
      state.readers[place]?.isWaiting = false
      if let wake = state.readers[place]?.wake { wakes.append(wake) }
    }
    return wakes
  }

  private static func compact(_ bytes: inout [UInt8]) {
    guard bytes.capacity - bytes.count > bytes.count / 8 + 64 else { return }
    var exact: [UInt8] = []
    exact.reserveCapacity(bytes.count)
    exact.append(contentsOf: bytes)
    bytes = exact
  }
}

/// One reader of a shared body. Belongs to one exchange: not `Sendable`.
package final class SharedReader {
  /// The most that one read copies, in bytes.
  package static let readLimit = 64 * 1024

  private let body: SharedBody
  private let place: Int
  /// How much of the content this reader has got.
  package private(set) var position = 0

  init(body: SharedBody, place: Int) {
    self.body = body
    self.place = place
  }

  deinit { body.leave(place) }

  /// Appends what comes next to `buffer`, at most `limit` bytes and never more than `readLimit`.
  package func read(limit: Int = SharedReader.readLimit, into buffer: inout [UInt8]) -> SharedRead {
    let result = body.read(
      from: position, limit: min(max(limit, 1), Self.readLimit), place: place, into: &buffer)
    if case .bytes(let count) = result { position += count }
    return result
  }
}

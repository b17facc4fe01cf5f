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

/// Whether a shared body reaches up to a position.
package enum SharedReach: Sendable, Hashable {
  case reached
  /// The reader is woken once when there is more, or an end.
  case notYet
  /// The content is complete, and is this long.
  case ended(count: Int)
  case broken
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
    /// Whether it is the writer's own client.
    var isOwn = false
    /// How much of the content it has got, or passed over.
    var position: Int
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
    /// Called when there are more readers than the writer's own; once.
    var onReader: (@Sendable () -> Void)?
    /// Called when the reader that is furthest is not far behind; once.
    var onCatchUp: (@Sendable () -> Void)?
    /// How many readers the writer itself has.
    var ownReaders = 0

    var readerCount: Int { readers.count - freePlaces.count }
    var otherReaderCount: Int { readerCount - ownReaders }

    /// Whether every reader is more than half a window behind.
    func isAheadOfAll(window: Int) -> Bool {
      guard readerCount > 0, phase == .growing else { return false }
      let count = start + bytes.count
      return readers.allSatisfy { $0.map { count - $0.position > window / 2 } ?? true }
    }

    mutating func takeOnCatchUp(window: Int) -> (@Sendable () -> Void)? {
      guard onCatchUp != nil, !isAheadOfAll(window: window) else { return nil }
      return onCatchUp.take()
    }
  }

  private let store: CacheStore
  private let state = Mutex(State())

  init(store: CacheStore) { self.store = store }

  deinit {
    let reserved = state.withLock { $0.reserved }
    store.releasePending(reserved)
  }

  // MARK: Reading

  /// Another reader, from a position on; nil when what stands there is gone already, or too many
  /// read. Fetch for yourself then.
  ///
  /// `wake` is called on the writer's thread, without a lock held, at most once for each
  /// `.nothingYet` that the reader got: it must only post to the reader's own loop. `isOwn` says
  /// that the reader is the writer's own client, which is not among those whom `onReader` and
  /// `otherReaderCount` are about.
  package func reader(
    from position: Int = 0, isOwn: Bool = false, wake: @escaping @Sendable () -> Void
  ) -> SharedReader? {
    let (place, onReader) = state.withLock { state -> (Int?, (@Sendable () -> Void)?) in
      guard state.start <= position, state.phase != .broken,
        isOwn || state.readerCount < store.limits.readerLimit,
        state.window == nil || state.readerCount > 0 || state.phase == .ended
      else { return (nil, nil) }
      if isOwn { state.ownReaders += 1 }
      let told = isOwn ? nil : state.onReader
      if !isOwn { state.onReader = nil }
      if let place = state.freePlaces.popLast() {
        state.readers[place] = Reader(wake: wake, isOwn: isOwn, position: position)
        return (place, told)
      }
      state.readers.append(Reader(wake: wake, isOwn: isOwn, position: position))
      return (state.readers.count - 1, told)
    }
    onReader?()
    return place.map { SharedReader(body: self, place: $0, position: position) }
  }

  /// Has a writer that waits for its own client told when somebody else reads: once, on the
  /// reader's thread, without a lock held; at once where somebody does already.
  package func onReader(_ tell: @escaping @Sendable () -> Void) {
    let isRead = state.withLock { state in
      if state.otherReaderCount == 0 { state.onReader = tell }
      return state.otherReaderCount > 0
    }
    if isRead { tell() }
  }

  /// How many read now. For a leader whose client is gone: whether anybody else still wants it.
  package var readerCount: Int { state.withLock { $0.readerCount } }

  /// How many read beside the writer's own client.
  package var otherReaderCount: Int { state.withLock { $0.otherReaderCount } }

  func read(
    from position: Int, limit: Int, place: Int, into buffer: inout [UInt8]
  ) -> SharedRead {
    var onCatchUp: (@Sendable () -> Void)?
    let result = state.withLock { state -> SharedRead in
      guard state.phase != .broken else { return .broken(.failed) }
      guard position >= state.start else { return .broken(.fellBehind) }
      let offset = position - state.start
      let count = min(state.bytes.count - state.hidden - offset, limit)
      guard count <= 0 else {
        buffer.append(contentsOf: state.bytes[offset..<offset + count])
        state.readers[place]?.position = position + count
        onCatchUp = state.takeOnCatchUp(window: store.limits.windowBytes)
        return .bytes(count)
      }
      guard state.phase == .growing else { return .ended }
      Self.waits(place, &state)
      return .nothingYet
    }
    onCatchUp?()
    return result
  }

  /// A reader wants nothing of what comes before a position.
  func skip(to position: Int, place: Int) {
    let onCatchUp = state.withLock { state in
      state.readers[place]?.position = position
      return state.takeOnCatchUp(window: store.limits.windowBytes)
    }
    onCatchUp?()
  }

  /// Whether the content reaches up to a position that nobody has said to be within it.
  func reach(_ position: Int, place: Int) -> SharedReach {
    var onCatchUp: (@Sendable () -> Void)?
    let result = state.withLock { state -> SharedReach in
      guard state.phase != .broken else { return .broken }
      let count = state.start + state.bytes.count
      if position <= count - state.hidden { return .reached }
      guard state.phase == .growing else { return .ended(count: count) }
      Self.waits(place, &state)
      // Who waits for more does not hold up what it waits for.
      state.readers[place]?.position = count
      onCatchUp = state.takeOnCatchUp(window: store.limits.windowBytes)
      return .notYet
    }
    onCatchUp?()
    return result
  }

  /// The reader has read all there is, and is woken when there is more.
  private static func waits(_ place: Int, _ state: inout State) {
    guard state.readers[place]?.isWaiting == false else { return }
    state.readers[place]?.isWaiting = true
    state.waiting += 1
  }

  func leave(_ place: Int) {
    let onCatchUp = state.withLock { state in
      if state.readers[place]?.isWaiting == true { state.waiting -= 1 }
      if state.readers[place]?.isOwn == true { state.ownReaders -= 1 }
      state.readers[place] = nil
      state.freePlaces.append(place)
      // What may not be stored is held for readers only.
      if state.window != nil, state.readerCount == 0 { drop(&state, keeping: 0) }
      return state.takeOnCatchUp(window: store.limits.windowBytes)
    }
    onCatchUp?()
  }

  /// Whether content comes faster than any reader takes it.
  var isAheadOfAll: Bool {
    state.withLock { $0.isAheadOfAll(window: store.limits.windowBytes) }
  }

  /// Has a writer that is ahead of all readers told when it is not any more: once, on the reader's
  /// thread, without a lock held; at once where it is not.
  package func onCatchUp(_ tell: @escaping @Sendable () -> Void) {
    let isAhead = state.withLock { state in
      let isAhead = state.isAheadOfAll(window: store.limits.windowBytes)
      if isAhead { state.onCatchUp = tell }
      return isAhead
    }
    if !isAhead { tell() }
  }

  // MARK: Writing

  /// How much content has come.
  package var count: Int { state.withLock { $0.start + $0.bytes.count } }

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
  /// How much of the content this reader has got, or passed over.
  package private(set) var position: Int

  init(body: SharedBody, place: Int, position: Int) {
    self.body = body
    self.place = place
    self.position = position
  }

  deinit { body.leave(place) }

  /// Passes over what comes before a position: it need not have come.
  package func skip(to position: Int) {
    guard position > self.position else { return }
    self.position = position
    body.skip(to: position, place: place)
  }

  /// Whether the content reaches up to a position, for ranges of content whose length nobody has
  /// said.
  package func reach(_ position: Int) -> SharedReach { body.reach(position, place: place) }

  /// Appends what comes next to `buffer`, at most `limit` bytes and never more than `readLimit`.
  package func read(limit: Int = SharedReader.readLimit, into buffer: inout [UInt8]) -> SharedRead {
    let result = body.read(
      from: position, limit: min(max(limit, 1), Self.readLimit), place: place, into: &buffer)
    if case .bytes(let count) = result { position += count }
    return result
  }
}

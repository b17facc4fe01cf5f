package import Primitives

/// The connections of one loop to one origin: which are free, which are taken, and who waits for
/// one.
///
/// A machine: it opens and closes nothing, waits for nothing and reads no clock. A connection goes
/// through
///
///     acquire ──open──▶ opening ──opened──▶ leased ⇄ idle
///                          │                   │      │
///                      openFailed      spoiled, old   closed by peer, idle too long, overflow
///                          ▼                   ▼      ▼
///                         free               free    free
///
/// Exchanges that found no free connection wait in order of arrival, and whichever connection
/// becomes free first serves the first of them, whoever it was opened for. A connection is leased
/// to one exchange at a time (HTTP/1.1 requests are not pipelined to origins).
///
/// After every event but `acquire` the caller asks `nextOpening` until it returns nil: a place may
/// have become free that somebody waits for. (It is one comparison where nobody waits.)
package struct OriginPool: ~Copyable {
  package let limits: OriginPoolLimits

  /// Connections being opened, idle or leased.
  package private(set) var connectionCount = 0
  /// Connections leased to an exchange.
  package private(set) var leasedCount = 0
  /// Connections being opened.
  package private(set) var openingCount = 0
  /// Connections open with nothing to do.
  package var idleCount: Int { idle.count }
  /// Exchanges waiting for a connection.
  package var waitingCount: Int { waiting.count }
  /// Whether nothing is left to close or to answer.
  package var isEmpty: Bool { connectionCount == 0 && waiting.isEmpty }

  private var isShuttingDown = false
  private var slots: [Slot] = []
  private var freePlaces: [Int] = []
  /// Places of the idle connections, the most recently used last.
  private var idle: [Int] = []
  private var waiting: [Waiter] = []

  private struct Slot {
    var generation: UInt32 = 0
    var state = State.free
    var openedAt = MonotonicTime(nanoseconds: 0)
    /// How long the peer keeps the connection when it has nothing to do; nil where it did not say.
    var peerIdleAge: Milliseconds?
    /// Whether the connection is not to be used again, whatever its exchange says of it.
    var isRetired = false
  }

  private enum State: Equatable {
    case free
    case opening(for: OriginRequester)
    case idle(since: MonotonicTime)
    case leased
  }

  private struct Waiter {
    let requester: OriginRequester
    let deadline: MonotonicTime
    var hasOpening: Bool
  }

  package init(limits: OriginPoolLimits) {
    self.limits = limits
  }

  // MARK: Exchanges

  /// An exchange wants a connection: the most recently used idle one, a new one, or a place in the
  /// queue.
  ///
  /// - Parameter fresh: None that was idle: one that idled under this request before closed, and
  ///   others may have. Whichever becomes free while it waits has just been of use.
  package mutating func acquire(
    for requester: OriginRequester, now: MonotonicTime, fresh: Bool = false
  ) -> OriginAcquisition {
    if isShuttingDown { return .refuse(.shuttingDown) }
    if fresh, connectionCount == limits.connections, !idle.isEmpty {
      // The one that idled longest makes room.
      let name = id(of: idle.removeFirst())
      _ = forget(name)
      return .closeAndAskAgain(name)
    }
    // Whoever waits was here first; but nothing is idle while somebody waits, see `offer`.
    if !fresh, let place = idle.popLast() {
      guard isReusable(place, now: now), now < closing(of: place) else {
        let name = id(of: place)
        _ = forget(name)
        return .closeAndAskAgain(name)
      }
      slots[place].state = .leased
      leasedCount += 1
      return .reuse(id(of: place))
    }
    let deadline = now.advanced(by: limits.queueWait)
    if connectionCount < limits.connections {
      waiting.append(Waiter(requester: requester, deadline: deadline, hasOpening: true))
      return .open(open(for: requester), waitingUntil: deadline)
    }
    // A waiter whose connection is on its way takes no place in the queue.
    guard waiting.count - openingCount < limits.queueLength else { return .refuse(.queueFull) }
    waiting.append(Waiter(requester: requester, deadline: deadline, hasOpening: false))
    return .wait(until: deadline)
  }

  /// An exchange is done with its connection. Spoiled, old or superfluous ones are closed.
  ///
  /// - Parameter idleAge: How long the peer will keep it idle, where it said so. It is given up
  ///   before that, so that no request meets the closing.
  package mutating func released(
    _ id: OriginConnectionID, _ condition: OriginConnectionCondition, now: MonotonicTime,
    idleAge: Milliseconds? = nil
  ) -> OriginPoolStep {
    guard state(of: id) == .leased else { return .nothing }
    leasedCount -= 1
    slots[id.place].peerIdleAge = idleAge
    guard condition == .clean, isReusable(id.place, now: now) else { return forget(id) }
    return offer(id, now: now)
  }

  /// An exchange no longer wants the connection it waits for. What is being opened for it stays.
  package mutating func cancelled(_ requester: OriginRequester) {
    waiting.removeAll { $0.requester == requester }
  }

  // MARK: Connections

  /// A connection is open (its TLS handshake done): it serves the first who waits, or becomes idle.
  package mutating func opened(_ id: OriginConnectionID, now: MonotonicTime) -> OriginPoolStep {
    guard case .opening(let requester) = state(of: id) else { return .nothing }
    openingCount -= 1
    slots[id.place].openedAt = now
    // The one it was opened for waits on, without, when another takes it.
    if let index = waiting.firstIndex(where: { $0.requester == requester }) {
      waiting[index].hasOpening = false
    }
    return offer(id, now: now)
  }

  /// A connection could not be opened. The exchange it was opened for is refused, if it still
  /// waits: it has sent nothing and may try another origin.
  package mutating func openFailed(_ id: OriginConnectionID) -> OriginPoolStep {
    guard case .opening(let requester) = state(of: id) else { return .nothing }
    openingCount -= 1
    _ = forget(id)
    guard let index = waiting.firstIndex(where: { $0.requester == requester }) else {
      return .nothing
    }
    waiting.remove(at: index)
    return .refuse(requester, .openFailed)
  }

  /// The origin closed a connection, or sent bytes on one that nobody asked anything of.
  ///
  /// A leased one stays with its exchange, which releases it; it is closed then.
  package mutating func ended(_ id: OriginConnectionID) -> OriginPoolStep {
    guard let state = state(of: id) else { return .nothing }
    switch state {
    case .free, .opening:
      return .nothing
    case .leased:
      slots[id.place].isRetired = true
      return .nothing
    case .idle:
      idle.removeAll { $0 == id.place }
      return forget(id)
    }
  }

  /// The next connection to open for somebody who waits, or nil. Ask until nil.
  package mutating func nextOpening() -> OriginConnectionID? {
    guard !isShuttingDown, waiting.count > openingCount, connectionCount < limits.connections,
      let index = waiting.firstIndex(where: { !$0.hasOpening })
    else { return nil }
    waiting[index].hasOpening = true
    return open(for: waiting[index].requester)
  }

  // MARK: Time

  /// The next exchange that waited too long, removed from the queue, or nil. Ask until nil.
  package mutating func nextExpired(now: MonotonicTime) -> OriginPoolStep? {
    guard let first = waiting.first, isShuttingDown || first.deadline <= now else { return nil }
    waiting.removeFirst()
    return .refuse(first.requester, isShuttingDown ? .shuttingDown : .waitedTooLong)
  }

  /// The next idle connection to close for its idleness, its age or the shutdown, or nil. Ask until
  /// nil.
  package mutating func nextToClose(now: MonotonicTime) -> OriginConnectionID? {
    guard let index = idle.firstIndex(where: { isShuttingDown || closing(of: $0) <= now }) else {
      return nil
    }
    let name = id(of: idle.remove(at: index))
    _ = forget(name)
    return name
  }

  /// When the caller should ask `nextExpired` and `nextToClose` again; nil while there is nothing
  /// to time.
  package var nextDeadline: MonotonicTime? {
    let close = idle.map { closing(of: $0) }.min()
    guard let queue = waiting.first?.deadline else { return close }
    return close.map { min($0, queue) } ?? queue
  }

  /// No more exchanges: those that wait are refused by `nextExpired`, idle connections are closed
  /// by `nextToClose`, leased ones when they are released. `isEmpty` tells when all is done.
  package mutating func shutDown() {
    isShuttingDown = true
  }

  /// The origin's address or identity changed: what is open now is not used again.
  ///
  /// Idle connections come out of `nextToClose`, leased ones are closed on release. Those being
  /// opened are used: the caller that resolved the new address decides what they connect to.
  package mutating func retireAll() {
    for place in slots.indices {
      switch slots[place].state {
      case .free, .opening: break
      case .leased, .idle: slots[place].isRetired = true
      }
    }
  }

  // MARK: Places

  /// A free connection goes to the first who waits, else among the idle ones.
  private mutating func offer(_ id: OriginConnectionID, now: MonotonicTime) -> OriginPoolStep {
    if let first = waiting.first, !isShuttingDown {
      waiting.removeFirst()
      slots[id.place].state = .leased
      leasedCount += 1
      return .serve(first.requester, id)
    }
    guard !isShuttingDown, limits.idleConnections > 0 else { return forget(id) }
    slots[id.place].state = .idle(since: now)
    idle.append(id.place)
    guard idle.count > limits.idleConnections else { return .keep(id) }
    let oldest = self.id(of: idle.removeFirst())
    _ = forget(oldest)
    return .keepAndClose(id, closed: oldest)
  }

  private mutating func open(for requester: OriginRequester) -> OriginConnectionID {
    connectionCount += 1
    openingCount += 1
    if let place = freePlaces.popLast() {
      slots[place].state = .opening(for: requester)
      return id(of: place)
    }
    slots.append(Slot(state: .opening(for: requester)))
    return id(of: slots.count - 1)
  }

  private mutating func forget(_ id: OriginConnectionID) -> OriginPoolStep {
    slots[id.place] = Slot(generation: slots[id.place].generation &+ 1)
    freePlaces.append(id.place)
    connectionCount -= 1
    return .close(id)
  }

  private func id(of place: Int) -> OriginConnectionID {
    OriginConnectionID(place: place, generation: slots[place].generation)
  }

  private func state(of id: OriginConnectionID) -> State? {
    guard slots.indices.contains(id.place), slots[id.place].generation == id.generation else {
      return nil
    }
    return slots[id.place].state
  }

  private func isReusable(_ place: Int, now: MonotonicTime) -> Bool {
    !slots[place].isRetired && now < slots[place].openedAt.advanced(by: limits.age)
  }

  /// When an idle connection is to be closed.
  private func closing(of place: Int) -> MonotonicTime {
    let slot = slots[place]
    guard !slot.isRetired, case .idle(let since) = slot.state else {
      return MonotonicTime(nanoseconds: 0)
    }
    let idleAge = min(limits.idleAge, slot.peerIdleAge ?? limits.idleAge)
    return min(since.advanced(by: idleAge), slot.openedAt.advanced(by: limits.age))
  }
}

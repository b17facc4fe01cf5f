package import Primitives

/// The name of one connection in one pool: a place, and how often the place was given away before.
///
/// A name outlives its connection harmlessly: the pool knows a stale one by its generation.
@usableFromInline package struct OriginConnectionID: Hashable, Sendable {
  /// The place, 0 ..< `OriginPoolLimits.connections`: an index for the shell's own table.
  @usableFromInline package let place: Int
  @usableFromInline package let generation: UInt32

  package init(place: Int, generation: UInt32) {
    self.place = place
    self.generation = generation
  }
}

/// The name of an exchange that wants a connection; unique in its pool while it waits.
package struct OriginRequester: Hashable, Sendable {
  package let number: UInt64

  package init(_ number: UInt64) { self.number = number }
}

/// What an exchange is told that asks for a connection.
package enum OriginAcquisition: Equatable, Sendable {
  /// Use this connection: it is leased to the exchange from now on.
  case reuse(OriginConnectionID)
  /// Close this connection, which grew too old while idle or is to make room, and which the pool
  /// has forgotten; ask again.
  case closeAndAskAgain(OriginConnectionID)
  /// Open a connection by this name and report `opened` or `openFailed`. The exchange waits
  /// meanwhile, as in `wait`: it may be served earlier, by another connection that becomes free.
  case open(OriginConnectionID, waitingUntil: MonotonicTime)
  /// Wait; a `serve` or a `refuse` for this requester follows.
  case wait(until: MonotonicTime)
  /// There is no connection for this exchange.
  case refuse(OriginRefusal)
}

/// What the shell has to do after something happened to a connection.
package enum OriginPoolStep: Equatable, Sendable {
  case nothing
  /// The connection is leased to this requester, which waited for it.
  case serve(OriginRequester, OriginConnectionID)
  /// Keep the connection open and watch it for its end. Bytes that come now spoil it.
  case keep(OriginConnectionID)
  /// Close the connection: the pool has forgotten it.
  case close(OriginConnectionID)
  /// Keep one connection and close another, which was idle longest.
  case keepAndClose(OriginConnectionID, closed: OriginConnectionID)
  /// Tell this requester that it gets no connection.
  case refuse(OriginRequester, OriginRefusal)
}

/// Why an exchange got no connection to an origin. The raw value is the stable reason code.
package enum OriginRefusal: String, Sendable, CaseIterable {
  /// As many exchanges wait as may.
  case queueFull = "origin-queue-full"
  /// It waited as long as it may.
  case waitedTooLong = "origin-queue-timeout"
  /// The connection that was being opened for it did not come about.
  case openFailed = "origin-connect-failed"
  /// The pool is shutting down.
  case shuttingDown = "shutting-down"
}

/// How an exchange leaves a connection. Only `clean` lets it be used again.
package enum OriginConnectionCondition: Equatable, Sendable {
  /// Request and response are complete, nothing is left over, both sides agree to keep the
  /// connection.
  case clean
  case spoiled(OriginConnectionSpoiler)
}

/// Why a connection is never used again. The raw value is the stable reason code.
package enum OriginConnectionSpoiler: String, Sendable, CaseIterable {
  /// The origin broke the protocol: what follows on this connection cannot be trusted.
  case protocolViolation = "protocol-violation"
  /// The response was not read to its end.
  case unreadBody = "unread-body"
  /// Bytes follow the end of the response: they would be taken for the next one.
  case leftoverBytes = "leftover-bytes"
  /// The request was not sent to its end.
  case unsentRequest = "unsent-request"
  /// One side said `Connection: close`, or the length of the response was told by closing.
  case closeAnnounced = "close-announced"
  /// The origin closed or reset the connection.
  case closedByPeer = "closed-by-peer"
  /// A deadline passed.
  case timedOut = "timed-out"
  /// The connection became something else than HTTP (`Upgrade`).
  case upgraded = "upgraded"
  /// The exchange was given up on our side.
  case abandoned = "abandoned"
}

package import Primitives

/// How failures of real exchanges take an origin out of service.
package struct EjectionSettings: Sendable, Hashable {
  /// Failures in a row that eject an origin. 0 never ejects.
  package var failures: Int
  /// How long the first ejection lasts; each further one twice as long as the one before.
  package var firstSpan: Milliseconds
  /// The longest an ejection lasts. An origin that stays in service for this long starts again at
  /// `firstSpan`.
  package var longestSpan: Milliseconds

  package init(
    failures: Int = 5, firstSpan: Milliseconds = Milliseconds(5_000),
    longestSpan: Milliseconds = Milliseconds(120_000)
  ) {
    self.failures = max(failures, 0)
    self.firstSpan = firstSpan
    self.longestSpan = max(longestSpan, firstSpan)
  }
}

/// A fault of an origin that counts towards its ejection. The raw value is the stable reason code.
///
/// A response counts as a success whatever its status: what a client can provoke with a request of
/// its own must not take an origin away from everybody else.
package enum OriginFault: String, Sendable, CaseIterable {
  case notResolved = "name-not-resolved"
  case notConnected = "connect-failed"
  case connectTimedOut = "connect-timeout"
  case handshakeFailed = "tls-failed"
  case responseTimedOut = "response-timeout"
  case closed = "closed-before-response"
  case protocolViolation = "protocol-violation"
}

/// What one origin's failures add up to. A machine: time is an argument.
///
///     serving ──N failures in a row──▶ ejected(until) ──time──▶ on trial ──success──▶ serving
///                                          ▲                       │
///                                          └──────one failure──────┘  twice as long
package struct EjectionRecord: Sendable, Equatable {
  package private(set) var consecutiveFailures = 0
  /// Ejections that followed closely on each other.
  package private(set) var ejections = 0
  package private(set) var lastFault: OriginFault?
  package private(set) var lastFaultAt = MonotonicTime(nanoseconds: 0)

  private var state = State.serving
  /// When the last ejection ended.
  private var returnedAt = MonotonicTime(nanoseconds: 0)

  private enum State: Equatable {
    case serving
    case ejected(until: MonotonicTime)
    case onTrial
  }

  package init() {}

  package var isEjected: Bool { ejectedUntil != nil }

  /// When the ejection ends, or nil while there is none.
  package var ejectedUntil: MonotonicTime? {
    if case .ejected(let end) = state { end } else { nil }
  }

  /// Whether nothing speaks against the origin: then a success need not be reported.
  package var isSpotless: Bool { consecutiveFailures == 0 && state == .serving }

  /// An exchange failed by the origin's fault. Returns whether that ejects the origin.
  package mutating func failed(
    _ fault: OriginFault, now: MonotonicTime, settings: EjectionSettings
  ) -> Bool {
    lastFault = fault
    lastFaultAt = now
    consecutiveFailures += consecutiveFailures < .max ? 1 : 0
    switch state {
    case .ejected:
      // One that was on its way when the origin was ejected, or was sent to it for want of another.
      return false
    case .onTrial:
      return eject(now: now, settings: settings)
    case .serving:
      guard settings.failures > 0, consecutiveFailures >= settings.failures else { return false }
      if returnedAt.advanced(by: settings.longestSpan) <= now { ejections = 0 }
      return eject(now: now, settings: settings)
    }
  }

  /// An exchange was answered. Returns whether that ends an ejection early.
  package mutating func succeeded() -> Bool {
    consecutiveFailures = 0
    let wasEjected = isEjected
    if wasEjected { returnedAt = lastFaultAt }
    state = .serving
    return wasEjected
  }

  /// Time has come to `now`. Returns whether that ends an ejection.
  package mutating func advanced(to now: MonotonicTime) -> Bool {
    guard let end = ejectedUntil, end <= now else { return false }
    state = .onTrial
    returnedAt = now
    return true
  }

  private mutating func eject(now: MonotonicTime, settings: EjectionSettings) -> Bool {
    let doublings = min(ejections, 30)
    let span = settings.firstSpan.count.multipliedReportingOverflow(by: 1 << doublings)
    let length = span.overflow ? settings.longestSpan.count : span.partialValue
    ejections += ejections < .max ? 1 : 0
    state = .ejected(
      until: now.advanced(by: Milliseconds(min(length, settings.longestSpan.count))))
    return true
  }
}

package import Primitives

/// What a peer may have of a connection (RFC 9113 §6.5.2, §10.5). Sizes are bytes.
package struct HTTP2Limits: Equatable, Sendable {
  /// Streams a peer may have open at once; more are refused with `REFUSED_STREAM`.
  package var concurrentStreams: UInt32 = 128
  /// A field section as HPACK counts it, 32 bytes a line added (RFC 7541 §4.1). What is larger
  /// resets its stream; what is more than twice that ends the connection.
  package var fieldSection = 32 << 10
  /// Field lines of one section.
  package var fieldLines = 100
  /// What a peer may send on one stream before it is told to go on.
  package var streamWindow: Int32 = 256 << 10
  /// What a peer may send on all streams before it is told to go on.
  package var connectionWindow: Int32 = 1 << 20
  /// The dynamic table of HPACK, either way.
  package var dynamicTable: UInt32 = 4096
  /// CONTINUATION frames of one field section; more end the connection.
  package var continuations = 8
  /// Frames that cost their sender nothing and serve nothing (see `FrameBudget`): how many may come
  /// at once.
  package var idleFrames = 400
  /// How many of those are forgotten every second.
  package var idleFramesPerSecond = 40
  /// Answers that wait to be sent to a peer that takes none (`PING`, `SETTINGS`); more end the
  /// connection.
  package var waitingAnswers = 128

  package init() {}
}

/// Counts the frames by which a peer makes work without asking for anything: `PING`, `SETTINGS`,
/// `PRIORITY`, `RST_STREAM`, `WINDOW_UPDATE` beyond what was sent, empty `DATA`. Each spends one;
/// time gives back. Who spends more than there is floods (RFC 9113 §10.5).
package struct FrameBudget: Sendable {
  private let most: Int
  private let perSecond: Int
  private var left: Int
  private var refilledAt: MonotonicTime?

  package init(_ limits: HTTP2Limits) {
    most = max(limits.idleFrames, 1)
    perSecond = max(limits.idleFramesPerSecond, 1)
    left = most
  }

  /// Takes one away. False when there is none left.
  package mutating func spend(at now: MonotonicTime) -> Bool {
    refill(at: now)
    guard left > 0 else { return false }
    left -= 1
    return true
  }

  private mutating func refill(at now: MonotonicTime) {
    guard let last = refilledAt else {
      refilledAt = now
      return
    }
    let (earned, overflow) = (now.nanoseconds(since: last) / 1_000_000)
      .multipliedReportingOverflow(by: UInt64(perSecond))
    let whole = overflow ? UInt64(most) : earned / 1000
    guard whole > 0 else { return }
    left = min(most, left + Int(min(whole, UInt64(most))))
    refilledAt = now
  }
}

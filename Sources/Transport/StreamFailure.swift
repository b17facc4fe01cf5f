package import Platform
package import TLS

/// Why a stream ended other than asked for.
public struct StreamFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// How far the stream had come.
  package enum Stage: String, Sendable {
    case connecting
    case handshake
    case open
  }

  package enum Cause: Equatable, Sendable {
    case system(SystemError)
    case tls(TLSFailure)
    /// The peer closed both directions, so that nothing can reach it.
    case hungUp
    /// The loop was stopped.
    case stopped
  }

  package let stage: Stage
  package let cause: Cause

  package init(_ stage: Stage, _ cause: Cause) {
    self.stage = stage
    self.cause = cause
  }

  /// Whether this machine had no descriptors, memory or ports left for it.
  package var isLocalShortage: Bool {
    if case .system(let error) = cause { error.isLocalShortage } else { false }
  }

  /// One sentence, with nothing of the peer's bytes.
  public var description: String {
    switch cause {
    case .system(let error): error.description
    case .tls(let failure): "TLS failed: \(failure)."
    case .hungUp: "The peer closed the connection in both directions."
    case .stopped: "The event loop was stopped."
    }
  }
}

/// The named limits of a stream.
package enum StreamLimits {
  /// Waiting output, in bytes, from which on a writer should stop.
  package static let highWater = 131_072
  /// Waiting output below which a writer that stopped is told to go on.
  package static let lowWater = 32_768
  /// Bytes thrown away at most while a stream closes, so that what was sent last is not lost to a
  /// reset.
  package static let lingerBytes = 1_048_576
  /// Milliseconds a closing stream waits at most for the peer to end.
  package static let lingerMilliseconds: Int64 = 2_000
}

package import Platform
package import Primitives

/// Where a log goes.
package enum LogTarget: Hashable, Sendable {
  /// A file, created with mode 0640 where it does not exist. It may be moved away at any time.
  case file(path: String)
  case standardError
  case standardOutput
}

/// The limits of a line log.
package struct LineLogLimits: Hashable, Sendable {
  /// Bytes one feeder holds for the writer; lines past it are lost and counted.
  package var feederBytes: Int
  /// How often what was fed is written at the latest.
  package var flushEvery: Milliseconds

  package init(
    feederBytes: Int = 1 << 20, flushEvery: Milliseconds = Milliseconds(1_000)
  ) {
    self.feederBytes = max(feederBytes, 1)
    self.flushEvery = flushEvery.count < 1 ? Milliseconds(1) : flushEvery
  }
}

/// What operators should hear about a log. Told once when it begins and once when it is over.
package enum LogTrouble: Equatable, Sendable {
  /// Lines cannot be written; it is tried again at every flush. Lines past the limits are lost
  /// meanwhile.
  case writing(SystemError)
  /// The file was moved away or a reopening asked for, and its path cannot be opened: lines go on
  /// into the file that was open.
  case reopening(SystemError)
  /// All is well again.
  case over
}

/// How a log ended.
package struct LineLogEnd: Equatable, Sendable {
  /// Whether the writer came to its end. If not, it hangs in a write (a pipe nobody reads, a dead
  /// disk), and what it and the feeders still held is lost beyond `linesLost`.
  package let isComplete: Bool
  /// Lines lost over the log's whole life, those given up at the deadline included.
  package let linesLost: UInt64
}

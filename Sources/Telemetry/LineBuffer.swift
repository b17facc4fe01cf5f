internal import Primitives
internal import Synchronization

/// The lines of one feeder that the writer has not taken yet, and how many found no room.
final class LineBuffer: Sendable {
  enum Outcome {
    case taken
    /// Taken, and the writer should come before its time: the buffer fills.
    case takenAndFilling
    case lost
  }

  private struct Lines {
    var bytes: [UInt8] = []
    /// Lines lost since the writer last took what was there.
    var lost: UInt64 = 0
    var isWriterCalled = false
    var isClosed = false
  }

  private let limit: Int
  private let lines = Mutex(Lines())

  init(limit: Int) { self.limit = limit }

  /// Appends one line; takes it back when it finds no room.
  func append(_ write: (inout [UInt8]) -> Void) -> Outcome {
    lines.withLock { lines in
      let before = lines.bytes.count
      if before < limit, !lines.isClosed {
        write(&lines.bytes)
        lines.bytes.append(ASCII.lineFeed)
      }
      guard lines.bytes.count > before, lines.bytes.count <= limit else {
        lines.bytes.removeLast(max(lines.bytes.count - before, 0))
        lines.lost += 1
        return .lost
      }
      guard lines.bytes.count > limit / 4, !lines.isWriterCalled else { return .taken }
      lines.isWriterCalled = true
      return .takenAndFilling
    }
  }

  /// Nothing is taken from now on.
  func close() {
    lines.withLock { $0.isClosed = true }
  }

  /// Hands what is buffered to the writer, if it is done with what it took before. Returns whether
  /// the buffer is empty now.
  func drain(into writer: inout LineWriter) -> Bool {
    guard writer.drain() else { return false }
    let lost = lines.withLock { lines in
      writer.take(&lines.bytes)
      let lost = lines.lost
      lines.lost = 0
      lines.isWriterCalled = false
      return lost
    }
    if lost > 0 { writer.notice(lost: lost) }
    return true
  }

  /// Throws away what is buffered and returns how many lines that were.
  func abandon() -> UInt64 {
    lines.withLock { lines in
      let count = lines.bytes.reduce(into: UInt64(0)) { $0 += $1 == ASCII.lineFeed ? 1 : 0 }
      lines.bytes = []
      return count
    }
  }
}

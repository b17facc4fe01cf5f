import Foundation

/// What a process or a peer has said so far, growing while others look at it.
package final class OutputLog: @unchecked Sendable {
  // Guarded by `condition`, which is signalled at each change.
  private let condition = NSCondition()
  private var bytes: [UInt8] = []
  private var isFinished = false

  package init() {}

  package func append(_ more: some Sequence<UInt8>) {
    condition.withLock {
      bytes.append(contentsOf: more)
      condition.broadcast()
    }
  }

  /// Nothing more will come.
  package func finish() {
    condition.withLock {
      isFinished = true
      condition.broadcast()
    }
  }

  package var text: String { condition.withLock { String(decoding: bytes, as: UTF8.self) } }

  package var contents: [UInt8] { condition.withLock { bytes } }

  /// The first whole line that contains `part`, as soon as there is one.
  package func line(containing part: String, within duration: Duration = Deadline.usual) throws
    -> String
  {
    let deadline = Deadline(in: duration)
    condition.lock()
    defer { condition.unlock() }
    while true {
      let whole = bytes.lastIndex(of: 0x0A).map { bytes[...$0] } ?? []
      let lines = String(decoding: whole, as: UTF8.self).split(separator: "\n")
      if let line = lines.first(where: { $0.contains(part) }) { return String(line) }
      guard !isFinished, condition.wait(until: deadline.date) else {
        let said = String(decoding: bytes, as: UTF8.self)
        throw JourneyFailure("no line with '\(part)' came; what came was:\n\(said)")
      }
    }
  }

  /// Waits for the end of what comes.
  package func waitForEnd(within duration: Duration = Deadline.usual) throws {
    let deadline = Deadline(in: duration)
    condition.lock()
    defer { condition.unlock() }
    while !isFinished {
      guard condition.wait(until: deadline.date) else {
        throw JourneyFailure("the output did not end within \(duration)")
      }
    }
  }
}

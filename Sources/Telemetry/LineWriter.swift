internal import Platform
internal import Primitives

/// The writing side of a line log: the open file, and the lines on their way into it.
struct LineWriter: ~Copyable {
  private var file: AppendFile
  private let lossNotice: LineLog.LossNotice
  private var batch: [UInt8] = []
  /// How much of `batch` is written.
  private var written = 0
  /// Whether the file ends within a line that a dead writer left: it must not swallow the next of
  /// ours.
  private var needsLineEnd: Bool
  /// Loss notices at the end of `batch`.
  private var notices: UInt64 = 0
  /// Lines given up here since `takeTornLines` was last asked.
  private var tornLines: UInt64 = 0
  private var writingFails = false
  private var reopeningFails = false
  private var troubles: [LogTrouble] = []

  init(file: consuming AppendFile, lossNotice: @escaping LineLog.LossNotice) {
    needsLineEnd = file.endsWithinLine
    self.file = file
    self.lossNotice = lossNotice
  }

  /// Takes a feeder's lines in exchange for the empty batch, which keeps its room. Only after
  /// `drain` returned true.
  mutating func take(_ lines: inout [UInt8]) {
    batch.removeAll(keepingCapacity: true)
    written = 0
    notices = 0
    swap(&batch, &lines)
  }

  /// Adds the line that tells that lines were lost at this place.
  mutating func notice(lost: UInt64) {
    lossNotice(&batch, lost, Clock.wall)
    batch.append(ASCII.lineFeed)
    notices += 1
  }

  /// Writes what is left of the batch. Returns whether all is written.
  mutating func drain() -> Bool {
    if needsLineEnd, written < batch.count {
      let lineEnd: InlineArray<1, UInt8> = [ASCII.lineFeed]
      guard progress(file.append(lineEnd.span)) > 0 else { return false }
      needsLineEnd = false
    }
    while written < batch.count {
      let count = progress(file.append(batch.span.extracting(written..<batch.count)))
      guard count > 0 else { return false }
      written += count
    }
    return true
  }

  /// How many bytes a write moved; takes note of trouble that begins or ends with it.
  private mutating func progress(_ result: TransferResult) -> Int {
    switch result {
    case .transferred(let count) where count > 0:
      if writingFails { troubles.append(.over) }
      writingFails = false
      return count
    case .transferred, .wouldBlock:
      return 0
    case .failed(let code):
      if !writingFails {
        troubles.append(.writing(SystemError(call: "write", code: code, subject: file.name)))
      }
      writingFails = true
      return 0
    }
  }

  /// Opens the path anew when asked to or when it no longer stands for the open file. Where that
  /// fails, the open file stays.
  mutating func reopenIfMoved(_ path: String, isAsked: Bool) {
    guard isAsked || reopeningFails || FileIdentity(path: path) != file.identity else { return }
    do throws(SystemError) {
      let next = try AppendFile(path: path)
      // What is left goes into the file it belongs to, if that still takes it.
      if !drain() { giveUpTornLine() }
      needsLineEnd = next.endsWithinLine
      file = next
      if reopeningFails { troubles.append(.over) }
      reopeningFails = false
    } catch {
      if !reopeningFails { troubles.append(.reopening(error)) }
      reopeningFails = true
    }
  }

  /// The troubles that began or ended since this was last asked.
  mutating func takeTroubles() -> [LogTrouble] {
    guard !troubles.isEmpty else { return [] }
    let result = troubles
    troubles = []
    return result
  }

  /// Lines of which the old file got a part and the new one gets nothing.
  mutating func takeTornLines() -> UInt64 {
    let result = tornLines
    tornLines = 0
    return result
  }

  /// Throws away what is left and returns how many lines that were.
  mutating func abandon() -> UInt64 {
    let count = batch[written...].reduce(into: UInt64(0)) { $0 += $1 == ASCII.lineFeed ? 1 : 0 }
    batch = []
    written = 0
    return count - min(notices, count)
  }

  /// Passes over the rest of a line whose beginning the old file got: a half line in the new file
  /// would be no line at all.
  private mutating func giveUpTornLine() {
    guard written > 0, batch[written - 1] != ASCII.lineFeed,
      let end = batch[written...].firstIndex(of: ASCII.lineFeed)
    else { return }
    written = end + 1
    tornLines += 1
    notice(lost: 1)
  }
}

/// Output the socket did not take: pieces in order, copied or shared with whoever keeps them.
///
/// Exists only while there is some: idle streams have none. Not `Sendable`.
final class OutputBacklog {
  private struct Piece {
    var bytes: [UInt8]
    var start: Int
    var end: Int
    var isShared: Bool
  }

  // Copied output is kept in pieces of about this size.
  private static let pieceSize = 65_536

  private var pieces: [Piece] = []
  private var first = 0
  /// How many bytes wait.
  private(set) var count = 0

  /// Appends a copy.
  func append(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    count += bytes.count
    if let last = pieces.indices.last, last >= first, !pieces[last].isShared,
      pieces[last].bytes.count + bytes.count <= Self.pieceSize
    {
      unsafe pieces[last].bytes.append(contentsOf: bytes)
      pieces[last].end = pieces[last].bytes.count
      return
    }
    unsafe pieces.append(Piece(bytes: Array(bytes), start: 0, end: bytes.count, isShared: false))
  }

  /// Appends `bytes[range]` without copying. The range must lie within.
  func append(shared bytes: [UInt8], _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    count += range.count
    pieces.append(
      Piece(bytes: bytes, start: range.lowerBound, end: range.upperBound, isShared: true))
  }

  /// Calls `send` with the first waiting bytes, and drops as many as it says were sent.
  func offer(_ send: (UnsafeRawBufferPointer) -> Int) -> Int {
    guard first < pieces.count else { return 0 }
    let (start, end) = (pieces[first].start, pieces[first].end)
    let sent = unsafe pieces[first].bytes.withUnsafeBytes { bytes in
      unsafe send(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }
    count -= sent
    pieces[first].start += sent
    if pieces[first].start == end { dropFirst() }
    return sent
  }

  private func dropFirst() {
    pieces[first].bytes = []
    first += 1
    guard first == pieces.count || first >= 64 else { return }
    pieces.removeFirst(first)
    first = 0
  }
}

internal import Primitives

/// Keeps out of logs what stands in a path and looks like a secret: the code of a reset link, a
/// session in a path parameter, a token.
///
/// A run of letters, digits, `-`, `_`, `=`, `~` and `%` counts as one where it is long and mixed as
/// words are not: from 20 bytes on with a digit and a letter or with digits alone, from 32 on with
/// letters of both cases. A short code cannot be told from a word; a route says that its paths are
/// secret.
package enum PathRedaction {
  static let stand: StaticString = "[redacted]"
  private static let shortest = 20
  private static let shortestOfLetters = 32

  /// Whether a part of the path looks like a secret: what most paths are asked and no more.
  package static func isNeeded(_ path: ArraySlice<UInt8>) -> Bool {
    guard path.count >= shortest else { return false }
    var rest = path
    while let run = nextRun(&rest) { if isSecret(run) { return true } }
    return false
  }

  /// The path with every such part replaced.
  package static func redacted(_ path: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = path
    var written = path.startIndex
    while let run = nextRun(&rest) {
      guard isSecret(run) else { continue }
      result.append(contentsOf: path[written..<run.startIndex])
      result.append(ascii: stand)
      written = run.endIndex
    }
    result.append(contentsOf: path[written...])
    return result
  }

  private static func nextRun(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    rest = rest.drop { !belongs($0) }
    guard !rest.isEmpty else { return nil }
    let run = rest.prefix(while: belongs)
    rest = rest[run.endIndex...]
    return run
  }

  private static func belongs(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x2D, 0x5F, 0x3D, 0x7E, 0x25: true
    default: ASCII.isAlpha(byte) || ASCII.isDigit(byte)
    }
  }

  private static func isSecret(_ run: ArraySlice<UInt8>) -> Bool {
    guard run.count >= shortest else { return false }
    if run.contains(where: ASCII.isDigit) { return true }
    return run.count >= shortestOfLetters && run.contains { $0 >= 0x41 && $0 <= 0x5A }
      && run.contains { $0 >= 0x61 && $0 <= 0x7A }
  }
}

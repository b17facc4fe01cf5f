internal import Primitives

/// The one spelling in which forgiving servers would agree on a path.
package enum ForgivingPath {
  /// Whether the path is spelled so already.
  package static func isForgiving(_ path: ArraySlice<UInt8>) -> Bool {
    var previous: UInt8 = 0
    for (index, byte) in zip(path.indices, path) {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "%"), ASCII.semicolon,
        ASCII.backslash:
        return false
      case ASCII.slash where previous == ASCII.slash: return false
      case UInt8(ascii: ".") where endsSegment(path[index...].dropFirst()): return false
      default: break
      }
      previous = byte
    }
    return previous != ASCII.slash || path.count <= 1
  }

  private static func endsSegment(_ rest: ArraySlice<UInt8>) -> Bool {
    rest.isEmpty || rest.first == ASCII.slash
  }

  /// The path with escapes decoded (twice, as behind a second server), backslashes as slashes,
  /// parameters cut off, empty and dot segments resolved, in small letters, without a slash at the
  /// end. It ends where a server takes an escaped NUL, question mark or hash for its end; dots and
  /// white space at the end of a segment go, as on file systems that know none.
  package static func of(_ path: ArraySlice<UInt8>) -> [UInt8] {
    let whole = decoded(decoded(path)[...])
    let bytes = whole.prefix { $0 != 0 && $0 != ASCII.questionMark && $0 != 0x23 }.map { byte in
      byte == ASCII.backslash ? ASCII.slash : ASCII.lowercased(byte)
    }
    var segments: [ArraySlice<UInt8>] = []
    for part in bytes.split(separator: ASCII.slash) {
      var segment = part.prefix { $0 != ASCII.semicolon }
      while let last = segment.last, last <= ASCII.space { segment.removeLast() }
      if segment.equals("..") {
        _ = segments.popLast()
        continue
      }
      while let last = segment.last, last <= ASCII.space || last == UInt8(ascii: ".") {
        segment.removeLast()
      }
      if !segment.isEmpty { segments.append(segment) }
    }
    guard !segments.isEmpty else { return [ASCII.slash] }
    return segments.flatMap { [ASCII.slash] + $0 }
  }

  private static func decoded(_ path: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(path.count)
    var rest = path
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2,
        let high = ASCII.hexadecimalValue(digits[digits.startIndex]),
        let low = ASCII.hexadecimalValue(digits[digits.startIndex + 1])
      {
        result.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        result.append(byte)
      }
    }
    return result
  }
}

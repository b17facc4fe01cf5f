internal import HTTPModel
internal import Primitives

/// A pattern of request paths, matched segment by segment.
///
///     /login            this path
///     /users/*/avatar   * is one segment, or a part of one: /assets/*.css
///     /assets/**        /assets and everything below
///     /**/logo.svg      ** is any number of segments, none included
///
/// Patterns are held against paths in their normal form (`NormalPath`), and are brought into it
/// themselves: `/%6Cogin` is `/login`; `%2F` is no slash. Letter case counts.
package struct PathPattern: Hashable, Sendable {
  enum Segment: Hashable {
    case literal([UInt8])
    /// The runs between the stars; the first and the last may be empty.
    case glob([[UInt8]])
    /// One segment that is not empty.
    case any
    /// Any number of segments.
    case anyDepth
  }

  /// Why a text is no pattern.
  package enum Flaw: Error, Hashable {
    case noLeadingSlash
    /// `**` beside other characters in one segment.
    case doubleStarInSegment
    /// A second `**`: where it ends would be a guess.
    case secondDoubleStar
    /// A character that no path has (RFC 3986 §3.3): `?`, `#`, white space, a control character, or
    /// a byte that is not ASCII.
    case notInPaths(UInt8)
    /// `.` and `..` are resolved by clients and servers, never sent.
    case dotSegment
  }

  package let text: [UInt8]
  let segments: [Segment]

  package init(_ text: some Collection<UInt8>) throws(Flaw) {
    let bytes = Array(text)
    guard bytes.first == ASCII.slash else { throw .noLeadingSlash }
    if let foreign = bytes.first(where: { !Self.isPathByte($0) }) { throw .notInPaths(foreign) }
    var segments: [Segment] = []
    for part in bytes.dropFirst().split(separator: ASCII.slash, omittingEmptySubsequences: false) {
      let segment = try Self.segment(part)
      if segment == .anyDepth, segments.contains(.anyDepth) { throw .secondDoubleStar }
      segments.append(segment)
    }
    self.text = bytes
    self.segments = segments
  }

  private static let star = UInt8(ascii: "*")

  private static func isPathByte(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
  }

  private static func segment(_ part: ArraySlice<UInt8>) throws(Flaw) -> Segment {
    if part.equals(".") || part.equals("..") { throw .dotSegment }
    if part.equals("**") { return .anyDepth }
    if part.equals("*") { return .any }
    let pieces = part.split(separator: star, omittingEmptySubsequences: false)
    if pieces.dropFirst().dropLast().contains(where: \.isEmpty) { throw .doubleStarInSegment }
    let decoded = pieces.map { Array(NormalPath.of($0)) }
    return decoded.count == 1 ? .literal(decoded[0]) : .glob(decoded)
  }

  // MARK: Matching

  /// Whether the path, in its normal form (`NormalPath`) and without its query, is one of these.
  /// Allocates nothing.
  package func matches(_ path: ArraySlice<UInt8>) -> Bool {
    guard path.first == ASCII.slash else { return false }
    var cursor: Int? = path.startIndex + 1
    var index = 0
    // Where to go on when segments after `**` do not fit: one segment further.
    var retrySegment: Int?
    var retryCursor: Int?
    while true {
      if index < segments.count, segments[index] == .anyDepth {
        if index == segments.count - 1 { return true }
        index += 1
        retrySegment = index
        retryCursor = cursor
        continue
      }
      if index == segments.count, cursor == nil { return true }
      if index < segments.count, let start = cursor {
        let end = path[start...].firstIndex(of: ASCII.slash) ?? path.endIndex
        if Self.matches(segments[index], path[start..<end]) {
          index += 1
          cursor = end < path.endIndex ? end + 1 : nil
          continue
        }
      }
      guard let again = retrySegment, let from = retryCursor else { return false }
      guard let slash = path[from...].firstIndex(of: ASCII.slash) else { return false }
      index = again
      cursor = slash + 1
      retryCursor = cursor
    }
  }

  private static func matches(_ segment: Segment, _ part: ArraySlice<UInt8>) -> Bool {
    switch segment {
    case .any: return !part.isEmpty
    case .anyDepth: return true
    case .literal(let bytes): return part.elementsEqual(bytes)
    case .glob(let pieces): return matches(pieces, part)
    }
  }

  /// Whether the runs occur in order, the first at the start and the last at the end.
  private static func matches(_ pieces: [[UInt8]], _ part: ArraySlice<UInt8>) -> Bool {
    guard let first = pieces.first, let last = pieces.last, part.starts(with: first) else {
      return false
    }
    var rest = part.dropFirst(first.count)
    for piece in pieces.dropFirst().dropLast() {
      while !rest.starts(with: piece) {
        guard !rest.isEmpty else { return false }
        rest = rest.dropFirst()
      }
      rest = rest.dropFirst(piece.count)
    }
    return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
  }
}

extension PathPattern: CustomStringConvertible {
  package var description: String { text.displayText }
}

extension PathPattern {
  /// Whether every path that `other` takes is surely taken by this pattern too. False where unsure.
  package func covers(_ other: PathPattern) -> Bool {
    if self == other { return true }
    guard let depth = segments.firstIndex(of: .anyDepth) else {
      return segments.count == other.segments.count
        && zip(segments, other.segments).allSatisfy(Self.covers)
    }
    // Only a pattern that ends in ** is compared further.
    guard depth == segments.count - 1, other.segments.count >= depth else { return false }
    return zip(segments[..<depth], other.segments).allSatisfy(Self.covers)
  }

  private static func covers(_ one: Segment, _ other: Segment) -> Bool {
    switch (one, other) {
    case (.any, .any): true
    case (.any, .literal(let bytes)): !bytes.isEmpty
    case (.any, .glob(let pieces)): pieces.contains { !$0.isEmpty }
    case (.glob(let pieces), .literal(let bytes)): matches(pieces, bytes[...])
    case (.literal(let bytes), .literal(let others)): bytes == others
    case (.glob(let pieces), .glob(let others)): pieces == others
    default: false
    }
  }
}

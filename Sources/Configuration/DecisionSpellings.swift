package import HTTPModel
internal import Primitives

/// Finds the requests that some servers take for those of a decision route although the route does
/// not: `//login`, `/LOGIN`, `/login/`, `/login;x`, `/a/../login` (PTH-02 to PTH-04).
///
/// Such a request may not leave the decision lane: what the origin answers to it may be a verdict,
/// and what a careless cache before the origin answers may be an old one.
package struct DecisionSpellings: Sendable {
  private struct Candidate: Sendable {
    var match: RouteMatch
    var isDecision: Bool
  }

  /// All routes in their order, with their paths in the most forgiving spelling; empty where no
  /// decision route names a path.
  private let candidates: [Candidate]
  /// Whether some route's own path is spelled otherwise, so that plain paths are compared too.
  private let comparesAll: Bool

  package init(_ routes: [RouteSettings]) {
    guard routes.contains(where: { $0.lane.isDecision && !$0.match.paths.isEmpty }) else {
      candidates = []
      comparesAll = false
      return
    }
    candidates = routes.map { route in
      var match = route.match
      match.paths = match.paths.map(\.forgiving)
      return Candidate(match: match, isDecision: route.lane.isDecision)
    }
    comparesAll = zip(candidates, routes).contains { $0.match.paths != $1.match.paths }
  }

  /// The number of the decision route that would take the request, which none takes as it is, on a
  /// server that reads paths forgivingly; nil where there is none. Allocates nothing for paths in
  /// the usual spelling.
  package func decisionMeant(by head: RequestHead, client: ClientCertificateFacts?) -> Int? {
    guard !candidates.isEmpty else { return nil }
    if PathSpelling.isForgiving(head.path) {
      return comparesAll ? decision(for: head, client: client) : nil
    }
    var other = head
    other.path = PathSpelling.forgiving(head.path)[...]
    return decision(for: other, client: client)
  }

  private func decision(for head: RequestHead, client: ClientCertificateFacts?) -> Int? {
    guard let index = candidates.firstIndex(where: { $0.match.matches(head, client: client) })
    else { return nil }
    return candidates[index].isDecision ? index : nil
  }
}

extension RouteLane {
  fileprivate var isDecision: Bool {
    if case .decision = self { true } else { false }
  }
}

extension PathPattern {
  /// The pattern for paths in the most forgiving spelling: small letters, no slash at the end.
  fileprivate var forgiving: PathPattern {
    var text = text.asciiLowercased()
    while text.count > 1, text.last == ASCII.slash { text.removeLast() }
    return (try? PathPattern(text)) ?? self
  }
}

/// The one spelling in which forgiving servers would agree on a path.
enum PathSpelling {
  /// Whether the path is spelled so already.
  static func isForgiving(_ path: ArraySlice<UInt8>) -> Bool {
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
  static func forgiving(_ path: ArraySlice<UInt8>) -> [UInt8] {
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

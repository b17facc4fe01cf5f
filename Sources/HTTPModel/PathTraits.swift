internal import Primitives

/// How the path of a request is spelled: found once, by this one function, for routing,
/// classification, the cache's key, purges and explanations, so that no two of them can disagree.
///
///     /a/b.css            plain      it is its own normal form
///     /%61/caf%c3%a9      respelled  the normal form is /a/caf%C3%A9: equivalent by RFC 3986
///                                    §6.2.2.1 (letter case of escapes) and §6.2.2.2 (escaped
///                                    unreserved characters)
///     /a%2Fb  /a/../b     ambiguous  one server resolves it, another takes it as it is: never
///     /a//b   /a;x                   looked up, never stored, never explained as harmless
///     /a%zz   /a%00       refused    no URI, or one that only an attack spells: 400
///
/// The origin gets every byte as the client sent it. So nothing is resolved here that the origin
/// might not resolve: dot segments stay where they are, and the path is ambiguous.
package struct PathTraits: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The normal form has other bytes.
  package static let respelled = PathTraits(rawValue: 1)
  /// `//` somewhere.
  package static let emptySegment = PathTraits(rawValue: 2)
  /// A segment `.` or `..`.
  package static let dotSegment = PathTraits(rawValue: 4)
  /// `;`, which many servers take for the beginning of a segment's parameters.
  package static let parameter = PathTraits(rawValue: 8)
  /// An escape of `/ \ ; ? # . %`, or one that is no UTF-8 and that careless decoders take for one
  /// of these.
  package static let hiddenDelimiter = PathTraits(rawValue: 16)
  /// A percent sign without two hexadecimal digits after it.
  package static let brokenEscape = PathTraits(rawValue: 32)
  /// An escaped control character, NUL among them.
  package static let escapedControl = PathTraits(rawValue: 64)
  /// A backslash, which is in no URI.
  package static let backslash = PathTraits(rawValue: 128)

  private static let refused: PathTraits = [.brokenEscape, .escapedControl, .backslash]

  /// Whether no request with such a path is taken.
  package var areRefused: Bool { !isDisjoint(with: Self.refused) }

  /// Whether two programs may read the path in two ways.
  package var areAmbiguous: Bool { !subtracting(.respelled).isEmpty }

  // MARK: Finding them

  /// The traits of a path as it came, its query excluded. One pass, no allocation.
  package init(of path: ArraySlice<UInt8>) { self.init(of: path.span) }

  private init(of path: Span<UInt8>) {
    var traits: PathTraits = []
    var index = 0
    var previous: UInt8 = 0
    while index < path.count {
      let byte = path[index]
      switch byte {
      case 0x25: traits.formUnion(Self.escape(in: path, at: index))
      case ASCII.slash: if previous == ASCII.slash { traits.insert(.emptySegment) }
      case 0x2E:
        if previous == ASCII.slash, Self.isDotSegment(path, from: index) {
          traits.insert(.dotSegment)
        }
      case ASCII.semicolon: traits.insert(.parameter)
      case ASCII.backslash: traits.insert(.backslash)
      default: break
      }
      previous = byte
      index &+= 1
    }
    self = traits
  }

  private static func isDotSegment(_ path: Span<UInt8>, from start: Int) -> Bool {
    var end = start
    while end < path.count, path[end] == 0x2E { end &+= 1 }
    return end &- start <= 2 && (end == path.count || path[end] == ASCII.slash)
  }

  private static func escape(in path: Span<UInt8>, at index: Int) -> PathTraits {
    guard let byte = escapedByte(in: path, at: index) else { return .brokenEscape }
    var traits: PathTraits = []
    let isLower = path[index &+ 1] > 0x60 || path[index &+ 2] > 0x60
    if isLower || isUnreserved(byte) { traits.insert(.respelled) }
    switch byte {
    case 0...0x1F, 0x7F: traits.insert(.escapedControl)
    case 0x23, 0x25, 0x2E, ASCII.slash, ASCII.semicolon, ASCII.questionMark, ASCII.backslash:
      traits.insert(.hiddenDelimiter)
    // Bytes that begin no character of UTF-8, or only a longer spelling of a shorter one.
    case 0xC0, 0xC1, 0xF5...: traits.insert(.hiddenDelimiter)
    case 0xE0 where isOverlong(in: path, after: index, below: 0xA0),
      0xF0 where isOverlong(in: path, after: index, below: 0x90):
      traits.insert(.hiddenDelimiter)
    default: break
    }
    return traits
  }

  private static func isOverlong(in path: Span<UInt8>, after index: Int, below limit: UInt8)
    -> Bool
  {
    guard index &+ 3 < path.count, path[index &+ 3] == 0x25,
      let next = escapedByte(in: path, at: index &+ 3)
    else { return false }
    return next >= 0x80 && next < limit
  }

  /// The byte that the escape at `index` spells; nil where it is none.
  fileprivate static func escapedByte(in path: Span<UInt8>, at index: Int) -> UInt8? {
    guard path.count &- index > 2, let high = ASCII.hexadecimalValue(path[index &+ 1]),
      let low = ASCII.hexadecimalValue(path[index &+ 2])
    else { return nil }
    return high << 4 | low
  }

  /// Letters, digits and `- . _ ~` (RFC 3986 §2.3).
  fileprivate static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x2D, 0x2E, 0x5F, 0x7E: true
    default: ASCII.isAlpha(byte) || ASCII.isDigit(byte)
    }
  }
}

// MARK: Normal forms

/// The one form in which paths are compared that RFC 3986 §6.2.2.1 and §6.2.2.2 call equivalent.
package enum NormalPath {
  /// The path with escaped unreserved characters decoded and the digits of all other escapes in
  /// capitals; the path itself where it is spelled so. Doing it twice changes nothing.
  package static func of(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    PathTraits(of: path).contains(.respelled) ? respelling(path) : path
  }

  /// For a path that is known to be spelled otherwise.
  static func respelling(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let bytes = path.span
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      guard byte == 0x25, let decoded = PathTraits.escapedByte(in: bytes, at: index) else {
        result.append(byte)
        index &+= 1
        continue
      }
      if PathTraits.isUnreserved(decoded) {
        result.append(decoded)
      } else {
        result.append(byte)
        result.append(capital(bytes[index &+ 1]))
        result.append(capital(bytes[index &+ 2]))
      }
      index &+= 3
    }
    return result[...]
  }

  /// A hexadecimal digit with its letter, if it is one, in capitals.
  private static func capital(_ digit: UInt8) -> UInt8 {
    ASCII.isDigit(digit) ? digit : digit & 0xDF
  }

  /// What a server makes of an ambiguous path that resolves whatever can be: dot segments gone (RFC
  /// 3986 §5.2.4), empty segments and parameters, too. In normal form already, letters as they are.
  package static func resolved(_ path: ArraySlice<UInt8>) -> [UInt8] {
    var segments: [ArraySlice<UInt8>] = []
    var endsOpen = false
    for part in path.split(separator: ASCII.slash, omittingEmptySubsequences: false) {
      let segment = part.prefix { $0 != ASCII.semicolon }
      endsOpen = segment.isEmpty || segment.equals(".") || segment.equals("..")
      if segment.equals("..") {
        _ = segments.popLast()
      } else if !segment.isEmpty, !segment.equals(".") {
        segments.append(segment)
      }
    }
    var result: [UInt8] = []
    for segment in segments {
      result.append(ASCII.slash)
      result.append(contentsOf: segment)
    }
    if endsOpen || result.isEmpty { result.append(ASCII.slash) }
    return result
  }
}

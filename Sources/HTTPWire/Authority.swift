internal import Primitives

/// A host with an optional port, as in `Host` and in request targets (RFC 3986 §3.2.2, §3.2.3).
///
/// Departure: of a `reg-name` only letters, digits and `-` `.` `_` `~` are taken. Percent-encoding
/// and sub-delimiters are in no name that resolves, but a comma is in what a careless hop makes of
/// two Host fields, and `%2e` is a dot to some. An empty port (`host:`) is refused for the like
/// reason: it makes a second spelling of one authority. So are port 0, IPvFuture and zone
/// identifiers.
enum Authority {
  /// The longest host: what DNS allows, and a final dot.
  private static let longestHost = 254

  static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>, needsPort: Bool) -> Bool {
    guard !range.isEmpty else { return false }
    let hostEnd: Int
    if bytes[range.lowerBound] == 0x5B {
      let bracket = bytes.firstIndex(of: 0x5D, from: range.lowerBound, to: range.upperBound)
      guard bracket < range.upperBound else { return false }
      guard isIPv6Address(bytes, (range.lowerBound &+ 1)..<bracket) else { return false }
      hostEnd = bracket &+ 1
    } else {
      hostEnd = bytes.firstIndex(of: ASCII.colon, from: range.lowerBound, to: range.upperBound)
      guard isName(bytes, range.lowerBound..<hostEnd) else { return false }
    }
    if hostEnd == range.upperBound { return !needsPort }
    return bytes[hostEnd] == ASCII.colon && isPort(bytes, (hostEnd &+ 1)..<range.upperBound)
  }

  private static func isName(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard !range.isEmpty, range.count <= longestHost else { return false }
    for index in range where !isNameCharacter(bytes[index]) { return false }
    return true
  }

  private static func isNameCharacter(_ byte: UInt8) -> Bool {
    ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
      || byte == 0x7E
  }

  private static func isPort(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard (1...5).contains(range.count) else { return false }
    var port = 0
    for index in range {
      guard ASCII.isDigit(bytes[index]) else { return false }
      port = port &* 10 &+ Int(bytes[index] &- ASCII.zero)
    }
    return (1...65535).contains(port)
  }

  // MARK: Comparing

  /// Whether both spell the same authority; letters of either case count as one.
  static func areEqual(
    _ left: Span<UInt8>, _ leftRange: Range<Int>, _ right: Span<UInt8>, _ rightRange: Range<Int>
  ) -> Bool {
    guard leftRange.count == rightRange.count else { return false }
    for step in 0..<leftRange.count {
      let one = ASCII.lowercased(left[leftRange.lowerBound &+ step])
      guard one == ASCII.lowercased(right[rightRange.lowerBound &+ step]) else { return false }
    }
    return true
  }

  /// Whether the range holds `text`, which is in lower case, in any case.
  static func equalsIgnoringCase(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString)
    -> Bool
  {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for step in 0..<range.count {
      let byte = ASCII.lowercased(bytes[range.lowerBound &+ step])
      if unsafe byte != text.utf8Start[step] { return false }
    }
    return true
  }

  // MARK: IPv6

  /// Whether the range is an IPv6 address (RFC 3986 §3.2.2): eight groups, or fewer around one
  /// `::`, the last two possibly written as an IPv4 address.
  static func isIPv6Address(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var index = range.lowerBound
    var groups = 0
    var compressed = false
    if range.count >= 2, bytes[index] == ASCII.colon, bytes[index &+ 1] == ASCII.colon {
      compressed = true
      index &+= 2
    }
    while index < range.upperBound {
      let groupEnd = bytes.firstIndex(of: ASCII.colon, from: index, to: range.upperBound)
      if groupEnd == range.upperBound, isIPv4Address(bytes, index..<groupEnd) {
        groups &+= 2
        break
      }
      guard isGroup(bytes, index..<groupEnd), groups < 8 else { return false }
      groups &+= 1
      index = groupEnd
      guard index < range.upperBound else { break }
      index &+= 1
      guard index < range.upperBound else { return false }
      if bytes[index] == ASCII.colon {
        guard !compressed else { return false }
        compressed = true
        index &+= 1
      }
    }
    return compressed ? groups < 8 : groups == 8
  }

  private static func isGroup(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard (1...4).contains(range.count) else { return false }
    for index in range where ASCII.hexadecimalValue(bytes[index]) == nil { return false }
    return true
  }

  private static func isIPv4Address(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var index = range.lowerBound
    for part in 0..<4 {
      let end =
        part == 3
        ? range.upperBound : bytes.firstIndex(of: 0x2E, from: index, to: range.upperBound)
      guard end < range.upperBound || part == 3, isOctet(bytes, index..<end) else { return false }
      index = end &+ 1
    }
    return true
  }

  private static func isOctet(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard (1...3).contains(range.count) else { return false }
    guard range.count == 1 || bytes[range.lowerBound] != ASCII.zero else { return false }
    var value = 0
    for index in range {
      guard ASCII.isDigit(bytes[index]) else { return false }
      value = value &* 10 &+ Int(bytes[index] &- ASCII.zero)
    }
    return value <= 255
  }
}

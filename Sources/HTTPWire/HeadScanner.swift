internal import Primitives

/// Finds the end of a head in bytes that arrive in any pieces (RFC 9112 §2.1, §2.2).
///
/// Call `scan` with everything received of the head so far; after a nil answer, again with the same
/// bytes and more. It looks at no byte twice. What it refuses depends on the bytes only, never on
/// how they were cut:
///
///     line *( CR LF line ) CR LF CR LF        line = bytes without controls, tabs allowed
///
/// - Every line ends in CR LF. A bare LF, a bare CR and any other control byte are refused where
///   they stand. Departure: RFC 9112 §2.2 lets a recipient take a bare LF for a line end; two that
///   differ on this are how requests are smuggled.
/// - One empty line before a request line is skipped, since some clients send one after a body (RFC
///   9112 §2.2); a second is refused, and before a status line even the first.
package struct HeadScanner: ~Copyable {
  /// What the lines belong to.
  package enum Part: Sendable {
    case request, response
    /// A trailer section: no start line, so an empty line ends it at once.
    case trailers
  }

  // Every connection has one of these, idle ones too: kept small. No place in a head is past
  // `WireLimits.ceiling`.
  private var storedPosition: UInt32 = 0
  private var storedLineStart: UInt32 = 0
  private var storedLineCount: UInt32 = 0
  private let part: Part
  private var skippedEmptyLine = false

  /// The next byte to look at.
  private var position: Int {
    get { Int(storedPosition) }
    set { storedPosition = UInt32(clamping: newValue) }
  }
  private var lineStart: Int {
    get { Int(storedLineStart) }
    set { storedLineStart = UInt32(clamping: newValue) }
  }
  private var lineCount: Int {
    get { Int(storedLineCount) }
    set { storedLineCount = UInt32(clamping: newValue) }
  }

  package init(_ part: Part) { self.part = part }

  /// Whether no byte of a head has been seen: an idle connection may be closed now without an
  /// answer.
  package var isAtStart: Bool { position == 0 }

  /// Forgets everything: the next call begins a new head.
  package mutating func reset() {
    position = 0
    lineStart = 0
    lineCount = 0
    skippedEmptyLine = false
  }

  /// The number of bytes of the complete head, its empty line included, or nil when there must be
  /// more.
  ///
  /// Throws when no continuation can make a head of these bytes. After an answer or a throw, only
  /// `reset` is of use.
  package mutating func scan(_ bytes: Span<UInt8>, limits: WireLimits = WireLimits())
    throws(ProtocolViolation) -> Int?
  {
    let headEnd = sectionLimit(limits)
    while position < bytes.count {
      let lineEnd = lineStart &+ min(lineLimit(limits), WireLimits.ceiling)
      let stop = min(bytes.count, lineEnd &+ 1, headEnd)
      let found = bytes.firstControlByte(from: position, to: max(stop, position))
      guard found < stop else {
        position = found
        if stop == headEnd { throw tooLarge }
        if stop > lineEnd { throw lineTooLong }
        return nil
      }
      position = found
      if bytes[found] == ASCII.horizontalTab {
        position &+= 1
        continue
      }
      guard try completesLine(bytes, at: found, before: headEnd) else { return nil }
      position = found &+ 2
      if try endsSection(lineLength: found &- lineStart, limits) { return position }
      lineStart = position
    }
    if position >= headEnd { throw tooLarge }
    return nil
  }

  /// Whether the control byte at `found` and the one after it are CR LF; false when the LF is yet
  /// to come.
  private func completesLine(_ bytes: Span<UInt8>, at found: Int, before headEnd: Int)
    throws(ProtocolViolation) -> Bool
  {
    switch bytes[found] {
    case ASCII.carriageReturn: break
    case ASCII.lineFeed: throw ProtocolViolation(.bareLineFeed, at: found)
    default: throw ProtocolViolation(.controlByte, at: found)
    }
    guard found &+ 1 < headEnd else { throw tooLarge }
    guard found &+ 1 < bytes.count else { return false }
    guard bytes[found &+ 1] == ASCII.lineFeed else {
      throw ProtocolViolation(.bareCarriageReturn, at: found)
    }
    return true
  }

  /// Counts a line; whether it was the empty one at the end.
  private mutating func endsSection(lineLength: Int, _ limits: WireLimits)
    throws(ProtocolViolation) -> Bool
  {
    if lineLength > 0 {
      lineCount &+= 1
      let allowed = part == .trailers ? limits.trailerLines : limits.fieldLines &+ 1
      guard lineCount <= allowed else {
        throw ProtocolViolation(
          part == .trailers ? .tooManyTrailers : .tooManyFieldLines, at: lineStart)
      }
      return false
    }
    if lineCount > 0 || part == .trailers { return true }
    guard part == .request, !skippedEmptyLine else {
      throw ProtocolViolation(.emptyStartLine, at: lineStart)
    }
    skippedEmptyLine = true
    return false
  }

  // MARK: Limits

  private func sectionLimit(_ limits: WireLimits) -> Int {
    part == .trailers ? min(limits.trailers, WireLimits.ceiling) : limits.boundedHead
  }

  private func lineLimit(_ limits: WireLimits) -> Int {
    guard lineCount == 0 else { return limits.fieldLine }
    switch part {
    case .request: return limits.requestLine
    case .response: return limits.statusLine
    case .trailers: return limits.fieldLine
    }
  }

  private var tooLarge: ProtocolViolation {
    ProtocolViolation(part == .trailers ? .trailersTooLarge : .headTooLarge)
  }

  private var lineTooLong: ProtocolViolation {
    guard lineCount == 0 else { return ProtocolViolation(.fieldLineTooLong, at: lineStart) }
    switch part {
    case .request: return ProtocolViolation(.requestLineTooLong, at: lineStart)
    case .response: return ProtocolViolation(.statusLineTooLong, at: lineStart)
    case .trailers: return ProtocolViolation(.fieldLineTooLong, at: lineStart)
    }
  }
}

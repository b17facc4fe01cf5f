package import HTTPModel
internal import Primitives

/// What a body decoder found at the place it was asked about.
package enum BodyEvent: Equatable, Sendable {
  /// Content, at these indices of the bytes passed in. Ask again from `upperBound`.
  case data(Range<Int>)
  /// Everything passed in was used; call again with what comes next.
  case needsMore
  /// The content is complete. What begins at `next` belongs to the next message.
  case end(next: Int)
}

/// Takes the chunked transfer coding apart without copying content (RFC 9112 §7.1).
///
///     1a ; name = "value" CR LF   26 bytes CR LF   0 CR LF   Trailer: field CR LF   CR LF
///     └ size   └ extension        └ data           └ last    └ trailer section      └ end
///
/// Chunk sizes are 1 to 16 hexadecimal digits and fit `Int64`. Extensions are checked, counted
/// against their limits and dropped (RFC 9112 §7.1.1): they concern one connection only. White
/// space is refused everywhere but inside quotes; "bad white space" (RFC 9110 §5.6.3) is where
/// implementations differ. Lines end in CR LF and nothing else.
///
/// Bytes may come in any pieces; all of them are used up by each call, so the caller keeps none.
/// The trailer section alone is buffered, up to its limit.
package struct ChunkedDecoder: ~Copyable {
  private enum State: Equatable {
    case size
    case extensionName, extensionValue, extensionToken
    case quotedText, quotedPair, afterQuotedText
    case lineEnd
    case data
    case dataEnd, dataLineFeed
    case trailers
    case finished
    case refused(ProtocolViolation)
  }

  private let limits: WireLimits
  private var state = State.size
  /// The size being read, then the bytes of data still to come.
  private var remaining: UInt64 = 0
  private var digits = 0
  private var lineLength = 0
  private var extensionBytes = 0
  private var partIsEmpty = true
  private var trailerScanner = HeadScanner(.trailers)
  private var trailerBytes: [UInt8] = []

  /// The trailer fields, once `.end` was answered. Kept apart from the head's fields, never merged
  /// (RFC 9110 §6.5.1).
  package private(set) var trailers = FieldSection()

  package init(limits: WireLimits = WireLimits()) { self.limits = limits }

  package var isFinished: Bool { state == .finished }

  /// The next thing found in `bytes` from `offset` on. After `.data`, ask again from its upper
  /// bound.
  ///
  /// Throws at the first byte that no continuation can make right, and again on every later call.
  package mutating func next(in bytes: Span<UInt8>, from offset: Int) throws(ProtocolViolation)
    -> BodyEvent
  {
    var index = offset
    while true {
      switch state {
      case .refused(let violation): throw violation
      case .finished: return .end(next: index)
      case .data:
        guard index < bytes.count else { return .needsMore }
        return takeData(from: index, available: bytes.count &- index)
      case .trailers:
        guard index < bytes.count else { return .needsMore }
        do throws(ProtocolViolation) {
          index &+= try takeTrailers(bytes.extracting(index...))
        } catch {
          throw refuse(error)
        }
      case .size, .extensionName, .extensionValue, .extensionToken, .quotedText, .quotedPair,
        .afterQuotedText, .lineEnd, .dataEnd, .dataLineFeed:
        guard index < bytes.count else { return .needsMore }
        do throws(ProtocolViolation) {
          try take(bytes[index])
        } catch {
          throw refuse(error)
        }
        index &+= 1
      }
    }
  }

  private mutating func refuse(_ violation: ProtocolViolation) -> ProtocolViolation {
    state = .refused(violation)
    return violation
  }

  private mutating func takeData(from index: Int, available: Int) -> BodyEvent {
    let length = Int(min(UInt64(available), remaining))
    remaining -= UInt64(length)
    if remaining == 0 { state = .dataEnd }
    return .data(index..<(index &+ length))
  }

  // MARK: The lines around the data

  /// Takes one byte of a chunk line or of the line end after data.
  private mutating func take(_ byte: UInt8) throws(ProtocolViolation) {
    switch state {
    case .dataEnd:
      guard byte == ASCII.carriageReturn else { throw ProtocolViolation(.missingChunkEnd) }
      state = .dataLineFeed
    case .dataLineFeed:
      guard byte == ASCII.lineFeed else { throw ProtocolViolation(.missingChunkEnd) }
      state = .size
    case .lineEnd:
      guard byte == ASCII.lineFeed else { throw ProtocolViolation(.bareCarriageReturn) }
      beginChunk()
    case .size, .extensionName, .extensionValue, .extensionToken, .quotedText, .quotedPair,
      .afterQuotedText:
      try takeInChunkLine(byte)
    case .data, .trailers, .finished, .refused: break
    }
  }

  private mutating func beginChunk() {
    state = remaining == 0 ? .trailers : .data
    digits = 0
    lineLength = 0
  }

  private mutating func takeInChunkLine(_ byte: UInt8) throws(ProtocolViolation) {
    if byte == ASCII.lineFeed { throw ProtocolViolation(.bareLineFeed) }
    if byte == ASCII.carriageReturn, mayEndLine {
      state = .lineEnd
      return
    }
    lineLength &+= 1
    guard lineLength <= limits.chunkLine else { throw ProtocolViolation(.chunkLineTooLong) }
    if state == .size {
      try takeSize(byte)
    } else {
      extensionBytes &+= 1
      guard extensionBytes <= limits.chunkExtensions else {
        throw ProtocolViolation(.chunkExtensionsTooLarge)
      }
      try takeExtension(byte)
    }
  }

  /// Whether a chunk line may end here.
  private var mayEndLine: Bool {
    switch state {
    case .size: digits > 0
    case .extensionName, .extensionToken: !partIsEmpty
    case .afterQuotedText: true
    case .extensionValue, .quotedText, .quotedPair, .lineEnd, .data, .dataEnd, .dataLineFeed,
      .trailers, .finished, .refused:
      false
    }
  }

  private mutating func takeSize(_ byte: UInt8) throws(ProtocolViolation) {
    if let value = ASCII.hexadecimalValue(byte) {
      guard digits < 16 else { throw ProtocolViolation(.invalidChunkSize) }
      remaining = digits == 0 ? UInt64(value) : remaining << 4 | UInt64(value)
      digits &+= 1
      guard remaining <= UInt64(Int64.max) else { throw ProtocolViolation(.chunkSizeTooLarge) }
      return
    }
    guard byte == ASCII.semicolon, digits > 0 else { throw ProtocolViolation(.invalidChunkSize) }
    beginExtension()
  }

  private mutating func beginExtension() {
    state = .extensionName
    partIsEmpty = true
  }

  /// Takes one byte of `*( ";" token [ "=" ( token / quoted-string ) ] )`.
  private mutating func takeExtension(_ byte: UInt8) throws(ProtocolViolation) {
    let isToken = ASCII.isTokenCharacter(byte)
    switch state {
    case .extensionName where isToken, .extensionToken where isToken:
      partIsEmpty = false
    case .extensionName where byte == ASCII.equals && !partIsEmpty:
      state = .extensionValue
    case .extensionName where byte == ASCII.semicolon && !partIsEmpty,
      .extensionToken where byte == ASCII.semicolon,
      .afterQuotedText where byte == ASCII.semicolon:
      beginExtension()
    case .extensionValue where isToken:
      state = .extensionToken
      partIsEmpty = false
    case .extensionValue where byte == ASCII.quote:
      state = .quotedText
    case .quotedText where byte == ASCII.quote:
      state = .afterQuotedText
    case .quotedText where byte == ASCII.backslash:
      state = .quotedPair
    case .quotedText where ASCII.isFieldValueCharacter(byte): break
    case .quotedPair where ASCII.isFieldValueCharacter(byte):
      state = .quotedText
    case .size, .extensionName, .extensionValue, .extensionToken, .quotedText, .quotedPair,
      .afterQuotedText, .lineEnd, .data, .dataEnd, .dataLineFeed, .trailers, .finished, .refused:
      throw ProtocolViolation(.invalidChunkExtension)
    }
  }

  // MARK: Trailers

  /// Takes what belongs to the trailer section; the number of bytes taken.
  private mutating func takeTrailers(_ bytes: Span<UInt8>) throws(ProtocolViolation) -> Int {
    let before = trailerBytes.count
    if before == 0, bytes.holds("\r\n", at: 0) {
      // No trailers, as nearly always: nothing to keep.
      state = .finished
      return 2
    }
    let room = max(min(limits.trailers, WireLimits.ceiling) &- before, 0)
    // Held in a local while it is borrowed: its owner is being changed.
    var section: [UInt8] = []
    swap(&section, &trailerBytes)
    section.append(contentsOf: bytes.copy(0..<min(bytes.count, room)))
    guard let end = try trailerScanner.scan(section.span, limits: limits) else {
      trailerBytes = section
      return bytes.count
    }
    trailers = try FieldLineParser.parse(section.span.extracting(..<end), from: 0, limits: limits)
    try TrailerFields.check(trailers)
    state = .finished
    return end &- before
  }
}

package import HTTPModel

/// Finds a message's content in the bytes of its connection, however it is framed (RFC 9112 §6.3).
///
///     while true {
///       switch try decoder.next(in: bytes, from: offset) {
///       case .data(let range): forward bytes[range]; offset = range.upperBound
///       case .needsMore: read again, then start from offset 0 of the new bytes
///       case .end(let next): the message is complete; the next one begins at `next`
///       }
///     }
///
/// Nothing is copied and nothing need be kept between calls.
package struct BodyDecoder: ~Copyable {
  private enum Mode: Equatable {
    case length, chunked, untilClose
  }

  /// The chunked coding's own state, apart: most messages have none, and an idle connection should
  /// not hold room for it.
  private final class Chunks {
    var decoder: ChunkedDecoder
    init(limits: WireLimits) { decoder = ChunkedDecoder(limits: limits) }
  }

  private let mode: Mode
  private var isClosed = false
  private var remaining: Int64 = 0
  private var chunks: Chunks?

  package init(_ framing: BodyFraming, limits: WireLimits = WireLimits()) {
    switch framing {
    case .none: mode = .length
    case .length(let length):
      mode = .length
      remaining = max(length, 0)
    case .chunked:
      mode = .chunked
      chunks = Chunks(limits: limits)
    case .untilClose: mode = .untilClose
    }
  }

  /// Whether the content is complete: the connection may go on to the next message.
  package var isFinished: Bool {
    switch mode {
    case .length: remaining == 0
    case .chunked: chunks?.decoder.isFinished ?? true
    case .untilClose: isClosed
    }
  }

  /// The trailer fields; empty before the end, and for all framings but chunked.
  package var trailers: FieldSection { chunks?.decoder.trailers ?? FieldSection() }

  /// The next piece of content in `bytes` from `offset` on.
  package mutating func next(in bytes: Span<UInt8>, from offset: Int) throws(ProtocolViolation)
    -> BodyEvent
  {
    switch mode {
    case .chunked:
      guard let chunks else { return .end(next: offset) }
      return try chunks.decoder.next(in: bytes, from: offset)
    case .length:
      guard remaining > 0 else { return .end(next: offset) }
      guard offset < bytes.count else { return .needsMore }
      let length = Int(min(Int64(bytes.count &- offset), remaining))
      remaining -= Int64(length)
      return .data(offset..<(offset &+ length))
    case .untilClose:
      return offset < bytes.count ? .data(offset..<bytes.count) : .needsMore
    }
  }

  /// The peer closed its side. Throws `truncated-content` where more had to come (RFC 9112 §8):
  /// what was received must then be neither delivered as complete nor stored.
  package mutating func peerClosed() throws(ProtocolViolation) {
    if mode == .untilClose { isClosed = true }
    guard isFinished else { throw ProtocolViolation(.truncatedContent) }
  }
}

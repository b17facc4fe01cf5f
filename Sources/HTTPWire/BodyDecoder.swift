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

  private let mode: Mode
  private var remaining: Int64
  private var chunks: ChunkedDecoder
  private var isClosed = false

  package init(_ framing: BodyFraming, limits: WireLimits = WireLimits()) {
    chunks = ChunkedDecoder(limits: limits)
    switch framing {
    case .none: (mode, remaining) = (.length, 0)
    case .length(let length): (mode, remaining) = (.length, max(length, 0))
    case .chunked: (mode, remaining) = (.chunked, 0)
    case .untilClose: (mode, remaining) = (.untilClose, 0)
    }
  }

  /// Whether the content is complete: the connection may go on to the next message.
  package var isFinished: Bool {
    switch mode {
    case .length: remaining == 0
    case .chunked: chunks.isFinished
    case .untilClose: isClosed
    }
  }

  /// The trailer fields; empty before the end, and for all framings but chunked.
  package var trailers: FieldSection { chunks.trailers }

  /// The next piece of content in `bytes` from `offset` on.
  package mutating func next(in bytes: Span<UInt8>, from offset: Int) throws(ProtocolViolation)
    -> BodyEvent
  {
    switch mode {
    case .chunked: return try chunks.next(in: bytes, from: offset)
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

internal import HTTPModel
internal import HTTPWire
internal import Primitives

/// Reads the answer to a GET of the program's own up to the end of its final head, past the interim
/// responses before it (RFC 9110 §15.2).
struct FinalHeadReader: ~Copyable {
  /// How many interim responses may come before the answer.
  private static let maximumInterimResponses = 8

  enum Outcome {
    case needsMore
    case head(ResponseHead, BodyFraming)
    /// More interim responses came than anybody needs.
    case flood
  }

  private var scanner = HeadScanner(.response)
  private var interimResponses = 0
  private var inbound: [UInt8] = []

  /// What came after the head.
  var rest: [UInt8] { inbound }

  /// Takes bytes that came. Not asked again after a head or a flood.
  mutating func take(
    _ bytes: UnsafeRawBufferPointer, limits: WireLimits
  ) throws(ProtocolViolation) -> Outcome {
    unsafe inbound.append(contentsOf: bytes)
    while true {
      let kept = inbound
      let span = kept.span
      guard let count = try scanner.scan(span, limits: limits) else { return .needsMore }
      let head = try ResponseHeadParser.parse(span.extracting(0..<count), limits: limits)
      let framing = try responseFraming(of: head, toMethod: .get)
      scanner.reset()
      inbound.removeFirst(count)
      guard head.status.isInformational, head.status != .switchingProtocols else {
        return .head(head, framing)
      }
      interimResponses += 1
      guard interimResponses <= Self.maximumInterimResponses else { return .flood }
    }
  }
}

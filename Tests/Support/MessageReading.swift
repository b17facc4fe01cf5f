package import HTTPModel
package import HTTPWire

/// What reading one message gave, from the first byte to the last, the way a connection reads:
/// scan, parse, framing, the fields of the connection, content. Equal for equal bytes however they
/// were cut.
package struct MessageReading: Equatable, Sendable {
  /// How far the message came.
  package enum Stage: Equatable, Sendable {
    case scanning, head, content, complete
  }

  /// A reason code, or `accepted`.
  package var outcome = "accepted"
  package var stage = Stage.scanning
  package var request: RequestHead?
  package var response: ResponseHead?
  package var framing: BodyFraming?
  package var content: [UInt8] = []
  package var trailers = FieldSection()
  /// What followed the message.
  package var rest: [UInt8] = []

  /// Reads a message that arrives in these pieces; then the peer closes.
  package static func read(
    _ pieces: [ArraySlice<UInt8>], _ direction: MessageCase.Direction,
    limits: WireLimits = WireLimits()
  ) -> MessageReading {
    var reading = MessageReading()
    do throws(ProtocolViolation) {
      try reading.take(pieces, direction, limits)
    } catch {
      reading.outcome = error.code.rawValue
    }
    return reading
  }

  private mutating func take(
    _ pieces: [ArraySlice<UInt8>], _ direction: MessageCase.Direction, _ limits: WireLimits
  ) throws(ProtocolViolation) {
    var scanner = HeadScanner(direction == .request ? .request : .response)
    var received: [UInt8] = []
    var rest = pieces[...]
    var headEnd: Int?
    while headEnd == nil {
      guard let piece = rest.popFirst() else { throw ProtocolViolation(.incompleteHead) }
      received.append(contentsOf: piece)
      headEnd = try scanner.scan(received.span, limits: limits)
    }
    let end = headEnd ?? 0
    stage = .head
    let framing = try head(Array(received[..<end]), direction, limits)
    self.framing = framing
    stage = .content
    try content([received[end...]] + rest, framing, limits)
    stage = .complete
  }

  private mutating func head(
    _ bytes: [UInt8], _ direction: MessageCase.Direction, _ limits: WireLimits
  ) throws(ProtocolViolation) -> BodyFraming {
    let framing: BodyFraming
    var fields: FieldSection
    let version: HTTPVersion
    switch direction {
    case .request:
      let head = try RequestHeadParser.parse(bytes.span, limits: limits)
      request = head
      (fields, version) = (head.fields, head.version)
      framing = try requestFraming(of: head)
      _ = try expectation(of: head)
    case .response(let method):
      let head = try ResponseHeadParser.parse(bytes.span, limits: limits)
      response = head
      (fields, version) = (head.fields, head.version)
      framing = try responseFraming(of: head, toMethod: method)
    }
    _ = try upgradeProtocols(version: version, fields: fields, limits: limits)
    try removeHopByHopFields(from: &fields)
    return framing
  }

  private mutating func content(
    _ pieces: [ArraySlice<UInt8>], _ framing: BodyFraming, _ limits: WireLimits
  ) throws(ProtocolViolation) {
    var decoder = BodyDecoder(framing, limits: limits)
    for piece in pieces {
      let bytes = Array(piece)
      var offset = 0
      reading: while true {
        switch try decoder.next(in: bytes.span, from: offset) {
        case .data(let range):
          content.append(contentsOf: bytes[range])
          offset = range.upperBound
        case .needsMore: break reading
        case .end(let next):
          rest.append(contentsOf: bytes[next...])
          break reading
        }
      }
    }
    try decoder.peerClosed()
    trailers = decoder.trailers
  }
}

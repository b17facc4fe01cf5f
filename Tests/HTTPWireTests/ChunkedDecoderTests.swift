import HTTPModel
import HTTPWire
import Testing

@Suite struct ChunkedDecoderTests {
  private func events(_ pieces: [String], limits: WireLimits = WireLimits())
    throws(ProtocolViolation) -> [BodyEvent]
  {
    var decoder = ChunkedDecoder(limits: limits)
    var events: [BodyEvent] = []
    for piece in pieces {
      let bytes = Array(piece.utf8)
      var offset = 0
      while true {
        let event = try decoder.next(in: bytes.span, from: offset)
        events.append(event)
        guard case .data(let range) = event else { break }
        offset = range.upperBound
      }
    }
    return events
  }

  @Test func `data is where it lies, never copied`() throws {
    #expect(
      try events(["5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nnext"])
        == [.data(3..<8), .data(13..<14), .end(next: 21)])
  }

  @Test func `data over several pieces comes as it comes`() throws {
    #expect(
      try events(["5", "\r\nhe", "llo", "\r\n0\r\n", "\r", "\nX"])
        == [
          .needsMore, .data(2..<4), .needsMore, .data(0..<3), .needsMore, .needsMore, .needsMore,
          .end(next: 1),
        ])
  }

  @Test func `the largest size is taken and waits for its data`() throws {
    #expect(try events(["7fffffffffffffff\r\n"]) == [.needsMore])
  }

  @Test func `a refusal is repeated`() {
    var decoder = ChunkedDecoder()
    let bytes = Array("x".utf8)
    let good = Array("0\r\n\r\n".utf8)
    #expect(throws: ProtocolViolation(.invalidChunkSize)) {
      try next(&decoder, bytes)
    }
    #expect(throws: ProtocolViolation(.invalidChunkSize)) {
      try next(&decoder, good)
    }
  }

  private func next(_ decoder: inout ChunkedDecoder, _ bytes: [UInt8]) throws -> BodyEvent {
    try decoder.next(in: bytes.span, from: 0)
  }

  @Test func `trailers stay apart and come at the end`() throws {
    var decoder = ChunkedDecoder()
    let first = Array("0\r\nServer-Tim".utf8)
    let second = Array("ing: a\r\nX-B: c\r\n\r\nGET".utf8)
    #expect(try decoder.next(in: first.span, from: 0) == .needsMore)
    let early = decoder.trailers
    #expect(early.isEmpty)
    #expect(try decoder.next(in: second.span, from: 0) == .end(next: 18))
    let trailers = decoder.trailers
    #expect(trailers.count == 2)
    #expect(trailers.first(.serverTiming)?.elementsEqual("a".utf8) == true)
    let isFinished = decoder.isFinished
    #expect(isFinished)
  }

  @Test func `each limit is taken from the settings`() {
    var limits = WireLimits()
    limits.chunkLine = 3
    limits.trailers = 10
    #expect(throws: ProtocolViolation(.chunkLineTooLong)) {
      try events(["1;ab\r\n"], limits: limits)
    }
    #expect(throws: ProtocolViolation(.trailersTooLarge)) {
      try events(["0\r\nA: bcde\r\n\r\n"], limits: limits)
    }
    #expect(throws: Never.self) { try events(["0\r\nA: bcd\r\n\r\n"], limits: limits) }
  }

  @Test func `a length is counted down, and more belongs to the next message`() throws {
    var decoder = BodyDecoder(.length(5))
    let first = Array("he".utf8)
    let second = Array("lloGET".utf8)
    #expect(try decoder.next(in: first.span, from: 0) == .data(0..<2))
    #expect(try decoder.next(in: first.span, from: 2) == .needsMore)
    #expect(throws: ProtocolViolation(.truncatedContent)) { try close(&decoder) }
    #expect(try decoder.next(in: second.span, from: 0) == .data(0..<3))
    let isFinished = decoder.isFinished
    #expect(isFinished)
    #expect(try decoder.next(in: second.span, from: 3) == .end(next: 3))
    #expect(throws: Never.self) { try close(&decoder) }
  }

  private func close(_ decoder: inout BodyDecoder) throws { try decoder.peerClosed() }
}

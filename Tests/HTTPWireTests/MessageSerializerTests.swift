import HTTPModel
import HTTPWire
import Primitives
import TestSupport
import Testing

@Suite struct MessageSerializerTests {
  @Test func `a request is written as HTTP 1 1 with its lines in order`() throws {
    var fields = FieldSection()
    fields.append(.host, "a.example")
    fields.append(name: "x-Odd".utf8, value: "a\tb".utf8)
    fields.append(.accept, "")
    var head = RequestHead(
      method: .other(Array("PURGE".utf8)), target: Array("/a?b".utf8), fields: fields)
    head.version = .http10
    var output = Array("before".utf8)
    try MessageSerializer.append(head, to: &output)
    #expect(
      output.displayText
        == "beforePURGE /a?b HTTP/1.1\r\nHost: a.example\r\nx-Odd: a\tb\r\nAccept: \r\n\r\n")
  }

  @Test func `a response has its own reason or the customary one`() throws {
    var output: [UInt8] = []
    try MessageSerializer.append(ResponseHead(status: .notFound), to: &output)
    try MessageSerializer.append(
      ResponseHead(status: .ok, reason: Array("Fine".utf8)), to: &output)
    try MessageSerializer.append(ResponseHead(status: Status(299)), to: &output)
    #expect(
      output.displayText
        == "HTTP/1.1 404 Not Found\r\n\r\nHTTP/1.1 200 Fine\r\n\r\nHTTP/1.1 299 \r\n\r\n")
  }

  @Test(arguments: ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b", "a\u{7F}"])
  func `no value can bring a line of its own`(value: String) {
    var fields = FieldSection()
    fields.append(.host, "a.example")
    fields.append(.location, value.utf8)
    refuses { (output) throws(ProtocolViolation) in
      try MessageSerializer.append(fields, to: &output)
    }
    refuses { (output) throws(ProtocolViolation) in
      try MessageSerializer.append(ResponseHead(status: .ok, fields: fields), to: &output)
    }
    refuses { (output) throws(ProtocolViolation) in
      let reason = Array(value.utf8)
      try MessageSerializer.append(ResponseHead(status: .ok, reason: reason), to: &output)
    }
    refuses { (output) throws(ProtocolViolation) in
      try MessageSerializer.appendRequestLine(.get, target: value.utf8, to: &output)
    }
    refuses { (output) throws(ProtocolViolation) in
      let method = Method.other(Array(value.utf8))
      try MessageSerializer.appendRequestLine(method, target: "/".utf8, to: &output)
    }
    var trailers = FieldSection()
    trailers.append(name: "X-A".utf8, value: value.utf8)
    refuses { (output) throws(ProtocolViolation) in
      try MessageSerializer.appendLastChunk(trailers: trailers, to: &output)
    }
  }

  @Test(arguments: ["", "X A", "X:A", "X\r\nA", "Xé", "\u{0}"])
  func `no name but a token is written`(name: String) {
    var fields = FieldSection()
    fields.append(name: name.utf8, value: "a".utf8)
    refuses { (output) throws(ProtocolViolation) in
      try MessageSerializer.append(fields, to: &output)
    }
  }

  /// Whether the work throws `unsendable-message` and leaves the buffer as it was.
  private func refuses(_ work: (inout [UInt8]) throws(ProtocolViolation) -> Void) {
    var output = Array("kept".utf8)
    do throws(ProtocolViolation) {
      try work(&output)
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.code == .unsendableMessage)
    }
    #expect(output.displayText == "kept")
  }

  @Test func `a trailer that no head may get is not written either`() {
    var trailers = FieldSection()
    trailers.append(.setCookie, "a=b")
    var output: [UInt8] = []
    #expect(throws: ProtocolViolation(.forbiddenTrailer, field: .setCookie)) {
      try MessageSerializer.appendLastChunk(trailers: trailers, to: &output)
    }
    #expect(output.isEmpty)
  }

  @Test(arguments: [1, 9, 10, 15, 16, 255, 256, 4096, 65535, Int(UInt32.max), Int.max])
  func `a chunk header is the size in hexadecimal`(size: Int) {
    var output: [UInt8] = []
    MessageSerializer.appendChunkHeader(byteCount: size, to: &output)
    #expect(output.displayText == String(size, radix: 16) + "\r\n")
  }

  @Test(arguments: [11, 12, 13] as [UInt64])
  func `content written in chunks is read back`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      var output: [UInt8] = []
      var content: [UInt8] = []
      for _ in 0..<Int.random(in: 0...8, using: &random) {
        let piece = (0..<Int.random(in: 1...300, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        content += piece
        MessageSerializer.appendChunkHeader(byteCount: piece.count, to: &output)
        output += piece
        MessageSerializer.appendChunkEnd(to: &output)
      }
      var trailers = FieldSection()
      if Bool.random(using: &random) { trailers.append(name: "X-Sum".utf8, value: "a b".utf8) }
      try MessageSerializer.appendLastChunk(trailers: trailers, to: &output)
      let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      let reading = MessageReading.read([Array(head.utf8)[...], output[...]], .request)
      #expect(reading.outcome == "accepted")
      #expect(reading.content == content)
      #expect(reading.trailers == trailers)
    }
  }
}

import HTTP2
import HTTPModel
import HTTPWire
import Primitives
import Testing

/// Two sessions over each other, without a socket.
@Suite struct HTTP2SessionTests {
  @Test func `a request and its response keep their fields, content and ends`() throws {
    let pair = try Pair()
    var fields = FieldSection()
    fields.append(.accept, "application/json")
    let stream = try pair.client.request(
      RequestHead(
        method: .get, target: Array("/a?b".utf8), authority: Array("auth.example".utf8),
        fields: fields), scheme: "https", hasContent: false)
    try pair.run()
    let head = try #require(pair.server.sections.first).fields.requestHead()
    #expect(head.method == .get)
    #expect(head.target == Array("/a?b".utf8))
    #expect(head.authority == Array("auth.example".utf8))
    #expect(head.fields.first(.accept).map(Array.init) == Array("application/json".utf8))
    #expect(pair.server.ends == [stream])

    var answer = ResponseHead(status: .ok)
    answer.fields.append(.contentType, "text/plain")
    pair.serverSession.respond(stream, answer, hasContent: true)
    pair.serverSession.send(stream, Array("hello".utf8))
    pair.serverSession.end(stream)
    try pair.run()
    let section = try #require(pair.clientSide.sections.first)
    #expect(section.fields.status == Array("200".utf8))
    #expect(section.fields.fields.first(.contentType).map(Array.init) == Array("text/plain".utf8))
    #expect(pair.clientSide.content[stream] == Array("hello".utf8))
    #expect(pair.clientSide.closures.map(\.code) == [.noError])
    #expect(pair.serverSession.openStreams == 0)
  }

  @Test func `content goes no further than the window until it is used`() throws {
    var limits = HTTP2Limits()
    limits.streamWindow = 65_536
    let pair = try Pair(limits)
    let stream = try pair.client.request(
      RequestHead(method: .post, target: Array("/".utf8), authority: Array("a".utf8)),
      scheme: "http", hasContent: true)
    let content = [UInt8](repeating: 7, count: 300_000)
    #expect(!pair.client.send(stream, content))
    pair.client.end(stream)
    pair.server.consumes = false
    try pair.run()
    #expect(pair.server.content[stream]?.count == 65_536)
    #expect(pair.server.ends.isEmpty)
    for _ in 0..<10 {
      pair.serverSession.consume(stream, pair.server.takeUnused(stream))
      try pair.run()
    }
    #expect(pair.server.content[stream] == content)
    #expect(pair.server.ends == [stream])
    #expect(pair.clientSide.drains == [stream])
  }

  @Test func `trailers follow the content they belong to`() throws {
    let pair = try Pair()
    let stream = try pair.client.request(
      RequestHead(method: .get, target: Array("/".utf8), authority: Array("a".utf8)),
      scheme: "http", hasContent: false)
    try pair.run()
    pair.serverSession.respond(stream, ResponseHead(status: .ok), hasContent: true)
    pair.serverSession.send(stream, [1, 2, 3])
    var trailers = FieldSection()
    trailers.append(name: "grpc-status".utf8, value: "0".utf8)
    pair.serverSession.end(stream, trailers: trailers)
    try pair.run()
    #expect(pair.clientSide.sections.map(\.kind) == [.response, .trailers])
    let came = try pair.clientSide.sections[1].fields.trailers()
    #expect(came.values(named: "grpc-status".utf8).map { Array($0) } == [Array("0".utf8)])
    #expect(pair.clientSide.content[stream] == [1, 2, 3])
  }

  @Test func `a stream that is broken off takes no other with it`() throws {
    let pair = try Pair()
    func ask() throws -> Int32 {
      try pair.client.request(
        RequestHead(method: .get, target: Array("/".utf8), authority: Array("a".utf8)),
        scheme: "http", hasContent: false)
    }
    let (first, second) = (try ask(), try ask())
    try pair.run()
    pair.serverSession.respond(first, ResponseHead(status: .ok), hasContent: true)
    pair.serverSession.reset(first, .internalError)
    pair.serverSession.respond(second, ResponseHead(status: .noContent), hasContent: false)
    try pair.run()
    #expect(pair.clientSide.closures.first { $0.stream == first }?.code == .internalError)
    #expect(pair.clientSide.closures.first { $0.stream == second }?.code == .noError)
  }

  @Test func `a connection ends when its streams have, after it said that it goes`() throws {
    let pair = try Pair()
    let stream = try pair.client.request(
      RequestHead(method: .get, target: Array("/".utf8), authority: Array("a".utf8)),
      scheme: "http", hasContent: false)
    try pair.run()
    pair.serverSession.goAway()
    try pair.run()
    #expect(pair.clientSide.departures == [stream])
    #expect(!pair.serverSession.isOver)
    pair.serverSession.respond(stream, ResponseHead(status: .noContent), hasContent: false)
    try pair.run()
    #expect(pair.serverSession.isOver)
  }

  @Test func `a flood of pings ends the connection, a slow series does not`() throws {
    var limits = HTTP2Limits()
    limits.idleFrames = 20
    limits.idleFramesPerSecond = 10
    let ping: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0] + [UInt8](repeating: 1, count: 8)
    let slow = try Pair(limits)
    try slow.run()
    for second in 1...60 {
      try slow.serverSession.receive(ping, at: MonotonicTime(seconds: UInt64(second)))
      try slow.run(at: UInt64(second))
    }
    let fast = try Pair(limits)
    try fast.run()
    #expect(throws: HTTP2Failure.flood) {
      for _ in 0..<40 { try fast.serverSession.receive(ping, at: MonotonicTime(seconds: 1)) }
    }
    #expect(throws: HTTP2Failure.flood) {
      try fast.serverSession.receive(ping, at: MonotonicTime(seconds: 9))
    }
  }

  @Test func `rapid resets end the connection`() throws {
    var limits = HTTP2Limits()
    limits.idleFrames = 50
    let pair = try Pair(limits)
    #expect(throws: HTTP2Failure.flood) {
      for _ in 0..<200 {
        let stream = try pair.client.request(
          RequestHead(method: .get, target: Array("/".utf8), authority: Array("a".utf8)),
          scheme: "http", hasContent: false)
        try pair.run()
        pair.client.reset(stream, .cancel)
        try pair.run()
      }
    }
  }

  @Test func `bytes that are no preface end the connection`() throws {
    let pair = try Pair()
    #expect(throws: HTTP2Failure.self) {
      try pair.serverSession.receive(
        Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), at: MonotonicTime(seconds: 0))
    }
  }
}

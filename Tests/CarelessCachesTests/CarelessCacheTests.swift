import CarelessCaches
import HTTPModel
import JourneySupport
import Platform
import Primitives
import Synchronization
import Testing

/// The shell around the machine, in this process: many clients at once, and hostile ones.
@Suite struct CarelessCacheTests {
  private static func cache(
    _ kind: String, before origin: Endpoint, _ change: (inout CarelessLimits) -> Void = { _ in },
    note: @escaping @Sendable (CarelessNote) -> Void = { _ in }
  ) throws -> (cache: CarelessCache, endpoint: Endpoint) {
    var limits = CarelessLimits()
    change(&limits)
    let cache = try CarelessCache(
      CarelessKind.rules(of: try CarelessKind.kinds(in: kind)),
      listen: try #require(SocketAddress("\(Endpoint.leasedHost()):0")),
      origin: try #require(SocketAddress("\(origin)")), limits: limits, note: note)
    return (cache, try #require(Endpoint(cache.address.description)))
  }

  private static func echo() throws -> ScriptedOrigin {
    try ScriptedOrigin { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.target.utf8.count)\r\n\r\n\(request.target)"
    }
  }

  @Test(arguments: ["none", "swap", "collapse", "delay-and-repeat", "ignore-no-store"])
  func `every one of many clients gets an answer, and each is told of once`(kind: String) throws {
    let origin = try Self.echo()
    let told = Mutex<[CarelessNote]>([])
    let (cache, endpoint) = try Self.cache(kind, before: origin.endpoint) {
      $0.hold = Milliseconds(20)
    } note: { note in
      told.withLock { $0.append(note) }
    }
    let clients = try (0..<20).map { _ in try RawConnection(to: endpoint) }
    for round in 0..<5 {
      for (number, client) in clients.enumerated() {
        try client.send("GET /\(round)?\(number % 7) HTTP/1.1\r\nHost: a\r\n\r\n")
      }
      for client in clients {
        let answer = try client.receiveResponse()
        #expect(answer.status == 200)
        #expect(answer.bodyText.hasPrefix("/\(round)?"))
      }
    }
    cache.stop()
    #expect(told.withLock { $0.count } == 100)
  }

  @Test func `an answer that ends with its connection, or is chunked, is passed on whole`() throws {
    let origin = try ScriptedOrigin { request, connection in
      if request.target == "/chunked" {
        try connection.send(
          "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"
            + "Transfer-Encoding: chunked\r\nTrailer: A\r\n\r\n3\r\nyes\r\n0\r\nA: b\r\n\r\n")
      } else {
        try connection.send("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\n\r\nuntil the end")
        connection.close()
      }
    }
    let (cache, endpoint) = try Self.cache("none", before: origin.endpoint)
    defer { cache.stop() }
    let client = try RawConnection(to: endpoint)
    let chunked = try client.exchange("GET /chunked HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(chunked.bodyText == "yes")
    #expect(chunked["Content-Length"] == "3")
    #expect(chunked["Trailer"] == nil)
    let ended = try client.exchange("GET /ended HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(ended.bodyText == "until the end")
    #expect(ended["Keep-Alive"] == nil)
  }

  @Test func `an origin that breaks off, babbles or says too much is no answer`() throws {
    let answers = [
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "no HTTP at all\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nyes",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + String(repeating: "x", count: 2000),
    ]
    let origin = try ScriptedOrigin { request, connection in
      try connection.send(answers[Int(request.target.dropFirst()) ?? 0])
      connection.close()
    }
    let (cache, endpoint) = try Self.cache("none", before: origin.endpoint) { $0.body = 1000 }
    defer { cache.stop() }
    for number in answers.indices {
      let client = try RawConnection(to: endpoint)
      let answer = try client.exchange("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(answer.status == 502, "\(number)")
    }
  }

  @Test func `clients that leave, or stop half way, take nobody with them`() throws {
    let origin = try Self.echo()
    let (cache, endpoint) = try Self.cache("collapse", before: origin.endpoint) {
      $0.hold = Milliseconds(50)
    }
    defer { cache.stop() }
    let halves = ["GET / HTT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", ""]
    var kept: [RawConnection] = []
    for half in halves {
      for resets in [true, false] {
        let client = try RawConnection(to: endpoint)
        try client.send(half)
        if resets { client.reset() } else { kept.append(client) }
      }
    }
    // The first to wait leaves; those who wait for its answer stay.
    let clients = try (0..<3).map { _ in try RawConnection(to: endpoint) }
    for client in clients { try client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n") }
    clients[0].reset()
    for client in clients.dropFirst() {
      #expect(try client.receiveResponse().bodyText == "/a")
    }
    withExtendedLifetime(kept) {}
  }

  @Test
  func `a client that waits to be told to go on is told, and HTTP 1.0 is answered and closed`()
    throws
  {
    let origin = try Self.echo()
    let (cache, endpoint) = try Self.cache("none", before: origin.endpoint)
    defer { cache.stop() }
    let patient = try RawConnection(to: endpoint)
    try patient.send(
      "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    #expect(try patient.receiveResponse(to: "POST").status == 100)
    try patient.send("yes")
    #expect(try patient.receiveResponse(to: "POST").bodyText == "/a")
    #expect(origin.requests.last?["Expect"] == nil)
    let old = try RawConnection(to: endpoint)
    #expect(try old.exchange("GET /b HTTP/1.0\r\n\r\n")["Connection"] == "close")
    #expect(origin.requests.last?["Host"] == "\(origin.endpoint)")
    try old.waitForClose()
  }
}

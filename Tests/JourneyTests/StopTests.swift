import Foundation
import JourneySupport
import Testing

/// What a stop and a reload do to those who are just arriving.
@Suite struct StopTests {
  private static let request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"

  private static func answering() throws -> ScriptedOrigin {
    try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }
  }

  private static func start(before origin: Endpoint) throws -> Countersign {
    try Countersign(
      before: origin,
      routes: "  - match: { path: /** }\n    service: auth\n    cache: { default_ttl: 60s }",
      settings: "process: { loops: 2, shutdown_grace: 20s }")
  }

  /// More than a loop accepts in one turn, and more than it is told of in one.
  private static let waitingCount = 300
  private static let keptCount = 700

  @Test func `who has connected or asked before the stop is answered`() throws {
    let origin = try Self.answering()
    let proxy = try Self.start(before: origin.endpoint)
    let kept = try (0..<Self.keptCount).map { _ in try RawConnection(to: proxy.endpoint) }
    for client in kept {
      try client.send(Self.request)
      #expect(try client.receiveResponse().status == 200)
    }
    // Whatever comes now, comes before the program can look at any of it.
    proxy.process.send(signal: SIGSTOP)
    let waiting = try (0..<Self.waitingCount).map { _ in try RawConnection(to: proxy.endpoint) }
    for client in waiting + kept { try client.send(Self.request) }
    proxy.process.send(signal: SIGTERM)
    proxy.process.send(signal: SIGCONT)
    var answered = 0
    for client in waiting + kept where try client.receiveResponse().status == 200 { answered += 1 }
    #expect(answered == Self.waitingCount + Self.keptCount)
    for client in waiting + kept { #expect(try client.receive().isEmpty) }
    for client in waiting + kept { client.close() }
    #expect(try proxy.process.waitForEnd() == .exited(0))
  }

  @Test func `a request on its way meets an end at a stop, not a reset`() throws {
    let origin = try Self.answering()
    let proxy = try Self.start(before: origin.endpoint)
    let client = try RawConnection(to: proxy.endpoint)
    #expect(try client.exchange(Self.request).status == 200)
    proxy.process.send(signal: SIGTERM)
    #expect(try client.receive().isEmpty)
    // Sent before the end was seen, as far as its client knows.
    try client.send(Self.request)
    #expect(try client.receive().isEmpty)
    client.close()
    #expect(try proxy.process.waitForEnd() == .exited(0))
  }

  @Test func `a connection opened for a first request may still send it`() throws {
    let origin = try Self.answering()
    let proxy = try Self.start(before: origin.endpoint)
    let client = try RawConnection(to: proxy.endpoint)
    // Accepted for certain: a later one on each loop has been served.
    for _ in 0..<40 { _ = try RawConnection(to: proxy.endpoint).exchange(Self.request) }
    proxy.process.send(signal: SIGTERM)
    _ = try eventually("the listeners to close") {
      (try? RawConnection(to: proxy.endpoint)) == nil ? true : nil
    }
    let answer = try client.exchange(Self.request)
    #expect(answer.status == 200)
    #expect(answer["Connection"] == "close")
    #expect(try client.receive().isEmpty)
    client.close()
    #expect(try proxy.process.waitForEnd() == .exited(0))
  }

  @Test func `the answer under way at a stop says that it is the last`() throws {
    let release = DispatchSemaphore(value: 0)
    let origin = try ScriptedOrigin { _, connection in
      release.wait()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    let proxy = try Self.start(before: origin.endpoint)
    let client = try RawConnection(to: proxy.endpoint)
    // The second request comes behind the first, and cannot be answered any more.
    try client.send(Self.request + Self.request)
    _ = try origin.requests(atLeast: 1)
    proxy.process.send(signal: SIGTERM)
    _ = try eventually("the listeners to close") {
      (try? RawConnection(to: proxy.endpoint)) == nil ? true : nil
    }
    release.signal()
    let answer = try client.receiveResponse()
    #expect(answer["Connection"] == "close")
    #expect(try client.receive().isEmpty)
    client.close()
    #expect(try proxy.process.waitForEnd() == .exited(0))
  }

  @Test func `a listener that a reload takes away serves those who have connected`() throws {
    let origin = try Self.answering()
    let proxy = try Self.start(before: origin.endpoint)
    let elsewhere = try Endpoint.leased()
    let old = proxy.directory.text(of: "countersign.yaml")
    _ = try proxy.directory.write(
      old.replacing("address: \(proxy.endpoint)", with: "address: \(elsewhere)"),
      to: "countersign.yaml")
    proxy.process.send(signal: SIGSTOP)
    let waiting = try (0..<Self.waitingCount).map { _ in try RawConnection(to: proxy.endpoint) }
    for client in waiting { try client.send(Self.request) }
    proxy.process.send(signal: SIGHUP)
    proxy.process.send(signal: SIGCONT)
    for client in waiting { #expect(try client.receiveResponse().status == 200) }
    try elsewhere.waitUntilAccepting(proxy.process)
    _ = try eventually("the old listener to close") {
      (try? RawConnection(to: proxy.endpoint)) == nil ? true : nil
    }
    #expect(try proxy.process.stop() == .exited(0))
  }
}

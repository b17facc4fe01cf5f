import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Proxy
import Testing
import Verdict

/// Limits, deadlines, reload and stop: each with its stated outcome.
@Suite struct LimitTests {
  private static func answering() throws -> ScriptedOrigin {
    try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }
  }

  @Test func `more clients than may be are turned away, and the others stay`() throws {
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.process.loops = 1
      $0.limits.connections = 3
    }
    let clients = try (0..<3).map { _ in try proxy.connect() }
    let request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
    for client in clients { #expect(try client.exchange(request).status == 200) }
    let late = try proxy.connect()
    try? late.send(request)
    let answer = String(decoding: late.receiveAll(), as: UTF8.self)
    #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 503"))
    for client in clients { #expect(try client.exchange(request).status == 200) }
    clients[0].close()
    #expect(
      try eventually("a place to be free") {
        let next = try proxy.connect()
        return (try? next.exchange(request))?.status
      } == 200)
  }

  @Test func `a body longer than the limit is refused, told or not`() throws {
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint) { $0.limits.requestBodyBytes = 1_000 }
    for framing in ["Content-Length: 1001\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"] {
      let client = try proxy.connect()
      try client.send("PUT / HTTP/1.1\r\nHost: a.example\r\n\(framing)")
      try? client.send([UInt8](repeating: 0x61, count: 1_001))
      #expect(try client.receiveResponse(to: "PUT").status == 413)
      #expect(client.receiveAll().isEmpty)
    }
    #expect(origin.requests.isEmpty)
  }

  @Test func `the answer to the last request a connection may make says so`() throws {
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint) { $0.limits.requestsPerConnection = 3 }
    let client = try proxy.connect()
    let request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
    try client.send(request + request + request + request)
    for number in 1...3 {
      #expect((try client.receiveResponse()["Connection"] == "close") == (number == 3))
    }
    #expect(client.receiveAll().isEmpty)
  }

  @Test func `half a head is a 408, an unused connection closes in silence`() throws {
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.timeouts.requestHead = Milliseconds(200)
      $0.timeouts.keepAlive = Milliseconds(100)
    }
    let half = try proxy.connect()
    try half.send("GET / HTTP/1.1\r\nHost: a")
    let answer = String(decoding: half.receiveAll(), as: UTF8.self)
    #expect(answer.hasPrefix("HTTP/1.1 408"))
    #expect(try proxy.connect().receiveAll().isEmpty)
    let kept = try proxy.connect()
    #expect(try kept.exchange("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").status == 200)
    #expect(kept.receiveAll().isEmpty)
  }

  @Test func `a head that comes in drops has one deadline`() throws {
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.timeouts.requestHead = Milliseconds(300)
    }
    let client = try proxy.connect()
    let began = ContinuousClock.now
    Thread.detachNewThread {
      for byte in Array("GET / HTTP/1.1\r\nX-Long: ".utf8) + Array(repeating: 0x61, count: 500) {
        guard (try? client.send([byte])) != nil else { return }
        poll(nil, 0, 20)
      }
    }
    #expect(String(decoding: client.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 408"))
    #expect(ContinuousClock.now - began < .seconds(8))
  }

  @Test func `half a body is a 408`() throws {
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.timeouts.requestBody = Milliseconds(200)
    }
    let client = try proxy.connect()
    try client.send("PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\nhalf")
    #expect(try client.receiveResponse(to: "PUT").status == 408)
    #expect(client.receiveAll().isEmpty)
    #expect(origin.requests.isEmpty)
  }

  @Test func `a client that takes nothing is given up`() throws {
    let ended = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      defer { ended.signal() }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 268435456\r\n\r\n")
      let piece = [UInt8](repeating: 0x61, count: 1 << 20)
      for _ in 0..<256 { try connection.send(piece) }
    }
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.timeouts.write = Milliseconds(300)
    }
    let client = try proxy.connect()
    try client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect(ended.wait(timeout: .now() + 20) == .success)
    #expect((try? RawMessage(responseIn: client.receiveAll())) == nil)
  }

  @Test func `a slow client that goes on taking is not given up`() throws {
    let size = 24 << 20
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
      let piece = [UInt8](repeating: 0x61, count: 1 << 20)
      for _ in 0..<24 { try connection.send(piece) }
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.timeouts.write = Milliseconds(400)
    }
    let client = try proxy.connect()
    try client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    _ = try client.receiveHead()
    var count = 0
    while count < size {
      // A little slower than the proxy's patience for all of it.
      if count < 8 << 20 { poll(nil, 0, 1) }
      count += try client.receiveMore().count
    }
    #expect(count == size)
  }

  /// Clients that ask without pause until told to stop; what went wrong for them.
  private final class Load: Sendable {
    private let failures = Shared<[String]>([])
    private let isOver = Shared(false)
    private let answered = Shared(0)
    private let group = DispatchGroup()

    /// - Parameter endsAreFine: Whether a connection may end between two requests.
    init(_ clients: Int, on proxy: Endpoint, endsAreFine: Bool) {
      for _ in 0..<clients {
        group.enter()
        Thread.detachNewThread { [self] in
          defer { group.leave() }
          while !isOver.value {
            guard let client = try? RawConnection(to: proxy) else {
              if !endsAreFine { failures.change { $0.append("not accepted") } }
              continue
            }
            converse(on: client, endsAreFine)
          }
        }
      }
    }

    private func converse(on client: RawConnection, _ endsAreFine: Bool) {
      while !isOver.value {
        guard (try? client.send("GET /load HTTP/1.1\r\nHost: a.example\r\n\r\n")) != nil else {
          return
        }
        do {
          let answer = try client.receiveResponse()
          answered.change { $0 += 1 }
          if answer.status != 200 { failures.change { $0.append(answer.text) } }
          if answer["Connection"] == "close" { return }
        } catch {
          // An end between two requests is what keep-alive allows; one within an answer is not.
          let isEnd = "\(error)".contains("instead of answering") || "\(error)".contains("reset")
          if !endsAreFine || !isEnd { failures.change { $0.append("\(error)") } }
          return
        }
      }
    }

    func waitForAnswers(_ count: Int) throws {
      let before = answered.value
      _ = try eventually("\(count) answers") { answered.value >= before + count ? true : nil }
    }

    func finish() -> [String] {
      isOver.change { $0 = true }
      return group.wait(timeout: .now() + 30) == .success ? failures.value : ["clients hang"]
    }
  }

  @Test func `a reload under load drops nothing`() throws {
    let origins = try (0..<2).map { _ in try Self.answering() }
    let proxy = try RunningProxy(before: origins[0].endpoint) { $0.services[0].ejection = nil }
    let load = Load(4, on: proxy.endpoint, endsAreFine: false)
    var settings = proxy.settings
    for round in 0..<6 {
      try load.waitForAnswers(50)
      settings.services[0].origins = [OriginAddress(origins[round % 2].endpoint)]
      settings.services[0].timeouts.firstByte = Milliseconds(20_000 + Int64(round))
      try proxy.server.reload(settings)
    }
    try load.waitForAnswers(50)
    #expect(load.finish() == [])
  }

  @Test func `an exchange that began before a reload ends under the settings it began with`() throws
  {
    let old = try Self.answering()
    let new = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew" }
    let rule = DecisionRule(
      mode: .warn, binding: .echo(EchoRule()),
      subject: SubjectRule(
        request: try RequestSource(parsing: Array("json:/user".utf8)),
        verdict: try VerdictSource(parsing: Array("json:/user".utf8))))
    let proxy = try RunningProxy(before: old.endpoint) { try $0.decide("/login", rule) }
    // Held until its body is complete: it has no connection to an origin yet.
    let client = try proxy.connect()
    #expect(try client.exchange("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").bodyText == "ok")
    try client.send(
      "POST /login HTTP/1.1\r\nHost: a.example\r\nContent-Length: 16\r\n\r\n{\"user\":")
    var settings = proxy.settings
    settings.services[0].origins = [OriginAddress(new.endpoint)]
    try proxy.server.reload(settings)
    _ = try eventually("the new settings to be served") {
      try proxy.get("/x").bodyText == "new" ? true : nil
    }
    try client.send("\"alice\"}")
    #expect(try client.receiveResponse(to: "POST").bodyText == "ok")
    #expect(try client.exchange("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").bodyText == "new")
  }

  @Test func `settings that cannot be taken over change nothing`() throws {
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint)
    var settings = proxy.settings
    settings.listeners[0].tls = TLSServerSettings(certificates: [
      CertificateFiles(certificate: "/nowhere.pem", key: "/nowhere.key")
    ])
    #expect(throws: StartError.self) { try proxy.server.reload(settings) }
    #expect(try proxy.get("/").status == 200)
  }

  @Test func `reloads from several threads take turns and leave nothing behind`() throws {
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint)
    var more = proxy.settings
    let extra = try Endpoint.leased()
    let address = try #require(IPAddress(text: extra.host.utf8))
    more.listeners.append(
      ListenerSettings(address: .ip(address, port: UInt16(extra.port))))
    let both = [more, proxy.settings]
    let failures = Shared<[String]>([])
    let gathering = Gathering(4)
    DispatchQueue.concurrentPerform(iterations: 4) { number in
      gathering.arrive()
      for round in 0..<8 {
        do {
          try proxy.server.reload(both[(number + round) % 2])
        } catch {
          failures.change { $0.append("\(error)") }
        }
      }
    }
    #expect(failures.value == [])
    try proxy.server.reload(proxy.settings)
    #expect(throws: JourneyFailure.self) { try RawConnection(to: extra) }
    #expect(try proxy.get("/").status == 200)
    try proxy.server.reload(more)
    #expect(
      try RawConnection(to: extra).exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
  }

  @Test func `a reload after a stop is refused`() throws {
    let origin = try Self.answering()
    let proxy = try RunningProxy(before: origin.endpoint)
    #expect(proxy.server.stop(grace: Milliseconds(1_000)))
    #expect(throws: StartError.self) { try proxy.server.reload(proxy.settings) }
  }

  @Test func `a stop under load breaks nothing off`() throws {
    let origin = try ScriptedOrigin { _, connection in
      let body = String(repeating: "x", count: 100_000)
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + body)
      sched_yield()
      try connection.send(body)
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let load = Load(6, on: proxy.endpoint, endsAreFine: true)
    try load.waitForAnswers(100)
    #expect(proxy.server.stop(grace: Milliseconds(20_000)))
    #expect(load.finish() == [])
  }

  @Test func `a stop whose grace is over ends all the same`() throws {
    let origin = try ScriptedOrigin { _, connection in _ = try? connection.receive() }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    try client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    _ = try origin.requests(atLeast: 1)
    #expect(!proxy.server.stop(grace: Milliseconds(100)))
    #expect(client.receiveAll().isEmpty)
  }
}

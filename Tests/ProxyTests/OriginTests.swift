import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Testing
import Verdict

/// Several origins, dead ones, odd ones; what is sent again and what is not.
@Suite struct OriginTests {
  private static func naming(_ name: String) throws -> ScriptedOrigin {
    try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)"
    }
  }

  @Test func `round robin takes turns`() throws {
    let origins = try ["a", "b"].map(Self.naming)
    let proxy = try RunningProxy(before: origins.map(\.endpoint)) { $0.process.loops = 1 }
    let answers = try (0..<10).map { try proxy.get("/\($0)").bodyText }
    #expect(answers.filter { $0 == "a" }.count == 5)
  }

  @Test func `least connections leaves the busy one alone`() throws {
    let release = DispatchSemaphore(value: 0)
    let slow = try ScriptedOrigin { request, connection in
      release.wait()
      release.signal()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow")
    }
    let fast = try Self.naming("fast")
    let proxy = try RunningProxy(before: [slow.endpoint, fast.endpoint]) {
      $0.process.loops = 1
      $0.services[0].balance = .leastConnections
    }
    // Both are tried until the slow one is taken.
    var waiting: [RawConnection] = []
    while slow.connectionCount == 0, waiting.count < 10 {
      let before = (fast.requests.count, slow.connectionCount)
      let client = try proxy.connect()
      try client.send("GET /\(waiting.count) HTTP/1.1\r\nHost: a.example\r\n\r\n")
      waiting.append(client)
      _ = try eventually("an origin to be asked") {
        (fast.requests.count, slow.connectionCount) != before ? true : nil
      }
    }
    for number in 0..<6 { #expect(try proxy.get("/\(number)").bodyText == "fast") }
    release.signal()
  }

  @Test func `a request whose origin cannot be reached goes to another, a decision too`() throws {
    let dead = try Endpoint.leased()
    let alive = try ScriptedOrigin { request in
      "HTTP/1.1 200 OK\r\nTransaction-Token: \(request["Transaction-Token"] ?? "-")\r\n"
        + "Content-Length: 2\r\n\r\nok"
    }
    let proxy = try RunningProxy(before: [dead, alive.endpoint]) { settings in
      try settings.decide("/login", DecisionRule(binding: .echo(EchoRule())))
    }
    for number in 0..<8 {
      #expect(try proxy.get("/\(number)").status == 200)
      // Nothing of it was sent: another origin may be asked.
      #expect(try proxy.get("/login").status == 200)
      let post = "POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi"
      #expect(try proxy.ask(post).status == 200)
    }
  }

  @Test func `a kept connection that closes under a GET is made good, under a POST it is not`()
    throws
  {
    let origin = try RawOrigin { connection, number in
      while let request = try connection.receiveRequest() {
        // Every second request finds its connection dead.
        if request.target == "/dies", number % 2 == 1 { return }
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.process.loops = 1 }
    #expect(try proxy.get("/first").status == 200)
    #expect(try proxy.get("/dies").status == 200)
    #expect(origin.connectionCount == 2)
    let other = try RawOrigin { connection, number in
      while let request = try connection.receiveRequest() {
        if request.method == "POST" { return }
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
    }
    let second = try RunningProxy(before: other.endpoint) { $0.process.loops = 1 }
    #expect(try second.get("/first").status == 200)
    let post = "POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi"
    #expect(try second.ask(post).status == 502)
    #expect(other.connectionCount == 1)
  }

  @Test func `an empty chunked body can be sent again`() throws {
    let origin = try RawOrigin { connection, number in
      guard let first = try connection.receiveRequest() else { return }
      if first.method == "GET" || number > 1 {
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
      // A PUT on the kept connection finds it dead.
      if number > 1 {
        _ = try connection.receiveMore()
      } else {
        _ = try connection.receiveRequest()
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.process.loops = 1 }
    #expect(try proxy.get("/first").status == 200)
    let put = "PUT /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    let status = try proxy.ask(put).status
    #expect(status == 200 || status == 502)
  }

  @Test func `a name that leads nowhere is said to lead nowhere`() throws {
    let origin = try Self.naming("x")
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.services[0].origins = [
        OriginAddress(scheme: .http, endpoint: .host("nowhere.invalid", port: 80))
      ]
    }
    let answer = try proxy.get("/")
    #expect(answer.status == 502)
    #expect(answer["Proxy-Status"]?.contains("error=dns_error") == true)
  }

  @Test func `an origin may be on IPv6`() throws {
    let origin = try SocketServer(.ipv6)
    let proxy = try RunningProxy(before: try Endpoint.leased()) {
      $0.services[0].origins = [
        OriginAddress(scheme: .http, endpoint: .host("::1", port: origin.port))
      ]
      $0.routes[0].forwarding.preservesHost = false
    }
    let answer = try proxy.get("/")
    #expect(answer.bodyText == "ok")
    #expect(origin.lastRequest.contains("Host: [::1]:\(origin.port)\r\n"))
  }

  @Test func `an origin may be on a Unix socket`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("origin.sock")
    let origin = try SocketServer(.unix(path))
    let proxy = try RunningProxy(before: try Endpoint.leased()) {
      $0.services[0].origins = [OriginAddress(scheme: .http, endpoint: .unix(path: path))]
    }
    for _ in 0..<3 { #expect(try proxy.get("/").bodyText == "ok") }
    #expect(origin.lastRequest.contains("Host: a.example\r\n"))
  }
}

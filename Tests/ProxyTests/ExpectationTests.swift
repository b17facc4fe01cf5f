import CachePolicy
import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Testing
import Verdict

/// `Expect: 100-continue` (RFC 9110 §10.1.1): answered here where the content is held, by the
/// origin elsewhere; and nobody waits for ever.
@Suite struct ExpectationTests {
  private static let body = "{\"user\":\"alice\"}"

  private static func head(_ target: String, _ framing: String, version: String = "1.1") -> String {
    "POST \(target) HTTP/\(version)\r\nHost: a.example\r\nContent-Type: application/json\r\n"
      + "Expect: 100-continue\r\n\(framing)\r\n\r\n"
  }

  private static let length = "Content-Length: \(body.utf8.count)"

  private static func allow(_ request: RawMessage) -> String {
    "HTTP/1.1 200 OK\r\nTransaction-Token: \(request["Transaction-Token"] ?? "-")\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// `/held` holds its requests for the user in them; `/free` is a decision that needs none of the
  /// content; everything else is in the cache lane.
  private static func proxy(
    before origin: Endpoint, _ change: (inout Settings) -> Void = { _ in }
  ) throws -> RunningProxy {
    try RunningProxy(before: origin) { settings in
      settings.services[0].ejection = nil
      settings.services[0].retries = 0
      settings.routes[0].lane = .cache(CacheRules())
      let subject = SubjectRule(
        request: try RequestSource(parsing: Array("json:/user".utf8)),
        verdict: try VerdictSource(parsing: Array("json:/user".utf8)))
      try settings.decide(
        "/held",
        DecisionRule(
          binding: .echo(EchoRule()), subject: subject, maximumRequestBodyBytes: 1000))
      try settings.decide("/free", DecisionRule(binding: .echo(EchoRule())))
      change(&settings)
    }
  }

  /// A connection that keeps its proxy.
  private static func client(before origin: Endpoint) throws -> RawConnection {
    let proxy = try proxy(before: origin)
    let client = try proxy.connect()
    client.companion = proxy
    return client
  }

  @Test(arguments: [length, "Transfer-Encoding: chunked"])
  func `where the content is held, the proxy asks for it`(framing: String) throws {
    let origin = try ScriptedOrigin(answering: Self.allow)
    let client = try Self.client(before: origin.endpoint)
    let content =
      framing == Self.length ? Self.body : "10\r\n\(Self.body)\r\n0\r\n\r\n"
    for round in 1...2 {
      try client.send(Self.head("/held", framing))
      #expect(try client.receiveResponse(to: "POST").status == 100)
      #expect(origin.requests.count == round - 1)
      try client.send(content)
      #expect(try client.receiveResponse(to: "POST").status == 200)
    }
    #expect(origin.requests.allSatisfy { $0["Expect"] == nil && $0.bodyText == Self.body })
  }

  @Test func `content known to be too long is refused, not asked for`() throws {
    let origin = try ScriptedOrigin(answering: Self.allow)
    let client = try Self.client(before: origin.endpoint)
    try client.send(Self.head("/held", "Content-Length: 2000"))
    let answer = try client.receiveResponse(to: "POST")
    #expect(answer.status == 403 || answer.status == 413)
    #expect(answer["Connection"] == "close")
    #expect(client.receiveAll().isEmpty)
    #expect(origin.requests.isEmpty)
  }

  @Test func `content that was asked for and does not come ends the wait`() throws {
    let origin = try ScriptedOrigin(answering: Self.allow)
    let proxy = try Self.proxy(before: origin.endpoint) {
      $0.timeouts.requestBody = Milliseconds(100)
    }
    let client = try proxy.connect()
    try client.send(Self.head("/held", Self.length))
    #expect(try client.receiveResponse(to: "POST").status == 100)
    #expect(try client.receiveResponse(to: "POST").status == 408)
    #expect(client.receiveAll().isEmpty)
    #expect(origin.requests.isEmpty)
  }

  @Test func `an old client is asked for nothing`() throws {
    let origin = try ScriptedOrigin(answering: Self.allow)
    let client = try Self.client(before: origin.endpoint)
    try client.send(Self.head("/held", Self.length, version: "1.0") + Self.body)
    #expect(try client.receiveResponse(to: "POST").status == 200)
  }

  @Test(arguments: ["/free", "/other"])
  func `elsewhere the origin is asked, and asks`(target: String) throws {
    let origin = try RawOrigin { connection, _ in
      guard let head = try connection.receiveHead(), head["Expect"] == "100-continue" else {
        return
      }
      try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
      var content: [UInt8] = []
      while content.count < Self.body.utf8.count { content += try connection.receiveMore() }
      let token = head["Transaction-Token"].map { "Transaction-Token: \($0)\r\n" } ?? ""
      try connection.send("HTTP/1.1 200 OK\r\n\(token)Content-Length: 2\r\n\r\n{}")
      _ = try connection.receiveMore()
    }
    let client = try Self.client(before: origin.endpoint)
    try client.send(Self.head(target, Self.length))
    #expect(try client.receiveResponse(to: "POST").status == 100)
    try client.send(Self.body)
    #expect(try client.receiveResponse(to: "POST").status == 200)
  }

  @Test(arguments: ["/free", "/other"])
  func `an origin that wants no content says so, and the connection ends`(target: String) throws {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
      _ = try connection.receiveMore()
    }
    let client = try Self.client(before: origin.endpoint)
    try client.send(Self.head(target, Self.length))
    let answer = try client.receiveResponse(to: "POST")
    #expect(answer.status == 401)
    // Nobody knows whether the content follows.
    #expect(answer["Connection"] == "close")
    #expect(client.receiveAll().isEmpty)
  }

  @Test(arguments: ["/free", "/other"])
  func `an origin that does not ask keeps nobody waiting`(target: String) throws {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      _ = try connection.receiveMore()
    }
    let proxy = try Self.proxy(before: origin.endpoint) {
      $0.timeouts.requestBody = Milliseconds(150)
      $0.services[0].timeouts.firstByte = Milliseconds(150)
    }
    let client = try proxy.connect()
    try client.send(Self.head(target, Self.length))
    let status = try client.receiveResponse(to: "POST").status
    #expect(status == 408 || status == 504 || status == 403, "\(status)")
    #expect(client.receiveAll().isEmpty)
  }

  @Test(arguments: ["/held", "/free", "/other"])
  func `a client that does not wait for the answer is served all the same`(target: String) throws {
    let origin = try ScriptedOrigin(answering: Self.allow)
    let client = try Self.client(before: origin.endpoint)
    for _ in 0..<2 {
      try client.send(Self.head(target, Self.length) + Self.body)
      var answer = try client.receiveResponse(to: "POST")
      if answer.status == 100 { answer = try client.receiveResponse(to: "POST") }
      #expect(answer.status == 200)
    }
    #expect(origin.requests.map(\.bodyText) == [Self.body, Self.body])
  }

  @Test func `another expectation is met by nobody`() throws {
    let origin = try ScriptedOrigin(answering: Self.allow)
    let answer = try Self.proxy(before: origin.endpoint).ask(
      "POST /other HTTP/1.1\r\nHost: a.example\r\nExpect: money\r\nContent-Length: 0\r\n\r\n")
    #expect(answer.status == 417)
  }
}

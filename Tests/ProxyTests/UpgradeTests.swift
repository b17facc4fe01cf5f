import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Testing
import Verdict

/// Changes of protocol (RFC 9110 §7.8).
@Suite struct UpgradeTests {
  private static let handshake =
    "GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, Upgrade\r\n"
    + "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    + "Sec-WebSocket-Version: 13\r\n\r\n"
  private static let switching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

  private static func allowing(_ settings: inout Settings) {
    settings.routes[0].upgrades = [Array("websocket".utf8)]
    settings.services[0].timeouts.idle = Milliseconds(2_000)
  }

  @Test func `bytes pass both ways after a handshake, also those that come with it`() throws {
    let origin = try RawOrigin { connection, _ in
      let head = try connection.receiveHead()
      #expect(head?["Connection"]?.lowercased() == "upgrade")
      #expect(head?["Upgrade"] == "websocket")
      #expect(head?["Sec-WebSocket-Key"] != nil)
      try connection.send(Self.switching + "welcome")
      while true {
        let bytes = try connection.receiveMore()
        guard !bytes.isEmpty else { return }
        try connection.send(bytes.reversed())
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint, Self.allowing)
    let client = try proxy.connect()
    try client.send(Self.handshake + "abc")
    let head = try client.receiveHead()
    #expect(head?.status == 101)
    #expect(head?["Upgrade"] == "websocket")
    #expect(head?["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(try client.receiveBytes(10) == Array("welcomecba".utf8))
    try client.send("xyz")
    #expect(try client.receiveBytes(3) == Array("zyx".utf8))
    client.finishSending()
    #expect(client.receiveAll().isEmpty)
    try origin.waitForEnds(1)
  }

  @Test func `a tunnel stays open while one side speaks, and ends with what was said last`() throws
  {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send(Self.switching)
      for _ in 0..<8 {
        try connection.send("tick.")
        poll(nil, 0, 100)
      }
      try connection.send("bye")
    }
    let proxy = try RunningProxy(before: origin.endpoint) {
      Self.allowing(&$0)
      $0.services[0].timeouts.idle = Milliseconds(500)
    }
    let client = try proxy.connect()
    try client.send(Self.handshake)
    #expect(try client.receiveHead()?.status == 101)
    #expect(String(decoding: client.receiveAll(), as: UTF8.self).hasSuffix("tick.tick.bye"))
  }

  @Test func `what a client says last arrives`() throws {
    let heard = Shared<[UInt8]>([])
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send(Self.switching)
      while let bytes = try? connection.receiveMore(), !bytes.isEmpty {
        heard.change { $0 += bytes }
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint, Self.allowing)
    let client = try proxy.connect()
    try client.send(Self.handshake)
    #expect(try client.receiveHead()?.status == 101)
    try client.send(String(repeating: "x", count: 300_000) + "last words")
    client.close()
    try origin.waitForEnds(1)
    #expect(heard.value.count == 300_010)
  }

  @Test func `much passes through a tunnel, both ways at once`() throws {
    let size = 8 << 20
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send(Self.switching)
      var count = 0
      while count < size {
        let bytes = try connection.receiveMore()
        guard !bytes.isEmpty else { return }
        count += bytes.count
        try connection.send(bytes)
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint, Self.allowing)
    let client = try proxy.connect()
    try client.send(Self.handshake)
    #expect(try client.receiveHead()?.status == 101)
    Thread.detachNewThread {
      let piece = [UInt8](repeating: 0x61, count: 65_536)
      for _ in 0..<(size / piece.count) { try? client.send(piece) }
    }
    #expect(try client.receiveBytes(size).count == size)
  }

  @Test func `where no route allows it the request is an ordinary one`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno" }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    #expect(try client.exchange(Self.handshake).bodyText == "no")
    #expect(origin.requests.first?["Upgrade"] == nil)
    #expect(try client.exchange("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").status == 200)
  }

  @Test func `another protocol than the allowed one is not asked for`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno" }
    let proxy = try RunningProxy(before: origin.endpoint, Self.allowing)
    let answer = try proxy.ask(Self.handshake.replacing("websocket", with: "h2c"))
    #expect(answer.status == 200)
    #expect(origin.requests.first?["Upgrade"] == nil)
  }

  @Test func `a decision route refuses to change the protocol`() throws {
    let origin = try ScriptedOrigin { _ in Self.switching }
    let proxy = try RunningProxy(before: origin.endpoint) {
      try $0.decide("/chat", DecisionRule(binding: .echo(EchoRule())))
    }
    let answer = try proxy.ask(Self.handshake)
    #expect(answer.status >= 400)
    #expect(answer.text.contains("upgrade-on-decision"))
    #expect(origin.requests.isEmpty)
  }

  @Test(arguments: [
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  ])
  func `a change to what nobody asked for is a 502`(answer: String) throws {
    let origin = try ScriptedOrigin { _ in answer }
    let proxy = try RunningProxy(before: origin.endpoint, Self.allowing)
    #expect(try proxy.ask(Self.handshake).status == 502)
  }

  @Test func `a protocol does not change in the middle of a request`() throws {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send(Self.switching)
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint, Self.allowing)
    let client = try proxy.connect()
    let request = Self.handshake.replacing("\r\n\r\n", with: "\r\nContent-Length: 100\r\n\r\n")
    try client.send(request)
    #expect(try client.receiveResponse().status == 502)
  }

  @Test func `a handshake is never answered from the store`() throws {
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try RunningProxy(before: origin.endpoint, Self.allowing)
    #expect(try proxy.get("/chat").status == 200)
    #expect(try proxy.ask(Self.handshake).status == 200)
    #expect(origin.requests.last?["Upgrade"] == "websocket")
  }
}

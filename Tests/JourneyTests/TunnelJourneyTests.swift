import JourneySupport
import Testing

/// `Upgrade`: through where a route allows it, refused on decision routes.
@Suite struct TunnelJourneyTests {
  private static let upgrade =
    "Host: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

  @Test func `bytes pass both ways once the protocol was changed`() throws {
    let origin = try ScriptedOrigin { _, connection in
      try connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
      let heard = try connection.receive()
      try connection.send("you said ".utf8 + heard)
      connection.close()
    }
    let proxy = try Countersign(
      before: origin.endpoint,
      routes: """
          - match: { path: /socket }
            service: auth
            cache: off
            upgrade: [ websocket ]
        """)
    let client = try RawConnection(to: proxy.endpoint)
    try client.send("GET /socket HTTP/1.1\r\n" + Self.upgrade)
    let head = try client.receive()
    #expect(String(decoding: head, as: UTF8.self).hasPrefix("HTTP/1.1 101 "))
    try client.send([0x81, 0x00, 0xFF])
    #expect(client.receiveAll() == Array("you said ".utf8) + [0x81, 0x00, 0xFF])
  }

  @Test func `a decision route changes no protocol`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" }
    let proxy = try Countersign(before: origin.endpoint)
    let client = try RawConnection(to: proxy.endpoint)
    try client.send("POST /login HTTP/1.1\r\nContent-Length: 0\r\n" + Self.upgrade)
    #expect(try client.receiveResponse(to: "POST").status >= 400)
    #expect(origin.requests.isEmpty)
  }
}

import COpenSSL
import TLS
import Testing

@Suite struct TLSFloodTests {
  /// A client that asks for new keys `count` times in each of `turns` turns and reads no answer.
  private func askForKeys(_ count: Int, turns: Int) throws -> (end: Loopback.End, answered: Int) {
    let context = try Fixture().server()
    let server = try Loopback.End { try TLSSession(server: context, window: $0) }
    let client = try RawClient()
    server.arrived = client.turn([]) { _ = SSL_do_handshake($0) }
    let answer = server.turn { $0.handshake() }
    server.arrived = client.turn(answer) { _ = SSL_do_handshake($0) }
    _ = server.turn { $0.handshake() }
    #expect(server.last == .done(0))
    var answered = 0
    for _ in 0..<turns {
      server.arrived = client.turn([]) { session in
        for _ in 0..<count {
          SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED)
          SSL_do_handshake(session)
        }
        _ = SSL_write(session, "x", 1)
      }
      answered += server.turn { server.read($0) }.count
    }
    return (server, answered)
  }

  @Test func `new keys are made when the peer asks for them`() throws {
    let (server, answered) = try askForKeys(3, turns: 100)
    #expect(server.last == .wantsBytes)
    #expect(server.plaintext.count == 100)
    #expect(answered > 0)
  }

  @Test func `a flood of requests for new keys ends the session before its answers pile up`() throws
  {
    let (server, answered) = try askForKeys(1000, turns: 100)
    #expect(server.failureCode == .controlFlood)
    #expect(answered < 100_000)
  }
}

import Primitives
import TLS
import TestCertificates
import Testing

@Suite struct TLSSessionTests {
  let fixture: Fixture

  init() throws { fixture = try Fixture() }

  @Test func `a handshake agrees on TLS 1.3, a forward-secret suite and HTTP/1.1`() throws {
    let pair = try Loopback(fixture.server(), fixture.client())
    pair.run()
    for end in [pair.client, pair.server] {
      #expect(end.session.isHandshakeComplete)
      #expect(end.last == .wantsBytes)
      #expect(end.session.version == .tls13)
      #expect(end.session.cipherSuite == "TLS_AES_128_GCM_SHA256")
      #expect(end.session.applicationProtocol.map(\.displayText) == "http/1.1")
      #expect(!end.session.isResumed)
    }
    #expect(pair.server.session.serverName.map(\.displayText) == "localhost")
    #expect(pair.client.session.peerCertificate()?.dnsNames == [Array("localhost".utf8)])
    #expect(pair.server.session.peerCertificate() == nil)
  }

  @Test func `versions agree on 1.2 when one side speaks no more`() throws {
    let pair = try Loopback(
      fixture.server { $0.ciphers = .compatible }, fixture.client { $0.maximumVersion = .tls12 })
    pair.run()
    #expect(pair.client.session.version == .tls12)
    #expect(pair.client.session.cipherSuite == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
    pair.send(Array("hello".utf8), from: pair.client, to: pair.server)
    #expect(pair.server.plaintext.displayText == "hello")
  }

  @Test func `a client below the minimum version is refused with an alert`() throws {
    let pair = try Loopback(
      fixture.server { $0.minimumVersion = .tls13 }, fixture.client { $0.maximumVersion = .tls12 })
    pair.run()
    #expect(pair.server.failureCode == .noSharedVersion)
    #expect(pair.client.failureCode == .alertReceived)
    #expect(pair.client.failure?.alert == 70)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `bytes pass both ways, whatever pieces they arrive in`(version: TLSVersion) throws {
    for chunk in [1, 2, 3, 5, 7, 64, 1000] {
      let pair = try Loopback(fixture.server(), fixture.client { $0.maximumVersion = version })
      pair.run(chunk: chunk)
      let message = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      pair.send(message, from: pair.client, to: pair.server, chunk: chunk)
      pair.send(message, from: pair.server, to: pair.client, chunk: chunk)
      #expect(pair.server.plaintext == message)
      #expect(pair.client.plaintext == message)
    }
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a stream cut in two at any place reads the same`(version: TLSVersion) throws {
    let server = try fixture.server()
    let client = try fixture.client { $0.maximumVersion = version }
    // Both flights of the client, and a request behind them, cut once at each place.
    var cut = 1
    while true {
      let pair = try Loopback(server, client)
      let wasCut = pair.runCuttingOnce(after: cut)
      #expect(pair.server.session.isHandshakeComplete)
      #expect(pair.client.session.isHandshakeComplete)
      if !wasCut { break }
      cut += 7
    }
    #expect(cut > 200)
  }

  @Test func `a megabyte passes in pieces bounded by the window's limit`() throws {
    let pair = try Loopback(fixture.server(), fixture.client())
    pair.run()
    let message = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    var sent = 0
    while sent < message.count {
      var ciphertext = pair.server.turn { session in
        message[sent...].withUnsafeBytes { session.write($0) }
      }
      guard case .done(let count) = pair.server.last else { break }
      #expect(count > 0)
      #expect(ciphertext.count <= TLSWindow.outputLimit + 16_384 + 256)
      sent += count
      _ = pair.deliver(&ciphertext, to: pair.client)
    }
    #expect(pair.client.plaintext == message)
  }

  @Test func `pieces written together share records and arrive in order`() throws {
    let pair = try Loopback(fixture.server(), fixture.client())
    pair.run()
    let large = [UInt8](repeating: 0x61, count: 40_000)
    let parts: [[UInt8]] = [
      [], Array("HTTP/1.1 200 OK\r\n".utf8), [], Array("\r\n".utf8), large, [],
    ]
    var ciphertext = pair.server.turn { session in
      parts[1].withUnsafeBytes { one in
        parts[3].withUnsafeBytes { two in
          parts[4].withUnsafeBytes { three in
            let empty = UnsafeRawBufferPointer(start: nil, count: 0)
            return session.write(gathering: [empty, one, empty, two, three, empty])
          }
        }
      }
    }
    #expect(pair.server.last == .done(parts.joined().count))
    // Three records of 22 bytes overhead each.
    #expect(ciphertext.count == parts.joined().count + 3 * 22)
    _ = pair.deliver(&ciphertext, to: pair.client)
    #expect(pair.client.plaintext == Array(parts.joined()))
  }

  @Test func `a reader without room leaves the rest in place`() throws {
    let pair = try Loopback(fixture.server(), fixture.client())
    pair.run()
    let message = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
    pair.server.arrived = pair.client.turn { session in
      message.withUnsafeBytes { session.write($0) }
    }
    var room = [UInt8](repeating: 0, count: 1000)
    var received: [UInt8] = []
    for turn in 0..<40 {
      _ = pair.server.turn { session in room.withUnsafeMutableBytes { session.read(into: $0) } }
      #expect(pair.server.last == .done(1000))
      #expect(pair.server.session.hasPlaintext || !pair.server.arrived.isEmpty || turn == 39)
      received += room
    }
    #expect(received == message)
    _ = pair.server.turn { session in room.withUnsafeMutableBytes { session.read(into: $0) } }
    #expect(pair.server.last == .wantsBytes)
  }

  @Test func `an orderly close is told from a cut connection`() throws {
    let pair = try Loopback(fixture.server(), fixture.client())
    pair.run()
    var farewell = pair.server.turn { $0.closeNotify() }
    #expect(pair.server.last == .done(0))
    _ = pair.deliver(&farewell, to: pair.client)
    #expect(pair.client.last == .closed)
    // Our own direction stays open (RFC 8446 §6.1).
    pair.send(Array("late".utf8), from: pair.client, to: pair.server)
    #expect(pair.server.plaintext.displayText == "late")

    let cut = try Loopback(fixture.server(), fixture.client())
    cut.run()
    cut.client.ended = true
    _ = cut.client.turn { cut.client.read($0) }
    #expect(cut.client.failureCode == .truncated)
    #expect(cut.client.failure?.description == "the connection ended without close_notify")
  }

  @Test func `bytes before the end are read before the end is told`() throws {
    let pair = try Loopback(fixture.server(), fixture.client())
    pair.run()
    var bytes = pair.server.turn { session in
      Array("last words".utf8).withUnsafeBytes { session.write($0) }
    }
    bytes += pair.server.turn { $0.closeNotify() }
    pair.client.arrived = bytes
    pair.client.ended = true
    _ = pair.client.turn { pair.client.read($0) }
    #expect(pair.client.plaintext.displayText == "last words")
    #expect(pair.client.last == .closed)
  }

  @Test func `a connection cut in the middle of the handshake is truncated`() throws {
    let server = try Loopback.End { try TLSSession(server: try fixture.server(), window: $0) }
    server.ended = true
    _ = server.turn { $0.handshake() }
    #expect(server.failureCode == .truncated)
  }

  @Test func `writing before the handshake waits for bytes and closing then does nothing`() throws {
    let server = try Loopback.End { try TLSSession(server: try fixture.server(), window: $0) }
    _ = server.turn { session in ([1, 2, 3] as [UInt8]).withUnsafeBytes { session.write($0) } }
    #expect(server.last == .wantsBytes)
    #expect(server.turn { $0.closeNotify() }.isEmpty)
    #expect(server.last == .done(0))
  }

  @Test func `a plain HTTP request is told from broken TLS`() throws {
    let server = try Loopback.End { try TLSSession(server: try fixture.server(), window: $0) }
    server.arrived = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    _ = server.turn { $0.handshake() }
    #expect(server.failureCode == .notTLS)
  }

  @Test func `a failure is answered again by every later operation`() throws {
    let server = try Loopback.End { try TLSSession(server: try fixture.server(), window: $0) }
    server.arrived = [UInt8](repeating: 0x16, count: 64)
    _ = server.turn { $0.handshake() }
    let failure = server.last
    _ = server.turn { server.read($0) }
    #expect(server.last == failure)
    _ = server.turn { session in ([1] as [UInt8]).withUnsafeBytes { session.write($0) } }
    #expect(server.last == failure)
    #expect(server.turn { $0.closeNotify() }.isEmpty)
    #expect(server.last == failure)
  }
}

extension Loopback.End {
  var failure: TLSFailure? {
    if case .failed(let failure) = last { failure } else { nil }
  }

  var failureCode: TLSFailure.Code? { failure?.code }
}

extension Loopback {
  /// Runs as `run` does, but breaks the client's bytes once, after the first `cut` of them; whether
  /// they were that many.
  func runCuttingOnce(after cut: Int) -> Bool {
    var passed = 0
    var toServer = client.turn { $0.handshake() }
    var toClient: [UInt8] = []
    while !toServer.isEmpty || !toClient.isEmpty {
      let rest = cut - passed
      passed += toServer.count
      if rest > 0, rest < toServer.count {
        var first = Array(toServer[..<rest])
        toServer.removeFirst(rest)
        toClient += deliver(&first, to: server)
      }
      toClient += deliver(&toServer, to: server)
      toServer += deliver(&toClient, to: client)
    }
    return passed > cut
  }
}

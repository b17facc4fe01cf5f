import Primitives
import TLS
import TestCertificates
import Testing

@Suite struct TLSResumptionTests {
  let fixture: Fixture

  init() throws { fixture = try Fixture() }

  /// One connection after the other with the same cache; which of them resumed.
  private func connect(
    _ times: Int, _ server: TLSServerContext, _ client: TLSClientContext,
    _ cache: TLSClientSessionCache
  ) throws -> [Bool] {
    try (0..<times).map { _ in
      let pair = try Loopback(server, client, cache: cache)
      pair.run()
      pair.send(Array("ping".utf8), from: pair.client, to: pair.server)
      #expect(pair.server.plaintext.displayText == "ping")
      #expect(pair.client.session.isResumed == pair.server.session.isResumed)
      return pair.client.session.isResumed
    }
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `the second connection resumes, and every one after it`(version: TLSVersion) throws {
    let client = try fixture.client { $0.maximumVersion = version }
    let resumed = try connect(4, fixture.server(), client, TLSClientSessionCache())
    #expect(resumed == [false, true, true, true])
  }

  @Test func `with several tickets, connections side by side resume`() throws {
    let server = try fixture.server { $0.ticketsPerHandshake = 3 }
    let cache = TLSClientSessionCache()
    let client = try fixture.client()
    _ = try connect(1, server, client, cache)
    #expect(cache.count == 3)
    let pairs = try (0..<3).map { _ in try Loopback(server, client, cache: cache) }
    for pair in pairs { pair.run() }
    #expect(pairs.map(\.client.session.isResumed) == [true, true, true])
  }

  @Test func `without tickets nothing is resumed`() throws {
    let server = try fixture.server { $0.ticketsPerHandshake = 0 }
    for version in TLSVersion.allCases {
      let client = try fixture.client { $0.maximumVersion = version }
      #expect(try connect(2, server, client, TLSClientSessionCache()) == [false, false])
    }
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a ticket outlives one rotation of the keys and not two`(version: TLSVersion) throws {
    let start = Fixture.now
    let ring = try TicketKeyRing(now: start, period: Seconds(100))
    let server = try fixture.server(ticketKeys: ring)
    let client = try fixture.client { $0.maximumVersion = version }
    func later(_ seconds: Int64) -> WallTime {
      WallTime(secondsSinceEpoch: start.secondsSinceEpoch + seconds)
    }
    let cache = TLSClientSessionCache()
    #expect(try connect(1, server, client, cache) == [false])
    #expect(try !ring.rotateTicketKeys(now: later(99)))
    #expect(try ring.rotateTicketKeys(now: later(100)))
    #expect(try connect(1, server, client, cache) == [true])
    #expect(try ring.rotateTicketKeys(now: later(200)))
    #expect(try ring.rotateTicketKeys(now: later(300)))
    #expect(try connect(1, server, client, cache) == [false])
  }

  @Test func `a clock that stepped back rotates, so that no key lives on for ever`() throws {
    let ring = try TicketKeyRing(now: WallTime(milliseconds: 1_000_000))
    #expect(try ring.rotateTicketKeys(now: WallTime(milliseconds: 0)))
    #expect(try ring.rotateTicketKeys(now: WallTime(milliseconds: .min)))
  }

  @Test func `sessions outlive a reload that keeps the keys`() throws {
    let first = try fixture.server()
    let client = try fixture.client()
    let cache = TLSClientSessionCache()
    _ = try connect(1, first, client, cache)
    let second = try fixture.server(ticketKeys: first.ticketKeys)
    #expect(try connect(1, second, client, cache) == [true])
    #expect(try connect(1, fixture.server(), client, cache) == [false])
  }

  @Test func `a session from before a change of the authorities is not resumed`() throws {
    let other = try TestAuthority(named: "Other")
    let files = TLSCertificateFiles(try fixture.authority.issue(["a.example"]))
    let client = try fixture.client { $0.certificate = files }
    let both = try fixture.authority.directory.write(
      fixture.authority.directory.read("TestAuthority-ca.pem")
        + other.directory.read("Other-ca.pem"), to: "both.pem")
    let first = try fixture.server {
      $0.clientCertificates = .required(.init(bundle: fixture.authority.bundlePath))
    }
    let second = try fixture.server(
      { $0.clientCertificates = .required(.init(bundle: both)) }, ticketKeys: first.ticketKeys)
    let cache = TLSClientSessionCache()
    #expect(try connect(3, first, client, cache) == [false, true, true])
    #expect(try connect(2, second, client, cache) == [false, true])
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a resumed session still knows who the client is`(version: TLSVersion) throws {
    let files = TLSCertificateFiles(try fixture.authority.issue(["a.example"]))
    let client = try fixture.client {
      $0.certificate = files
      $0.maximumVersion = version
    }
    let server = try fixture.server {
      $0.clientCertificates = .required(.init(bundle: fixture.authority.bundlePath))
    }
    let cache = TLSClientSessionCache()
    _ = try connect(1, server, client, cache)
    let pair = try Loopback(server, client, cache: cache)
    pair.run()
    #expect(pair.server.session.isResumed)
    #expect(pair.server.session.peerCertificate()?.commonName.map(\.displayText) == "a.example")
  }

  @Test func `a session is resumed only for its own origin and its own settings`() throws {
    let server = try fixture.server()
    let client = try fixture.client()
    let cache = TLSClientSessionCache()
    _ = try connect(1, server, client, cache)
    let address = try Loopback(server, client, name: "127.0.0.1", cache: cache)
    address.run()
    #expect(!address.client.session.isResumed)
    let other = try Loopback(server, fixture.client(), cache: cache)
    other.run()
    #expect(!other.client.session.isResumed)
    cache.removeAll()
    #expect(cache.count == 0)
    #expect(try connect(1, server, client, cache) == [false])
  }

  @Test func `the cache forgets the origin least recently seen`() throws {
    let server = try fixture.server()
    let client = try fixture.client { $0.verification = .dangerouslyAcceptsAnyCertificate }
    let cache = TLSClientSessionCache()
    for number in 0...TLSClientSessionCache.originLimit {
      let pair = try Loopback(server, client, name: "h\(number).example", cache: cache)
      pair.run()
    }
    #expect(cache.count == TLSClientSessionCache.originLimit)
    let first = try Loopback(server, client, name: "h0.example", cache: cache)
    first.run()
    #expect(!first.client.session.isResumed)
  }

  @Test func `a handshake that fails leaves no session behind`() throws {
    let server = try fixture.server()
    let client = try fixture.client()
    let cache = TLSClientSessionCache()
    _ = try connect(1, server, client, cache)
    let broken = try Loopback(server, client, cache: cache)
    _ = broken.client.turn { $0.handshake() }
    broken.client.arrived = [UInt8](repeating: 0, count: 32)
    _ = broken.client.turn { $0.handshake() }
    #expect(broken.client.failure != nil)
    #expect(cache.count == 0)
  }
}

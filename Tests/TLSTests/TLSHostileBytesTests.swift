import Primitives
import TLS
import TestCertificates
import Testing

/// Bytes that no honest peer sends: whatever they are, the answer is an outcome.
@Suite struct TLSHostileBytesTests {
  let fixture: Fixture

  init() throws { fixture = try Fixture() }

  /// A small generator with a seed, so that a failure can be had again.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
  }

  @Test func `random bytes fail or wait, and failures last`() throws {
    var random = Seeded(state: 42)
    let context = try fixture.server()
    for _ in 0..<300 {
      let end = try Loopback.End { try TLSSession(server: context, window: $0) }
      var count = Int.random(in: 1...600, using: &random)
      // Half of them look like a handshake record at first.
      if Bool.random(using: &random) {
        end.arrived = [0x16, 3, 1, 0, UInt8.random(in: 4...200, using: &random), 1, 0]
      }
      while count > 0 {
        end.arrived.append(UInt8.random(in: 0...255, using: &random))
        count -= 1
      }
      _ = end.turn { $0.handshake() }
      if case .done = end.last { Issue.record("random bytes completed a handshake") }
      end.ended = true
      _ = end.turn { $0.handshake() }
      #expect(end.failure != nil)
    }
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `one changed bit in the hello never completes both ends`(version: TLSVersion) throws {
    var random = Seeded(state: 7)
    let server = try fixture.server()
    let client = try fixture.client { $0.maximumVersion = version }
    for _ in 0..<200 {
      let pair = try Loopback(server, client)
      var hello = pair.client.turn { $0.handshake() }
      // Behind the record header, whose version nobody looks at (RFC 8446 §5.1).
      let index = Int.random(in: 5..<hello.count, using: &random)
      hello[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
      var answer = pair.deliver(&hello, to: pair.server)
      var back = pair.deliver(&answer, to: pair.client)
      _ = pair.deliver(&back, to: pair.server)
      #expect(!(pair.client.session.isHandshakeComplete && pair.server.session.isHandshakeComplete))
    }
  }

  @Test func `a changed bit in a record is a protocol violation and no plaintext`() throws {
    var random = Seeded(state: 3)
    let server = try fixture.server()
    let client = try fixture.client()
    for _ in 0..<60 {
      let pair = try Loopback(server, client)
      pair.run()
      var record = pair.client.turn { session in
        [UInt8](repeating: 1, count: 200).withUnsafeBytes { session.write($0) }
      }
      let index = Int.random(in: 5..<record.count, using: &random)
      record[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
      let alert = pair.deliver(&record, to: pair.server)
      #expect(pair.server.failureCode == .protocolViolation)
      #expect(pair.server.plaintext.isEmpty)
      #expect(!alert.isEmpty)
    }
  }

  @Test func `a replayed record is refused`() throws {
    let pair = try Loopback(fixture.server(), fixture.client())
    pair.run()
    let record = pair.client.turn { session in
      Array("once".utf8).withUnsafeBytes { session.write($0) }
    }
    var twice = record + record
    _ = pair.deliver(&twice, to: pair.server)
    #expect(pair.server.plaintext.displayText == "once")
    #expect(pair.server.failureCode == .protocolViolation)
  }

  @Test func `a client that wants to renegotiate under TLS 1.2 gets nowhere`() throws {
    // A second client hello, in the clear, in the middle of a session.
    let pair = try Loopback(fixture.server(), fixture.client { $0.maximumVersion = .tls12 })
    pair.run()
    let other = try Loopback(fixture.server(), fixture.client { $0.maximumVersion = .tls12 })
    var hello = other.client.turn { $0.handshake() }
    _ = pair.deliver(&hello, to: pair.server)
    #expect(pair.server.failure != nil)
  }
}

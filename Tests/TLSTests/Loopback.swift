import Primitives
import TLS
import TestCertificates

/// A client's and a server's session on two windows, and the bytes on their way between them.
final class Loopback {
  /// One end: a session, its window, what arrived for it, and what it read.
  final class End {
    let window = TLSWindow()
    let session: TLSSession
    var arrived: [UInt8] = []
    var ended = false
    var plaintext: [UInt8] = []
    var last: TLSOutcome = .wantsBytes

    init(_ make: (TLSWindow) throws -> TLSSession) throws { session = try make(window) }

    /// One turn: shows what arrived, does `work`, keeps what was not read; answers what is to be
    /// sent.
    func turn(_ work: (TLSSession) -> TLSOutcome) -> [UInt8] {
      let shown = arrived
      shown.withUnsafeBytes { bytes in
        window.setInput(bytes, ended: ended)
        last = work(session)
        arrived = Array(window.unreadInput)
        window.clearInput()
      }
      let output = Array(window.output)
      window.clearOutput()
      return output
    }

    func read(_ session: TLSSession, room: Int = 4096) -> TLSOutcome {
      var buffer = [UInt8](repeating: 0, count: room)
      while true {
        let outcome = buffer.withUnsafeMutableBytes { session.read(into: $0) }
        if outcome == .done(0) { return outcome }
        guard case .done(let count) = outcome else { return outcome }
        plaintext += buffer[..<count]
      }
    }
  }

  let client: End
  let server: End

  init(
    _ server: TLSServerContext, _ client: TLSClientContext, name: String = "localhost",
    cache: TLSClientSessionCache? = nil
  ) throws {
    guard let peer = TLSPeerName(name) else { throw TestCertificateError("\(name) is no name") }
    self.client = try End {
      try TLSSession(client: client, peer: peer, window: $0, resuming: cache)
    }
    self.server = try End { try TLSSession(server: server, window: $0) }
  }

  /// Carries bytes both ways until nothing moves, `chunk` bytes at a time, handshaking and then
  /// reading.
  func run(chunk: Int = .max) {
    var toServer = client.turn(step(client))
    var toClient: [UInt8] = []
    while !toServer.isEmpty || !toClient.isEmpty {
      toClient += deliver(&toServer, to: server, chunk)
      toServer += deliver(&toClient, to: client, chunk)
    }
  }

  /// Hands `bytes` to `end` in pieces; what it sends in answer.
  func deliver(_ bytes: inout [UInt8], to end: End, _ chunk: Int = .max) -> [UInt8] {
    var answer: [UInt8] = []
    while !bytes.isEmpty {
      let count = min(chunk, bytes.count)
      end.arrived += bytes[..<count]
      bytes.removeFirst(count)
      answer += end.turn(step(end))
    }
    return answer
  }

  private func step(_ end: End) -> (TLSSession) -> TLSOutcome {
    { session in
      if !session.isHandshakeComplete {
        let outcome = session.handshake()
        guard case .done = outcome else { return outcome }
      }
      return end.read(session)
    }
  }

  /// Sends `bytes` from one end to the other, which reads them.
  func send(_ bytes: [UInt8], from sender: End, to receiver: End, chunk: Int = .max) {
    var sent = 0
    while sent < bytes.count {
      var ciphertext = sender.turn { session in
        let outcome = bytes[sent...].withUnsafeBytes { session.write($0) }
        if case .done(let count) = outcome { sent += count } else { sent = bytes.count }
        return outcome
      }
      _ = deliver(&ciphertext, to: receiver, chunk)
    }
  }
}

/// One authority and what is made with it, for a suite.
struct Fixture {
  static let now = WallTime(secondsSinceEpoch: Int64(currentSeconds()))

  let authority: TestAuthority
  let files: TLSCertificateFiles

  init() throws {
    authority = try TestAuthority()
    files = try TLSCertificateFiles(authority.issue(["localhost", "127.0.0.1", "::1"]))
  }

  func server(
    _ change: (inout TLSServerSettings) -> Void = { _ in }, ticketKeys: TicketKeyRing? = nil
  ) throws -> TLSServerContext {
    var settings = TLSServerSettings(certificates: [files])
    change(&settings)
    return try TLSServerContext(settings, at: Self.now, ticketKeys: ticketKeys)
  }

  func client(_ change: (inout TLSClientSettings) -> Void = { _ in }) throws -> TLSClientContext {
    var settings = TLSClientSettings()
    settings.verification = .authorities(bundle: authority.bundlePath)
    change(&settings)
    return try TLSClientContext(settings, at: Self.now)
  }
}

extension TLSCertificateFiles {
  init(_ issued: TestAuthority.Issued) {
    self.init(chain: issued.chainPath, key: issued.keyPath)
  }
}

import Dispatch
import EventLoop
import Platform
import Primitives
import Synchronization
import TLS
import TestCertificates
import Testing

@testable import Transport

@Suite struct TLSStreamTests {
  /// A server's and a client's settings that trust each other.
  private struct Pair: Sendable {
    let server: TLSServerContextReference
    let client: TLSClientContext

    init() throws {
      let authority = try TestAuthority()
      let issued = try authority.issue(["localhost"])
      let files = TLSCertificateFiles(chain: issued.chainPath, key: issued.keyPath)
      server = TLSServerContextReference(
        try TLSServerContext(TLSServerSettings(certificates: [files]), at: Clock.wall))
      var settings = TLSClientSettings()
      settings.verification = .authorities(bundle: authority.bundlePath)
      client = try TLSClientContext(settings, at: Clock.wall)
    }

    func client(for name: String = "localhost") throws -> ClientTLS {
      ClientTLS(context: client, peer: try #require(TLSPeerName(name)))
    }
  }

  /// A client on a loop of its own, and what happens to it.
  private final class Client {
    let record = Record()
    let group: LoopGroup

    init(
      to address: SocketAddress, _ pair: Pair, name: String = "localhost",
      script: @escaping @Sendable (ScriptedHandler) -> Void
    ) throws {
      group = try LoopGroup(count: 1)
      let record = record
      group.handles[0].post { loop in
        do {
          let handler = ScriptedHandler(record)
          handler.stream = ByteStream.connect(
            to: address, tls: try pair.client(for: name), on: loop, handler: handler)
          script(handler)
        } catch {
          Issue.record("\(error)")
        }
      }
    }

    deinit {
      group.stop()
      #expect(group.wait() == [])
    }
  }

  @Test(arguments: [1, 1000, 16_384, 16_385, 70_000, 1_500_000])
  func `what goes out enciphered comes back`(count: Int) throws {
    let pair = try Pair()
    let server = try TestServer(tls: pair.server)
    let client = try Client(to: server.address, pair) { handler in
      handler.stream?.write(pattern(count))
      handler.onReceived = { handler, _ in
        if handler.record.bytes.count == count { handler.stream?.closeAfterFlush() }
      }
    }
    #expect(client.record.waits { $0.isClosed })
    let isIntact = client.record.bytes == pattern(count)
    #expect(isIntact)
    #expect(client.record.events == [.opened, .closed(nil)])
    #expect(server.record.waits { $0.isClosed })
    #expect(server.record.events == [.opened, .end(clean: true), .closed(nil)])
  }

  @Test func `pieces small, large and shared arrive in order`() throws {
    let large = pattern(300_000)
    let pair = try Pair()
    let server = try TestServer(tls: pair.server) { handler in
      handler.onReceived = { handler, _ in
        let stream = handler.stream
        large[..<10].withUnsafeBytes { first in
          large[10..<60].withUnsafeBytes { stream?.write(first, $0) }
        }
        large[60..<120].withUnsafeBytes { stream?.write($0, shared: large, 120..<200_000) }
        stream?.write(ByteStream.nothing, shared: large, 200_000..<300_000)
        stream?.closeAfterFlush()
      }
    }
    let client = try Client(to: server.address, pair) { handler in
      handler.stream?.write([1])
      handler.onEnd = { $0.stream?.closeAfterFlush() }
    }
    #expect(client.record.waits { $0.isClosed })
    let isIntact = client.record.bytes == large
    #expect(isIntact)
    #expect(client.record.events == [.opened, .end(clean: true), .closed(nil)])
  }

  @Test func `an end without close_notify is told as not clean`() throws {
    let pair = try Pair()
    let server = try TestServer(tls: pair.server)
    let client = try Client(to: server.address, pair) { handler in
      handler.stream?.write(pattern(100))
      handler.onReceived = { handler, _ in
        if handler.record.bytes.count == 100 { handler.stream?.descriptor.shutdownOutput() }
      }
    }
    #expect(server.record.waits { $0.isClosed })
    #expect(server.record.bytes == pattern(100))
    #expect(server.record.events.prefix(2) == [.opened, .end(clean: false)])
    withExtendedLifetime(client) {}
  }

  @Test func `output to a slow reader is bounded, and everything arrives`() throws {
    let total = 6_000_000
    let block = pattern(50_000)
    let pair = try Pair()
    let server = try TestServer(tls: pair.server) { handler in
      var written = 0
      let fill: (ScriptedHandler) -> Void = { handler in
        guard let stream = handler.stream else { return }
        while written < total, !stream.isSaturated {
          stream.write(block)
          written += block.count
          handler.record.notePending(stream.pendingOutputBytes)
        }
        if written >= total { stream.closeAfterFlush() }
      }
      handler.onReceived = { handler, _ in fill(handler) }
      handler.onDrained = fill
    }
    // Reads a little, then pauses until the loop has been round.
    let client = try Client(to: server.address, pair) { handler in
      handler.stream?.write([1])
      handler.onReceived = { handler, _ in
        guard let stream = handler.stream else { return }
        stream.pauseReading()
        stream.loop.soon { stream.resumeReading() }
      }
      handler.onEnd = { $0.stream?.closeAfterFlush() }
    }
    #expect(client.record.waits { $0.isClosed })
    let expected = (0..<total / block.count).flatMap { _ in block }
    let isIntact = client.record.bytes == expected
    #expect(isIntact)
    let bound = StreamLimits.highWater + block.count + TLSWindow.outputLimit * 2
    #expect(server.record.mostPending <= bound)
  }

  @Test func `streams of one loop relay to each other through one window`() throws {
    let pair = try Pair()
    let origin = try TestServer(tls: pair.server)
    let address = origin.address
    let relay = try TestServer(tls: pair.server) { handler in
      let record = Record()
      let inner = ScriptedHandler(record)
      guard let outer = handler.stream, let tls = try? pair.client() else { return }
      inner.stream = ByteStream.connect(to: address, tls: tls, on: outer.loop, handler: inner)
      handler.onReceived = { _, bytes in inner.stream?.write(bytes) }
      handler.onEnd = { _ in inner.stream?.shutdownOutput() }
      inner.onReceived = { _, bytes in outer.write(bytes) }
      inner.onEnd = { inner in
        inner.stream?.closeAfterFlush()
        outer.closeAfterFlush()
      }
    }
    let sent = pattern(2_000_000)
    let client = try Client(to: relay.address, pair) { handler in
      handler.stream?.write(sent)
      handler.stream?.shutdownOutput()
    }
    #expect(client.record.waits { $0.isClosed })
    let isIntact = client.record.bytes == sent
    #expect(isIntact)
    #expect(client.record.events == [.opened, .end(clean: true), .closed(nil)])
  }

  @Test func `a client that does not speak TLS fails in the handshake`() throws {
    let server = try TestServer(tls: try Pair().server)
    let client = try server.connect()
    try client.send("GET / HTTP/1.1\r\n\r\n".utf8)
    #expect(server.record.waits { $0.isClosed })
    let failure = try #require(server.record.failure)
    #expect(failure.stage == .handshake)
    #expect(server.record.bytes.isEmpty && !server.record.events.contains(.opened))
  }

  @Test func `a client that leaves in the handshake is a failure`() throws {
    let server = try TestServer(tls: try Pair().server)
    let client = try server.connect()
    try client.send([0x16, 0x03, 0x01])
    client.endOutput()
    #expect(server.record.waits { $0.isClosed })
    #expect(try #require(server.record.failure).stage == .handshake)
  }

  @Test func `a certificate for another name is refused, and both sides learn it`() throws {
    let pair = try Pair()
    let server = try TestServer(tls: pair.server)
    let client = try Client(to: server.address, pair, name: "other.example") {
      $0.stream?.write(pattern(10))
    }
    #expect(client.record.waits { $0.isClosed })
    let failure = try #require(client.record.failure)
    #expect(failure.stage == .handshake)
    if case .tls(let cause) = failure.cause {
      #expect(cause.code == .certificateWrongName)
    } else {
      Issue.record("\(failure)")
    }
    #expect(server.record.waits { $0.isClosed })
    #expect(server.record.bytes.isEmpty)
  }

  @Test func `what was negotiated can be asked for`() throws {
    let pair = try Pair()
    let seen = Mutex<TLSVersion?>(nil)
    let server = try TestServer(tls: pair.server)
    let client = try Client(to: server.address, pair) { handler in
      handler.onOpened = { handler in
        seen.withLock { $0 = handler.stream?.tls?.version }
        handler.stream?.closeAfterFlush()
      }
    }
    #expect(client.record.waits { $0.isClosed })
    #expect(seen.withLock { $0 } == .tls13)
  }
}

extension Record {
  /// The failure that was told, if one was.
  var failure: StreamFailure? {
    for case .closed(let failure?) in events { return failure }
    return nil
  }
}

import Dispatch
import EventLoop
import Glibc
import Platform
import Synchronization
import Testing
import Transport

@Suite struct ConnectTests {
  /// Connects from a loop of its own and leaves what happens in the record.
  private func connect(
    to address: SocketAddress, script: @escaping @Sendable (ScriptedHandler) -> Void = { _ in }
  ) throws -> (group: LoopGroup, record: Record) {
    let record = Record()
    let group = try LoopGroup(count: 1)
    group.handles[0].post { loop in
      let handler = ScriptedHandler(record)
      script(handler)
      handler.stream = ByteStream.connect(to: address, on: loop, handler: handler)
      #expect(record.events == [])
    }
    return (group, record)
  }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0", "unix"])
  func `a stream connects, and what was written before goes out after`(listener: String) throws {
    let server = try TestServer(listener == "unix" ? "unix:\(temporaryPath())" : listener)
    let record = Record()
    let group = try LoopGroup(count: 1)
    let address = server.address
    group.handles[0].post { loop in
      let handler = ScriptedHandler(record)
      let stream = ByteStream.connect(to: address, on: loop, handler: handler)
      handler.stream = stream
      stream.write(pattern(1000))
      handler.onOpened = { _ in stream.write(pattern(1000, from: 1000)) }
      handler.onReceived = { handler, _ in
        if record.bytes.count == 2000 { handler.stream?.shutdownOutput() }
      }
    }
    #expect(record.waits { $0.isClosed })
    #expect(record.bytes == pattern(2000))
    #expect(record.events == [.opened, .end(clean: true), .closed(nil)])
    group.stop()
    _ = group.wait()
  }

  @Test func `a refused connection is told as such`() throws {
    let bound = try BoundAddress(try #require(SocketAddress("127.0.0.1:0")), shares: 1)
    let address = bound.address
    _ = bound.takeShare()
    let (group, record) = try connect(to: address)
    #expect(record.waits { $0.isClosed })
    let error = SystemError(call: "connect", code: ECONNREFUSED, subject: address.description)
    #expect(record.events == [.closed(StreamFailure(.connecting, .system(error)))])
    group.stop()
    _ = group.wait()
  }

  @Test func `a Unix socket that is not there is told as such`() throws {
    let (group, record) = try connect(to: .unix(path: temporaryPath()))
    #expect(record.waits { $0.isClosed })
    guard case .closed(let failure?) = record.events.last else {
      Issue.record("no failure")
      return
    }
    #expect(failure.stage == .connecting)
    group.stop()
    _ = group.wait()
  }

  @Test func `bytes a closed Unix peer left are kept for a paused reader`() throws {
    let server = try TestServer("unix:\(temporaryPath())") { handler in
      handler.onOpened = { handler in
        handler.stream?.write(pattern(100_000))
        handler.stream?.closeAfterFlush()
      }
    }
    final class Box { var stream: ByteStream? }
    nonisolated(unsafe) let box = Box()
    let (group, record) = try connect(to: server.address) { handler in
      handler.onOpened = { handler in
        handler.stream?.pauseReading()
        box.stream = handler.stream
      }
      handler.onEnd = { $0.stream?.closeAfterFlush() }
    }
    #expect(server.record.waits { $0.isClosed })
    #expect(record.waits { $0.events == [.opened] })
    // Two turns, so that the loop has seen what the closed peer looks like.
    for _ in 0..<2 {
      let seen = DispatchSemaphore(value: 0)
      group.handles[0].post { _ in seen.signal() }
      #expect(seen.wait(timeout: .now() + 20) == .success)
    }
    #expect(record.bytes.isEmpty && record.events == [.opened])
    group.handles[0].post { _ in
      box.stream?.resumeReading()
      box.stream = nil
    }
    #expect(record.waits { $0.isClosed })
    #expect(record.bytes == pattern(100_000))
    #expect(record.events == [.opened, .end(clean: true), .closed(nil)])
    group.stop()
    _ = group.wait()
  }
}

@Suite struct EarlyEndTests {
  @Test(arguments: ["127.0.0.1:0", "unix"], [1, 1000, 400_000])
  func `what was written before connecting is sent before the end asked for then`(
    listener: String, count: Int
  ) throws {
    let server = try TestServer(listener == "unix" ? "unix:\(temporaryPath())" : listener)
    let record = Record()
    let group = try LoopGroup(count: 1)
    let address = server.address
    group.handles[0].post { loop in
      let handler = ScriptedHandler(record)
      let stream = ByteStream.connect(to: address, on: loop, handler: handler)
      handler.stream = stream
      stream.write(pattern(count))
      stream.shutdownOutput()
    }
    #expect(record.waits { $0.isClosed })
    let isIntact = record.bytes == pattern(count)
    #expect(isIntact)
    // The largest is more than may wait, so that its draining is told too.
    let ending = record.events.filter { $0 != .drained }
    #expect(ending == [.opened, .end(clean: true), .closed(nil)])
    group.stop()
    _ = group.wait()
  }
}

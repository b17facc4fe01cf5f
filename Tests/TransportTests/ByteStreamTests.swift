import EventLoop
import Glibc
import Platform
import Primitives
import Synchronization
import Testing
import Transport

@Suite struct ByteStreamTests {
  @Test(arguments: ["127.0.0.1:0", "[::1]:0", "unix"], [1, 3, 1000])
  func `what is sent in any pieces comes back`(listener: String, piece: Int) throws {
    let server = try TestServer(listener == "unix" ? "unix:\(temporaryPath())" : listener)
    let client = try server.connect()
    let sent = pattern(piece * 50)
    var start = 0
    while start < sent.count {
      try client.send(sent[start..<start + piece])
      start += piece
      if start % 7 == 0 { _ = sched_yield() }
    }
    client.endOutput()
    #expect(try client.receiveToEnd() == sent)
    #expect(server.record.waits { $0.isClosed })
    #expect(server.record.events == [.opened, .end(clean: true), .closed(nil)])
  }

  @Test func `both loops of a group serve one port`() throws {
    let server = try TestServer(loops: 2)
    for _ in 0..<20 {
      let client = try server.connect()
      try client.send("x".utf8)
      client.endOutput()
      #expect(try client.receiveToEnd() == Array("x".utf8))
    }
  }

  @Test func `pieces written in one call-back arrive in order, small, large and shared`() throws {
    let large = pattern(300_000)
    let server = try TestServer { handler in
      handler.onReceived = { handler, _ in
        let stream = handler.stream
        pattern(10).withUnsafeBytes { first in
          pattern(20, from: 10).withUnsafeBytes { second in
            pattern(30, from: 30).withUnsafeBytes { stream?.write(first, second, $0) }
          }
        }
        pattern(60, from: 60).withUnsafeBytes { stream?.write($0, shared: large, 120..<130_000) }
        large[130_000..<200_000].withUnsafeBytes { stream?.write($0) }
        stream?.write(ByteStream.nothing, shared: large, 200_000..<300_000)
        stream?.closeAfterFlush()
      }
    }
    let client = try server.connect(receiveBuffer: 4096)
    try client.send("go".utf8)
    #expect(try client.receiveToEnd() == large)
  }

  @Test func `output to a slow reader is bounded, and its writer is told to go on`() throws {
    let total = 8_000_000
    let block = pattern(50_000)
    let server = try TestServer { handler in
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
    let client = try server.connect(receiveBuffer: 4096)
    try client.send("go".utf8)
    let twice = block + block + block
    var (count, isIntact) = (0, true)
    while true {
      let some = try client.receiveSome()
      if some.isEmpty { break }
      isIntact = isIntact && some == patternSlice(twice, count % block.count, some.count)
      count += some.count
    }
    #expect(count == total && isIntact)
    #expect(server.record.waits { $0.isClosed })
    #expect(server.record.events.contains(.drained))
    #expect(server.record.mostPending <= StreamLimits.highWater + block.count)
  }

  private func patternSlice(_ bytes: [UInt8], _ start: Int, _ count: Int) -> [UInt8] {
    Array(bytes[start..<start + count])
  }

  @Test func `a paused stream receives nothing until it is resumed`() throws {
    let held = Mutex<Int>(0)
    let server = try TestServer { handler in
      handler.onReceived = { handler, _ in
        handler.stream?.pauseReading()
        let stream = handler.stream
        stream?.loop.soon {
          held.withLock { $0 += 1 }
          stream?.resumeReading()
        }
      }
      handler.onEnd = { $0.stream?.closeAfterFlush() }
    }
    let client = try server.connect()
    let sent = pattern(3_000_000)
    try client.send(sent)
    client.endOutput()
    #expect(try client.receiveToEnd() == [])
    #expect(server.record.bytes == sent)
    #expect(held.withLock { $0 } > 1)
  }

  @Test func `an abort is a reset for the peer`() throws {
    let server = try TestServer { $0.onReceived = { handler, _ in handler.stream?.abort() } }
    let client = try server.connect()
    try client.send("x".utf8)
    #expect(throws: TestSocket.Failure.self) { try client.receiveSome() }
    #expect(server.record.waits { $0.isClosed })
    #expect(server.record.events == [.opened, .closed(nil)])
  }

  @Test func `a reset by the peer is a failure, told once`() throws {
    let server = try TestServer()
    do {
      let client = try server.connect()
      try client.send("x".utf8)
      _ = try client.receive(1)
      client.reset()
    }
    #expect(server.record.waits { $0.isClosed })
    let error = SystemError(
      call: "recv", code: ECONNRESET, subject: server.record.resetSubject ?? "")
    #expect(
      server.record.events == [.opened, .closed(StreamFailure(.open, .system(error)))])
  }

  @Test func `a lingering close keeps an answer that unread input would have destroyed`() throws {
    let answer = pattern(20_000)
    let server = try TestServer { handler in
      handler.onReceived = { handler, _ in
        handler.stream?.write(answer)
        handler.stream?.closeAfterFlush(lingering: true)
      }
    }
    let client = try server.connect()
    try client.send(pattern(200_000))
    try client.send(pattern(200_000))
    #expect(try client.receiveToEnd() == answer)
    client.endOutput()
    #expect(server.record.waits { $0.isClosed })
  }

  @Test func `the directions end one after the other`() throws {
    let server = try TestServer { handler in
      handler.onOpened = { handler in
        handler.stream?.write(pattern(5))
        handler.stream?.shutdownOutput()
      }
    }
    let client = try server.connect()
    #expect(try client.receiveToEnd() == pattern(5))
    try client.send(pattern(100_000))
    client.endOutput()
    #expect(server.record.waits { $0.isClosed })
    #expect(server.record.bytes == pattern(100_000))
    #expect(server.record.events == [.opened, .end(clean: true), .closed(nil)])
  }

  @Test func `writing to an ended stream does nothing`() throws {
    let server = try TestServer { handler in
      handler.onReceived = { handler, _ in
        handler.stream?.closeAfterFlush()
        handler.stream?.write(pattern(10))
        handler.stream?.closeAfterFlush()
        handler.stream?.abort()
        handler.stream?.abort()
      }
      handler.onClosed = { $0.stream?.write(pattern(10)) }
    }
    let client = try server.connect()
    try client.send("x".utf8)
    #expect(server.record.waits { $0.isClosed })
    #expect(server.record.events.count == 2)
  }
}

/// Streams that close each other, themselves and everything, in every call-back.
@Suite struct StreamReentrancyTests {
  @Test func `streams whose events are pending can be closed by another's call-back`() throws {
    final class Table {
      var handlers: [ScriptedHandler] = []
    }
    nonisolated(unsafe) let table = Table()
    let server = try TestServer { handler in
      table.handlers.append(handler)
      handler.onReceived = { _, _ in
        let all = table.handlers
        table.handlers = []
        for handler in all { handler.stream?.abort() }
      }
    }
    let clients = try (0..<40).map { _ in try server.connect() }
    while !server.record.waits(for: { $0.events.count == 40 }) {}
    // All are ready before the loop looks: it is busy with this.
    nonisolated(unsafe) let sockets = clients
    server.run { _ in for socket in sockets { try? socket.send("x".utf8) } }
    #expect(server.record.waits { $0.events.count == 80 })
    #expect(server.record.bytes == Array("x".utf8))
    server.run { loop in #expect(loop.watchedCount == 1) }
  }

  @Test func `a stream lives while it is open and goes when it is closed`() throws {
    let seen = Mutex<Bool>(false)
    final class Box { weak var stream: ByteStream? }
    nonisolated(unsafe) let box = Box()
    let server = try TestServer { handler in
      box.stream = handler.stream
      handler.onEnd = { $0.stream?.closeAfterFlush() }
    }
    let client = try server.connect()
    try client.send("x".utf8)
    #expect(server.record.waits { !$0.bytes.isEmpty })
    server.run { _ in seen.withLock { $0 = box.stream != nil } }
    #expect(seen.withLock { $0 })
    client.endOutput()
    #expect(server.record.waits { $0.isClosed })
    server.run { _ in }
    server.run { _ in #expect(box.stream == nil) }
  }

  @Test func `stopping the loop closes every stream`() throws {
    let server = try TestServer()
    let clients = try (0..<5).map { _ in try server.connect() }
    #expect(server.record.waits { $0.events.count == 5 })
    server.group.stop()
    #expect(server.group.wait() == [])
    let stopped = server.record.events.filter { $0 == .closed(StreamFailure(.open, .stopped)) }
    #expect(stopped.count == 5)
    withExtendedLifetime(clients) {}
  }
}

extension Record {
  /// The peer's address in the failure that was told.
  var resetSubject: String? {
    for case .closed(let failure?) in events {
      if case .system(let error) = failure.cause { return error.subject }
    }
    return nil
  }
}

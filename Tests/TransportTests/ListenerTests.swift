import Dispatch
import EventLoop
import Glibc
import Platform
import Synchronization
import Testing
import Transport

@Suite struct ListenerTests {
  @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
  func `a port that is listened on is in use, although ports can be shared`(text: String) throws {
    let first = try BoundAddress(try #require(SocketAddress(text)), shares: 2)
    let error = #expect(throws: SystemError.self) { try BoundAddress(first.address, shares: 2) }
    #expect(error?.isAddressInUse == true)
    #expect(error?.subject == first.address.description)
  }

  @Test func `all shares of a port chosen by the system have one port`() throws {
    let bound = try BoundAddress(try #require(SocketAddress("127.0.0.1:0")), shares: 3)
    for _ in 0..<3 {
      let address = try bound.takeShare()?.localAddress()
      #expect(address == bound.address)
    }
    let isExhausted = bound.takeShare() == nil
    #expect(isExhausted)
  }

  @Test func `a Unix socket has the permissions asked for, and its file goes at the end`() throws {
    let path = temporaryPath()
    var options = ListenOptions()
    options.unixMode = 0o600
    do {
      let bound = try BoundAddress(.unix(path: path), shares: 1, options: options)
      var status = stat()
      #expect(lstat(path, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600)
      _ = bound
    }
    #expect(access(path, F_OK) != 0)
  }

  @Test func `a Unix socket left over is replaced, one in use is not, a file never`() throws {
    let path = temporaryPath()
    let first = try BoundAddress(.unix(path: path), shares: 1)
    #expect(throws: SystemError.self) { try BoundAddress(.unix(path: path), shares: 1) }
    // What a crash leaves: the file, and nobody who listens.
    _ = first.takeShare()
    let second = try BoundAddress(.unix(path: path), shares: 1)
    first.removeFile()
    #expect(access(path, F_OK) == 0)
    second.removeFile()
    #expect(access(path, F_OK) != 0)
    close(open(path, O_CREAT | O_WRONLY, 0o600))
    #expect(throws: SystemError.self) { try BoundAddress(.unix(path: path), shares: 1) }
    #expect(access(path, F_OK) == 0)
    unlink(path)
  }

  /// Tells when accepting ends for good.
  private final class Witness: StreamAcceptor {
    private let failed: @Sendable (SystemError) -> Void

    init(_ failed: @escaping @Sendable (SystemError) -> Void) {
      self.failed = failed
      super.init()
    }

    override func acceptingFailed(_ error: SystemError) { failed(error) }
  }

  @Test func `a listener that fails for good says so, once`() throws {
    let bound = try BoundAddress(try #require(SocketAddress("127.0.0.1:0")), shares: 1)
    let errors = Mutex<[SystemError]>([])
    let told = DispatchSemaphore(value: 0)
    let number = Atomic<Int32>(-1)
    let group = try LoopGroup(count: 1) { loop in
      guard let socket = bound.takeShare() else { return }
      number.store(socket.number, ordering: .releasing)
      let witness = Witness { error in
        errors.withLock { $0.append(error) }
        told.signal()
      }
      loop.attachment = try? Listener(on: loop, socket: socket, acceptor: witness)
    }
    // What nobody but a fault does to a socket that listens.
    shutdown(number.load(ordering: .acquiring), Int32(SHUT_RDWR))
    #expect(told.wait(timeout: .now() + 20) == .success)
    group.stop()
    #expect(group.wait() == [])
    #expect(errors.withLock { $0.map(\.code) } == [EINVAL])
  }

  @Test func `without descriptors, connections wait and are served when there are some`() async {
    await #expect(processExitsWith: .success) {
      let server = try TestServer()
      let early = try server.connect()
      try early.send("1".utf8)
      #expect(try early.receive(1) == Array("1".utf8))
      // The next descriptor is the client's own; none is left for the server.
      let used = UInt(try Descriptor.stream(for: server.address).number)
      try ProcessLimits.setDescriptorLimit(used + 1)
      let late = try server.connect()
      try late.send("2".utf8)
      try early.send("3".utf8)
      #expect(try early.receive(1) == Array("3".utf8))
      #expect(server.record.events == [.opened])
      try ProcessLimits.raiseDescriptorLimit()
      #expect(try late.receive(1) == Array("2".utf8))
      #expect(server.record.events == [.opened, .opened])
      withExtendedLifetime(server) {}
    }
  }
}

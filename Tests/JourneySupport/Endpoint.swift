import Foundation
import Synchronization

/// An address and port of this machine.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  package let host: String
  package let port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port`; nil when it is something else.
  package init?(_ text: some StringProtocol) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...])
    else { return nil }
    self.init(host: String(text[..<colon]), port: port)
  }

  package var description: String { "\(host):\(port)" }

  private static let counter = Atomic<UInt32>(0)

  /// A free port on a loopback address that nothing else on this machine uses: all of 127.0.0.0/8
  /// is this machine, so each lease has an address of its own, and nobody can take the port in
  /// between.
  package static func leased() throws -> Endpoint {
    let listener = try Socket.listening(on: Endpoint(host: leasedHost(), port: 0))
    defer { close(listener) }
    return try Socket.localEndpoint(of: listener)
  }

  /// A loopback address for one more listener.
  package static func leasedHost() -> String {
    let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
    let process = UInt32(bitPattern: getpid())
    return "127.\(64 + process >> 8 & 0x3F).\(process & 0xFF).\(1 + number % 250)"
  }

  /// Waits until somebody accepts connections here.
  ///
  /// - Throws: When `program` ends before, with what it said.
  package func waitUntilAccepting(_ program: ChildProcess) throws {
    try eventually("\(program.name) to accept connections on \(self)") { () -> Void? in
      guard program.isRunning else {
        try program.waitForEnd()
        throw JourneyFailure("\(program.name) ended at its start:\n\(program.errors.text)")
      }
      guard let descriptor = try? Socket.connected(to: self) else { return nil }
      close(descriptor)
      return ()
    }
  }
}

/// Blocking sockets, over IPv4 on this machine.
enum Socket {
  static func listening(on endpoint: Endpoint) throws -> Int32 {
    let descriptor = try make()
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    // A connection that came and went again must not leave `accept` waiting for the next one.
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let bound = withAddress(of: endpoint) { bind(descriptor, $0, $1) }
    guard bound == 0, listen(descriptor, 128) == 0 else {
      defer { close(descriptor) }
      throw JourneyFailure.call("listening on \(endpoint)")
    }
    return descriptor
  }

  /// - Parameter source: The address of this machine to connect from; the system's choice
  ///   otherwise.
  static func connected(to endpoint: Endpoint, from source: String? = nil) throws -> Int32 {
    let descriptor = try make()
    if let source {
      let code = withAddress(of: Endpoint(host: source, port: 0)) { bind(descriptor, $0, $1) }
      guard code == 0 else {
        defer { close(descriptor) }
        throw JourneyFailure.call("binding to \(source)")
      }
    }
    guard withAddress(of: endpoint, { connect(descriptor, $0, $1) }) == 0 else {
      defer { close(descriptor) }
      throw JourneyFailure.call("connecting to \(endpoint)")
    }
    var yes: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    return descriptor
  }

  static func connected(toUnixSocket path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw JourneyFailure.call("socket") }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0 else {
      defer { close(descriptor) }
      throw JourneyFailure.call("connecting to \(path)")
    }
    return descriptor
  }

  /// The next connection, or nil when the listener was shut down.
  static func accepted(from listener: Int32) -> Int32? {
    var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    while true {
      let count = poll(&entry, 1, -1)
      if count < 0 && errno == EINTR { continue }
      let descriptor = descriptorLock.withLock {
        let descriptor = accept(listener, nil, nil)
        if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return descriptor
      }
      if descriptor >= 0 { return descriptor }
      guard errno == EINTR || errno == ECONNABORTED || errno == EAGAIN else { return nil }
    }
  }

  static func localEndpoint(of descriptor: Int32) throws -> Endpoint {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    guard code == 0 else { throw JourneyFailure.call("getsockname") }
    let octets = withUnsafeBytes(of: address.sin_addr.s_addr) { $0.map(String.init) }
    return Endpoint(
      host: octets.joined(separator: "."), port: Int(UInt16(bigEndian: address.sin_port)))
  }

  private static func make() throws -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_INET, type, 0)
    guard descriptor >= 0 else { throw JourneyFailure.call("socket") }
    return descriptor
  }

  private static func withAddress<Result>(
    of endpoint: Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: endpoint.port).bigEndian
    address.sin_addr.s_addr = inet_addr(endpoint.host)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

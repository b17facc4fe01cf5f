import Foundation

/// Listens where `NOTIFY_SOCKET` points, as systemd would, and keeps what it is told.
package final class ServiceManager: Sendable {
  package let path: String
  /// What was told, a line each.
  package let messages = OutputLog()
  private let directory: TemporaryDirectory
  private let descriptor: Int32

  package init() throws {
    directory = try TemporaryDirectory()
    path = directory.path("notify.sock")
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { throw JourneyFailure.call("socket") }
    guard Self.withAddress(of: path, { bind(descriptor, $0, $1) }) == 0 else {
      throw JourneyFailure.call("bind \(path)")
    }
    Thread.detachNewThread { [descriptor, messages] in
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        messages.append(buffer[..<count])
      }
      close(descriptor)
      messages.finish()
    }
  }

  // An empty datagram ends the thread, which closes the socket.
  deinit { _ = Self.withAddress(of: path) { sendto(descriptor, nil, 0, 0, $0, $1) } }

  private static func withAddress<Result>(
    of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}

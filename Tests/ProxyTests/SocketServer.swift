import Foundation
import JourneySupport
import Synchronization

/// A server that answers every request with `ok`, on IPv6 or a Unix socket.
final class SocketServer: Sendable {
  enum Place {
    case ipv6
    case unix(String)
  }

  /// 0 on a Unix socket.
  let port: UInt16
  private let listener: Int32
  private let last = Mutex("")

  init(_ place: Place) throws {
    switch place {
    case .ipv6:
      listener = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_addr = in6addr_loopback
      port = try Self.bind(listener, &address)
    case .unix(let path):
      listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      _ = try Self.bind(listener, &address)
      port = 0
    }
    guard listen(listener, 16) == 0 else { throw JourneyFailure.call("listen") }
    let listener = listener
    Thread.detachNewThread { [weak self] in
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { break }
        Thread.detachNewThread { [weak self] in
          Self.serve(descriptor) { text in self?.last.withLock { $0 = text } }
        }
      }
      close(listener)
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  var lastRequest: String { last.withLock { $0 } }

  /// Binds and answers with the port.
  private static func bind<Address>(_ descriptor: Int32, _ address: inout Address) throws -> UInt16
  {
    var size = socklen_t(MemoryLayout<Address>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard code else { throw JourneyFailure.call("bind") }
    // The port of an Internet address stands after the family.
    return withUnsafeBytes(of: &address) { UInt16($0[2]) << 8 | UInt16($0[3]) }
  }

  private static func serve(_ descriptor: Int32, _ told: (String) -> Void) {
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      told(String(decoding: buffer[..<count], as: UTF8.self))
      let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)
      guard send(descriptor, answer, answer.count, Int32(MSG_NOSIGNAL)) > 0 else { return }
    }
  }
}

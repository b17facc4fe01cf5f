internal import CLinux
internal import Glibc

/// Tells the service manager how far the program is, as `sd_notify(3)` describes.
package enum ServiceNotification: Equatable, Sendable {
  /// Started: everything is bound.
  case ready
  /// Reading its configuration again, since this moment of `CLOCK_MONOTONIC`, in microseconds.
  case reloading(sinceMicroseconds: UInt64)
  case stopping
  /// One line for people.
  case status(String)

  var text: String {
    switch self {
    case .ready: "READY=1\n"
    case .reloading(let moment): "RELOADING=1\nMONOTONIC_USEC=\(moment)\n"
    case .stopping: "STOPPING=1\n"
    case .status(let line): "STATUS=\(line.split(separator: "\n").joined(separator: " "))\n"
    }
  }

  /// Sends it to where `NOTIFY_SOCKET` points; without that variable there is nobody to tell, and
  /// false is returned. Throws when the manager cannot be reached.
  @discardableResult
  package func send() throws(SystemError) -> Bool {
    guard let variable = unsafe getenv("NOTIFY_SOCKET") else { return false }
    let path = unsafe String(cString: variable)
    guard path.hasPrefix("/") || path.hasPrefix("@"),
      path.utf8.count <= SocketAddress.maximumPathLength
    else { return false }
    try send(to: .unix(path: path))
    return true
  }

  func send(to address: SocketAddress) throws(SystemError) {
    let number = socket(AF_UNIX, Int32(countersign_datagram), 0)
    guard number >= 0 else { throw .last("socket", on: address.description) }
    let descriptor = Descriptor(owning: number)
    let message = Array(text.utf8)
    let sent = unsafe address.withPointer { pointer, length in
      unsafe sendto(
        descriptor.number, message, message.count, Int32(countersign_no_signal), pointer, length)
    }
    guard sent == message.count else { throw .last("sendto", on: address.description) }
  }
}

internal import CLinux
internal import Glibc

/// A connection that a listening socket handed out, or why it did not.
package enum AcceptResult: ~Copyable {
  case accepted(Descriptor, peer: SocketAddress)
  /// Nobody is waiting.
  case wouldBlock
  /// The one that waited is gone again; the next may be there.
  case aborted
  /// No descriptor or memory was left for it. It stays in the kernel's queue.
  case exhausted(SystemError)
  case failed(SystemError)
}

/// How far an attempt to connect has come.
package enum ConnectResult: Equatable {
  case connected
  /// Writable tells that it ended; `pendingError` tells how.
  case inProgress
}

/// Sockets: made non-blocking and close-on-exec, always.
extension Descriptor {
  /// A stream socket of the family of `address`.
  package static func stream(for address: SocketAddress) throws(SystemError) -> Descriptor {
    let number = socket(address.family, Int32(countersign_stream), 0)
    guard number >= 0 else { throw .last("socket", on: address.description) }
    return Descriptor(owning: number)
  }

  package borrowing func bind(to address: SocketAddress) throws(SystemError) {
    let result = unsafe address.withPointer { unsafe Glibc.bind(number, $0, $1) }
    guard result == 0 else { throw .last("bind", on: address.description) }
  }

  /// Starts to listen; so many connections may wait to be accepted, or as many as the system
  /// allows.
  package borrowing func listen(backlog: Int32, on address: SocketAddress) throws(SystemError) {
    guard Glibc.listen(number, backlog) == 0 else {
      throw .last("listen", on: address.description)
    }
  }

  package borrowing func accept() -> AcceptResult {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let accepted = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe accept4(number, $0, &length, Int32(countersign_accept))
      }
    }
    if accepted >= 0 {
      return unsafe .accepted(
        Descriptor(owning: accepted), peer: SocketAddress(storage, length: length))
    }
    let error = SystemError.last("accept4")
    switch error.code {
    case EAGAIN, EWOULDBLOCK: return .wouldBlock
    // What accept(2) says to treat like "try again": the network's pending errors come here.
    case ECONNABORTED, EINTR, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
      EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH:
      return .aborted
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(error)
    default: return .failed(error)
    }
  }

  package borrowing func connect(to address: SocketAddress) throws(SystemError) -> ConnectResult {
    let result = unsafe address.withPointer { unsafe Glibc.connect(number, $0, $1) }
    if result == 0 { return .connected }
    // An interrupted attempt goes on by itself.
    if errno == EINPROGRESS || errno == EINTR { return .inProgress }
    throw .last("connect", on: address.description)
  }

  /// The error the socket holds (`SO_ERROR`), taken from it; 0 for none.
  package borrowing func pendingError() -> Int32 {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &value, &length) == 0 else {
      return errno
    }
    return value
  }

  /// Ends the sending direction: the peer reads an end. Failures do not matter, the peer is gone
  /// then.
  package borrowing func shutdownOutput() { _ = shutdown(number, Int32(SHUT_WR)) }

  /// Makes the coming `close` send a reset instead of an end (`SO_LINGER` of 0).
  package borrowing func resetOnClose() {
    var value = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      number, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
  }

  /// Sends small writes at once (`TCP_NODELAY`). Does nothing on a Unix socket.
  package borrowing func disableNagle() {
    _ = setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  package borrowing func allowAddressReuse() throws(SystemError) {
    guard setOption(SOL_SOCKET, SO_REUSEADDR, 1) else {
      throw .last("setsockopt(SO_REUSEADDR)")
    }
  }

  /// Lets several sockets of this user listen on one port, the kernel spreading connections over
  /// them.
  package borrowing func allowPortSharing() throws(SystemError) {
    guard setOption(SOL_SOCKET, SO_REUSEPORT, 1) else {
      throw .last("setsockopt(SO_REUSEPORT)")
    }
  }

  /// Keeps an IPv6 socket from answering for IPv4 as well, so that each is bound by its own
  /// address.
  package borrowing func restrictToIPv6() throws(SystemError) {
    guard setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) else {
      throw .last("setsockopt(IPV6_V6ONLY)")
    }
  }

  /// Wishes for a receive buffer of so many bytes; the kernel doubles it, within its limits.
  package borrowing func setReceiveBuffer(bytes: Int32) {
    _ = setOption(SOL_SOCKET, SO_RCVBUF, bytes)
  }

  private borrowing func setOption(_ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
    var value = value
    return unsafe setsockopt(number, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
  }

  /// The address this socket is bound to.
  package borrowing func localAddress() throws(SystemError) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(number, $0, &length)
      }
    }
    guard result == 0 else { throw .last("getsockname") }
    return SocketAddress(storage, length: length)
  }
}

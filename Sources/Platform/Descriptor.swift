internal import CLinux
internal import Glibc

/// An open file descriptor with one owner, closed when the owner lets go.
package struct Descriptor: ~Copyable, Sendable {
  /// The number the kernel knows it by. Valid as long as this value lives; −1 when it was closed
  /// before.
  package private(set) var number: Int32

  /// Takes ownership of `number`, which must be open and owned by nobody else.
  package init(owning number: Int32) { self.number = number }

  deinit { if number >= 0 { _ = Glibc.close(number) } }

  package var isOpen: Bool { number >= 0 }

  /// Closes it before the owner lets go; every call on it fails from here on. A failure of `close`
  /// itself is not reported: on Linux the descriptor is gone either way.
  package mutating func close() {
    guard number >= 0 else { return }
    _ = Glibc.close(number)
    number = -1
  }

  /// A second descriptor for the same open file.
  package borrowing func duplicate() throws(SystemError) -> Descriptor {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .last("fcntl(F_DUPFD_CLOEXEC)") }
    return Descriptor(owning: copy)
  }
}

/// What one attempt to move bytes came to.
package enum TransferResult: Equatable {
  /// So many bytes were moved. For a receive, 0 is the peer's end of stream.
  case transferred(Int)
  /// Nothing can be moved now; the poller tells when.
  case wouldBlock
  /// The connection is broken; the value of `errno`.
  case failed(Int32)
}

extension Descriptor {
  /// Receives into `buffer` once.
  package borrowing func receive(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
    while true {
      let count = unsafe recv(number, buffer.baseAddress, buffer.count, 0)
      if count >= 0 { return .transferred(count) }
      if errno == EINTR { continue }
      return Self.outcome(ofErrno: errno)
    }
  }

  /// Sends what the socket takes of `bytes`. Raises no signal.
  package borrowing func send(_ bytes: UnsafeRawBufferPointer) -> TransferResult {
    while true {
      let count = unsafe Glibc.send(
        number, bytes.baseAddress, bytes.count, Int32(countersign_no_signal))
      if count >= 0 { return .transferred(count) }
      if errno == EINTR { continue }
      return Self.outcome(ofErrno: errno)
    }
  }

  /// Sends what the socket takes of up to four pieces, in order, in one call. Empty pieces are
  /// fine.
  package borrowing func send(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer,
    _ third: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0),
    _ fourth: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  ) -> TransferResult {
    unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 4) { vectors in
      unsafe vectors.initializeElement(at: 0, to: iovec(first))
      unsafe vectors.initializeElement(at: 1, to: iovec(second))
      unsafe vectors.initializeElement(at: 2, to: iovec(third))
      unsafe vectors.initializeElement(at: 3, to: iovec(fourth))
      var message = unsafe msghdr()
      unsafe message.msg_iov = vectors.baseAddress
      unsafe message.msg_iovlen = 4
      while true {
        let count = unsafe sendmsg(number, &message, Int32(countersign_no_signal))
        if count >= 0 { return .transferred(count) }
        if errno == EINTR { continue }
        return Self.outcome(ofErrno: errno)
      }
    }
  }

  private static func outcome(ofErrno code: Int32) -> TransferResult {
    code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(code)
  }
}

extension iovec {
  fileprivate init(_ bytes: UnsafeRawBufferPointer) {
    // The kernel only reads through it: sendmsg's vectors are shared with recvmsg's, hence mutable.
    unsafe self.init(
      iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
  }
}

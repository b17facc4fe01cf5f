import Foundation

// For tests that look at a message while it is still coming.
extension RawConnection {
  /// The head of the next message, or nil at the end of the connection. Its body stays for
  /// `receiveBytes` and `receiveMore`.
  package func receiveHead() throws -> RawMessage? {
    var pending = reader.pending
    while pending.firstRange(of: [13, 10, 13, 10]) == nil {
      let bytes = try receive()
      guard !bytes.isEmpty else {
        guard pending.isEmpty else { throw JourneyFailure("the peer closed inside a head") }
        return nil
      }
      pending += bytes
    }
    guard let end = pending.firstRange(of: [13, 10, 13, 10]) else { return nil }
    let head = Array(pending[..<end.upperBound])
    reader.pending = Array(pending[end.upperBound...])
    return RawMessage(head: head, body: [], bytes: head)
  }

  /// What has come and was not taken, or else whatever comes next; empty at the end.
  package func receiveMore() throws -> [UInt8] {
    guard reader.pending.isEmpty else {
      defer { reader.pending = [] }
      return reader.pending
    }
    return try receive()
  }

  /// Exactly so many bytes.
  package func receiveBytes(_ count: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      let more = try receiveMore()
      guard !more.isEmpty else {
        throw JourneyFailure("\(all.count) of \(count) bytes came")
      }
      all += more
    }
    reader.pending = Array(all[count...]) + reader.pending
    return Array(all[..<count])
  }

  /// Sends as much as the peer takes until it has taken nothing for `pause`. How much that was.
  package func sendUntilBlocked(_ bytes: [UInt8], pause: Duration = .milliseconds(300)) -> Int {
    var sent = 0
    while sent < bytes.count {
      var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      guard poll(&entry, 1, Deadline(in: pause).remainingMilliseconds) > 0 else { break }
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(
          descriptor, $0.baseAddress, min($0.count, 65536),
          Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      guard count > 0 else { break }
      sent += count
    }
    return sent
  }

  /// Whether the peer ended the connection with a reset rather than an orderly close: reads until
  /// one or the other.
  package func endsWithReset() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      try wait(for: Int32(POLLIN))
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count == 0 { return false }
      if count < 0, errno != EINTR { return errno == ECONNRESET }
    }
  }
}

import Foundation

/// A connection over which a test says and hears exactly the bytes it wants, well formed or not.
///
/// Used by one thread at a time.
package final class RawConnection: @unchecked Sendable {
  private(set) var descriptor: Int32
  private let deadline: Deadline
  var reader = RawMessageReader { [] }
  /// Kept alive as long as this connection: what serves it, for one.
  package var companion: AnyObject?

  /// Connects.
  ///
  /// - Parameters:
  ///   - source: The address of this machine to connect from, such as `127.9.9.9`.
  ///   - duration: How long everything on this connection may take together.
  package convenience init(
    to endpoint: Endpoint, from source: String? = nil, within duration: Duration = Deadline.usual
  ) throws {
    self.init(descriptor: try Socket.connected(to: endpoint, from: source), within: duration)
  }

  /// Connects to a Unix socket.
  package convenience init(toUnixSocket path: String, within duration: Duration = Deadline.usual)
    throws
  {
    self.init(descriptor: try Socket.connected(toUnixSocket: path), within: duration)
  }

  init(descriptor: Int32, within duration: Duration = Deadline.usual) {
    self.descriptor = descriptor
    deadline = Deadline(in: duration)
    reader = RawMessageReader { [unowned self] in try receive() }
  }

  deinit { close() }

  package func send(_ text: String) throws { try send(Array(text.utf8)) }

  package func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      try wait(for: POLLOUT)
      let count = rest.withUnsafeBytes {
        Glibc.send(
          descriptor, $0.baseAddress, $0.count,
          Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count < 0 && (errno == EAGAIN || errno == EINTR) { continue }
      guard count > 0 else { throw JourneyFailure.call("send") }
      rest = rest.dropFirst(count)
    }
  }

  /// Whatever comes next; empty at the end.
  package func receive(upTo limit: Int = 65536) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: limit)
    while true {
      try wait(for: POLLIN)
      let count = recv(descriptor, &buffer, limit, 0)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw JourneyFailure.call("recv") }
      return Array(buffer[..<count])
    }
  }

  /// Everything until the peer closes; a reset counts as the end.
  package func receiveAll() -> [UInt8] {
    var all = reader.pending
    reader.pending = []
    while let bytes = try? receive(), !bytes.isEmpty { all += bytes }
    return all
  }

  /// The next response to a request of that method; interim ones count.
  package func receiveResponse(to method: String = "GET") throws -> RawMessage {
    guard let response = try reader.next(responseTo: method) else {
      throw JourneyFailure("the peer closed instead of answering")
    }
    return response
  }

  /// The next request, or nil when the peer closed between two.
  package func receiveRequest() throws -> RawMessage? { try reader.next() }

  /// Sends a request and reads the response.
  package func exchange(_ request: String) throws -> RawMessage {
    try send(request)
    return try receiveResponse(to: request.split(separator: " ").first.map(String.init) ?? "GET")
  }

  /// Whether the peer has closed: waits for it.
  package func waitForClose() throws {
    while try !receive().isEmpty {}
  }

  /// Says that nothing more will be sent.
  package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Closes; calling it again does nothing.
  package func close() {
    guard descriptor >= 0 else { return }
    Glibc.close(descriptor)
    descriptor = -1
  }

  /// Closes with a reset instead of an orderly end.
  package func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger,
      socklen_t(MemoryLayout.size(ofValue: linger)))
    close()
  }

  package var isOpen: Bool { descriptor >= 0 }

  func wait(for events: Int32) throws {
    var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    while true {
      let count = poll(&entry, 1, deadline.remainingMilliseconds)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw JourneyFailure.call("poll") }
      guard count > 0 else { throw JourneyFailure("the peer said nothing until the deadline") }
      return
    }
  }
}

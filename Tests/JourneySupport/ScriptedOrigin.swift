import Foundation
import Synchronization

/// A server that answers with whatever bytes a test wants, one blocking thread a connection.
package final class ScriptedOrigin: Sendable {
  /// What a connection does with each request. Requests come until the script closes the
  /// connection.
  package typealias Script = @Sendable (RawMessage, RawConnection) throws -> Void

  package let endpoint: Endpoint
  private let listener: Int32
  private let record = Record()
  private let isStopped = Atomic<Bool>(false)

  /// Listens at once.
  package init(script: @escaping Script) throws {
    listener = try Socket.listening(on: Endpoint(host: Endpoint.leasedHost(), port: 0))
    endpoint = try Socket.localEndpoint(of: listener)
    Thread.detachNewThread { [listener, record] in
      while let descriptor = Socket.accepted(from: listener) {
        let connection = RawConnection(descriptor: descriptor)
        record.add(descriptor)
        Thread.detachNewThread { Self.serve(connection, script, record) }
      }
      close(listener)
    }
  }

  /// Answers each request with those bytes and keeps the connection.
  package convenience init(answering answer: @escaping @Sendable (RawMessage) -> String) throws {
    try self.init { request, connection in try connection.send(answer(request)) }
  }

  deinit { stop() }

  /// Accepts nothing more. Connections that are open stay so until their script or peer ends them.
  package func stop() {
    // Once: after that the number of the descriptor may be somebody else's.
    guard !isStopped.exchange(true, ordering: .relaxed) else { return }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  /// The requests so far, in the order in which they were complete.
  package var requests: [RawMessage] { record.requests }

  /// How many connections there were so far.
  package var connectionCount: Int { record.connectionCount }

  /// Waits for that many requests and gives them all.
  package func requests(atLeast count: Int, within duration: Duration = Deadline.usual) throws
    -> [RawMessage]
  {
    try record.requests(atLeast: count, within: duration)
  }

  private static func serve(_ connection: RawConnection, _ script: Script, _ record: Record) {
    defer { connection.close() }
    // A peer that resets or breaks off is no failure of the origin: the test asserts on what it
    // saw.
    while connection.isOpen, let request = try? connection.receiveRequest() {
      record.add(request)
      guard (try? script(request, connection)) != nil else { break }
    }
  }

  private final class Record: @unchecked Sendable {
    // Guarded by `condition`, which is signalled at each request.
    private let condition = NSCondition()
    private var all: [RawMessage] = []
    private var connections = 0

    var requests: [RawMessage] { condition.withLock { all } }
    var connectionCount: Int { condition.withLock { connections } }

    func add(_ request: RawMessage) {
      condition.withLock {
        all.append(request)
        condition.broadcast()
      }
    }

    func add(_ descriptor: Int32) { condition.withLock { connections += 1 } }

    func requests(atLeast count: Int, within duration: Duration) throws -> [RawMessage] {
      let deadline = Deadline(in: duration)
      return try condition.withLock {
        while all.count < count {
          guard condition.wait(until: deadline.date) else {
            throw JourneyFailure("\(all.count) of \(count) requests came")
          }
        }
        return all
      }
    }
  }
}

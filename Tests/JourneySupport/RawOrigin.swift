import Foundation
import Synchronization

/// A server whose script has each connection from its first byte: for answers that come before,
/// within or without a request.
package final class RawOrigin: Sendable {
  /// What is done with a connection; `number` counts them from 1.
  package typealias Script = @Sendable (_ connection: RawConnection, _ number: Int) throws -> Void

  package let endpoint: Endpoint
  private let listener: Int32
  private let record = Record()
  private let isStopped = Atomic<Bool>(false)

  /// Listens at once.
  package init(_ script: @escaping Script) throws {
    listener = try Socket.listening(on: Endpoint(host: Endpoint.leasedHost(), port: 0))
    endpoint = try Socket.localEndpoint(of: listener)
    Thread.detachNewThread { [listener, record] in
      while let descriptor = Socket.accepted(from: listener) {
        let connection = RawConnection(descriptor: descriptor, within: .seconds(60))
        let number = record.opened()
        Thread.detachNewThread {
          // A peer that resets or breaks off is no failure of the origin.
          try? script(connection, number)
          connection.close()
          record.closed()
        }
      }
      close(listener)
    }
  }

  deinit { stop() }

  /// Accepts nothing more.
  package func stop() {
    // Once: after that the number of the descriptor may be somebody else's.
    guard !isStopped.exchange(true, ordering: .relaxed) else { return }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  /// How many connections there were so far.
  package var connectionCount: Int { record.count }

  /// Waits until so many connections were served to their end.
  package func waitForEnds(_ count: Int) throws {
    _ = try eventually("\(count) connections to end") { record.ended >= count ? true : nil }
  }

  private final class Record: @unchecked Sendable {
    // Guarded by `lock`.
    private let lock = NSLock()
    private var openedCount = 0
    private var closedCount = 0

    var count: Int { lock.withLock { openedCount } }
    var ended: Int { lock.withLock { closedCount } }

    func opened() -> Int {
      lock.withLock {
        openedCount += 1
        return openedCount
      }
    }

    func closed() { lock.withLock { closedCount += 1 } }
  }
}

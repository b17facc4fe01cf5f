internal import CachePolicy
internal import CacheStore
internal import EventLoop
internal import HTTPModel
internal import Primitives

/// An exchange that waits for another's fetch: where its news are to be posted.
struct FetchWaiter: Sendable {
  let loop: LoopHandle
  let exchange: UInt64

  /// Runs on the waiter's loop, if it still waits then.
  func post(_ job: @escaping @Sendable (CacheExchange) -> Void) {
    loop.post { [exchange] loop in
      guard let waiting = (loop.attachment as? Worker)?.sharing[exchange] else { return }
      job(waiting)
    }
  }
}

extension FlightTable where Waiter == FetchWaiter {
  /// The one table of the process. A lease that finds its heir gone lands as abandoned, and the
  /// next one inherits.
  static func overLoops() -> FlightTable<FetchWaiter> {
    FlightTable { waiter, news in waiter.post { $0.flightTold(news) } }
  }
}

// Exchanges that other loops have something to tell.
extension Worker {
  /// The exchange is told what concerns it from here on, until `leavesSharing`.
  func joinsSharing(_ exchange: CacheExchange) { sharing[exchange.id.number] = exchange }

  func leavesSharing(_ exchange: CacheExchange) { sharing[exchange.id.number] = nil }

  /// Lends a buffer for what is read of another's fetch; empty, with room.
  func withFollowBuffer(_ body: (inout [UInt8]) -> Void) {
    var buffer = followBuffer
    followBuffer = []
    buffer.removeAll(keepingCapacity: true)
    body(&buffer)
    followBuffer = buffer
  }
}

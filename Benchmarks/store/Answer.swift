internal import CacheStore
internal import Dispatch
internal import Synchronization

/// What another thread will say, once.
final class Answer: Sendable {
  private let said = Mutex<StoredResponse?>(nil)
  private let isSaid = DispatchSemaphore(value: 0)

  func give(_ response: StoredResponse?) {
    said.withLock { $0 = response }
    isSaid.signal()
  }

  func wait() -> StoredResponse? {
    isSaid.wait()
    return said.withLock { $0 }
  }
}

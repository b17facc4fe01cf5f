import CachePolicy
import Dispatch
import HTTPModel
import Primitives
import Synchronization
import Testing

@testable import CacheStore

@Suite struct SharedBodyTests {
  private let request = StoreFixture.request("/keys")

  /// Counts how often a reader was woken.
  private final class Bell: Sendable {
    let rings = Atomic<Int>(0)
    func ring() { rings.add(1, ordering: .relaxed) }
    var count: Int { rings.load(ordering: .relaxed) }
  }

  private func store(objectLimit: Int = 1000, pendingLimit: Int = 10_000) -> CacheStore {
    var limits = CacheStoreLimits()
    limits.objectLimit = objectLimit
    limits.pendingLimit = pendingLimit
    limits.windowBytes = 100
    limits.readerLimit = 3
    return CacheStore(limits: limits, seed: StoreFixture.seed)
  }

  private func writer(of store: CacheStore, length: Int64? = nil) throws -> StoreWriter {
    let opening = store.open(
      try StoreFixture.storable(for: request), key: StoreFixture.key(request), request: request,
      length: length)
    guard case .writer(let writer) = opening else {
      throw StoreFixture.FixtureError.notPermitted
    }
    return writer
  }

  private func bytes(_ count: Int, from first: Int = 0) -> [UInt8] {
    (first..<first + count).map { UInt8(truncatingIfNeeded: $0 / 7) }
  }

  @Test func `a reader gets the content as it grows and its end`() throws {
    let writer = try writer(of: store())
    let bell = Bell()
    let reader = try #require(writer.shared.body.reader { bell.ring() })
    var read: [UInt8] = []
    #expect(reader.read(into: &read) == .nothingYet)
    writer.append([1, 2, 3])
    #expect(bell.count == 1)
    #expect(reader.read(limit: 2, into: &read) == .bytes(2))
    #expect(reader.read(into: &read) == .bytes(1))
    writer.append([4])
    #expect(bell.count == 1, "who has not asked in vain is not woken")
    #expect(reader.read(into: &read) == .bytes(1))
    #expect(reader.read(into: &read) == .nothingYet)
    #expect(reader.read(into: &read) == .nothingYet)
    #expect(writer.finish().reason == .stored)
    #expect(bell.count == 2)
    #expect(reader.read(into: &read) == .ended)
    #expect(read == [1, 2, 3, 4])
  }

  @Test(arguments: [nil, 4] as [Int64?])
  func `nobody sees the end before the store has it`(length: Int64?) throws {
    let store = store()
    let writer = try writer(of: store, length: length)
    let reader = try #require(writer.shared.body.reader {})
    var read: [UInt8] = []
    writer.append([1, 2])
    #expect(reader.read(into: &read) == .bytes(2))
    writer.append([3, 4])
    // With a known length the last piece is the end.
    #expect(reader.read(into: &read) == (length == nil ? .bytes(2) : .nothingYet))
    #expect(writer.finish().reason == .stored)
    #expect(store.counters.objects == 1)
    while case .bytes = reader.read(into: &read) {}
    #expect(read == [1, 2, 3, 4])
    #expect(reader.read(into: &read) == .ended)
  }

  @Test func `a writer that waits is told of the first reader, before or after it asks`() throws {
    let bell = Bell()
    let early = try writer(of: store())
    early.shared.body.onReader { bell.ring() }
    #expect(bell.count == 0)
    let first = early.shared.body.reader {}
    let second = early.shared.body.reader {}
    #expect(bell.count == 1)
    early.shared.body.onReader { bell.ring() }
    #expect(bell.count == 2)
    withExtendedLifetime((first, second)) {}
  }

  @Test func `a reader that comes late begins at the beginning`() throws {
    let store = store()
    let writer = try writer(of: store)
    writer.append([1, 2, 3])
    let early = try #require(writer.shared.body.reader {})
    let shared = writer.shared
    #expect(writer.finish().reason == .stored)
    let late = try #require(shared.body.reader {})
    for reader in [early, late] {
      var read: [UInt8] = []
      #expect(reader.read(into: &read) == .bytes(3))
      #expect(reader.read(into: &read) == .ended)
      #expect(read == [1, 2, 3])
    }
  }

  @Test func `readers of a fetch that breaks off are told`() throws {
    for isCancelled in [true, false] {
      var writer: StoreWriter? = try writer(of: store())
      let bell = Bell()
      let reader = try #require(writer?.shared.body.reader { bell.ring() })
      var read: [UInt8] = []
      writer?.append([1])
      #expect(reader.read(into: &read) == .bytes(1))
      #expect(reader.read(into: &read) == .nothingYet)
      if isCancelled { writer?.cancel() } else { writer = nil }
      #expect(bell.count == 1)
      #expect(reader.read(into: &read) == .broken(.failed))
    }
  }

  @Test func `content that is shorter or longer than announced breaks readers off`() throws {
    for content in [bytes(2), bytes(4)] {
      let writer = try writer(of: store(), length: 3)
      let reader = try #require(writer.shared.body.reader {})
      writer.append(content)
      #expect(writer.finish().reason == .incomplete)
      var read: [UInt8] = []
      #expect(reader.read(into: &read) == .broken(.failed))
    }
  }

  @Test func `past the limit those within the window go on and the others are broken off`() throws {
    let store = store(objectLimit: 250)
    let writer = try writer(of: store)
    let quick = try #require(writer.shared.body.reader {})
    let slow = try #require(writer.shared.body.reader {})
    var read: [UInt8] = []
    var slowRead: [UInt8] = []
    for step in 0..<20 {
      writer.append(bytes(50, from: step * 50))
      #expect(quick.read(into: &read) == .bytes(50))
      if step == 1 { #expect(slow.read(into: &slowRead) == .bytes(100)) }
    }
    #expect(!writer.isGathering)
    #expect(writer.wantsContent)
    #expect(writer.shared.body.reader {} == nil, "the beginning is gone")
    #expect(writer.finish().reason == .objectTooLarge)
    #expect(quick.read(into: &read) == .ended)
    #expect(read == bytes(1000))
    #expect(slow.read(into: &slowRead) == .broken(.fellBehind))
    #expect(try StoreFixture.find(request, in: store) == nil)
  }

  @Test func `past the limit nothing is held for nobody`() throws {
    let store = store(objectLimit: 100)
    let writer = try writer(of: store)
    writer.append(bytes(100))
    #expect(store.pending == 100)
    writer.append(bytes(1))
    #expect(store.pending == 0)
    #expect(!writer.wantsContent)
    #expect(writer.shared.body.reader {} == nil)
  }

  @Test func `what was read last by a reader that leaves is let go of`() throws {
    let store = store(objectLimit: 100)
    let writer = try writer(of: store)
    var reader = writer.shared.body.reader {}
    writer.append(bytes(90))
    writer.append(bytes(90))
    #expect(reader != nil)
    #expect(store.pending > 0)
    reader = nil
    #expect(store.pending == 0)
    #expect(!writer.wantsContent)
  }

  @Test func `readers keep content counted that is not stored, until the last one leaves`() throws {
    let store = store()
    var writer: StoreWriter? = try writer(of: store)
    writer?.append(bytes(100))
    var reader = writer?.shared.body.reader {}
    #expect(reader != nil)
    store.invalidate(StoreFixture.key(request))
    #expect(writer?.finish().reason == .invalidated)
    writer = nil
    #expect(store.pending == 100)
    reader = nil
    #expect(store.pending == 0)
  }

  @Test func `there are no more readers than the limit, and one that leaves makes room`() throws {
    let writer = try writer(of: store())
    var readers = (0..<3).map { _ in writer.shared.body.reader {} }
    #expect(readers.allSatisfy { $0 != nil })
    #expect(writer.shared.body.reader {} == nil)
    readers.removeLast()
    #expect(writer.shared.body.readerCount == 2)
    #expect(writer.shared.body.reader {} != nil)
  }

  @Test func `a reader passes over what it does not want, come or not`() throws {
    let writer = try writer(of: store())
    let bell = Bell()
    let reader = try #require(writer.shared.body.reader { bell.ring() })
    reader.skip(to: 4)
    var read: [UInt8] = []
    writer.append([0, 1, 2])
    #expect(reader.read(into: &read) == .nothingYet)
    writer.append([3, 4, 5])
    #expect(bell.count == 1)
    #expect(reader.read(limit: 1, into: &read) == .bytes(1))
    #expect(read == [4])
  }

  @Test func `a reader is told whether content of unknown length has a position`() throws {
    let writer = try writer(of: store())
    let bell = Bell()
    let reader = try #require(writer.shared.body.reader { bell.ring() })
    writer.append([0, 1, 2])
    #expect(reader.reach(3) == .reached)
    #expect(reader.reach(4) == .notYet)
    writer.append([3])
    #expect(bell.count == 1)
    #expect(reader.reach(4) == .reached)
    #expect(reader.reach(9) == .notYet)
    _ = writer.finish()
    #expect(reader.reach(9) == .ended(count: 4))
    #expect(bell.count == 2)
  }

  @Test func `the writer's own client is not one who follows`() throws {
    let writer = try writer(of: store())
    let told = Bell()
    writer.append([1, 2, 3])
    let own = writer.shared.body.reader(from: 2, isOwn: true) {}
    #expect(!writer.hasReaders)
    #expect(writer.wantsContent)
    writer.shared.body.onReader { told.ring() }
    #expect(told.count == 0)
    let other = writer.shared.body.reader {}
    #expect(told.count == 1)
    #expect(writer.hasReaders)
    var read: [UInt8] = []
    #expect(own?.read(into: &read) == .bytes(1))
    #expect(read == [3])
    _ = other
  }

  @Test func `a writer of what is not stored is told when it is ahead of all, and no more`() throws
  {
    let writer = try writer(of: store(objectLimit: 10))
    let caughtUp = Bell()
    let slow = writer.shared.body.reader {}
    let fast = try #require(writer.shared.body.reader {})
    writer.append(bytes(60))
    #expect(writer.isAheadOfReaders)
    writer.shared.body.onCatchUp { caughtUp.ring() }
    var read: [UInt8] = []
    #expect(fast.read(limit: 5, into: &read) == .bytes(5))
    #expect(caughtUp.count == 0)
    #expect(fast.read(into: &read) == .bytes(55))
    #expect(caughtUp.count == 1)
    #expect(!writer.isAheadOfReaders)
    writer.append(bytes(60))
    #expect(writer.isAheadOfReaders)
    writer.shared.body.onCatchUp { caughtUp.ring() }
    fast.skip(to: 200)
    #expect(caughtUp.count == 2)
    // Who waits for what is further on does not hold it up.
    writer.append(bytes(200))
    #expect(writer.isAheadOfReaders)
    #expect(fast.reach(400) == .notYet)
    #expect(!writer.isAheadOfReaders)
    _ = slow
  }

  @Test func `readers on other threads read every byte in order while it comes`() throws {
    let store = store(objectLimit: 1 << 20, pendingLimit: 1 << 20)
    let writer = try writer(of: store)
    let body = writer.shared.body
    let whole = bytes(300_000)
    let results = Mutex<[Int]>([])
    let group = DispatchGroup()
    for number in 0..<3 {
      let bell = DispatchSemaphore(value: 0)
      let box = Mutex<SharedReader?>(body.reader { bell.signal() })
      let thread = DispatchQueue(label: "reader \(number)")
      thread.async(group: group) {
        let reader = box.withLock { $0.take() }
        var read: [UInt8] = []
        while let reader {
          switch reader.read(limit: 1000 + number * 977, into: &read) {
          case .bytes: continue
          case .nothingYet: bell.wait()
          case .ended, .broken:
            results.withLock { $0.append(read == whole ? number : -1) }
            return
          }
        }
      }
    }
    var position = 0
    while position < whole.count {
      let end = min(position + 777, whole.count)
      writer.append(Array(whole[position..<end]))
      position = end
    }
    #expect(writer.finish().reason == .stored)
    #expect(group.wait(timeout: .now() + .seconds(30)) == .success)
    #expect(results.withLock { $0.sorted() } == [0, 1, 2])
  }
}

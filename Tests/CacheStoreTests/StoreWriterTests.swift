import CachePolicy
import HTTPModel
import Primitives
import Testing

@testable import CacheStore

@Suite struct StoreWriterTests {
  private let request = StoreFixture.request("/keys")

  private func store(objectLimit: Int = 1000, pendingLimit: Int = 10_000) -> CacheStore {
    var limits = CacheStoreLimits()
    limits.objectLimit = objectLimit
    limits.pendingLimit = pendingLimit
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

  @Test func `content comes in pieces and is stored whole`() throws {
    let store = store()
    let writer = try writer(of: store)
    writer.append([1, 2])
    #expect(try StoreFixture.find(request, in: store) == nil)
    writer.append([])
    writer.append([3])
    #expect(writer.finish().reason == .stored)
    #expect(try StoreFixture.find(request, in: store)?.body == [1, 2, 3])
  }

  @Test func `a length announced past the limit is refused before the content`() throws {
    let opening = store().open(
      try StoreFixture.storable(for: request), key: StoreFixture.key(request), request: request,
      length: 1001)
    guard case .refused(.objectTooLarge) = opening else {
      Issue.record("a writer for too long a content")
      return
    }
  }

  @Test func `content that grows past the limit leaves no trace`() throws {
    let store = store()
    let writer = try writer(of: store)
    writer.append([UInt8](repeating: 0, count: 1000))
    #expect(writer.isGathering)
    writer.append([0])
    #expect(!writer.isGathering)
    writer.append([0])
    #expect(writer.finish().reason == .objectTooLarge)
    #expect(try StoreFixture.find(request, in: store) == nil)
  }

  @Test func `content shorter than announced is not stored`() throws {
    let store = store()
    let writer = try writer(of: store, length: 3)
    writer.append([1, 2])
    #expect(writer.finish().reason == .incomplete)
    #expect(try StoreFixture.find(request, in: store) == nil)
  }

  @Test func `content longer than announced is not stored`() throws {
    let writer = try writer(of: store(), length: 3)
    writer.append([1, 2, 3, 4])
    #expect(writer.finish().reason == .incomplete)
  }

  @Test func `a cancelled writer leaves no trace`() throws {
    let store = store()
    let writer = try writer(of: store)
    writer.append([1])
    writer.cancel()
    #expect(writer.finish().reason == .storeCancelled)
    #expect(store.counters == CacheStoreCounters())
  }

  @Test func `finishing twice stores once`() throws {
    let store = store()
    let writer = try writer(of: store)
    writer.append([1])
    #expect(writer.finish().reason == .stored)
    _ = writer.finish()
    #expect(store.counters.stores == 1)
  }

  @Test func `content on its way has a limit of its own, given back at the end`() throws {
    let store = store(pendingLimit: 1500)
    var first: StoreWriter? = try writer(of: store)
    first?.append([UInt8](repeating: 0, count: 1000))
    let second = try writer(of: store)
    second.append([UInt8](repeating: 0, count: 1000))
    #expect(second.finish().reason == .storeFull)
    first = nil
    let third = try writer(of: store)
    third.append([UInt8](repeating: 0, count: 1000))
    #expect(third.finish().reason == .stored)
  }

  @Test func `an empty content is stored`() throws {
    let store = store()
    #expect(try writer(of: store, length: 0).finish().reason == .stored)
    #expect(try StoreFixture.find(request, in: store)?.body == [])
  }

  @Test func `a response larger than its part of the budget is not stored`() throws {
    var limits = CacheStoreLimits()
    limits.budget = 1000
    limits.objectLimit = 1000
    let store = CacheStore(limits: limits, seed: StoreFixture.seed)
    let body = [UInt8](repeating: 0, count: 900)
    #expect(try StoreFixture.put(body, for: request, in: store) == .storeFull)
  }
}

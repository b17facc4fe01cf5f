import CachePolicy
import HTTPModel
import Primitives
import Testing

@testable import CacheStore

@Suite struct CacheStoreTests {
  private let store = CacheStore(seed: StoreFixture.seed)

  @Test func `a stored response is found with its head and body`() throws {
    let request = StoreFixture.request("/keys")
    #expect(try StoreFixture.find(request, in: store) == nil)
    #expect(try StoreFixture.put([1, 2, 3], for: request, in: store) == .stored)
    let found = try #require(try StoreFixture.find(request, in: store))
    #expect(found.body == [1, 2, 3])
    let head = String(decoding: found.head, as: UTF8.self)
    #expect(
      head == """
        HTTP/1.1 200 OK\r
        Cache-Control: max-age=60\r
        ETag: "a"\r
        Date: Sun, 06 Nov 1994 08:49:37 GMT\r
        Content-Length: 3\r\n
        """)
    #expect(found.entityTag.elementsEqual([UInt8](ascii: "\"a\"")))
    #expect(found.bytes[found.keyRange].elementsEqual(StoreFixture.key(request)))
    let counters = store.counters
    #expect(counters.hits == 1)
    #expect(counters.misses == 1)
    #expect(counters.objects == 1)
    #expect(counters.bytes == found.cost)
  }

  @Test func `head and body are given as memory to write from`() throws {
    let request = StoreFixture.request("/keys")
    try StoreFixture.put([1, 2, 3], for: request, in: store)
    let found = try #require(try StoreFixture.find(request, in: store))
    found.withUnsafeParts { head, body in
      #expect(head.elementsEqual(found.head))
      #expect(body.elementsEqual([1, 2, 3]))
    }
  }

  @Test func `another key finds nothing`() throws {
    try StoreFixture.put([1], for: StoreFixture.request("/a"), in: store)
    #expect(try StoreFixture.find(StoreFixture.request("/b"), in: store) == nil)
  }

  @Test func `each variant is found by the requests that select it`() throws {
    for (language, body) in [("en", 1), ("de", 2)] as [(String, UInt8)] {
      let request = StoreFixture.request("/page", language: language)
      try StoreFixture.put([body], for: request, varies: true, in: store)
    }
    let english = StoreFixture.request("/page", language: "en")
    let german = StoreFixture.request("/page", language: "de")
    let french = StoreFixture.request("/page", language: "fr")
    #expect(try StoreFixture.find(english, in: store)?.body == [1])
    #expect(try StoreFixture.find(german, in: store)?.body == [2])
    let key = StoreFixture.key(french)
    guard
      case .miss(.noMatchingVariant) = store.lookup(
        try StoreFixture.permit(french), key: key.span, request: french)
    else {
      Issue.record("a request that selects no variant found one")
      return
    }
  }

  @Test func `a response replaces all that its request would have selected`() throws {
    let english = StoreFixture.request("/page", language: "en")
    try StoreFixture.put([1], for: english, varies: true, in: store)
    try StoreFixture.put([2], for: english, in: store)
    #expect(try StoreFixture.find(english, in: store)?.body == [2])
    #expect(store.counters.objects == 1)
  }

  @Test func `a matching variant is preferred to a response without Vary`() throws {
    let english = StoreFixture.request("/page", language: "en")
    try StoreFixture.put([1], for: english, varies: true, in: store)
    try StoreFixture.put([2], for: StoreFixture.request("/page"), in: store)
    #expect(try StoreFixture.find(english, in: store)?.body == [1])
    #expect(
      try StoreFixture.find(StoreFixture.request("/page", language: "de"), in: store)?.body == [2])
  }

  @Test func `a key has no more variants than the limit, the newest ones`() throws {
    for number in 0..<40 {
      let request = StoreFixture.request("/page", language: "x-\(number)")
      try StoreFixture.put([UInt8(number)], for: request, varies: true, in: store)
    }
    #expect(store.counters.objects == store.limits.variantLimit)
    let newest = StoreFixture.request("/page", language: "x-39")
    #expect(try StoreFixture.find(newest, in: store)?.body == [39])
    #expect(
      try StoreFixture.find(StoreFixture.request("/page", language: "x-0"), in: store) == nil)
  }

  @Test func `an invalidated key finds nothing`() throws {
    let request = StoreFixture.request("/keys")
    try StoreFixture.put([1], for: request, in: store)
    #expect(store.invalidate(StoreFixture.key(request)) == 1)
    #expect(try StoreFixture.find(request, in: store) == nil)
    #expect(store.counters.bytes == 0)
  }

  @Test func `what was invalidated on its way is not stored`() throws {
    let request = StoreFixture.request("/keys")
    let opening = store.open(
      try StoreFixture.storable(for: request), key: StoreFixture.key(request), request: request,
      length: nil)
    guard case .writer(let writer) = opening else {
      Issue.record("no writer")
      return
    }
    writer.append([1])
    store.invalidate(StoreFixture.key(request))
    #expect(writer.finish().reason == .invalidated)
    #expect(try StoreFixture.find(request, in: store) == nil)
  }

  /// What becomes of a response while so many other targets of its one shard change, and its own
  /// where `own` says so, first or last.
  private func fetch(others: Int, own: Bool = false, ownIsFirst: Bool = false) throws
    -> CacheReason
  {
    var limits = CacheStoreLimits()
    limits.shardCount = 1
    let store = CacheStore(limits: limits, seed: StoreFixture.seed)
    let request = StoreFixture.request("/fetched")
    // There was a life before the fetch.
    for number in 0..<1500 {
      store.invalidate(StoreFixture.key(StoreFixture.request("/before/\(number)")))
    }
    let opening = store.open(
      try StoreFixture.storable(for: request), key: StoreFixture.key(request), request: request,
      length: nil)
    guard case .writer(let writer) = opening else { throw Unexpected() }
    if own, ownIsFirst { store.invalidate(StoreFixture.key(request)) }
    for number in 0..<others {
      store.invalidate(StoreFixture.key(StoreFixture.request("/changed/\(number)")))
    }
    if own, !ownIsFirst { store.invalidate(StoreFixture.key(request)) }
    return writer.finish().reason
  }

  @Test func `what is on its way is not lost to the invalidation of something else`() throws {
    #expect(try fetch(others: 0) == .stored)
    #expect(try fetch(others: 1024) == .stored)
  }

  @Test(arguments: [0, 1, 1023, 1024, 5000], [false, true])
  func `what was invalidated on its way is not stored, whatever else was`(
    others: Int, ownIsFirst: Bool
  ) throws {
    #expect(try fetch(others: others, own: true, ownIsFirst: ownIsFirst) == .invalidated)
  }

  @Test func `freshening keeps the body and changes the head`() throws {
    let request = StoreFixture.request("/keys")
    try StoreFixture.put([1, 2], for: request, in: store)
    let old = try #require(try StoreFixture.find(request, in: store))
    let updated = store.freshen(
      old, with: try StoreFixture.storable(for: request, tag: "\"b\""))
    #expect(updated.body == [1, 2])
    let found = try #require(try StoreFixture.find(request, in: store))
    #expect(found === updated)
    #expect(found.entityTag.elementsEqual([UInt8](ascii: "\"b\"")))
    #expect(store.counters.objects == 1)
    #expect(store.counters.bytes == updated.cost)
  }

  @Test func `freshening does not bring back what was invalidated`() throws {
    let request = StoreFixture.request("/keys")
    try StoreFixture.put([1, 2], for: request, in: store)
    let old = try #require(try StoreFixture.find(request, in: store))
    store.invalidate(StoreFixture.key(request))
    let updated = store.freshen(old, with: try StoreFixture.storable(for: request))
    #expect(updated.body == [1, 2])
    #expect(try StoreFixture.find(request, in: store) == nil)
  }

  @Test func `one response is removed and its sister stays`() throws {
    let english = StoreFixture.request("/page", language: "en")
    let german = StoreFixture.request("/page", language: "de")
    try StoreFixture.put([1], for: english, varies: true, in: store)
    try StoreFixture.put([2], for: german, varies: true, in: store)
    store.remove(try #require(try StoreFixture.find(english, in: store)))
    #expect(try StoreFixture.find(english, in: store) == nil)
    #expect(try StoreFixture.find(german, in: store)?.body == [2])
  }

  @Test func `everything that a condition names is removed`() throws {
    for number in 0..<100 {
      let request = StoreFixture.request("/\(number)")
      try StoreFixture.put([UInt8(number)], for: request, in: store)
    }
    #expect(store.removeAll { $0.body.first.map { $0 < 40 } ?? false } == 40)
    #expect(store.counters.objects == 60)
    #expect(store.removeAll { _ in true } == 60)
    #expect(store.counters.bytes == 0)
  }

  @Test func `what is asked for again outlives what is asked for once`() throws {
    var limits = CacheStoreLimits()
    limits.shardCount = 1
    limits.budget = 100_000
    let store = CacheStore(limits: limits, seed: StoreFixture.seed)
    let wanted = StoreFixture.request("/wanted")
    try StoreFixture.put([UInt8](repeating: 7, count: 1000), for: wanted, in: store)
    for number in 0..<1000 {
      #expect(try StoreFixture.find(wanted, in: store) != nil)
      let request = StoreFixture.request("/once/\(number)")
      try StoreFixture.put([UInt8](repeating: 1, count: 1000), for: request, in: store)
    }
    #expect(store.counters.evictions > 800)
    #expect(store.counters.bytes <= 100_000)
  }
}

private struct Unexpected: Error {}

import CachePolicy
import Dispatch
import HTTPModel
import Primitives
import Synchronization
import Testing

@testable import CacheStore

@Suite struct PurgeTests {
  private let store = CacheStore(seed: StoreFixture.seed)
  private let now = StoreFixture.now

  private func put(
    _ target: String, host: String = "example.com", partition: UInt32 = 0, tags: String? = nil,
    groups: String? = nil, in other: CacheStore? = nil
  ) throws {
    let store = other ?? store
    let (request, key) = try named(target, host: host, partition: partition)
    let storable = try StoreFixture.storable(for: request, tags: tags, groups: groups)
    guard case .writer(let writer) = store.open(storable, key: key, request: request, length: nil)
    else { throw StoreFixture.FixtureError.notPermitted }
    writer.append([1])
    #expect(writer.finish().reason == .stored)
  }

  private func named(_ target: String, host: String = "example.com", partition: UInt32 = 0) throws
    -> (RequestHead, [UInt8])
  {
    var request = StoreFixture.request(target)
    request.authority = Array(host.utf8)
    var key: [UInt8] = []
    CacheKey.write(for: request, scheme: .https, partition: partition, into: &key)
    return (request, key)
  }

  private func find(_ target: String, host: String = "example.com", partition: UInt32 = 0) throws
    -> StoredResponse?
  {
    let (request, key) = try named(target, host: host, partition: partition)
    guard
      case .found(let response) = store.lookup(
        try StoreFixture.permit(request), key: key.span, request: request)
    else { return nil }
    return response
  }

  private func isFresh(_ response: StoredResponse?) -> Bool? {
    response.map { $0.metadata.currentAge(at: now) < $0.metadata.lifetime.milliseconds }
  }

  // MARK: One target

  @Test func `invalidation reaches every partition of a target and no other target`() throws {
    for partition in 0..<5 as Range<UInt32> { try put("/keys", partition: partition) }
    try put("/keys?a")
    try put("/keys", host: "other.example")
    #expect(store.invalidate(try named("/keys", partition: 9).1) == 5)
    #expect(store.counters.objects == 2)
    #expect(try find("/keys", partition: 3) == nil)
    #expect(try find("/keys?a") != nil)
    #expect(try find("/keys", host: "other.example") != nil)
  }

  @Test func `a target with very many keys is out of reach at once and swept later`() throws {
    for partition in 0..<1000 as Range<UInt32> { try put("/keys", partition: partition) }
    let removed = store.invalidate(try named("/keys").1)
    #expect(removed < 1000)
    for partition in 0..<1000 as Range<UInt32> {
      #expect(try find("/keys", partition: partition) == nil)
    }
    try put("/keys", partition: 7)
    store.sweep()
    #expect(store.counters.objects == 1)
    #expect(try find("/keys", partition: 7) != nil)
  }

  @Test func `a soft purge of a target ends its freshness and keeps it`() throws {
    try put("/keys")
    try put("/keys", partition: 1)
    try put("/other")
    let (_, key) = try named("/keys")
    #expect(store.purge(.target(key: key), .soft, now: now) == PurgeCount(staled: 2))
    #expect(isFresh(try find("/keys")) == false)
    #expect(isFresh(try find("/keys", partition: 1)) == false)
    #expect(isFresh(try find("/other")) == true)
    #expect(store.purge(.target(key: key), .soft, now: now) == PurgeCount())
    #expect(store.counters.objects == 3)
  }

  @Test func `a purge may be narrowed to one partition`() throws {
    for partition in 0..<3 as Range<UInt32> { try put("/keys", partition: partition) }
    let (_, key) = try named("/keys")
    #expect(
      store.purge(.target(key: key), .hard, partition: 1, now: now) == PurgeCount(removed: 1))
    #expect(store.purge(.everything, .hard, partition: 2, now: now) == PurgeCount(removed: 1))
    #expect(try find("/keys", partition: 0) != nil)
  }

  // MARK: Many targets

  @Test func `hosts and prefixes are purged`() throws {
    for host in ["a.example", "a.example:8443", "aa.example", "a.exampl"] {
      try put("/x/1", host: host)
      try put("/y/1", host: host)
    }
    let prefix = PurgeSelector.prefix(
      scheme: nil, authority: [UInt8](ascii: "a.example"), path: [UInt8](ascii: "/x/"))
    #expect(store.purge(prefix, .hard, now: now) == PurgeCount(removed: 1))
    #expect(try find("/x/1", host: "a.example") == nil)
    #expect(try find("/y/1", host: "a.example") != nil)
    let plain = PurgeSelector.prefix(
      scheme: .http, authority: [UInt8](ascii: "a.example"), path: [])
    #expect(store.purge(plain, .hard, now: now) == PurgeCount())
    let portless = PurgeSelector.host([UInt8](ascii: "a.example"))
    #expect(store.purge(portless, .hard, now: now) == PurgeCount(removed: 3))
    #expect(store.counters.objects == 4)
    let whole = PurgeSelector.host([UInt8](ascii: "a.exampl"))
    #expect(store.purge(whole, .hard, now: now) == PurgeCount(removed: 2))
  }

  @Test func `tags are purged everywhere and groups on their origin`() throws {
    try put("/1", tags: "red green")
    try put("/2", host: "b.example", tags: "green")
    try put("/3", tags: "greenish")
    try put("/4", groups: "\"g\", \"h\"")
    try put("/5", host: "b.example", groups: "\"g\"")
    let green = CacheLabel(kind: .tag, name: [UInt8](ascii: "green"))
    #expect(
      store.purge(.label(green, originOf: nil), .hard, now: now) == PurgeCount(removed: 2))
    #expect(try find("/3") != nil)
    let group = CacheLabel(kind: .group, name: [UInt8](ascii: "g"))
    let (_, key) = try named("/anything")
    #expect(
      store.purge(.label(group, originOf: key), .hard, now: now) == PurgeCount(removed: 1))
    #expect(try find("/4") == nil)
    #expect(try find("/5", host: "b.example") != nil)
  }

  // MARK: In force at once

  @Test func `a purge that is not swept yet hides what it names and nothing stored after it`()
    throws
  {
    try put("/old")
    try put("/soft", host: "b.example")
    store.beginPurge(.host([UInt8](ascii: "example.com")), .hard, now: now)
    store.beginPurge(.host([UInt8](ascii: "b.example")), .soft, now: now)
    #expect(try find("/old") == nil)
    #expect(isFresh(try find("/soft", host: "b.example")) == false)
    try put("/new")
    try put("/new", host: "b.example")
    #expect(try find("/new") != nil)
    store.sweep()
    #expect(try find("/new") != nil)
    #expect(isFresh(try find("/new", host: "b.example")) == true)
  }

  @Test func `a response on its way is held against purges since its request`() throws {
    for (kind, selector, expected) in [
      (PurgeKind.hard, "example.com", CacheReason.invalidated), (.hard, "b.example", .stored),
      (.soft, "example.com", .stored),
    ] {
      let (request, key) = try named("/keys")
      let moment = store.moment(of: key.span)
      #expect(
        store.purge(.host(Array(selector.utf8)), kind, now: now).removed >= 0)
      let opening = store.open(
        try StoreFixture.storable(for: request), key: key, request: request, length: nil,
        since: moment)
      guard case .writer(let writer) = opening else {
        Issue.record("no writer")
        return
      }
      writer.append([1])
      #expect(writer.finish().reason == expected)
      if expected == .stored { #expect(isFresh(try find("/keys")) == (kind == .hard)) }
    }
  }

  @Test func `a fetch that began before more purges than are remembered is not stored`() throws {
    let (request, key) = try named("/keys")
    let moment = store.moment(of: key.span)
    for number in 0...PurgeBook.memory {
      _ = store.purge(.host(Array("\(number).example".utf8)), .hard, now: now)
    }
    let opening = store.open(
      try StoreFixture.storable(for: request), key: key, request: request, length: nil,
      since: moment)
    guard case .writer(let writer) = opening else {
      Issue.record("no writer")
      return
    }
    #expect(writer.finish().reason == .invalidated)
  }

  @Test func `more purges waiting than the limit become one of everything`() throws {
    try put("/bystander")
    for number in 0..<PurgeBook.unsweptLimit {
      store.beginPurge(.host(Array("\(number).example".utf8)), .soft, now: now)
    }
    #expect(isFresh(try find("/bystander")) == true)
    try put("/other")
    store.beginPurge(.host([UInt8](ascii: "last.example")), .soft, now: now)
    #expect(isFresh(try find("/bystander")) == true, "it was held against them already")
    try put("/new")
    for number in 0...PurgeBook.unsweptLimit {
      store.beginPurge(.host(Array("\(number).example".utf8)), .soft, now: now)
    }
    #expect(isFresh(try find("/new")) == false)
    store.sweep()
    #expect(isFresh(try find("/other")) == false)
    try put("/newest")
    #expect(isFresh(try find("/newest")) == true)
  }

  @Test func `nothing that was fetched before a purge is found after it, on any thread`() throws {
    var limits = CacheStoreLimits()
    limits.shardCount = 4
    let store = CacheStore(limits: limits)
    // A round of the world: what is fetched says in which round it was fetched.
    let round = Atomic<Int>(0)
    let isDone = Atomic<Bool>(false)
    let failures = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      do {
        guard thread > 0 else {
          for number in 1...300 {
            round.store(number, ordering: .sequentiallyConsistent)
            store.beginPurge(.host([UInt8](ascii: "example.com")), .hard, now: now)
            if number.isMultiple(of: 7) { store.sweep() }
            for target in 0..<40 {
              let request = StoreFixture.request("/\(target)")
              let found = try StoreFixture.find(request, in: store)
              if let found, Int(String(decoding: found.body, as: UTF8.self)) ?? 0 < number {
                failures.add(1, ordering: .relaxed)
              }
            }
          }
          isDone.store(true, ordering: .relaxed)
          return
        }
        var target = thread
        while !isDone.load(ordering: .relaxed) {
          target = (target + 7) % 40
          let request = StoreFixture.request("/\(target)")
          let key = StoreFixture.key(request)
          let moment = store.moment(of: key.span)
          let body = Array(String(round.load(ordering: .sequentiallyConsistent)).utf8)
          guard
            case .writer(let writer) = store.open(
              try StoreFixture.storable(for: request), key: key, request: request, length: nil,
              since: moment)
          else { continue }
          writer.append(body)
          _ = writer.finish()
        }
      } catch {
        Issue.record(error)
        isDone.store(true, ordering: .relaxed)
      }
    }
    #expect(failures.load(ordering: .relaxed) == 0)
  }
}

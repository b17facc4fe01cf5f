import CachePolicy
import CacheStore
import Foundation
import HTTPModel
import Primitives
import Synchronization
import Testing

@testable import DiskTier

@Suite struct DiskTierTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private func tier(
    segmentBytes: Int = 1 << 20, budget: Int = 1 << 30, responseLimit: Int = 1000
  ) throws -> DiskTier {
    var settings = DiskTierSettings(directory: scratch.path)
    settings.segmentBytes = segmentBytes
    settings.budget = budget
    settings.responseLimit = responseLimit
    return try DiskTier(settings, seed: DiskFixture.seed)
  }

  private func store(_ tier: DiskTier) -> CacheStore {
    CacheStore(seed: DiskFixture.seed, tier: tier)
  }

  private func mayHold(_ target: String, _ tier: DiskTier) -> Bool {
    let key = DiskFixture.key(target)
    return tier.mayHold(key.span)
  }

  private func mustBeValidated(_ response: StoredResponse?) -> Bool? {
    response.map { $0.metadata.flags.contains(.noCache) }
  }

  @Test func `a response is there after a restart, byte for byte`() throws {
    var tier = try tier()
    let stored = try DiskFixture.put([1, 2, 3], at: "/keys", tags: "red", in: store(tier))
    tier.close()
    tier = try self.tier()
    #expect(tier.counters.recovered == 1)
    #expect(mayHold("/keys", tier))
    #expect(!mayHold("/other", tier))
    let found = try #require(try DiskFixture.fetch("/keys", from: tier))
    #expect(found.bytes == stored.bytes)
    #expect(found.body == stored.body)
    #expect(found.metadata == stored.metadata)
    #expect(found.head == stored.head)
    #expect(found.annexRange == stored.annexRange)
    #expect(try DiskFixture.fetch("/keys", partition: 1, from: tier) == nil)
  }

  @Test func `each variant is found by the requests that select it`() throws {
    var tier = try tier()
    let store = store(tier)
    try DiskFixture.put([1], at: "/page", language: "en", in: store)
    try DiskFixture.put([2], at: "/page", language: "de", in: store)
    tier.close()
    tier = try self.tier()
    #expect(try DiskFixture.fetch("/page", language: "en", from: tier)?.body == [1])
    #expect(try DiskFixture.fetch("/page", language: "de", from: tier)?.body == [2])
    #expect(try DiskFixture.fetch("/page", language: "fr", from: tier) == nil)
  }

  @Test func `the newest of several responses of one key is found`() throws {
    var tier = try tier()
    let store = store(tier)
    for number in 0..<5 as Range<UInt8> { try DiskFixture.put([number], at: "/keys", in: store) }
    tier.flush()
    #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [4])
    tier.close()
    tier = try self.tier()
    #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [4])
  }

  @Test func `what was for all is for nobody once the resource varies`() throws {
    var tier = try tier()
    let store = store(tier)
    try DiskFixture.put([1], at: "/page", in: store)
    try DiskFixture.put([2], at: "/page", language: "en", in: store)
    for isRestarted in [false, true] {
      if isRestarted {
        tier.close()
        tier = try self.tier()
      }
      tier.flush()
      #expect(try DiskFixture.fetch("/page", language: "de", from: tier) == nil)
      #expect(try DiskFixture.fetch("/page", from: tier) == nil)
      #expect(try DiskFixture.fetch("/page", language: "en", from: tier)?.body == [2])
    }
  }

  @Test func `a memory store fetches from behind what it has not`() throws {
    let first = try tier()
    try DiskFixture.put([7], at: "/keys", in: store(first))
    first.close()
    let tier = try self.tier()
    let store = store(tier)
    let key = DiskFixture.key("/keys")
    let request = DiskFixture.request("/keys")
    let mayBeBehind = store.mayBeBehind(key.span)
    #expect(mayBeBehind)
    do {
      let moment = store.moment(of: key.span)
      let done = DispatchSemaphore(value: 0)
      // Something that does not concern it.
      store.beginPurge(.host([UInt8](ascii: "other")), .hard, now: DiskFixture.now)
      store.fetchFromBehind(
        try DiskFixture.permit(), key: key, request: request, since: moment
      ) { found in
        #expect(found?.body == [7])
        done.signal()
      }
      #expect(done.wait(timeout: .now() + .seconds(30)) == .success)
    }
    guard
      case .found(let found) = store.lookup(
        try DiskFixture.permit(), key: key.span, request: request)
    else {
      Issue.record("not in memory")
      return
    }
    #expect(found.body == [7])
    tier.flush()
    #expect(tier.counters.writes == 0, "what came from the disk is not written to it again")
  }

  @Test func `what was invalidated since a lookup is not fetched`() throws {
    let first = try tier()
    try DiskFixture.put([7], at: "/keys", in: store(first))
    first.close()
    let tier = try self.tier()
    let store = store(tier)
    let key = DiskFixture.key("/keys")
    let moment = store.moment(of: key.span)
    store.invalidate(key)
    let done = DispatchSemaphore(value: 0)
    store.fetchFromBehind(
      try DiskFixture.permit(), key: key, request: DiskFixture.request("/keys"), since: moment
    ) { found in
      #expect(found == nil)
      done.signal()
    }
    #expect(done.wait(timeout: .now() + .seconds(30)) == .success)
  }

  // MARK: Removing

  @Test func `an invalidated target is gone at once and after a restart, in every partition`()
    throws
  {
    var tier = try tier()
    let store = store(tier)
    for partition in 0..<3 as Range<UInt32> {
      try DiskFixture.put([1], at: "/keys", partition: partition, in: store)
    }
    try DiskFixture.put([2], at: "/other", in: store)
    store.invalidate(DiskFixture.key("/keys"))
    #expect(!mayHold("/keys", tier))
    try DiskFixture.put([3], at: "/keys", partition: 2, in: store)
    tier.close()
    tier = try self.tier()
    #expect(try DiskFixture.fetch("/keys", from: tier) == nil)
    #expect(try DiskFixture.fetch("/keys", partition: 2, from: tier)?.body == [3])
    #expect(try DiskFixture.fetch("/other", from: tier)?.body == [2])
  }

  @Test func `what was purged is gone or stale, and what came after it is not`() throws {
    let label = CacheLabel(kind: .tag, name: [UInt8](ascii: "red"))
    let host = PurgeSelector.host([UInt8](ascii: "example.com"))
    for (selector, kind) in [
      (PurgeSelector.label(label, originOf: nil), PurgeKind.hard), (host, .hard), (host, .soft),
      (.everything, .hard), (.target(key: DiskFixture.key("/old")), .soft),
      (.prefix(scheme: .https, authority: [UInt8](ascii: "example.com"), path: [0x2F]), .hard),
    ] {
      let scratch = try ScratchDirectory()
      let settings = DiskTierSettings(directory: scratch.path)
      var tier = try DiskTier(settings, seed: DiskFixture.seed)
      let store = CacheStore(seed: DiskFixture.seed, tier: tier)
      try DiskFixture.put([1], at: "/old", tags: "red", in: store)
      _ = store.purge(selector, kind, now: DiskFixture.now)
      try DiskFixture.put([2], at: "/new", tags: "red", in: store)
      for isRestarted in [false, true] {
        if isRestarted {
          tier.close()
          tier = try DiskTier(settings, seed: DiskFixture.seed)
        }
        tier.flush()
        let old = try DiskFixture.fetch("/old", from: tier)
        if kind == .hard {
          #expect(old == nil)
        } else {
          #expect(old?.body == [1])
          #expect(old?.metadata.lifetime == .zero)
        }
        let new = try DiskFixture.fetch("/new", from: tier)
        #expect(new?.body == [2])
        #expect(new?.metadata.lifetime == Seconds(60))
      }
    }
  }

  @Test func `more purges than are remembered remove everything`() throws {
    let tier = try tier()
    let store = store(tier)
    try DiskFixture.put([1], at: "/keys", in: store)
    for number in 0..<DiskTierState.purgeLimit {
      store.beginPurge(.host(Array("\(number).example".utf8)), .hard, now: DiskFixture.now)
    }
    tier.flush()
    #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [1])
    store.beginPurge(.host([UInt8](ascii: "last.example")), .hard, now: DiskFixture.now)
    #expect(try DiskFixture.fetch("/keys", from: tier) == nil)
  }

  @Test func `a start takes over no more purges than a run remembers`() throws {
    var tier = try tier()
    let store = store(tier)
    try DiskFixture.put([1], at: "/keys", in: store)
    for number in 0..<DiskTierState.purgeLimit * 3 {
      store.beginPurge(.host(Array("\(number).example".utf8)), .hard, now: DiskFixture.now)
    }
    try DiskFixture.put([2], at: "/other", in: store)
    tier.close()
    tier = try self.tier()
    #expect(tier.state.withLock { $0.purges.count } <= DiskTierState.purgeLimit)
    #expect(try DiskFixture.fetch("/keys", from: tier) == nil)
    #expect(try DiskFixture.fetch("/other", from: tier)?.body == [2])
  }

  @Test func `a purge that is asked for again and again is remembered once`() throws {
    let tier = try tier()
    let store = store(tier)
    try DiskFixture.put([1], at: "/keys", in: store)
    for _ in 0..<DiskTierState.purgeLimit * 2 {
      store.beginPurge(.host([UInt8](ascii: "other.example")), .hard, now: DiskFixture.now)
    }
    #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [1])
  }

  // MARK: Stops without order

  @Test func `after a stop without order everything is validated, until it is fetched anew`() throws
  {
    var tier: DiskTier? = try tier()
    if let tier { try DiskFixture.put([1], at: "/keys", in: store(tier)) }
    tier?.flush()
    tier = nil
    tier = try self.tier()
    if let tier {
      #expect(mustBeValidated(try DiskFixture.fetch("/keys", from: tier)) == true)
      try DiskFixture.put([2], at: "/new", in: store(tier))
      tier.close()
    }
    tier = nil
    tier = try self.tier()
    let last = try #require(tier)
    #expect(mustBeValidated(try DiskFixture.fetch("/keys", from: last)) == true)
    #expect(mustBeValidated(try DiskFixture.fetch("/new", from: last)) == false)
  }

  @Test func `a run that wrote nothing and did not end in order casts doubt, too`() throws {
    var tier: DiskTier? = try tier()
    if let tier { try DiskFixture.put([1], at: "/keys", in: store(tier)) }
    tier?.close()
    tier = try self.tier()
    tier = nil
    let last = try self.tier()
    #expect(mustBeValidated(try DiskFixture.fetch("/keys", from: last)) == true)
  }

  // MARK: Limits

  @Test func `the oldest segments go and the rest is within the budget`() throws {
    var tier = try tier(segmentBytes: 4096, budget: 16_384)
    let store = store(tier)
    for number in 0..<100 {
      try DiskFixture.put(
        [UInt8](repeating: UInt8(number), count: 500), at: "/\(number)", in: store)
    }
    tier.flush()
    for isRestarted in [false, true] {
      if isRestarted {
        tier.close()
        tier = try self.tier(segmentBytes: 4096, budget: 16_384)
      }
      #expect(tier.counters.bytes <= 16_384)
      #expect(tier.counters.responses < 30)
      #expect(try DiskFixture.fetch("/0", from: tier) == nil)
      #expect(try DiskFixture.fetch("/99", from: tier)?.body.first == 99)
    }
    let sizes = try scratch.segments.map { try scratch.bytes(of: $0).count }
    #expect(sizes.allSatisfy { $0 <= 4096 })
    #expect(sizes.reduce(0, +) <= 16_384)
  }

  @Test func `what does not fit a segment is not written`() throws {
    let tier = try tier(segmentBytes: 4096)
    try DiskFixture.put([UInt8](repeating: 1, count: 5000), at: "/long", in: store(tier))
    tier.flush()
    #expect(tier.counters.responses == 0)
    #expect(tier.counters.skipped == 1)
  }

  @Test func `there are no more responses than the limit, and the oldest go for newer ones`() throws
  {
    let tier = try tier(responseLimit: 3)
    let store = store(tier)
    // Every fourth finds the index full, and its segment goes.
    for number in 0..<19 {
      try DiskFixture.put([1], at: "/\(number)", in: store)
      tier.flush()
      #expect(tier.counters.responses <= 3)
    }
    #expect(try DiskFixture.fetch("/0", from: tier) == nil)
    #expect(try DiskFixture.fetch("/18", from: tier) != nil)
  }

  @Test func `what a newer response stands for is not counted any more`() throws {
    var tier = try tier()
    let store = store(tier)
    for number in 0..<5 as Range<UInt8> { try DiskFixture.put([number], at: "/keys", in: store) }
    tier.flush()
    #expect(tier.counters.responses == 1)
    tier.close()
    tier = try self.tier()
    #expect(tier.counters.responses == 1)
  }

  @Test func `runs that wrote nothing leave no segments behind`() throws {
    for _ in 0..<5 { try tier().close() }
    #expect(scratch.segments.count == 1)
  }

  @Test func `a disk that fails costs what would have been written, and nothing else`() throws {
    let tier = try tier(segmentBytes: 1024)
    let store = store(tier)
    try DiskFixture.put([UInt8](repeating: 1, count: 400), at: "/a", in: store)
    tier.flush()
    try FileManager.default.removeItem(atPath: scratch.path)
    for number in 0..<5 {
      try DiskFixture.put([UInt8](repeating: 1, count: 400), at: "/\(number)", in: store)
    }
    store.invalidate(DiskFixture.key("/a"))
    tier.flush()
    #expect(tier.counters.failures == 1, "after one failure it rests")
    #expect(!tier.counters.works)
    #expect(try DiskFixture.fetch("/4", from: tier) == nil)
    tier.close()
  }

  // MARK: The directory

  @Test func `files and the directory are for their owner alone`() throws {
    let path = "\(scratch.path)/cache"
    let tier = try DiskTier(DiskTierSettings(directory: path), seed: DiskFixture.seed)
    try DiskFixture.put([1], at: "/secret-token", in: store(tier))
    tier.close()
    #expect(mode(path) == 0o700)
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(names.allSatisfy { mode("\(path)/\($0)") == 0o600 })
    #expect(names.sorted() == ["0000000000000001.segment", "parts"])
  }

  private func mode(_ path: String) -> Int? {
    let facts = try? FileManager.default.attributesOfItem(atPath: path)
    return (facts?[.posixPermissions] as? NSNumber)?.intValue
  }

  @Test func `a directory that others may write into is refused`() throws {
    chmod(scratch.path, 0o770)
    #expect(throws: DiskTierError.notPrivate(scratch.path)) { _ = try tier() }
    chmod(scratch.path, 0o755)
    _ = try tier()
  }

  @Test func `a directory has one user at a time`() throws {
    var first: DiskTier? = try tier()
    #expect(throws: DiskTierError.inUse(scratch.path)) { _ = try tier() }
    first?.close()
    first = nil
    _ = try tier()
  }

  @Test func `files that are none of ours stay, and segments that cannot be read go`() throws {
    try tier().close()
    for (name, text) in [
      ("notes.txt", "mine"), ("0000000000000009.segment", "not a segment at all"),
      ("x.segment", ""),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/\(name)"))
    }
    try tier().close()
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
    #expect(
      names == ["000000000000000a.segment", "notes.txt", "parts", "x.segment"])
  }
}

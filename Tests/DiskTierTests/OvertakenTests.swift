import CachePolicy
import CacheStore
import Foundation
import HTTPModel
import Primitives
import Synchronization
import Testing

@testable import DiskTier

/// What happens to a response while it is on the disk, on its way there, or on its way back.
@Suite struct OvertakenTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private func tier(_ change: (inout DiskTierSettings) -> Void = { _ in }) throws -> DiskTier {
    var settings = DiskTierSettings(directory: scratch.path)
    change(&settings)
    return try DiskTier(settings, seed: DiskFixture.seed)
  }

  private func store(_ tier: DiskTier) -> CacheStore {
    CacheStore(seed: DiskFixture.seed, tier: tier)
  }

  private func isCurrent(_ find: TierFind?, _ tier: DiskTier) throws -> Bool {
    let find = try #require(find)
    let key = DiskFixture.key("/keys")
    return tier.isCurrent(find, key: key.span)
  }

  // MARK: On its way back

  @Test func `what was read is overtaken by an invalidation, a store and a purge`() throws {
    let tier = try tier()
    let store = store(tier)
    try DiskFixture.put([1], at: "/keys", in: store)
    tier.flush()
    let found = try DiskFixture.find("/keys", in: tier)
    #expect(try isCurrent(found, tier))
    tier.purgeBegins()
    #expect(try !isCurrent(found, tier), "while a purge is being noted")
    tier.purged(.host([UInt8](ascii: "other")), .hard, partition: nil, now: DiskFixture.now)
    #expect(try !isCurrent(found, tier), "a purge since")
    let second = try DiskFixture.find("/keys", in: tier)
    #expect(try isCurrent(second, tier))
    try DiskFixture.put([2], at: "/keys", in: store)
    tier.flush()
    #expect(try !isCurrent(second, tier), "a newer one since")
    let third = try DiskFixture.find("/keys", in: tier)
    #expect(third?.response.body == [2])
    store.invalidate(DiskFixture.key("/keys"))
    #expect(try !isCurrent(third, tier), "an invalidation since")
  }

  @Test func `nothing older is given back while something newer waits to be written`() throws {
    let tier = try tier()
    let store = store(tier)
    try DiskFixture.put([1], at: "/keys", in: store)
    tier.flush()
    let key = DiskFixture.key("/keys")
    tier.writing.suspend()
    try DiskFixture.put([2], at: "/keys", in: store)
    let mayHold = tier.mayHold(key.span)
    #expect(!mayHold)
    #expect(try DiskFixture.fetch("/keys", from: tier) == nil)
    tier.writing.resume()
    tier.flush()
    #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [2])
  }

  /// Enough invalidations of other targets that some share whatever is kept by pieces of hashes.
  private func invalidateOthers(in store: CacheStore) {
    for number in 0..<4096 { store.invalidate(DiskFixture.key("/other/\(number)")) }
  }

  @Test func `what waits to be written outlives the invalidation of anything else`() throws {
    let tier = try tier()
    let store = store(tier)
    try DiskFixture.put([1], at: "/keys", in: store)
    tier.flush()
    tier.writing.suspend()
    try DiskFixture.put([2], at: "/keys", in: store)
    invalidateOthers(in: store)
    tier.writing.resume()
    tier.flush()
    #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [2])
  }

  @Test func `what was invalidated after it was written stays away, whatever went before`() throws {
    var tier = try tier()
    let store = store(tier)
    tier.writing.suspend()
    try DiskFixture.put([1], at: "/keys", in: store)
    invalidateOthers(in: store)
    tier.writing.resume()
    tier.flush()
    store.invalidate(DiskFixture.key("/keys"))
    tier.close()
    tier = try self.tier()
    #expect(try DiskFixture.fetch("/keys", from: tier) == nil)
  }

  @Test func `of what waits to be written only what came after an invalidation is found`() throws {
    let tier = try tier()
    let store = store(tier)
    tier.writing.suspend()
    try DiskFixture.put([1], at: "/keys", language: "de", in: store)
    store.invalidate(DiskFixture.key("/keys"))
    try DiskFixture.put([2], at: "/keys", language: "en", in: store)
    tier.writing.resume()
    tier.flush()
    #expect(try DiskFixture.fetch("/keys", language: "de", from: tier) == nil)
    #expect(try DiskFixture.fetch("/keys", language: "en", from: tier)?.body == [2])
  }

  @Test func `a reader that hangs is asked for nothing more`() throws {
    let tier = try tier()
    try DiskFixture.put([1], at: "/keys", in: store(tier))
    tier.flush()
    let key = DiskFixture.key("/keys")
    tier.reading.suspend()
    tier.fetch(key: key, request: DiskFixture.request("/keys")) { _ in }
    let patience = ContinuousClock.now + .seconds(30)
    while tier.mayHold(key.span), ContinuousClock.now < patience { sched_yield() }
    let mayHold = tier.mayHold(key.span)
    #expect(!mayHold)
    #expect(!tier.counters.works)
    tier.reading.resume()
    #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [1])
    #expect(tier.counters.works)
  }

  // MARK: Not to be used again

  @Test func `what the store was told to remove does not come back, after a restart neither`()
    throws
  {
    var tier = try tier()
    let store = store(tier)
    let response = try DiskFixture.put([1], at: "/keys", in: store)
    store.remove(response)
    for isRestarted in [false, true] {
      if isRestarted {
        tier.close()
        tier = try self.tier()
      }
      tier.flush()
      #expect(try DiskFixture.fetch("/keys", from: tier) == nil)
    }
  }

  @Test func `what could not be written takes what it replaced with it`() throws {
    var tier = try tier { $0.segmentBytes = 4096 }
    let store = store(tier)
    try DiskFixture.put([1], at: "/keys", in: store)
    try DiskFixture.put([UInt8](repeating: 2, count: 5000), at: "/keys", in: store)
    for isRestarted in [false, true] {
      if isRestarted {
        tier.close()
        tier = try self.tier()
      }
      tier.flush()
      #expect(try DiskFixture.fetch("/keys", from: tier) == nil)
    }
  }

  @Test func `no cookie is written that a response was selected by`() throws {
    let tier = try tier()
    let store = store(tier)
    try DiskFixture.put([0], at: "/keys", in: store)
    var request = DiskFixture.request("/keys")
    var head = ResponseHead(status: .ok, fields: FieldSection())
    head.fields.append(.cacheControl, "max-age=60")
    head.fields.append(.vary, "Cookie")
    for (number, cookie) in ["session=secret", nil].enumerated() {
      request.fields = FieldSection()
      if let cookie { request.fields.append(.cookie, Array(cookie.utf8)) }
      let decision = storageDecision(
        for: head, to: request, exchange: .other, requestedAt: DiskFixture.now,
        receivedAt: DiskFixture.now, rules: CacheRules(profile: .conformant))
      guard case .store(let storable) = decision,
        case .writer(let writer) = store.open(
          storable, key: DiskFixture.key("/keys"), request: request, length: nil)
      else {
        Issue.record("not storable")
        return
      }
      writer.append([UInt8(1 + number)])
      _ = writer.finish()
      tier.flush()
      // Neither the response nor what it took the place of; without a cookie it is written.
      #expect(try DiskFixture.fetch("/keys", from: tier)?.body == (cookie == nil ? [2] : nil))
    }
    for segment in scratch.segments {
      let text = String(decoding: try scratch.bytes(of: segment), as: UTF8.self)
      #expect(!text.contains("secret"))
    }
  }

  @Test func `what answers for many queries is not written`() throws {
    let tier = try tier()
    let store = store(tier)
    let request = DiskFixture.request("/p?a=1")
    var fields = FieldSection()
    fields.append(.cacheControl, "max-age=60")
    fields.append(name: "No-Vary-Search".utf8, value: "params=(\"a\")".utf8)
    guard
      case .store(let storable) = storageDecision(
        for: ResponseHead(status: .ok, fields: fields), to: request, exchange: .other,
        requestedAt: DiskFixture.now, receivedAt: DiskFixture.now, rules: CacheRules()),
      case .writer(let writer) = store.open(
        storable, key: DiskFixture.key("/p"), request: request, length: nil)
    else {
      Issue.record("not storable")
      return
    }
    #expect(storable.metadata.flags.contains(.variesBySearch))
    writer.append([1])
    _ = writer.finish()
    tier.flush()
    #expect(tier.counters.responses == 0)
  }

  // MARK: Confirmed

  private func freshen(
    _ stored: StoredResponse, after seconds: Int64, control: String, in store: CacheStore
  ) throws -> StoredResponse {
    let later = WallTime(milliseconds: DiskFixture.now.milliseconds + seconds * 1000)
    return store.freshen(
      stored,
      with: try DiskFixture.storable(DiskFixture.request("/keys"), at: later, control: control))
  }

  @Test func `a confirmed response is fresh on the disk, too`() throws {
    var tier = try tier()
    let store = store(tier)
    let old = try DiskFixture.put([1, 2], at: "/keys", in: store)
    tier.flush()
    let new = try freshen(old, after: 100, control: "max-age=60", in: store)
    tier.close()
    tier = try self.tier()
    let found = try #require(try DiskFixture.fetch("/keys", from: tier))
    #expect(found.metadata == new.metadata)
    #expect(found.body == [1, 2])
  }

  @Test func `a response that is confirmed all the time is not written all the time`() throws {
    let tier = try tier()
    let store = store(tier)
    var response = try DiskFixture.put([1], at: "/keys", in: store)
    for second in 1..<60 as Range<Int64> {
      response = try freshen(response, after: second, control: "max-age=60", in: store)
      tier.flush()
    }
    tier.flush()
    #expect(tier.counters.writes == 2)
    #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [1])
  }

  @Test func `a short confirmation leaves the old head, which asks again`() throws {
    let tier = try tier()
    let store = store(tier)
    let old = try DiskFixture.put([1], at: "/keys", control: "max-age=5", in: store)
    _ = try freshen(old, after: 10, control: "max-age=5", in: store)
    tier.flush()
    #expect(tier.counters.writes == 1)
    #expect(try DiskFixture.fetch("/keys", from: tier)?.metadata == old.metadata)
  }

  @Test func `an old head that claims more than the new one goes`() throws {
    for control in ["max-age=5", "no-cache"] {
      let tier = try DiskTier(
        DiskTierSettings(directory: try ScratchDirectory().path), seed: DiskFixture.seed)
      let store = store(tier)
      let old = try DiskFixture.put([1], at: "/keys", control: "max-age=600", in: store)
      _ = try freshen(old, after: 10, control: control, in: store)
      tier.flush()
      #expect(try DiskFixture.fetch("/keys", from: tier) == nil, "\(control)")
    }
  }

  @Test func `a confirmation of what is gone brings nothing back`() throws {
    let tier = try tier()
    let store = store(tier)
    let old = try DiskFixture.put([1], at: "/keys", in: store)
    store.invalidate(DiskFixture.key("/keys"))
    _ = try freshen(old, after: 100, control: "max-age=600", in: store)
    tier.flush()
    #expect(try DiskFixture.fetch("/keys", from: tier) == nil)
  }

  // MARK: The clock

  @Test func `after the clock was set back everything is validated first`() throws {
    var tier = try tier()
    let future = WallTime(milliseconds: Int64(Date().timeIntervalSince1970 + 86_400) * 1000)
    try DiskFixture.put([1], at: "/keys", at: future, in: store(tier))
    tier.close()
    tier = try self.tier()
    let found = try #require(try DiskFixture.fetch("/keys", from: tier))
    #expect(found.metadata.flags.contains(.noCache))
  }

  // MARK: Whose it is

  @Test func `nothing is taken over from another version or under another service's number`()
    throws
  {
    func restarted(_ change: (inout DiskTierSettings) -> Void) throws -> Int {
      let tier = try tier(change)
      defer { tier.close() }
      let count = tier.counters.recovered
      try DiskFixture.put([1], at: "/keys", in: store(tier))
      return count
    }
    #expect(try restarted { $0.parts = [7: "service auth"] } == 0)
    #expect(try restarted { $0.parts = [7: "service auth", 8: "service web"] } == 1)
    #expect(try restarted { $0.parts = [8: "service web"] } == 1)
    // A service that is not there any more still has its number.
    #expect(try restarted { $0.parts = [7: "service web"] } == 0)
    #expect(try restarted { $0.judge = "2" } == 0)
    #expect(try restarted { $0.judge = "2" } == 1)
  }

  @Test func `a part that a reload brings is known after a restart`() throws {
    var tier = try tier { $0.parts = [1: "a"] }
    try DiskFixture.put([1], at: "/keys", in: store(tier))
    tier.declare([1: "a", 2: "b"], judge: "")
    tier.flush()
    #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [1])
    tier.declare([2: "c"], judge: "")
    tier.flush()
    #expect(try DiskFixture.fetch("/keys", from: tier) == nil, "2 stood for something else")
    tier.close()
    tier = try self.tier { $0.parts = [2: "c"] }
    #expect(tier.counters.works)
  }

  @Test func `what was stored by several rules in one run is not taken over, whatever comes next`()
    throws
  {
    for next in ["one", "two"] {
      let scratch = try ScratchDirectory()
      var settings = DiskTierSettings(directory: scratch.path)
      settings.judge = "one"
      var tier = try DiskTier(settings, seed: DiskFixture.seed)
      try DiskFixture.put([1], at: "/keys", in: store(tier))
      tier.declare([:], judge: "two")
      tier.flush()
      #expect(try DiskFixture.fetch("/keys", from: tier)?.body == [1])
      tier.close()
      settings.judge = next
      tier = try DiskTier(settings, seed: DiskFixture.seed)
      #expect(tier.counters.recovered == 0)
    }
  }

  @Test func `a spoilt book empties the directory`() throws {
    var tier = try tier()
    try DiskFixture.put([1], at: "/keys", in: store(tier))
    tier.close()
    let path = "\(scratch.path)/parts"
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= 4
      #expect(PartBook(bytes: damaged) == nil)
      #expect(PartBook(bytes: Array(bytes[..<position])) == nil)
    }
    try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: path))
    tier = try self.tier()
    #expect(tier.counters.recovered == 0)
  }

  // MARK: A disk that fails

  @Test func `a disk that works again is written again, and what it lost is doubted`() throws {
    let news = Mutex<[DiskTierNews]>([])
    var settings = DiskTierSettings(directory: scratch.path)
    settings.segmentBytes = 1024
    let tier = try DiskTier(settings, seed: DiskFixture.seed) { one in
      news.withLock { $0.append(one) }
    }
    let store = store(tier)
    try DiskFixture.put([UInt8](repeating: 1, count: 400), at: "/old", in: store)
    tier.flush()
    // Where the next segment would be made there is a file already.
    let next = "\(scratch.path)/\(Recovery.name(of: 2))"
    try Data().write(to: URL(fileURLWithPath: next))
    try DiskFixture.put([UInt8](repeating: 1, count: 400), at: "/a", in: store)
    tier.flush()
    #expect(news.withLock { $0.count } == 1)
    guard case .cannotWrite = news.withLock({ $0.first }) else {
      Issue.record("no word of it")
      return
    }
    try DiskFixture.put([3], at: "/b", in: store)
    tier.flush()
    #expect(tier.counters.failures == 1)
    tier.worker.withLock { $0.restsUntil = MonotonicTime(nanoseconds: 0) }
    try DiskFixture.put([4], at: "/c", in: store)
    tier.flush()
    #expect(news.withLock { $0.last } == .writes)
    #expect(tier.counters.works)
    tier.close()
    try? FileManager.default.removeItem(atPath: next)
    let last = try self.tier()
    let old = try #require(try DiskFixture.fetch("/old", from: last))
    #expect(old.metadata.flags.contains(.noCache))
    #expect(try DiskFixture.fetch("/b", from: last) == nil)
    let new = try #require(try DiskFixture.fetch("/c", from: last))
    #expect(!new.metadata.flags.contains(.noCache))
  }
}

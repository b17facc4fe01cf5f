import CachePolicy
import CacheStore
import HTTPModel
import Testing

@testable import DiskTier

/// A disk that lies: whatever is left of a segment, what is served is what was stored.
@Suite struct DamageTests {
  private let original: ScratchDirectory
  private let name: String
  private let segment: [UInt8]
  private var stored: [String: StoredResponse] = [:]
  private static let targets = ["/a", "/b", "/c", "/gone"]

  init() throws {
    original = try ScratchDirectory()
    let tier = try DiskTier(
      DiskTierSettings(directory: original.path), seed: DiskFixture.seed)
    let store = CacheStore(seed: DiskFixture.seed, tier: tier)
    try DiskFixture.put([9], at: "/gone", in: store)
    stored["/a"] = try DiskFixture.put([1, 2, 3], at: "/a", in: store)
    stored["/b"] = try DiskFixture.put([], at: "/b", tags: "red", in: store)
    store.invalidate(DiskFixture.key("/gone"))
    stored["/c"] = try DiskFixture.put([UInt8](repeating: 5, count: 40), at: "/c", in: store)
    tier.close()
    name = try #require(original.segments.first)
    segment = try original.bytes(of: name)
  }

  /// Opens what is left and reads everything. Returns how many responses were found.
  private func check(_ bytes: [UInt8], _ what: @autoclosure () -> String) throws -> Int {
    let scratch = try ScratchDirectory()
    try scratch.replaceAll(by: bytes, named: name)
    let tier = try DiskTier(DiskTierSettings(directory: scratch.path), seed: DiskFixture.seed)
    var count = 0
    for target in Self.targets {
      guard let found = try DiskFixture.fetch(target, from: tier) else { continue }
      count += 1
      let isDoubted = found.metadata.flags.contains(.noCache)
      #expect(isDoubted, "\(what()): damage and no doubt")
      guard let wanted = stored[target] else {
        #expect(found.body == [9], "\(what())")
        continue
      }
      #expect(found.bytes == wanted.bytes, "\(what())")
      #expect(found.body == wanted.body, "\(what())")
      #expect(found.metadata == wanted.metadata.requiringValidation(), "\(what())")
    }
    return count
  }

  @Test func `a segment cut off at any byte gives what is whole in it`() throws {
    var counts: [Int] = []
    for length in 0..<segment.count {
      counts.append(try check(Array(segment[..<length]), "cut at \(length)"))
    }
    #expect(counts.first == 0)
    #expect(counts.max() == 3)
    #expect(counts.last == 3, "the end alone is missing")
  }

  @Test func `a segment with any one bit turned over serves no wrong byte`() throws {
    for position in segment.indices {
      for bit in 0..<8 {
        var damaged = segment
        damaged[position] ^= 1 << UInt8(bit)
        // A payload's damage is found when it is read; the rest is right, and known to be.
        try checkFlipped(damaged, "bit \(bit) of byte \(position)")
      }
    }
  }

  private func checkFlipped(_ bytes: [UInt8], _ what: @autoclosure () -> String) throws {
    let scratch = try ScratchDirectory()
    try scratch.replaceAll(by: bytes, named: name)
    let tier = try DiskTier(DiskTierSettings(directory: scratch.path), seed: DiskFixture.seed)
    for target in Self.targets {
      guard let found = try DiskFixture.fetch(target, from: tier) else { continue }
      guard let wanted = stored[target] else {
        #expect(found.body == [9], "\(what())")
        #expect(found.metadata.flags.contains(.noCache), "\(what()): back from the dead")
        continue
      }
      #expect(found.bytes == wanted.bytes, "\(what())")
      #expect(found.body == wanted.body, "\(what())")
      let isDoubted = found.metadata == wanted.metadata.requiringValidation()
      #expect(isDoubted || found.metadata == wanted.metadata, "\(what())")
    }
  }

  @Test func `a variant with spoilt content takes nothing from another one`() throws {
    let scratch = try ScratchDirectory()
    let settings = DiskTierSettings(directory: scratch.path)
    var tier = try DiskTier(settings, seed: DiskFixture.seed)
    let store = CacheStore(seed: DiskFixture.seed, tier: tier)
    let spoilt = [UInt8](repeating: 0xAB, count: 64)
    try DiskFixture.put([1], at: "/page", language: "en", in: store)
    try DiskFixture.put(spoilt, at: "/page", language: "de", in: store)
    tier.close()
    let name = try #require(scratch.segments.first)
    var bytes = try scratch.bytes(of: name)
    bytes[try #require(bytes.lastIndex(of: 0xAB))] ^= 1
    try scratch.replaceAll(by: bytes, named: name)
    tier = try DiskTier(settings, seed: DiskFixture.seed)
    #expect(try DiskFixture.fetch("/page", language: "en", from: tier)?.body == [1])
    #expect(try DiskFixture.fetch("/page", language: "de", from: tier) == nil)
  }

  @Test func `records in another place, or of another segment, are not taken for ours`() throws {
    // The first record once more at the end, and the whole segment under another number.
    let again = segment + segment[SegmentFormat.headerCount...]
    _ = try check(again, "records twice")
    let scratch = try ScratchDirectory()
    try scratch.replaceAll(by: segment, named: Recovery.name(of: 77))
    let tier = try DiskTier(DiskTierSettings(directory: scratch.path), seed: DiskFixture.seed)
    #expect(tier.counters.recovered == 0)
  }

  @Test func `content that looks like a record is content`() throws {
    let scratch = try ScratchDirectory()
    let settings = DiskTierSettings(directory: scratch.path)
    let tier = try DiskTier(settings, seed: DiskFixture.seed)
    let store = CacheStore(seed: DiskFixture.seed, tier: tier)
    try DiskFixture.put(segment, at: "/evil", in: store)
    tier.close()
    // The head of the record that holds it is spoilt: what follows is looked at by nobody.
    let name = try #require(scratch.segments.first)
    var bytes = try scratch.bytes(of: name)
    bytes[SegmentFormat.headerCount + 3] ^= 1
    try scratch.replaceAll(by: bytes, named: name)
    let damaged = try DiskTier(settings, seed: DiskFixture.seed)
    #expect(damaged.counters.recovered == 0)
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `a segment spoilt in many places serves no wrong byte`(seed: UInt64) throws {
    var generator = SplitMix(state: seed)
    for round in 0..<150 {
      var damaged = segment
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let start = Int.random(in: 0..<damaged.count, using: &generator)
        let end = min(start + Int.random(in: 1...40, using: &generator), damaged.count)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
          for index in start..<end { damaged[index] = .random(in: 0...255, using: &generator) }
        case 1: damaged.removeSubrange(start..<end)
        case 2: damaged.insert(contentsOf: damaged[start..<end], at: start)
        default: for index in start..<end { damaged[index] = 0 }
        }
        if damaged.isEmpty { damaged = [0] }
      }
      try checkFlipped(damaged, "seed \(seed), round \(round)")
    }
  }
}

/// A small generator with a seed, so that a failing round can be looked at again (Steele's
/// SplitMix64).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

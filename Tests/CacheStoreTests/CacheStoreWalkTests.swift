import CachePolicy
import Dispatch
import HTTPModel
import Primitives
import Testing

@testable import CacheStore

/// A small generator with a seed, so that a failing walk can be walked again (Steele's SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

@Suite struct CacheStoreWalkTests {
  /// What a body says about itself: its target, its variant and the number of its storing.
  private static func body(_ target: Int, _ variant: Int, _ number: Int, padding: Int) -> [UInt8] {
    Array("\(target) \(variant) \(number) ".utf8) + [UInt8](repeating: 0x2E, count: padding)
  }

  private static func request(_ target: Int, _ variant: Int) -> RequestHead {
    StoreFixture.request("/\(target)", language: variant == 0 ? nil : "x-\(variant)")
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `a random walk finds only what was stored last, within the budget`(seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    var limits = CacheStoreLimits()
    limits.shardCount = seed.isMultiple(of: 2) ? 1 : 4
    limits.budget = 80_000
    limits.variantLimit = 4
    let store = CacheStore(limits: limits, seed: StoreFixture.seed)
    // The last number stored under a target and variant; none after an invalidation.
    var model: [Int: [Int: Int]] = [:]
    for number in 0..<6000 {
      let target = Int.random(in: 0..<60, using: &generator)
      let variant = Int.random(in: 0..<6, using: &generator)
      let request = Self.request(target, variant)
      switch Int.random(in: 0..<100, using: &generator) {
      case 0..<45:
        let padding = Int.random(in: 0..<2000, using: &generator)
        let body = Self.body(target, variant, number, padding: padding)
        let reason = try StoreFixture.put(body, for: request, varies: true, in: store)
        #expect(reason == .stored)
        model[target, default: [:]][variant] = number
      case 45..<48:
        store.invalidate(StoreFixture.key(request))
        model[target] = nil
      case 48..<52:
        if let found = try StoreFixture.find(request, in: store) {
          _ = store.freshen(found, with: try StoreFixture.storable(for: request, varies: true))
        }
      case 52..<54:
        if let found = try StoreFixture.find(request, in: store) {
          store.remove(found)
          model[target]?[variant] = nil
        }
      default:
        guard let found = try StoreFixture.find(request, in: store) else { continue }
        let expected = model[target]?[variant].map { "\(target) \(variant) \($0) " }
        let text = try #require(expected, "something was found that should be gone")
        #expect(found.body.starts(with: text.utf8))
        #expect(found.bytes[found.keyRange].elementsEqual(StoreFixture.key(request)))
      }
      #expect(store.counters.bytes <= limits.budget)
    }
    #expect(store.counters.evictions > 0)
    #expect(store.counters.hits > 200)
    store.removeAll { _ in true }
    #expect(store.counters.bytes == 0)
    #expect(store.counters.objects == 0)
  }

  @Test func `the books agree with what is stored`() throws {
    var generator = SeededGenerator(state: 99)
    var limits = CacheStoreLimits()
    limits.shardCount = 2
    limits.budget = 60_000
    let store = CacheStore(limits: limits, seed: StoreFixture.seed)
    for number in 0..<2000 {
      let target = Int.random(in: 0..<200, using: &generator)
      let body = Self.body(target, 0, number, padding: number % 500)
      try StoreFixture.put(body, for: Self.request(target, 0), in: store)
    }
    var objects = 0
    var bytes = 0
    store.removeAll {
      objects += 1
      bytes += $0.cost
      return false
    }
    #expect(store.counters.objects == objects)
    #expect(store.counters.bytes == bytes)
  }

  @Test func `several threads find only whole responses of the right key`() throws {
    var limits = CacheStoreLimits()
    limits.shardCount = 4
    limits.budget = 400_000
    let store = CacheStore(limits: limits)
    let threads = 4
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      var generator = SeededGenerator(state: UInt64(thread + 1))
      for number in 0..<8000 {
        let target = Int.random(in: 0..<100, using: &generator)
        let variant = Int.random(in: 0..<3, using: &generator)
        let request = Self.request(target, variant)
        do {
          switch Int.random(in: 0..<20, using: &generator) {
          case 0..<5:
            let body = Self.body(target, variant, number, padding: number % 3000)
            try StoreFixture.put(body, for: request, varies: true, in: store)
          case 5: store.invalidate(StoreFixture.key(request))
          case 6:
            if let found = try StoreFixture.find(request, in: store) {
              _ = store.freshen(
                found, with: try StoreFixture.storable(for: request, varies: true))
            }
          default:
            if let found = try StoreFixture.find(request, in: store) {
              #expect(found.body.starts(with: "\(target) \(variant) ".utf8))
            }
          }
        } catch {
          Issue.record(error)
        }
      }
    }
    #expect(store.counters.bytes <= limits.budget)
    store.removeAll { _ in true }
    #expect(store.counters.bytes == 0)
  }
}

import CachePolicy
import HTTPModel
import Primitives
import Testing

/// The policy against a model of freshness written down a second time, from RFC 9111 §4.2 and
/// nothing else, in milliseconds and plain numbers.
@Suite struct FreshnessModelTests {
  /// What a random exchange says. Times are offsets from the arrival, in seconds.
  private struct Exchange {
    var date: Int64?
    var age: Int64?
    var delayMilliseconds: Int64
    var expires: Int64?
    var maxAge: Int64?
    var sharedMaxAge: Int64?
    var targetedMaxAge: Int64?
    var lastModified: Int64?
    var noCache: Bool
    var mustRevalidate: Bool
    var staleWhileRevalidate: Int64?
    var laterMilliseconds: Int64
    var askedMaxAge: Int64?
    var askedMinFresh: Int64?
    var askedMaxStale: Int64?

    init(_ generator: inout SeededGenerator) {
      func some(_ range: ClosedRange<Int64>, of chances: Int = 2) -> Int64? {
        Int.random(in: 0..<chances, using: &generator) == 0
          ? Int64.random(in: range, using: &generator) : nil
      }
      date = some(-50...50)
      age = some(0...200)
      delayMilliseconds = Int64.random(in: 0...3000, using: &generator)
      expires = some(-100...300)
      maxAge = some(0...300)
      sharedMaxAge = some(0...300, of: 4)
      targetedMaxAge = some(0...300, of: 6)
      lastModified = some(-5000...10)
      noCache = some(0...0, of: 10) != nil
      mustRevalidate = some(0...0, of: 5) != nil
      staleWhileRevalidate = some(0...100)
      laterMilliseconds = Int64.random(in: 0...400_000, using: &generator)
      askedMaxAge = some(0...300, of: 4)
      askedMinFresh = some(0...100, of: 4)
      askedMaxStale = some(0...200, of: 4)
    }
  }

  // MARK: The model

  /// What RFC 9111 says becomes of it, as a word.
  private static func expected(_ exchange: Exchange) -> String {
    let apparent = max(0, -(exchange.date ?? 0)) * 1000
    let corrected = (exchange.age ?? 0) * 1000 + exchange.delayMilliseconds
    let age = max(apparent, corrected) + exchange.laterMilliseconds
    let left = lifetimeSeconds(exchange) * 1000 - age
    if exchange.noCache { return "response-no-cache" }
    if let most = exchange.askedMaxAge, age > most * 1000 || most == 0 { return "request-max-age" }
    if let least = exchange.askedMinFresh, left < least * 1000 { return "request-min-fresh" }
    if left > 0 { return "fresh" }
    if exchange.mustRevalidate || isShared(exchange) { return "must-revalidate" }
    if let most = exchange.askedMaxStale, -left <= most * 1000 { return "max-stale" }
    if let window = exchange.staleWhileRevalidate, -left < window * 1000 {
      return "stale-while-revalidate"
    }
    return "stale"
  }

  /// `s-maxage` counts, and forbids stale answers, only where no targeted field takes its place.
  private static func isShared(_ exchange: Exchange) -> Bool {
    exchange.sharedMaxAge != nil && exchange.targetedMaxAge == nil
  }

  private static func lifetimeSeconds(_ exchange: Exchange) -> Int64 {
    if let targeted = exchange.targetedMaxAge { return targeted }
    if let shared = exchange.sharedMaxAge { return shared }
    if let maxAge = exchange.maxAge { return maxAge }
    if let expires = exchange.expires { return max(0, expires - (exchange.date ?? 0)) }
    if let modified = exchange.lastModified {
      return max(0, (exchange.date ?? 0) - modified) / 10
    }
    return 0
  }

  // MARK: The policy

  private static let arrival = WallTime(secondsSinceEpoch: 784_111_777)

  private static func date(_ offset: Int64) -> [UInt8] {
    HTTPDate.format(WallTime(secondsSinceEpoch: arrival.secondsSinceEpoch + offset))
  }

  private static func response(_ exchange: Exchange) -> ResponseHead {
    var fields = FieldSection()
    if let date = exchange.date { fields.append(.date, self.date(date)) }
    if let age = exchange.age { fields.append(.age, Array("\(age)".utf8)) }
    if let expires = exchange.expires { fields.append(.expires, date(expires)) }
    if let modified = exchange.lastModified { fields.append(.lastModified, date(modified)) }
    // A validator, so that nothing is left out of the store for want of use.
    fields.append(.etag, [UInt8](ascii: "\"a\""))
    var common: [String] = []
    if exchange.noCache { common.append("no-cache") }
    if exchange.mustRevalidate { common.append("must-revalidate") }
    if let window = exchange.staleWhileRevalidate {
      common.append("stale-while-revalidate=\(window)")
    }
    var directives = common
    if let maxAge = exchange.maxAge { directives.append("max-age=\(maxAge)") }
    if let shared = exchange.sharedMaxAge { directives.append("s-maxage=\(shared)") }
    if let targeted = exchange.targetedMaxAge {
      let text = (common + ["max-age=\(targeted)"]).joined(separator: ", ")
      fields.append(.cdnCacheControl, Array(text.utf8))
    }
    for directive in directives { fields.append(.cacheControl, Array(directive.utf8)) }
    return ResponseHead(status: .ok, fields: fields)
  }

  private static func request(_ exchange: Exchange) -> RequestHead {
    var directives: [String] = []
    if let most = exchange.askedMaxAge { directives.append("max-age=\(most)") }
    if let least = exchange.askedMinFresh { directives.append("min-fresh=\(least)") }
    if let most = exchange.askedMaxStale { directives.append("max-stale=\(most)") }
    var fields = FieldSection()
    if !directives.isEmpty {
      fields.append(.cacheControl, Array(directives.joined(separator: ", ").utf8))
    }
    return RequestHead(method: .get, target: [UInt8](ascii: "/"), fields: fields)
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `freshness is what a second model of it says`(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    let rules = CacheRules()
    var seen: [String: Int] = [:]
    for _ in 0..<5000 {
      let exchange = Exchange(&generator)
      let decision = storageDecision(
        for: Self.response(exchange), to: RequestHead(method: .get, target: [UInt8](ascii: "/")),
        exchange: .other,
        requestedAt: WallTime(
          milliseconds: Self.arrival.milliseconds - exchange.delayMilliseconds),
        receivedAt: Self.arrival, rules: rules)
      guard case .store(let stored) = decision else {
        Issue.record("not stored: \(decision.reason) \(exchange)")
        continue
      }
      let later = WallTime(
        milliseconds: Self.arrival.milliseconds + exchange.laterMilliseconds)
      let reuse = reuseDecision(
        for: Self.request(exchange), stored: stored.metadata, now: later, rules: rules)
      let word = "\(reuse.reason.code)"
      #expect(word == Self.expected(exchange), "\(exchange)")
      seen[word, default: 0] += 1
    }
    // The exchanges reach every outcome often enough to mean something.
    #expect(seen.count == 8)
    #expect(seen.values.allSatisfy { $0 >= 20 }, "\(seen)")
  }
}

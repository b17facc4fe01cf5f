import CachePolicy
import HTTPModel
import Primitives
import Testing

/// Whatever field values peers send, the policy answers: no trap, and what holds always holds.
@Suite struct HostileInputTests {
  private static let pieces: [String] = [
    "max-age", "s-maxage", "no-store", "no-cache", "private", "public", "must-revalidate", "=",
    "\"",
    "\\", ",", ";", " ", "\t", "0", "1", "60", "99999999999999999999", "-", ".", "*", "W/", "\"a\"",
    "Accept", "accept-language", "x", "/", "//", "..", ".", "?", "#", "http:", "https://h", ":",
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    "only-if-cached", "max-stale", "min-fresh", "stale-if-error", "immutable", "é", "'", "a=b",
    "bytes", "bytes=", "bytes ", "0-", "-5", "0-499", "9223372036854775807", "500-999/1000", "/*",
    "q=0.5", "q=", "de-CH", "params", "key-order", "except", "(", ")", "?1", "@1", ":YQ==:",
    "multipart/byteranges",
  ]

  private static let fields: [KnownField] = [
    .cacheControl, .pragma, .expires, .date, .age, .lastModified, .etag, .vary, .connection,
    .location, .contentLocation, .ifNoneMatch, .ifModifiedSince, .cookie, .setCookie, .accept,
    .acceptLanguage, .contentLength, .range, .ifRange, .contentRange, .contentType,
    .acceptEncoding, .cdnCacheControl, .cacheGroups, .cacheGroupInvalidation, .noVarySearch,
    .contentLanguage,
  ]

  private func section(_ generator: inout SeededGenerator) -> FieldSection {
    var fields = FieldSection()
    for _ in 0..<Int.random(in: 0..<6, using: &generator) {
      var value: [UInt8] = []
      for _ in 0..<Int.random(in: 0..<8, using: &generator) {
        value += Array((Self.pieces.randomElement(using: &generator) ?? "").utf8)
      }
      fields.append(
        Self.fields.randomElement(using: &generator) ?? .age, value.trimmingOptionalWhitespace())
    }
    return fields
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `any field values get an answer`(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    var rules = CacheRules(profile: seed.isMultiple(of: 2) ? .conformant : .strict)
    rules.defaultTTL = Seconds(60)
    rules.storesParts = true
    let now = WallTime(secondsSinceEpoch: 784_111_777)
    var storedCount = 0
    for _ in 0..<4000 {
      let request = RequestHead(
        method: .get, target: [UInt8](ascii: "/a/b?c"), authority: [UInt8](ascii: "h:"),
        fields: section(&generator))
      let isPart = Int.random(in: 0..<4, using: &generator) == 0
      let response = ResponseHead(
        status: isPart ? .partialContent : .ok, fields: section(&generator))
      let decision = storageDecision(
        for: response, to: request, exchange: .other, requestedAt: now, receivedAt: now,
        rules: rules)
      var post = request
      post.method = .post
      _ = invalidationKeys(for: post, scheme: .https, response: response)
      _ = groupInvalidations(for: post, response: response)
      _ = contradictsItsRange(response, contentLength: 5)
      guard case .store(let stored) = decision else { continue }
      storedCount += 1
      check(stored, request: request, other: section(&generator), rules: rules, now: now)
    }
    #expect(storedCount > 100)
  }

  private func check(
    _ stored: StorableResponse, request: RequestHead, other: FieldSection, rules: CacheRules,
    now: WallTime
  ) {
    // What a request fetched it selects, and what the head says is read back.
    #expect(stored.vary.matches(request.fields))
    let fields = StoredHead.fields(of: stored.head[...])
    #expect(!fields.contains(.age))
    #expect(fields.contains(.date))
    let again = ResponseHead(status: .notModified, fields: other)
    _ = freshenDecision(
      stored: stored.metadata, head: stored.head[...], by: again, to: request, requestedAt: now,
      receivedAt: now, rules: rules)
    checkRanges(stored, other: other, rules: rules, now: now)
    // A response once stale does not get fresh by waiting.
    var wasStale = false
    for seconds in [0, 1, 60, 3600, 1 << 31, 1 << 40] as [Int64] {
      let later = WallTime(secondsSinceEpoch: now.secondsSinceEpoch + seconds)
      let decision = reuseDecision(
        for: request, stored: stored.metadata, now: later, rules: rules)
      if case .fresh(let age) = decision {
        #expect(!wasStale)
        #expect(age.ttl >= 0)
        #expect(age.ttl <= stored.metadata.lifetime.count)
      } else if decision.reason == .stale {
        wasStale = true
      }
      _ = conditionDecision(
        for: request, stored: stored.metadata,
        entityTag: stored.head[stored.metadata.entityTagRange], now: later)
    }
  }

  /// What is stored has the bytes that a range decision promises, and what is combined fits
  /// together.
  private func checkRanges(
    _ stored: StorableResponse, other: FieldSection, rules: CacheRules, now: WallTime
  ) {
    let part = stored.part ?? .whole(1000)
    #expect(stored.metadata.flags.contains(.partial) == !part.isWhole)
    let request = RequestHead(method: .get, target: [UInt8](ascii: "/a/b?c"), fields: other)
    let decision = rangeDecision(
      for: request, stored: stored.metadata, head: stored.head[...], part: part, now: now,
      rules: rules)
    switch decision {
    case .whole: #expect(part.isWhole)
    case .part(let range): #expect(part.holds(range))
    case .parts(let ranges):
      #expect(ranges.count > 1 && ranges.count <= Int(rules.rangeLimit))
      #expect(ranges.allSatisfy(part.holds))
    case .notSatisfiable(let length): #expect(part.completeLength == length)
    case .fetch(.missing(let range), _): #expect(!part.holds(range))
    case .fetch: #expect(!part.isWhole)
    }
    let held = HeldPart(
      metadata: stored.metadata, head: stored.head[...], vary: stored.vary, part: part)
    let answer = ResponseHead(status: .partialContent, fields: other)
    if case .combined(_, let union, let plan) = combineDecision(
      held: held, by: answer, contentLength: nil, to: request, requestedAt: now, receivedAt: now,
      rules: rules)
    {
      #expect(plan.prefix.upperBound <= plan.suffix.lowerBound)
      #expect(plan.suffix.upperBound == Int(part.count))
      #expect(union.first <= part.first && union.end >= part.end)
    }
    var head = request
    head.method = .head
    _ = headFreshenDecision(
      held: held, by: ResponseHead(status: .ok, fields: other), to: head, requestedAt: now,
      receivedAt: now, rules: rules)
    let kept = incompleteDecision(
      stored, receivedCount: 7, announcedCount: 9, rules: rules)
    if case .keep(let kept) = kept { #expect(kept.part?.count == 7) }
  }
}

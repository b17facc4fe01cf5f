import CachePolicy
import HTTPModel
import Primitives
import Testing

/// Readers of what peers and disks say, given good input with some bytes changed: every one
/// answers, none traps, and what they do understand is the same when it is written and read again.
@Suite struct MutatedInputTests {
  private static let rounds = 20_000

  /// One seed with a few bytes changed, taken out, doubled, or put in from another seed.
  private static func mutated(
    _ seeds: [String], _ generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = Array((seeds.randomElement(using: &generator) ?? "").utf8)
    for _ in 0..<Int.random(in: 0...4, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0 where place < bytes.count: bytes.remove(at: place)
      case 1 where place < bytes.count:
        bytes[place] = UInt8.random(in: 0x20...0xFF, using: &generator)
      case 2: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: place)
      default:
        let other = Array((seeds.randomElement(using: &generator) ?? "").utf8)
        bytes.insert(contentsOf: other.prefix(Int.random(in: 0...8, using: &generator)), at: place)
      }
    }
    return bytes
  }

  private static func fields(_ name: KnownField, _ value: [UInt8]) -> FieldSection {
    var fields = FieldSection()
    fields.append(name, value.trimmingOptionalWhitespace())
    return fields
  }

  @Test func `directives of any bytes are read, and restrict no less in a second line`() {
    var generator = SeededGenerator(state: 1)
    let seeds = [
      "max-age=60, s-maxage=\"90\", no-store", "private=\"Set-Cookie, X\", no-cache",
      "max-age=1, max-age=2;a, stale-while-revalidate=9, must-understand, immutable",
    ]
    for _ in 0..<Self.rounds {
      let value = Self.mutated(seeds, &generator)
      let alone = ResponseDirectives(Self.fields(.cacheControl, value))
      var two = Self.fields(.cacheControl, value)
      two.append(.cacheControl, [UInt8](ascii: "no-store, max-age=5"))
      let both = ResponseDirectives(two)
      #expect(both.flags.isSuperset(of: alone.flags))
      #expect(both.flags.contains(.noStore))
      #expect((both.maxAge ?? .maximum) <= Seconds(5))
      #expect((both.maxAge ?? .maximum) <= (alone.maxAge ?? .maximum))
      _ = RequestDirectives(two)
    }
  }

  @Test func `targeted fields of any bytes count whole or not at all`() {
    var generator = SeededGenerator(state: 2)
    let seeds = [
      "max-age=60, no-cache=\"X-One\"", "no-store, private", "max-age=6.5;a=(1 2), must-revalidate",
      "stale-if-error=600, extension=:YQ==:",
    ]
    var understood = 0
    for _ in 0..<Self.rounds {
      var fields = Self.fields(.cdnCacheControl, Self.mutated(seeds, &generator))
      fields.append(.cacheControl, [UInt8](ascii: "max-age=77"))
      let directives = ResponseDirectives(fields, rules: CacheRules())
      if directives.isTargeted {
        understood += 1
      } else {
        #expect(directives.maxAge == Seconds(77))
      }
    }
    #expect(understood > 1000)
  }

  @Test func `ranges of any bytes get ranges inside the content`() {
    var generator = SeededGenerator(state: 3)
    let seeds = [
      "bytes=0-499", "bytes=-5,10-20, 900-", "bytes=0-0,-1", "bytes=9-99999999999999999999",
    ]
    let now = WallTime(secondsSinceEpoch: 784_111_777)
    let request = RequestHead(method: .get, target: [UInt8](ascii: "/"))
    var response = ResponseHead(status: .ok)
    response.fields.append(.cacheControl, [UInt8](ascii: "max-age=60"))
    guard
      case .store(let stored) = storageDecision(
        for: response, to: request, exchange: .other, requestedAt: now, receivedAt: now,
        rules: CacheRules())
    else {
      Issue.record("nothing is stored")
      return
    }
    for _ in 0..<Self.rounds {
      let asked = RequestHead(
        method: .get, target: [UInt8](ascii: "/"),
        fields: Self.fields(.range, Self.mutated(seeds, &generator)))
      let decision = rangeDecision(
        for: asked, stored: stored.metadata, head: stored.head[...], part: .whole(1000), now: now,
        rules: CacheRules())
      switch decision {
      case .part(let range): #expect(range.last < 1000)
      case .parts(let ranges): #expect(ranges.allSatisfy { $0.last < 1000 })
      case .whole, .notSatisfiable: break
      case .fetch: Issue.record("a whole needs nothing more")
      }
    }
  }

  @Test func `a Content-Range of any bytes is understood or contradicts`() {
    var generator = SeededGenerator(state: 4)
    let seeds = ["bytes 0-499/1000", "bytes 500-999/*", "bytes */1000", "lines 0-4/5"]
    for _ in 0..<Self.rounds {
      let response = ResponseHead(
        status: .partialContent,
        fields: Self.fields(.contentRange, Self.mutated(seeds, &generator)))
      let isWrong = contradictsItsRange(response, contentLength: 0)
      #expect(isWrong, "no range has no bytes")
    }
  }

  @Test func `a No-Vary-Search of any bytes makes a normal form that is one`() {
    var generator = SeededGenerator(state: 5)
    let seeds = [
      "params=(\"a\" \"b%20c\"), key-order", "params, except=(\"q\")", "key-order=?0, params=?1",
    ]
    let queries = ["a=1&b=2&q=%41+", "q&q=&&=x", "b%20c=1&a=%zz&ä=%C3%A4", ""]
    for _ in 0..<Self.rounds {
      let fields = Self.fields(.noVarySearch, Self.mutated(seeds, &generator))
      guard let rule = NoVarySearch(fields) else { continue }
      #expect(NoVarySearch(encoded: rule.encoded) == rule)
      let query = Self.mutated(queries, &generator)
      let normal = rule.normalForm(of: query[...])
      #expect(rule.normalForm(of: normal[...]) == normal)
    }
  }

  @Test func `selecting fields of any bytes select what they stored`() {
    var generator = SeededGenerator(state: 6)
    let seeds = [
      "en, de;q=0.5", "gzip;q=1.0, *;q=0", "text/html;level=1, a/b;q=0.3, \"x\"", "de-CH",
    ]
    let now = WallTime(secondsSinceEpoch: 784_111_777)
    for _ in 0..<Self.rounds / 4 {
      var fields = Self.fields(.acceptLanguage, Self.mutated(seeds, &generator))
      fields.append(.accept, Self.mutated(seeds, &generator).trimmingOptionalWhitespace())
      let request = RequestHead(method: .get, target: [UInt8](ascii: "/"), fields: fields)
      var response = ResponseHead(status: .ok)
      response.fields.append(.cacheControl, [UInt8](ascii: "max-age=60"))
      response.fields.append(.vary, [UInt8](ascii: "Accept, Accept-Language"))
      response.fields.append(.contentLanguage, [UInt8](ascii: "de"))
      let decision = storageDecision(
        for: response, to: request, exchange: .other, requestedAt: now, receivedAt: now,
        rules: CacheRules())
      guard case .store(let stored) = decision else { continue }
      #expect(stored.vary.matches(fields))
    }
  }

  /// What selects a response is told in two ways, one of them for speed.
  @Test func `values select each other where they make the same entries, and only there`() {
    var generator = SeededGenerator(state: 9)
    let seeds = ["a, b,c", "a,b , c", "\"a, b\" ,c", "a b", ",", "a,,b", " a ,\tb"]
    let now = WallTime(secondsSinceEpoch: 784_111_777)
    var rules = CacheRules()
    rules.comparesNegotiationByMeaning = false
    var response = ResponseHead(status: .ok)
    response.fields.append(.cacheControl, [UInt8](ascii: "max-age=60"))
    response.fields.append(.vary, [UInt8](ascii: "Accept"))
    var matches = 0
    var fields: [FieldSection] = []
    for _ in 0..<Self.rounds / 2 {
      let pair = (0..<2).compactMap { _ -> StorableResponse? in
        let request = RequestHead(
          method: .get, target: [UInt8](ascii: "/"),
          fields: Self.fields(.accept, Self.mutated(seeds, &generator)))
        let decision = storageDecision(
          for: response, to: request, exchange: .other, requestedAt: now, receivedAt: now,
          rules: rules)
        fields.append(request.fields)
        return if case .store(let stored) = decision { stored } else { nil }
      }
      guard pair.count == 2, let asked = fields.last else { continue }
      let selects = pair[0].vary.matches(asked)
      #expect(selects == (pair[0].vary == pair[1].vary))
      matches += selects ? 1 : 0
    }
    #expect(matches > 100)
  }

  @Test func `bytes from a disk that are no keys, entries or annexes match nothing by accident`() {
    var generator = SeededGenerator(state: 7)
    var fields = FieldSection()
    fields.append(.accept, [UInt8](ascii: "a/b"))
    for _ in 0..<Self.rounds {
      let count = Int.random(in: 0..<40, using: &generator)
      let bytes = (0..<count).map { _ in
        // Small numbers are lengths that may fit.
        UInt8.random(in: 0...(Bool.random(using: &generator) ? 8 : 255), using: &generator)
      }
      _ = VaryKey.entries(bytes.span, match: fields)
      if let layout = CacheKey.Layout(of: bytes.span) {
        #expect(layout.target.upperBound <= count)
      }
      if let part = StoredAnnex.part(in: bytes.span) { #expect(part.count >= 0) }
      for label in StoredAnnex.labels(in: bytes.span) {
        let isFound = StoredAnnex.contains(label, in: bytes.span)
        #expect(isFound)
      }
      _ = NoVarySearch(encoded: bytes)
    }
  }

  @Test func `dates of any bytes are dates or none`() {
    var generator = SeededGenerator(state: 8)
    let seeds = [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ]
    let now = WallTime(secondsSinceEpoch: 784_111_777)
    for _ in 0..<Self.rounds {
      guard let date = HTTPDate.parse(Self.mutated(seeds, &generator), now: now) else { continue }
      #expect(HTTPDate.parse(HTTPDate.format(date), now: now) == date)
    }
  }
}

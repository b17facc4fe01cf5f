import HTTPModel
import Primitives
import Testing
import Verdict

// The request goes out at 22:13:20 and the answer is judged a second later.
private let date: (String, String) = ("Date", "Tue, 14 Nov 2023 22:13:20 GMT")

private let plain = DecisionRule(
  binding: .legacy(LegacyRule()), allow: AllowRule(source: .status, test: .statusIn([.ok])))
private let dateless = DecisionRule(
  binding: .legacy(LegacyRule(demandsDate: false)),
  allow: AllowRule(source: .status, test: .statusIn([.ok])))
private let named = DecisionRule(
  binding: .legacy(LegacyRule()),
  subject: SubjectRule(request: .basicUserName, verdict: .field(FieldName(.from))),
  allow: AllowRule(source: .status, test: .statusIn([.ok])))
private let ann = requestHead(.get, "/", [("Authorization", "Basic YW5uOnB3")])

private func marked(_ name: String, _ value: String) -> [(String, String)] {
  [date, (name, value)]
}

private let rows: [Exchange] = [
  Exchange("nothing speaks against it", plain, gives: 200, [date], is: .verified(nil)),
  Exchange(
    "an age", plain, gives: 200, marked("Age", "3"), is: .refused(.servedFromCache)),
  Exchange("an age of nothing", plain, gives: 200, marked("Age", "0"), is: .verified(nil)),
  Exchange(
    "a hit by Cache-Status", plain, gives: 200, marked("Cache-Status", "edge; hit"),
    is: .refused(.cacheStatusHit)),
  Exchange(
    "a collapsed request", plain, gives: 200, marked("Cache-Status", "edge; fwd=miss; collapsed"),
    is: .refused(.cacheStatusHit)),
  Exchange(
    "a miss by Cache-Status", plain, gives: 200, marked("Cache-Status", "edge; fwd=miss"),
    is: .verified(nil)),
  Exchange(
    "a freshness that is over", plain, gives: 200,
    marked("Cache-Status", "edge; fwd=miss; ttl=-4"), is: .refused(.staleMark)),
  Exchange(
    "a warning of staleness", plain, gives: 200, marked("Warning", "110 - \"Response is stale\""),
    is: .refused(.staleMark)),
  Exchange(
    "another warning", plain, gives: 200, marked("Warning", "214 - \"changed\""),
    is: .verified(nil)),
  Exchange(
    "a vendor's hit", plain, gives: 200, marked("X-Cache", "HIT from edge"),
    is: .refused(.vendorMarkHit)),
  Exchange(
    "a vendor's hit by a rare name", plain, gives: 200, marked("X-Rack-Cache", "fresh"),
    is: .refused(.vendorMarkHit)),
  Exchange(
    "two numbers of Varnish", plain, gives: 200, marked("X-Varnish", "32770 3"),
    is: .refused(.vendorMarkHit)),
  Exchange(
    "a vendor's miss", plain, gives: 200, marked("CF-Cache-Status", "DYNAMIC"), is: .verified(nil)),
  Exchange("no date", plain, gives: 200, [], is: .refused(.dateMissing)),
  Exchange("no date where none is demanded", dateless, gives: 200, [], is: .verified(nil)),
  Exchange(
    "two dates", plain, gives: 200, [date, date], is: .refused(.dateMissing)),
  Exchange(
    "a date that is none", dateless, gives: 200, [("Date", "yesterday")],
    is: .refused(.dateMissing)),
  Exchange(
    "a date at the edge of the skew", plain, gives: 200,
    [("Date", "Tue, 14 Nov 2023 22:13:15 GMT")], is: .verified(nil)),
  Exchange(
    "a date from before the request", plain, gives: 200,
    [("Date", "Tue, 14 Nov 2023 22:13:14 GMT")], is: .refused(.dateOutside)),
  Exchange(
    "a date that is to come", plain, gives: 200, [("Date", "Tue, 14 Nov 2023 22:13:27 GMT")],
    is: .refused(.dateOutside)),
  Exchange(
    "an old date without a demand for one", dateless, gives: 200,
    [("Date", "Tue, 14 Nov 2023 21:13:20 GMT")], is: .refused(.dateOutside)),
  Exchange("304 that nobody asked for", plain, gives: 304, [date], is: .refused(.notModified)),
  Exchange("a denial", plain, gives: 401, [date], is: .denied),
  Exchange(
    "a denial out of a cache is delivered and reported", plain, gives: 401, marked("Age", "9"),
    is: .deniedUnproved(.servedFromCache)),
  Exchange(
    "the user of the request", named, ann, gives: 200, marked("From", "ann"), is: .verified("ann")),
  Exchange(
    "another user", named, ann, gives: 200, marked("From", "bob"), is: .refused(.subjectMismatch)),
]

/// The values of one allow that must not come again.
private func identifiers(
  _ lines: [(String, String)], _ body: String = "", head: RequestHead = ann
) -> [ResponseIdentifier] {
  let body = Array(body.utf8)
  let facts = RequestFacts(of: head, under: plain)
  let judgement = verify(
    responseHead(200, lines), body: body.span, state: .whole, proof: .none, to: facts,
    under: plain, at: times)
  guard case .proven(let verdict) = judgement else { return [] }
  return verdict.identifiers
}

@Suite struct LegacyTests {
  @Test(arguments: rows)
  func `a row without proof holds with its reason`(row: Exchange) {
    #expect(VerdictExpectation(row.outcome) == row.expected)
  }

  @Test func `the request is made one that no cache may answer`() {
    let rule = DecisionRule(binding: .legacy(LegacyRule(buster: .query(Array("_".utf8)))))
    var head = requestHead(
      .get, "/auth?a=1", [("If-None-Match", "\"a\""), ("Cache-Control", "max-age=60")])
    var facts = RequestFacts(of: head, under: rule)
    #expect(facts.needsFreshValue(under: rule))
    prepareDecisionRequest(&head, token: Array("fresh".utf8), facts: &facts, under: rule)
    #expect(head.target == Array("/auth?a=1&_=fresh".utf8))
    #expect(!head.fields.contains(.ifNoneMatch))
    #expect(head.fields.only(.cacheControl).map(Array.init) == Array("no-cache, no-store".utf8))
    #expect(head.fields.contains(.pragma))
    #expect(!head.fields.contains(.transactionToken))
    #expect(facts.token.isEmpty)
  }

  @Test func `a fresh value stands in a query of its own, or in a field`() throws {
    var head = requestHead(.get, "/auth")
    let query = DecisionRule(binding: .legacy(LegacyRule(buster: .query(Array("_".utf8)))))
    var facts = RequestFacts(of: head, under: query)
    prepareDecisionRequest(&head, token: Array("f".utf8), facts: &facts, under: query)
    #expect(head.target == Array("/auth?_=f".utf8))
    let name = try #require(FieldName("X-Fresh".utf8))
    let field = DecisionRule(binding: .legacy(LegacyRule(buster: .field(name))))
    prepareDecisionRequest(&head, token: Array("f".utf8), facts: &facts, under: field)
    #expect(head.fields.first(name).map(Array.init) == Array("f".utf8))
  }

  @Test func `audit sends the request as it came`() {
    let rule = DecisionRule(
      mode: .audit, binding: .legacy(LegacyRule(buster: .query(Array("_".utf8)))))
    var head = requestHead(.get, "/auth")
    var facts = RequestFacts(of: head, under: rule)
    #expect(!facts.needsFreshValue(under: rule))
    prepareDecisionRequest(&head, token: [], facts: &facts, under: rule)
    #expect(head.target == Array("/auth".utf8))
  }

  @Test func `the same reply is the same, and differs with its date, body or cookies`() {
    let one = identifiers([date], "a")
    #expect(one.map(\.kind) == [.reply])
    #expect(one == identifiers([date], "a"))
    #expect(one != identifiers([date], "b"))
    #expect(one != identifiers([("Date", "Tue, 14 Nov 2023 22:13:21 GMT")], "a"))
    #expect(one != identifiers([date, ("Set-Cookie", "lang=de")], "a"))
  }

  @Test func `a session of a customary name counts though nobody declared it`() {
    let long = "sessionid=0123456789abcdef"
    #expect(identifiers([date, ("Set-Cookie", long)]).map(\.kind) == [.reply, .session])
    // Too short to be one, or a preference.
    #expect(identifiers([date, ("Set-Cookie", "login_lang=de")]).map(\.kind) == [.reply])
    #expect(identifiers([date, ("Set-Cookie", "lang=0123456789abcdef")]).map(\.kind) == [.reply])
    let brought = requestHead(.get, "/", [("Cookie", long)])
    #expect(identifiers([date, ("Set-Cookie", long)], head: brought).map(\.kind) == [.reply])
  }

  /// What rows here say of reasons, for the test that every reason stands in one.
  static let reasons = Set(rows.compactMap(\.expected.reason))
}

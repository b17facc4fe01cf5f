import HTTPModel
import Primitives
import Testing
import Verdict

private let echo: (String, String) = ("Transaction-Token", token)
private let json: (String, String) = ("Content-Type", "application/json")
private let binding = BindingRule.echo(EchoRule())
private let sid = VerdictSource.cookie(Array("sid".utf8))

private let demands = VerdictDemands(
  singleUse: [.json(pointer("/jti"))], oneTimeValues: [.locationParameter(Array("code".utf8))],
  sessions: [sid, .json(pointer("/access_token"))],
  credentials: [.json(pointer("/user")), .json(pointer("/password"))])
private let rule = DecisionRule(binding: binding, demands: demands)
private let login = requestHead(.post, "/login", [json])

/// What of a verdict must serve once, as `kind value`, or why it is refused.
private func serving(
  _ lines: [(String, String)] = [], _ body: String = #"{"jti":"1"}"#,
  asks: String = #"{"user":"ann","password":"x"}"#, head: RequestHead = login,
  under rule: DecisionRule = rule
) -> [String] {
  let body = Array(body.utf8)
  let asked = Array(asks.utf8)
  var facts = RequestFacts(
    of: head, body: asked.span, bodyIsWhole: true, certificate: nil, under: rule)
  var head = head
  prepareDecisionRequest(&head, token: Array(token.utf8), facts: &facts, under: rule)
  let judgement = verify(
    responseHead(200, [echo, json] + lines), body: body.span, state: .whole, proof: .none,
    to: facts, under: rule, at: times)
  switch judgement {
  case .proven(let verdict):
    return verdict.identifiers.map { "\($0.kind) \(String(decoding: $0.value, as: UTF8.self))" }
  case .refused(let reason): return ["refused \(reason)"]
  case .denied, .untested: return ["\(judgement)"]
  }
}

private func credentials(_ asks: String, head: RequestHead = login) -> PresentedCredentials {
  let asked = Array(asks.utf8)
  return RequestFacts(
    of: head, body: asked.span, bodyIsWhole: true, certificate: nil, under: rule
  ).credentials
}

@Suite struct SingleUseTests {
  @Test func `identifiers, codes, sessions and tokens that are handed out serve once`() {
    #expect(serving() == ["verdict 1"])
    #expect(serving([("Location", "/cb?code=c&state=s")]) == ["verdict 1", "oneTimeValue c"])
    #expect(serving([("Set-Cookie", "sid=s; Path=/")]) == ["verdict 1", "session s"])
    #expect(serving([], #"{"jti":"1","access_token":"t"}"#) == ["verdict 1", "session t"])
    #expect(
      serving([("Set-Cookie", "sid=a; Path=/a"), ("Set-Cookie", "sid=b; Path=/b")])
        == ["verdict 1", "session a", "session b"])
  }

  @Test(arguments: [
    "sid=", "sid=; Max-Age=0", "sid=deleted; Max-Age=0", "sid=x; Max-Age=-1",
    "sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "sid=x; expires=Thu, 01-Jan-1970 00:00:00 GMT",
    "sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0",
  ])
  func `a cookie that is deleted may be deleted again`(line: String) {
    #expect(serving([("Set-Cookie", line)]) == ["verdict 1"])
  }

  @Test(arguments: [
    "sid=s; Max-Age=60", "sid=s; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60",
    "sid=s; Expires=soon", "sid=s; Max-Age=", "sid=s; Expires=Fri, 31 Dec 2999 23:59:59 GMT",
  ])
  func `a cookie that lives is a session`(line: String) {
    #expect(serving([("Set-Cookie", line)]) == ["verdict 1", "session s"])
  }

  @Test(arguments: ["lang=de; Path=/", "theme=dark; Max-Age=31536000", "consent=yes", "SID=other"])
  func `preferences and other cookies repeat lawfully`(line: String) {
    #expect(serving([("Set-Cookie", line)]) == ["verdict 1"])
  }

  @Test func `a session that the request brought comes back lawfully`() {
    let rolling = requestHead(.post, "/login", [json, ("Cookie", "a=1; sid=s")])
    #expect(serving([("Set-Cookie", "sid=s")], head: rolling) == ["verdict 1"])
    #expect(serving([("Set-Cookie", "sid=new")], head: rolling) == ["verdict 1", "session new"])
    let bearer = requestHead(.post, "/login", [json, ("Authorization", "Bearer t")])
    #expect(serving([], #"{"jti":"1","access_token":"t"}"#, head: bearer) == ["verdict 1"])
  }

  @Test func `a token's jti and a chain's txn are nobody's business unless declared`() {
    let introspection = DecisionRule(
      binding: binding, demands: VerdictDemands(sessions: [sid], credentials: [.basicUserName]))
    #expect(
      serving([], #"{"active":true,"jti":"1","txn":"2"}"#, under: introspection).isEmpty)
  }

  @Test func `what cannot be read is refused`() {
    #expect(serving([], "{}") == ["refused identifierMissing"])
    #expect(serving([], #"{"jti":"1","access_token":{}}"#) == ["refused identifierUnreadable"])
    #expect(
      serving([("Location", "/?code=a&code=b")]) == ["refused identifierUnreadable"])
    #expect(
      serving([("Set-Cookie", "sid=s")], asks: #"{"user":"ann","user":"bob"}"#)
        == ["refused credentialsUnreadable"])
    // Without a session it is nobody's.
    #expect(serving(asks: #"{"user":"ann","user":"bob"}"#) == ["verdict 1"])
  }

  @Test func `the consumer's own identifier is remembered, a stand-in is not`() {
    let own = DecisionRule(
      binding: .echo(EchoRule(proof: .field(FieldName(.xRequestID)))),
      token: .request(.field(FieldName(.xRequestID))))
    let sent = requestHead(.post, "/", [("X-Request-ID", "abc")])
    #expect(serving([("X-Request-ID", "abc")], head: sent, under: own) == ["token abc"])
    #expect(serving([("X-Request-ID", token)], under: own).isEmpty)
  }

  @Test func `credentials are apart whenever one of them is`() {
    let ann = credentials(#"{"user":"ann","password":"x"}"#)
    #expect(ann == credentials(#"{"password":"x","user":"ann","csrf":"1"}"#))
    #expect(ann != credentials(#"{"user":"ann","password":"y"}"#))
    #expect(ann != credentials(#"{"user":"annx","password":""}"#))
    #expect(
      credentials(#"{"user":"a","password":"bc"}"#) != credentials(#"{"user":"ab","password":"c"}"#)
    )
    #expect(credentials(#"{"user":"a"}"#) != credentials(#"{"password":"a"}"#))
    #expect(credentials("{}") == .none)
    #expect(credentials("no json") == .unreadable)
  }

  @Test func `each kind that comes again has a reason of its own`() throws {
    let body = Array(#"{"jti":"1"}"#.utf8)
    var facts = RequestFacts(of: login, under: rule)
    var head = login
    prepareDecisionRequest(&head, token: Array(token.utf8), facts: &facts, under: rule)
    let judgement = verify(
      responseHead(200, [echo, json]), body: body.span, state: .whole, proof: .none, to: facts,
      under: rule, at: times)
    let expected: [IdentifierKind: RefusalReason] = [
      .verdict: .identifierRepeated, .token: .tokenReused, .oneTimeValue: .oneTimeValueRepeated,
      .session: .sessionShared, .reply: .replyRepeated,
    ]
    for kind in IdentifierKind.allCases {
      let outcome = judgement.outcome { _ in .repeated(kind) }
      #expect(outcome.reason == expected[kind])
    }
    #expect(judgement.outcome { _ in .full }.reason == .replayMemoryFull)
    #expect(judgement.outcome { _ in .first }.reason == nil)
  }

  /// What is shown here of reasons, for the test that every reason stands in a row.
  static let reasons: Set<RefusalReason> = [
    .identifierMissing, .identifierUnreadable, .credentialsUnreadable, .identifierRepeated,
    .tokenReused, .oneTimeValueRepeated, .sessionShared, .replyRepeated, .replayMemoryFull,
  ]
}

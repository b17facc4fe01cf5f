import HTTPModel
import Primitives
import Testing
import Verdict

private let json: (String, String) = ("Content-Type", "application/json")
private let echo: (String, String) = ("Transaction-Token", token)
private let stale: (String, String) = ("Transaction-Token", "dG9rZW4tb2Ytb3RoZXI")

private let inField = BindingRule.echo(EchoRule())
private let inBody = BindingRule.echo(EchoRule(proof: .json(pointer("/txn"))))
private let isAuthorized = AllowRule(
  source: .json(pointer("/authorized")), test: .equals(.boolean(true)))
private let is200 = AllowRule(source: .status, test: .statusIn([.ok]))
private let sameUser = SubjectRule(
  request: .json(pointer("/username")), verdict: .json(pointer("/user/name")))

private let plain = DecisionRule(binding: inField)
private let login = DecisionRule(binding: inField, subject: sameUser, allow: isAuthorized)
private let bodyLogin = DecisionRule(binding: inBody, subject: sameUser, allow: isAuthorized)
private let byStatus = DecisionRule(binding: inField, allow: is200)
private let strict = DecisionRule(binding: inField, allow: isAuthorized, deny: .verify)

private let yesAnn = #"{"authorized":true,"user":{"name":"ann"}}"#

private func subject(
  _ request: RequestSource, _ normalisation: SubjectNormalisation = .none,
  verdict: VerdictSource = .field(FieldName(.from))
) -> DecisionRule {
  DecisionRule(
    binding: inField,
    subject: SubjectRule(request: request, verdict: verdict, normalisation: normalisation),
    allow: is200)
}

private func field(_ name: String) -> FieldName { FieldName(name.utf8) ?? FieldName(.server) }

private func allow(_ source: VerdictSource, _ test: AllowTest) -> DecisionRule {
  DecisionRule(binding: inField, allow: AllowRule(source: source, test: test))
}

private let tokenRows: [Exchange] = [
  Exchange(
    "an allow with its token and user is verified", login, gives: 200, [echo, json], yesAnn,
    is: .verified("ann")),
  Exchange(
    "an allow without a token is refused", login, gives: 200, [json], yesAnn,
    is: .refused(.tokenMissing)),
  Exchange(
    "an allow with another request's token is refused", login, gives: 200, [stale, json],
    yesAnn, is: .refused(.tokenMismatch)),
  Exchange(
    "a prefix of the token is not the token", plain, gives: 200,
    [("Transaction-Token", String(token.dropLast()))], is: .refused(.tokenMismatch)),
  Exchange(
    "the token in another case is not the token", plain, gives: 200,
    [("Transaction-Token", token.lowercased())], is: .refused(.tokenMismatch)),
  Exchange(
    "two token fields are refused, even equal ones", login, gives: 200, [echo, echo, json],
    yesAnn, is: .refused(.tokenRepeated)),
  Exchange(
    "two tokens in one field are refused", login, gives: 200,
    [("Transaction-Token", "\(token), \(token)"), json], yesAnn, is: .refused(.tokenMismatch)),
  Exchange(
    "a token in the body counts nothing where the field is demanded", login, gives: 200,
    [json], #"{"authorized":true,"user":{"name":"ann"},"txn":"\#(token)"}"#,
    is: .refused(.tokenMissing)),
  Exchange(
    "a token in the field counts nothing where the body is demanded", bodyLogin, gives: 200,
    [echo, json], yesAnn, is: .refused(.tokenMissing)),
  Exchange(
    "a token in the body is verified", bodyLogin, gives: 200, [json],
    #"{"authorized":true,"user":{"name":"ann"},"txn":"\#(token)"}"#, is: .verified("ann")),
  Exchange(
    "another token in the body is refused", bodyLogin, gives: 200, [json],
    #"{"authorized":true,"user":{"name":"ann"},"txn":"x"}"#, is: .refused(.tokenMismatch)),
  Exchange(
    "a number is no token", bodyLogin, gives: 200, [json],
    #"{"authorized":true,"user":{"name":"ann"},"txn":1}"#, is: .refused(.tokenNotText)),
  Exchange(
    "an array of tokens is no token", bodyLogin, gives: 200, [json],
    #"{"authorized":true,"user":{"name":"ann"},"txn":["\#(token)"]}"#, is: .refused(.tokenNotText)),
  Exchange(
    "two token members are refused", bodyLogin, gives: 200, [json],
    #"{"authorized":true,"user":{"name":"ann"},"txn":"\#(token)","txn":"\#(token)"}"#,
    is: .refused(.jsonDuplicateMember)),
  Exchange(
    "no token sent, nothing verified", plain, gives: 200, sendsToken: false,
    is: .refused(.tokenNotSent)),
  Exchange(
    "no token sent and an empty one back is nothing verified", plain, gives: 200,
    [("Transaction-Token", "")], sendsToken: false, is: .refused(.tokenNotSent)),
  Exchange(
    "an undeclared binding verifies nothing", DecisionRule(binding: .none), gives: 200,
    is: .refused(.bindingUndeclared)),
  Exchange(
    "a configured field name is looked for and no other",
    DecisionRule(
      binding: .echo(
        EchoRule(requestField: field("X-Nonce"), proof: .field(field("X-Nonce-Back"))))),
    gives: 200, [("x-nonce-back", token)], is: .verified(nil)),
]

private let bodyRows: [Exchange] = [
  Exchange(
    "an empty body where the decision is in it", login, gives: 200, [echo, json],
    is: .refused(.bodyAbsent)),
  Exchange(
    "white space only is an empty body", login, gives: 200, [echo, json], "  \n",
    is: .refused(.bodyAbsent)),
  Exchange(
    "a coded body where the decision is in it", login, gives: 200,
    [echo, json, ("Content-Encoding", "gzip")], yesAnn, is: .refused(.bodyCoded)),
  Exchange(
    "a coded body where only the field and the status count", byStatus, gives: 200,
    [echo, ("Content-Encoding", "br")], "…", is: .refused(.bodyCoded)),
  Exchange(
    "identity is no coding", login, gives: 200,
    [echo, json, ("Content-Encoding", "identity")], yesAnn, is: .verified("ann")),
  Exchange(
    "a coding without a body codes nothing", byStatus, gives: 200,
    [echo, ("Content-Encoding", "gzip")], is: .verified(nil)),
  Exchange(
    "a body past the limit", login, gives: 200, [echo, json], yesAnn, state: .tooLarge,
    is: .refused(.bodyTooLarge)),
  Exchange(
    "a body past the limit under a status of no", login, gives: 401, [echo, json], "{}",
    state: .tooLarge, is: .refused(.bodyTooLarge)),
  Exchange(
    "a body that breaks off", byStatus, gives: 200, [echo], "x", state: .cutShort,
    is: .refused(.bodyIncomplete)),
  Exchange(
    "a body that is not JSON", login, gives: 200, [echo, json], "<html>",
    is: .refused(.jsonInvalid)),
  Exchange(
    "trailing bytes after the JSON", login, gives: 200, [echo, json], yesAnn + "x",
    is: .refused(.jsonInvalid)),
  Exchange(
    "two decisions in one object", login, gives: 200, [echo, json],
    #"{"authorized":false,"authorized":true,"user":{"name":"ann"}}"#,
    is: .refused(.jsonDuplicateMember)),
  Exchange(
    "two decisions, one of them in escapes", login, gives: 200, [echo, json],
    #"{"authorized":true,"user":{"name":"ann"},"\u0061uthorized":false}"#,
    is: .refused(.jsonDuplicateMember)),
  Exchange(
    "JSON past the depth", login, gives: 200, [echo, json],
    String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
    is: .refused(.jsonBeyondLimits)),
  Exchange(
    "promised JSON that is none, where the status decides", byStatus, gives: 200,
    [echo, json], "OK", is: .refused(.jsonInvalid)),
  Exchange(
    "text that promises no JSON, where the status decides", byStatus, gives: 200,
    [echo, ("Content-Type", "text/plain")], "OK", is: .verified(nil)),
  Exchange(
    "a form decides", allow(.form(Array("ok".utf8)), .equals(.text(Array("1".utf8)))),
    gives: 200, [echo], "user=a%20b&ok=1", is: .verified(nil)),
  Exchange(
    "a form says no", allow(.form(Array("ok".utf8)), .equals(.text(Array("1".utf8)))),
    gives: 200, [echo], "ok=0", is: .denied),
  Exchange(
    "a form says both", allow(.form(Array("ok".utf8)), .equals(.text(Array("1".utf8)))),
    gives: 200, [echo], "ok=1&o%6B=0", is: .refused(.formInvalid)),
  Exchange(
    "a form with a bad escape", allow(.form(Array("ok".utf8)), .exists), gives: 200, [echo],
    "ok=1&x=%zz", is: .refused(.formInvalid)),
]

private let subjectRows: [Exchange] = [
  Exchange(
    "another user", login, gives: 200, [echo, json],
    #"{"authorized":true,"user":{"name":"bob"}}"#, is: .refused(.subjectMismatch)),
  Exchange(
    "the same user in another case", login, gives: 200, [echo, json],
    #"{"authorized":true,"user":{"name":"Ann"}}"#, is: .refused(.subjectMismatch)),
  Exchange(
    "the same user in another case, where case is declared not to count",
    subject(.json(pointer("/username")), SubjectNormalisation(ignoresASCIICase: true)), gives: 200,
    [echo, ("From", "ANN")],
    is: .verified("ANN")),
  Exchange(
    "canonically equivalent names are different bytes", login,
    asks: #"{"username":"\u00e9"}"#, gives: 200, [echo, json],
    #"{"authorized":true,"user":{"name":"e\u0301"}}"#, is: .refused(.subjectMismatch)),
  Exchange(
    "a name in escapes is the bytes it stands for", login, asks: #"{"username":"\u00e9"}"#,
    gives: 200, [echo, json], #"{"authorized":true,"user":{"name":"é"}}"#, is: .verified("é")),
  Exchange(
    "an allow that names nobody", login, gives: 200, [echo, json], #"{"authorized":true}"#,
    is: .refused(.subjectMissing)),
  Exchange(
    "an allow of null", login, gives: 200, [echo, json],
    #"{"authorized":true,"user":{"name":null}}"#, is: .refused(.subjectMissing)),
  Exchange(
    "an allow of the empty name", login, gives: 200, [echo, json],
    #"{"authorized":true,"user":{"name":""}}"#, is: .refused(.subjectEmpty)),
  Exchange(
    "an allow of an object", login, gives: 200, [echo, json],
    #"{"authorized":true,"user":{"name":{"is":"ann"}}}"#, is: .refused(.subjectNotText)),
  Exchange(
    "a number is a user by its text", login, asks: #"{"username":42}"#, gives: 200,
    [echo, json], #"{"authorized":true,"user":{"name":42}}"#, is: .verified("42")),
  Exchange(
    "two users in the verdict", subject(.json(pointer("/username"))), gives: 200,
    [echo, ("From", "ann"), ("From", "ann")], is: .refused(.subjectRepeated)),
  Exchange(
    "the request names nobody", login, asks: #"{"user":"ann"}"#, gives: 200, [echo, json],
    yesAnn, is: .refused(.requestSubjectMissing)),
  Exchange(
    "the request names the empty user", login, asks: #"{"username":""}"#, gives: 200,
    [echo, json], #"{"authorized":true,"user":{"name":""}}"#,
    is: .refused(.requestSubjectMissing)),
  Exchange(
    "the request names two users", login, asks: #"{"username":"ann","username":"bob"}"#,
    gives: 200, [echo, json], yesAnn, is: .refused(.requestSubjectRepeated)),
  Exchange(
    "the request is not JSON", login, asks: "username=ann", gives: 200, [echo, json], yesAnn,
    is: .refused(.requestSubjectUnreadable)),
  Exchange(
    "the request is coded", login, requestHead(.post, "/", [("Content-Encoding", "gzip")]),
    gives: 200, [echo, json], yesAnn, is: .refused(.requestSubjectUnreadable)),
  Exchange(
    "the request is past the limit", login, requestIsWhole: false, gives: 200, [echo, json],
    yesAnn, is: .refused(.requestBodyTooLarge)),
  Exchange(
    "a user in a form", subject(.form(Array("u".utf8))), asks: "u=a+b%40c&p=x", gives: 200,
    [echo, ("From", "a b@c")], is: .verified("a b@c")),
  Exchange(
    "two users in a form", subject(.form(Array("u".utf8))), asks: "u=ann&u=bob", gives: 200,
    [echo, ("From", "ann")], is: .refused(.requestSubjectRepeated)),
  Exchange(
    "a user in the query", subject(.query(Array("u".utf8))), requestHead(.get, "/a?x=1&u=ann"),
    gives: 200, [echo, ("From", "ann")], is: .verified("ann")),
  Exchange(
    "no query", subject(.query(Array("u".utf8))), requestHead(.get, "/a"), gives: 200,
    [echo, ("From", "ann")], is: .refused(.requestSubjectMissing)),
  Exchange(
    "a Basic user", subject(.basicUserName),
    requestHead(.get, "/", [("Authorization", "basic YW5uOnB3OjE=")]), gives: 200,
    [echo, ("From", "ann")], is: .verified("ann")),
  Exchange(
    "a Bearer token names no Basic user", subject(.basicUserName),
    requestHead(.get, "/", [("Authorization", "Bearer YW5uOnB3")]), gives: 200,
    [echo, ("From", "ann")],
    is: .refused(.requestSubjectUnreadable)),
  Exchange(
    "two Authorization fields", subject(.basicUserName),
    requestHead(
      .get, "/", [("Authorization", "Basic YW5uOnB3"), ("Authorization", "Basic Ym9iOnB3")]),
    gives: 200, [echo, ("From", "ann")], is: .refused(.requestSubjectRepeated)),
  Exchange(
    "a user in a field", subject(.field(field("X-User"))),
    requestHead(.get, "/", [("x-user", "ann")]), gives: 200, [echo, ("From", "ann")],
    is: .verified("ann")),
  Exchange(
    "a certificate's common name", subject(.clientCertificate(.commonName)),
    certificate: ClientCertificateNames(commonName: Array("ann".utf8)), gives: 200,
    [echo, ("From", "ann")], is: .verified("ann")),
  Exchange(
    "a certificate with two addresses names nobody", subject(.clientCertificate(.email)),
    certificate: ClientCertificateNames(emails: [Array("ann".utf8), Array("bob".utf8)]), gives: 200,
    [echo, ("From", "ann")], is: .refused(.requestSubjectRepeated)),
  Exchange(
    "no certificate", subject(.clientCertificate(.uri)), gives: 200,
    [echo, ("From", "ann")], is: .refused(.requestSubjectMissing)),
  Exchange(
    "a user in a cookie of the verdict",
    subject(.json(pointer("/username")), verdict: .cookie(Array("u".utf8))), gives: 200,
    [echo, ("Set-Cookie", "s=1"), ("Set-Cookie", "u=ann; Path=/")], is: .verified("ann")),
  Exchange(
    "a user in a cookie of the request", subject(.cookie(Array("u".utf8))),
    requestHead(.get, "/", [("Cookie", "a=1; u=ann")]), gives: 200, [echo, ("From", "ann")],
    is: .verified("ann")),
  Exchange(
    "two cookies of the name in the request", subject(.cookie(Array("u".utf8))),
    requestHead(.get, "/", [("Cookie", "u=ann; u=bob")]), gives: 200, [echo, ("From", "ann")],
    is: .refused(.requestSubjectRepeated)),
  Exchange(
    "a user in the query of Location",
    subject(.json(pointer("/username")), verdict: .locationParameter(Array("u".utf8))), gives: 200,
    [echo, ("Location", "https://a.example/?x=1&u=ann#top")], is: .verified("ann")),
  Exchange(
    "a user in the fragment of Location",
    subject(.json(pointer("/username")), verdict: .locationParameter(Array("u".utf8))), gives: 200,
    [echo, ("Location", "/home#u=ann")], is: .verified("ann")),
  Exchange(
    "a user in both parts of Location",
    subject(.json(pointer("/username")), verdict: .locationParameter(Array("u".utf8))), gives: 200,
    [echo, ("Location", "/?u=ann#u=ann")], is: .refused(.subjectRepeated)),
  Exchange(
    "two cookies of the name",
    subject(.json(pointer("/username")), verdict: .cookie(Array("u".utf8))), gives: 200,
    [echo, ("Set-Cookie", "u=ann"), ("Set-Cookie", "u=ann; Path=/x")],
    is: .refused(.subjectRepeated)),
]

private let decisionRows: [Exchange] = [
  Exchange(
    "an explicit no with its token is a denial", login, gives: 200, [echo, json],
    #"{"authorized":false}"#, is: .denied),
  Exchange(
    "an explicit no in a 200, declared, without a token", login, gives: 200, [json],
    #"{"authorized":false}"#, is: .refused(.tokenMissing)),
  Exchange(
    "text is not true", login, gives: 200, [echo, json],
    #"{"authorized":"true","user":{"name":"ann"}}"#, is: .denied),
  Exchange(
    "one is not true", login, gives: 200, [echo, json],
    #"{"authorized":1,"user":{"name":"ann"}}"#, is: .denied),
  Exchange(
    "no decision at all is a denial", login, gives: 200, [echo, json],
    #"{"user":{"name":"ann"}}"#, is: .denied),
  Exchange(
    "a no about another user is refused", login, gives: 200, [echo, json],
    #"{"authorized":false,"user":{"name":"bob"}}"#, is: .refused(.subjectMismatch)),
  Exchange(
    "a challenge without a token is delivered and reported", login, gives: 401, [],
    is: .deniedUnproved(.tokenMissing)),
  Exchange(
    "a page in HTML under 403 is a denial", login, gives: 403,
    [echo, ("Content-Type", "text/html")], "<p>no</p>", is: .denied),
  Exchange("an error of the service is never an allow", plain, gives: 503, [echo], is: .denied),
  Exchange(
    "an error of the service that is declared an allow is none",
    allow(.status, .statusIn([.ok, .serviceUnavailable])), gives: 503, [echo], is: .denied),
  Exchange(
    "yes under 401 says two things", login, gives: 401, [echo, json], yesAnn,
    is: .refused(.decisionAmbiguous)),
  Exchange(
    "yes under 500 says two things", login, gives: 500, [echo, json], yesAnn,
    is: .refused(.decisionAmbiguous)),
  Exchange(
    "a coded body under 401 might say yes", login, gives: 401,
    [echo, json, ("Content-Encoding", "gzip")], "x", is: .refused(.bodyCoded)),
  Exchange(
    "broken JSON under 401 might say yes", login, gives: 401, [echo],
    #"{"authorized":true,"#, is: .refused(.jsonInvalid)),
  Exchange(
    "no by the body under a declared 200 says two things", byStatus, gives: 200,
    [echo, json], #"{"decision":false}"#, is: .refused(.decisionAmbiguous)),
  Exchange(
    "yes by the body under a status that denies says two things", byStatus, gives: 403,
    [echo, json], #"{"decision":true}"#, is: .refused(.decisionAmbiguous)),
  Exchange(
    "an AuthZEN no in a 200 is understood without a rule", plain, gives: 200, [echo, json],
    #"{"decision":false}"#, is: .denied),
  Exchange(
    "an AuthZEN no in a 200 without a rule needs proof", plain, gives: 200, [json],
    #"{"decision":false}"#, is: .refused(.tokenMissing)),
  Exchange(
    "an AuthZEN yes in a 200 is understood without a rule", plain, gives: 200, [echo, json],
    #"{"decision":true}"#, is: .verified(nil)),
  Exchange(
    "customary members that disagree say two things", plain, gives: 200, [echo, json],
    #"{"active":true,"result":{"allow":false}}"#, is: .refused(.decisionAmbiguous)),
  Exchange(
    "yes by a customary member under 403 says two things", plain, gives: 403, [echo, json],
    #"{"allowed":true}"#, is: .refused(.decisionAmbiguous)),
  Exchange(
    "a bare 200 is an allow and needs proof", plain, gives: 200, [],
    is: .refused(.tokenMissing)),
  Exchange("a bare 204 with its token is verified", plain, gives: 204, is: .verified(nil)),
  Exchange(
    "a redirection without a rule counts as allow", plain, gives: 303,
    [("Location", "/home")], is: .refused(.tokenMissing)),
  Exchange(
    "a form login that leads home is an allow",
    allow(.location, .startsWith(Array("/home".utf8))), gives: 303, [echo, ("Location", "/home")],
    is: .verified(nil)),
  Exchange(
    "a form login that leads back without a token is refused",
    allow(.location, .startsWith(Array("/home".utf8))), gives: 303,
    [("Location", "/login?error=1")], is: .refused(.tokenMissing)),
  Exchange(
    "a form login that leads back is a denial",
    allow(.location, .startsWith(Array("/home".utf8))), gives: 303,
    [echo, ("Location", "/login?error=1")], is: .denied),
  Exchange(
    "a session set beside the declared status is refused without a token",
    allow(.status, .statusIn([.ok])), gives: 303,
    [("Location", "/home"), ("Set-Cookie", "session=1")], is: .refused(.tokenMissing)),
  Exchange(
    "two fields that decide are refused", allow(.field(field("X-Allow")), .exists),
    gives: 200, [echo, ("X-Allow", "1"), ("X-Allow", "0")], is: .refused(.decisionRepeated)),
  Exchange(
    "two cookies that decide are refused", allow(.cookie(Array("sid".utf8)), .exists),
    gives: 200, [echo, ("Set-Cookie", "sid=1"), ("Set-Cookie", "sid=2")],
    is: .refused(.decisionRepeated)),
  Exchange(
    "a cookie that is set is an allow", allow(.cookie(Array("sid".utf8)), .exists),
    gives: 303, [echo, ("Set-Cookie", "sid=1; HttpOnly")], is: .verified(nil)),
  Exchange(
    "an emptied cookie is none", allow(.cookie(Array("sid".utf8)), .exists), gives: 303,
    [echo, ("Set-Cookie", "sid=; Max-Age=0")], is: .denied),
  Exchange(
    "words outside JSON are compared as words",
    allow(.field(field("X-Allow")), .equals(.boolean(true))), gives: 200,
    [echo, ("X-Allow", "true")], is: .verified(nil)),
  Exchange(
    "a field that allows under 403 says two things",
    allow(.field(field("X-Allow")), .exists), gives: 403, [echo, ("X-Allow", "1")],
    is: .refused(.decisionAmbiguous)),
  Exchange(
    "a number is compared by its text",
    allow(.json(pointer("/code")), .equals(.number(Array("0".utf8)))), gives: 200, [echo, json],
    #"{"code":0}"#, is: .verified(nil)),
  Exchange(
    "another spelling of the number is another value",
    allow(.json(pointer("/code")), .equals(.number(Array("0".utf8)))), gives: 200, [echo, json],
    #"{"code":0.0}"#, is: .denied),
  Exchange(
    "null equals null", allow(.json(pointer("/error")), .equals(.null)), gives: 200,
    [echo, json], #"{"error":null}"#, is: .verified(nil)),
  Exchange(
    "null does not exist", allow(.json(pointer("/user")), .exists), gives: 200,
    [echo, json], #"{"user":null}"#, is: .denied),
]

private let statusRows: [Exchange] = [
  Exchange(
    "304 to a request without preconditions", plain,
    requestHead(.get, "/", [("If-None-Match", "\"a\"")]), gives: 304, [echo],
    is: .refused(.notModified)),
  Exchange(
    "304 to a precondition that was let through", plain,
    requestHead(.post, "/", [("If-None-Match", "\"a\"")]), gives: 304, [echo],
    is: .refused(.validated)),
  Exchange(
    "a part of a verdict", plain, requestHead(.get, "/", [("Range", "bytes=0-1")]), gives: 206,
    [echo], is: .refused(.partialContent)),
  Exchange("101 is no verdict", plain, gives: 101, [echo], is: .refused(.statusUnexpected)),
  Exchange(
    "a status past 599 is no verdict", plain, gives: 600, [echo],
    is: .refused(.statusUnexpected)),
  Exchange(
    "an allow with an age comes out of a cache", plain, gives: 200, [echo, ("Age", "1")],
    is: .refused(.servedFromCache)),
  Exchange(
    "an age that is no number is an age", plain, gives: 200, [echo, ("Age", "1, 2")],
    is: .refused(.servedFromCache)),
  Exchange(
    "an age of nothing is none", plain, gives: 200, [echo, ("Age", "0")],
    is: .verified(nil)),
  Exchange(
    "a denial with an age is delivered", plain, gives: 403, [echo, ("Age", "9")],
    is: .denied),
  Exchange("deny: verify delivers what is proved", strict, gives: 401, [echo], is: .denied),
  Exchange(
    "deny: verify refuses a denial without a token", strict, gives: 401, [],
    is: .refused(.tokenMissing)),
  Exchange(
    "deny: verify refuses a denial with two tokens", strict, gives: 401, [echo, echo],
    is: .refused(.tokenRepeated)),
  Exchange(
    "audit without a token says not tested",
    DecisionRule(mode: .audit, binding: inField, allow: is200), gives: 200, [], is: .untested),
  Exchange(
    "audit without a token says so of a denial",
    DecisionRule(mode: .audit, binding: inField, allow: is200), gives: 401, [],
    is: .deniedUntested),
  Exchange(
    "audit without a token still compares the user",
    DecisionRule(mode: .audit, binding: inField, subject: sameUser, allow: isAuthorized),
    gives: 200, [json], #"{"authorized":true,"user":{"name":"bob"}}"#,
    is: .refused(.subjectMismatch)),
  Exchange(
    "audit that sends the token tests the binding",
    DecisionRule(mode: .audit, binding: inField, allow: is200, sendTokenInAudit: true), gives: 200,
    [], is: .refused(.tokenMissing)),
  Exchange(
    "audit lets preconditions through and says what came of it",
    DecisionRule(mode: .audit, binding: inField),
    requestHead(.get, "/", [("If-None-Match", "\"a\"")]),
    gives: 304, [], is: .refused(.validated)),
]

private let allRows = tokenRows + bodyRows + subjectRows + decisionRows + statusRows + proofRows

@Suite struct VerificationTests {
  @Test(arguments: allRows)
  func `a row of the policy holds with its reason`(row: Exchange) {
    #expect(VerdictExpectation(row.outcome) == row.expected)
  }

  @Test func `every reason that a response can give stands in a row`() {
    let ofTheProxy: Set<RefusalReason> = [
      .undeclaredDecision, .upgradeOnDecision, .originUnreachable, .originTimeout,
      .originProtocolError, .keysUnavailable, .proofCheckBusy, .proofCheckTimeout,
      .attestationFailed,
    ]
    let ofSignatures: Set<RefusalReason> = [
      .signatureInvalid, .keyUnknown, .algorithmRefused, .headerNotUnderstood,
    ]
    let seen = Set(allRows.compactMap(\.expected.reason)).union(
      signedRows.compactMap(\.expected.reason)
    ).union(signedAnswers.compactMap(\.expected.reason)).union(ofSignatures)
      .union(DemandTests.reasons).union(SingleUseTests.reasons).union(LegacyTests.reasons)
    #expect(Set(RefusalReason.allCases).subtracting(seen) == ofTheProxy)
  }

  @Test func `no row that is verified stays verified with another token or none`() {
    for row in allRows where row.outcome.isVerified {
      var other = row
      other.response.fields.removeAll { _ in true }
      other.body = other.body.replacingToken("c3RhbGU")
      for line in row.response.fields.lines {
        let value = String(decoding: row.response.fields.value(of: line), as: UTF8.self)
        other.response.fields.append(
          name: row.response.fields.name(of: line), value: value.replacingToken("c3RhbGU").utf8)
      }
      #expect(!other.outcome.isVerified, "\(row.name)")
      other.sendsToken = false
      #expect(!other.outcome.isVerified, "\(row.name)")
    }
  }

  @Test func `what goes out depends on the mode`() {
    let refused = VerificationOutcome.refused(.tokenMissing)
    let denied = VerificationOutcome.denied(.failed(.tokenMissing))
    #expect(refused.delivery(in: .audit) == .untouched)
    #expect(refused.delivery(in: .warn) == .hardened(note: .tokenMissing))
    #expect(refused.delivery(in: .enforce) == .refuse(.tokenMissing))
    #expect(denied.delivery(in: .audit) == .untouched)
    #expect(denied.delivery(in: .warn) == .hardened(note: .tokenMissing))
    #expect(denied.delivery(in: .enforce) == .denial)
    #expect(VerificationOutcome.untested.delivery(in: .enforce) == .refuse(.tokenNotSent))
    #expect(UndeclaredDecisionPolicy.deliver.delivery == .hardened(note: nil))
    #expect(UndeclaredDecisionPolicy.refuse.delivery == .refuse(.undeclaredDecision))
  }

  @Test func `random bytes as a verdict are never verified and never trap`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<5_000 {
      let body = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      let facts = RequestFacts(of: requestHead(), under: bodyLogin)
      let status = UInt16.random(in: 100...999, using: &generator)
      let outcome = judged(
        responseHead(status, [json]), body: body, to: facts, under: bodyLogin)
      #expect(!outcome.isVerified)
    }
  }
}

extension VerificationOutcome {
  fileprivate var isVerified: Bool { if case .verified = self { true } else { false } }
}

extension String {
  fileprivate func replacingToken(_ other: String) -> String {
    split(separator: token, omittingEmptySubsequences: false).joined(separator: other)
  }
}

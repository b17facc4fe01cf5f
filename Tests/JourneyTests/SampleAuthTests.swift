import JourneySupport
import Testing

/// The sample auth service by itself: the ground that the other journeys stand on.
@Suite struct SampleAuthTests {
  @Test func `the right password logs in and the wrong one does not`() throws {
    let auth = try SampleAuth()
    let right = try logIn("alice", "wonderland", at: auth.endpoint)
    #expect(right.status == 200)
    #expect(right.body.contains(#""user":{"id":1,"name":"alice"}"#))
    #expect(right["Cache-Control"] == "no-store")
    let wrong = try logIn("alice", "Wonderland", at: auth.endpoint)
    #expect(wrong.status == 401)
    #expect(wrong.body == #"{"authorized":false}"#)
    #expect(try logIn("nobody", "wonderland", at: auth.endpoint).status == 401)
    #expect(try auth.loginCount(reaching: 3) == 3)
  }

  @Test func `customer service gives a new password and the old one is good no more`() throws {
    let auth = try SampleAuth()
    #expect(try resetPassword("bob", "mason", by: nil, at: auth.endpoint).status == 401)
    let website = try resetPassword("bob", "mason", by: "website:shop-window", at: auth.endpoint)
    #expect(website.status == 403)
    #expect(try logIn("bob", "builder", at: auth.endpoint).status == 200)
    let service = try resetPassword(
      "bob", "mason", by: "customer-service:service-desk", at: auth.endpoint)
    #expect(service.status == 200)
    #expect(try logIn("bob", "builder", at: auth.endpoint).status == 401)
    #expect(try logIn("bob", "mason", at: auth.endpoint).status == 200)
  }

  @Test func `the token comes back in the answer's header and body unless told otherwise`() throws {
    let field = ["--header", "Transaction-Token: abc"]
    let polite = try SampleAuth()
    let answer = try logIn("alice", "wonderland", at: polite.endpoint, field)
    #expect(answer["Transaction-Token"] == "abc")
    #expect(answer.body.contains(#""transaction":"abc""#))

    let unmodified = try SampleAuth("--no-echo", "--careless")
    let bare = try logIn("alice", "wonderland", at: unmodified.endpoint, field)
    #expect(bare["Transaction-Token"] == nil)
    #expect(!bare.body.contains("transaction"))
    #expect(bare["Cache-Control"] == "public, max-age=600")
  }

  @Test func `an access token is active until its owner's password is reset`() throws {
    let auth = try SampleAuth()
    let login = try logIn("alice", "wonderland", at: auth.endpoint)
    let token = try #require(login.member("access_token"))
    let active = try introspect(token, at: auth.endpoint)
    #expect(active.member("active") == "1")
    #expect(active.member("username") == "alice")
    _ = try resetPassword(
      "alice", "glass", by: "customer-service:service-desk", at: auth.endpoint)
    #expect(try introspect(token, at: auth.endpoint).body == #"{"active":false}"#)
  }

  @Test func `a gateway may have what its user may, until the session is ended`() throws {
    let auth = try SampleAuth("--light-hashes", "--crowd", "1")
    let login = try logIn("person1", "Secret-1", at: auth.endpoint)
    let token = try #require(login.member("access_token"))
    let url = "http://\(auth.endpoint)"
    let bearer = ["--header", "Authorization: Bearer \(token)"]
    let open = try curl(bearer + ["--header", "X-Original-URI: /account", "\(url)/verify"])
    #expect(open.status == 200)
    #expect(open["X-Auth-User"] == "person1")
    #expect(open["Cache-Control"] == "no-store")
    let closed = try curl(bearer + ["--header", "X-Original-URI: /admin/a", "\(url)/verify"])
    #expect(closed.status == 403)
    #expect(closed.member("allowed") == "0")
    #expect(try curl("\(url)/verify").status == 401)
    #expect(try curl(bearer + ["--data", "", "\(url)/logout"]).member("ended") == "1")
    #expect(try curl(bearer + ["\(url)/verify"]).status == 401)
    #expect(try curl(bearer + ["--data", "", "\(url)/logout"]).status == 401)
  }

  @Test func `a session rolls, and a bearer's token counts before its cookie`() throws {
    let auth = try SampleAuth("--light-hashes", "--careless")
    let tokens = try [("alice", "wonderland"), ("bob", "builder")].map {
      try #require(try logIn($0.0, $0.1, at: auth.endpoint).member("access_token"))
    }
    let url = "http://\(auth.endpoint)"
    let cookie = "Cookie: theme=dark; session=\(tokens[0])"
    let page = try curl("--header", cookie, "\(url)/session")
    #expect(page.body.contains(#""name":"alice""#))
    let next = try #require(page["Set-Cookie"]?.prefix { $0 != ";" })
    #expect(next != "session=\(tokens[0])")
    #expect(try curl("--header", "Cookie: \(next)", "\(url)/session").status == 200)
    #expect(try curl("\(url)/session").status == 401)
    let both = try curl(
      "--header", cookie, "--header", "Authorization: Bearer \(tokens[1])", "\(url)/verify")
    #expect(both.body.contains(#""name":"bob""#))
    #expect(both["Cache-Control"] == "public, max-age=600")
    #expect(both["Vary"] == "Authorization, Cookie, X-Original-URI")
  }
}

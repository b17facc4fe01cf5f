import JourneySupport
import Testing

/// People log in where verdicts are signed: by the service itself, and by an origin for an edge.
@Suite struct SignedJourneyTests {
  private func signIn(_ password: String, at endpoint: Endpoint, _ path: String) throws
    -> CurlAnswer
  {
    try curl(
      "--header", "Content-Type: application/json", "--data",
      #"{"username":"alice","password":"\#(password)"}"#, "http://\(endpoint)\(path)")
  }

  private static let route = """
      - match: { method: POST, path: /jwt/login }
        service: auth
        decision:
          binding: jwt
          keys: service
          claims: [htm, rqd, jti, sub, user]
          subject: { request: "json:/username", verdict: "claim:/preferred_username" }
    """

  @Test func `right, wrong and right again, signed by the service with a published key`() throws {
    let auth = try SampleAuth()
    let proxy = try Countersign(
      before: auth.endpoint, routes: Self.route,
      settings: "keys: { service: { jwks_url: \"http://\(auth.endpoint)/.well-known/jwks.json\" } }"
    )
    _ = try eventually("the keys") {
      try signIn("wonderland", at: proxy.endpoint, "/jwt/login").status == 200 ? true : nil
    }
    for (password, status) in [("wonderland", 200), ("wrong", 401), ("wonderland", 200)] {
      let answer = try signIn(password, at: proxy.endpoint, "/jwt/login")
      #expect(answer.status == status)
      #expect(answer["Verdict-Token"] == nil)
    }
  }

  @Test func `a signed yes that a cache kept lets no wrong password in`() throws {
    let auth = try SampleAuth("--careless")
    let cache = try CarelessCacheProcess("key-without-body", before: auth.endpoint)
    let proxy = try Countersign(
      before: cache.endpoint, routes: Self.route,
      settings:
        "keys: { service: { jwks_url: \"http://\(auth.endpoint)/.well-known/jwks.json\" } }")
    _ = try signIn("wonderland", at: proxy.endpoint, "/jwt/login")
    for _ in 0..<3 {
      #expect(try signIn("wrong", at: proxy.endpoint, "/jwt/login").status >= 400)
    }
  }

  /// An origin that attests, with its key, before `service`.
  private func origin(before service: Endpoint) throws -> Countersign {
    let files = try TemporaryDirectory()
    let made = try ChildProcess(
      try Programs.countersign(), ["keys", "generate", files.path("attest.pem")])
    guard try made.waitForEnd() == .exited(0) else {
      throw JourneyFailure("no key: \(made.errors.text)")
    }
    return try Countersign(
      before: service,
      routes: """
          - match: { method: POST, path: /login }
            service: auth
            decision:
              subject: { request: "json:/username", verdict: "json:/user/name" }
              allow: { verdict: "json:/authorized", equals: true }
              attest: true
        """,
      settings: "attestation: { keys: \(files.path("attest.pem")), issuer: origin }")
  }

  private func edge(before hop: Endpoint, of origin: Countersign) throws -> Countersign {
    let edge = try Countersign(
      before: hop,
      routes: """
          - match: { method: POST, path: /login }
            service: auth
            decision: { role: edge, keys: origin, issuer: origin, subject: none }
        """,
      settings: "keys: { origin: { jwks_url: "
        + "\"http://\(origin.endpoint)/.well-known/countersign/jwks.json\" } }")
    _ = try eventually("the keys") {
      let answer = try logIn("alice", "wrong", at: edge.endpoint)
      return answer["Proxy-Status"]?.contains("keys-unavailable") == true ? nil : true
    }
    return edge
  }

  @Test func `an edge and an origin let right, wrong and right through as they are`() throws {
    let auth = try SampleAuth()
    let origin = try origin(before: auth.endpoint)
    let edge = try edge(before: origin.endpoint, of: origin)
    for (password, status) in [("wonderland", 200), ("wrong", 401), ("wonderland", 200)] {
      let answer = try logIn("alice", password, at: edge.endpoint)
      #expect(answer.status == status)
      #expect(answer["Verdict-Token"] == nil)
      #expect(answer.member("authorized") == (status == 200 ? "1" : "0"))
    }
    #expect(edge.findings(mentioning: "BND-01").isEmpty)
  }

  @Test(arguments: ["ignore-no-store", "key-without-body"])
  func `a careless cache between an edge and an origin logs nobody in`(kind: String) throws {
    let auth = try SampleAuth()
    let origin = try origin(before: auth.endpoint)
    let cache = try CarelessCacheProcess(kind, before: origin.endpoint)
    let edge = try edge(before: cache.endpoint, of: origin)
    _ = try logIn("alice", "wonderland", at: edge.endpoint)
    for _ in 0..<2 {
      #expect(try logIn("alice", "wrong", at: edge.endpoint).status >= 400)
    }
  }
}

import JourneySupport
import Testing

/// People log in at a service that signs its responses by RFC 9421, in code of its own.
@Suite struct MessageSignatureJourneyTests {
  private static let route = """
      - match: { method: POST, path: /login }
        service: auth
        decision:
          binding: http-signature
          keys: service
          cover: [ "@authority;req", content-type ]
          subject: { request: "json:/username", verdict: "json:/user/name" }
          allow: { verdict: "json:/authorized", equals: true }
    """

  /// The proxy before `hop`, with the keys that the service publishes.
  private func proxy(before hop: Endpoint, keysOf auth: SampleAuth) throws -> Countersign {
    let proxy = try Countersign(
      before: hop, routes: Self.route,
      settings: "keys: { service: { jwks_url: \"http://\(auth.endpoint)/.well-known/jwks.json\" } }"
    )
    _ = try eventually("the keys") {
      let answer = try logIn("nobody", "nothing", at: proxy.endpoint)
      return answer["Proxy-Status"]?.contains("keys-unavailable") == true ? nil : true
    }
    return proxy
  }

  @Test func `right, wrong and right again, each answer signed for its own request`() throws {
    let auth = try SampleAuth("--sign")
    let proxy = try proxy(before: auth.endpoint, keysOf: auth)
    for (password, status) in [("wonderland", 200), ("wrong", 401), ("wonderland", 200)] {
      let answer = try logIn("alice", password, at: proxy.endpoint)
      #expect(answer.status == status)
      #expect(answer["Signature"] == nil && answer["Signature-Input"] == nil)
      #expect(answer["Proxy-Status"] == nil)
    }
    #expect(proxy.findings(mentioning: "BND-").isEmpty)
  }

  @Test func `a digest of the client's own stays, and has to be right`() throws {
    let auth = try SampleAuth("--sign")
    let proxy = try proxy(before: auth.endpoint, keysOf: auth)
    // Of {"username":"alice","password":"wonderland"}.
    let right = "sha-256=:Fww5Unw4Y5WoilaUNXUceGbmkyRxySHHO2nzc1Y7QHc=:"
    let wrong = "sha-256=:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=:"
    for (digest, status) in [
      (right, 200), (wrong, 400), ("sha-256=:AA==:", 400), ("md5=:AA==:", 200),
    ] {
      let answer = try logIn(
        "alice", "wonderland", at: proxy.endpoint, ["--header", "Content-Digest: \(digest)"])
      #expect(answer.status == status, "\(digest)")
    }
  }

  @Test func `a service that does not sign lets nobody in`() throws {
    let auth = try SampleAuth()
    let proxy = try proxy(before: auth.endpoint, keysOf: auth)
    let answer = try logIn("alice", "wonderland", at: proxy.endpoint)
    #expect(answer.status == 403)
    #expect(answer["Proxy-Status"]?.contains("proof-missing") == true)
  }

  @Test func `another service's key does not count`() throws {
    let auth = try SampleAuth("--sign")
    let other = try SampleAuth()
    let proxy = try proxy(before: auth.endpoint, keysOf: other)
    let answer = try logIn("alice", "wonderland", at: proxy.endpoint)
    #expect(answer.status == 403)
    #expect(answer["Proxy-Status"]?.contains("key-unknown") == true)
    #expect(try proxy.finding(mentioning: "BND-02").contains("key-unknown"))
  }

  @Test(arguments: ["ignore-no-store", "key-without-body"])
  func `a signed yes that a cache kept is refused, whatever password comes`(kind: String) throws {
    let auth = try SampleAuth("--sign", "--careless")
    let cache = try CarelessCacheProcess(kind, before: auth.endpoint)
    let proxy = try proxy(before: cache.endpoint, keysOf: auth)
    _ = try logIn("alice", "wonderland", at: proxy.endpoint)
    for _ in 0..<2 {
      #expect(try logIn("alice", "wrong", at: proxy.endpoint).status >= 400)
    }
  }
}

import JourneySupport
import Testing

/// The incident that Countersign exists for, with a real nginx as the careless cache.
@Suite struct IncidentTests {
  @Test func `without Countersign a careless cache lets the wrong password in`() throws {
    let auth = try SampleAuth()
    let cache = try Nginx.carelessCache(before: auth.endpoint)

    #expect(try logIn("alice", "wonderland", at: cache.endpoint).status == 200)
    let intruder = try logIn("alice", "anything at all", at: cache.endpoint)
    #expect(intruder.status == 200)
    #expect(intruder.member("authorized") == "1")
    #expect(intruder["X-Cache-Status"] == "HIT")

    let stranger = try logIn("mallory", "", at: cache.endpoint)
    #expect(stranger.body.contains(#""name":"alice""#))
    #expect(try auth.loginCount(reaching: 1) == 1)
  }

  @Test func `with the cache behind Countersign the replay is refused, and right passwords too`()
    throws
  {
    let auth = try SampleAuth()
    let cache = try Nginx.carelessCache(before: auth.endpoint)
    let proxy = try Countersign(before: cache.endpoint)

    let first = try logIn("alice", "wonderland", at: proxy.endpoint)
    #expect(first.status == 200)
    #expect(first.member("authorized") == "1")

    let intruder = try logIn("alice", "anything at all", at: proxy.endpoint)
    #expect(intruder.status == 403)
    #expect(intruder["Proxy-Status"]?.contains("BND-01") == true)
    #expect(!intruder.body.contains("alice"))
    _ = try proxy.finding(mentioning: "BND-01")
    // The cache's own mark gives it away as well.
    _ = try proxy.finding(mentioning: "UPS-03")

    // The price: until the cache forgets, nobody gets in by this path. It fails closed, and says
    // why.
    #expect(try logIn("alice", "wonderland", at: proxy.endpoint).status == 403)
    #expect(try logIn("bob", "builder", at: proxy.endpoint).status == 403)
    #expect(try auth.loginCount(reaching: 1) == 1)
  }

  @Test func `a cache before Countersign that heeds any of its fields stores no decision`() throws {
    let auth = try SampleAuth("--careless")
    let proxy = try Countersign(before: auth.endpoint)
    // The recipe that most guides give: it ignores what services say, but not X-Accel-Expires.
    let cache = try Nginx.carelessCache(
      before: proxy.endpoint, ignoring: "Cache-Control Expires Set-Cookie")

    #expect(try logIn("alice", "wonderland", at: cache.endpoint).status == 200)
    let intruder = try logIn("alice", "anything at all", at: cache.endpoint)
    #expect(intruder.status == 401)
    #expect(intruder["X-Cache-Status"] != "HIT")
    #expect(try auth.loginCount(reaching: 2) == 2)
  }

  @Test func `a cache before Countersign that heeds nothing replays: that needs an edge`() throws {
    let auth = try SampleAuth()
    let proxy = try Countersign(before: auth.endpoint)
    let cache = try Nginx.carelessCache(before: proxy.endpoint)

    #expect(try logIn("alice", "wonderland", at: cache.endpoint).status == 200)
    // Neither prevented nor seen: the second request never reaches Countersign.
    let intruder = try logIn("alice", "anything at all", at: cache.endpoint)
    #expect(intruder.status == 200)
    #expect(intruder["X-Cache-Status"] == "HIT")
    #expect(try auth.loginCount(reaching: 1) == 1)
  }
}

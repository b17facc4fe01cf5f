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
    #expect(auth.loginCount == 1)
  }
}

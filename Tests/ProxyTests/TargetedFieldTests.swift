import CachePolicy
import Configuration
import JourneySupport
import Proxy
import Testing
import Verdict

/// Fields that speak to this cache alone (RFC 9213), and what they do not reach.
@Suite(.timeLimit(.minutes(2))) struct TargetedFieldTests {
  private func proxy(
    before origin: ScriptedOrigin, _ profile: CacheProfile, kind: ServiceKind = .plain
  ) throws -> RunningProxy {
    try RunningProxy(before: origin.endpoint) {
      $0.services[0].kind = kind
      $0.routes[0].lane = .cache(CacheRules(profile: profile))
    }
  }

  private func isHit(_ answer: RawMessage) -> Bool {
    answer["Cache-Status"]?.contains("; hit") == true
  }

  // RFC 9213 §2.2: for this cache it takes the place of Cache-Control and Expires.
  @Test(
    arguments: [
      ("max-age=60", "no-store", true), ("max-age=60", "max-age=0", true),
      ("no-store", "max-age=60", false), ("private", "max-age=60", false),
      ("max-age=\"60\"", "no-store", false), ("max-age=60, &", "no-store", false),
    ], [CacheProfile.strict, .conformant])
  func `a targeted field decides here, and all others are told what the origin told us`(
    fields: (targeted: String, general: String, isStored: Bool), profile: CacheProfile
  ) throws {
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nCDN-Cache-Control: \(fields.targeted)\r\n"
        + "Cache-Control: \(fields.general)\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try proxy(before: origin, profile)
    for number in 0..<2 {
      let answer = try proxy.get("/a")
      #expect(isHit(answer) == (fields.isStored && number > 0))
      #expect(answer["CDN-Cache-Control"] == fields.targeted)
      #expect(answer["Cache-Control"] == fields.general)
    }
    #expect(origin.requests.count == (fields.isStored ? 1 : 2))
  }

  // No field makes a decision storable, whoever it speaks to.
  @Test(arguments: [CacheProfile.strict, .conformant])
  func `a targeted field does not put a decision into the store`(profile: CacheProfile) throws {
    let verdict = "{\"authenticated\":true,\"user\":\"alice\"}"
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCDN-Cache-Control: max-age=600\r\n"
        + "Cache-Control: public, max-age=600\r\nContent-Length: \(verdict.utf8.count)\r\n\r\n"
        + verdict
    }
    let proxy = try proxy(before: origin, profile, kind: .auth)
    for _ in 0..<3 {
      let answer = try proxy.get("/state")
      #expect(!isHit(answer))
      #expect(answer["Age"] == nil)
      #expect(answer["Cache-Control"] == "private, no-store")
      #expect(answer["CDN-Cache-Control"] != "max-age=600")
    }
    #expect(origin.requests.count == 3)
  }
}

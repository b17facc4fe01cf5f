import CachePolicy
import HTTPModel
import Primitives
import Testing

@Suite struct CacheStatusTests {
  private func text(_ status: CacheStatus) -> String {
    var output: [UInt8] = []
    status.append(to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test func `a hit tells how long it stays fresh`() {
    #expect(
      text(CacheStatus(.hit, ttl: 42, detail: .fresh)) == "Countersign; hit; ttl=42; detail=fresh")
  }

  @Test func `a stale hit tells for how long it has been stale`() {
    #expect(
      text(CacheStatus(.hit, ttl: -7, detail: .maxStale))
        == "Countersign; hit; ttl=-7; detail=max-stale")
  }

  @Test func `a miss that was stored says so`() {
    var status = CacheStatus(forwardedBecause: .nothingStored, forwardStatus: .ok)
    status.isStored = true
    status.ttl = 60
    status.isCollapsed = true
    #expect(
      text(status) == "Countersign; fwd=uri-miss; fwd-status=200; ttl=60; stored; collapsed; "
        + "detail=nothing-stored")
  }

  @Test func `a validation says stale and the origin's status`() {
    #expect(
      text(
        CacheStatus(.forwarded(.stale), forwardStatus: .notModified, ttl: 60, detail: .validated))
        == "Countersign; fwd=stale; fwd-status=304; ttl=60; detail=validated")
  }

  @Test(
    arguments: [
      (.decision, "bypass"), (.cacheDisabled, "bypass"), (.requestCookie, "bypass"),
      (.methodNotCacheable, "method"), (.nothingStored, "uri-miss"),
      (.noMatchingVariant, "vary-miss"), (.requestNoCache, "request"), (.requestMaxAge, "request"),
      (.stale, "stale"), (.responseNoCache, "stale"), (.mustRevalidate, "stale"),
    ] as [(CacheReason, String)])
  func `each reason to forward has its cause`(reason: CacheReason, cause: String) {
    #expect(
      text(CacheStatus(forwardedBecause: reason))
        == "Countersign; fwd=\(cause); detail=\(reason.code)")
  }

  @Test func `the lines of a hit are Age and Cache-Status`() throws {
    let request = RequestHead(method: .get, target: [UInt8](ascii: "/"))
    var fields = FieldSection()
    fields.append(.cacheControl, "max-age=60")
    let now = WallTime(secondsSinceEpoch: 784_111_777)
    let rules = CacheRules()
    let decision = storageDecision(
      for: ResponseHead(status: .ok, fields: fields), to: request, exchange: .other,
      requestedAt: now, receivedAt: now, rules: rules)
    guard case .store(let storable) = decision,
      case .fresh(let age) = reuseDecision(
        for: request, stored: storable.metadata,
        now: WallTime(milliseconds: now.milliseconds + 17_500), rules: rules)
    else {
      Issue.record("not fresh")
      return
    }
    var output: [UInt8] = []
    age.appendHitLines(to: &output)
    #expect(
      String(decoding: output, as: UTF8.self)
        == "Age: 17\r\nCache-Status: Countersign; hit; ttl=42; detail=fresh\r\n")
  }

  @Test func `the key shows the target and nothing of its extras`() {
    var fields = FieldSection()
    fields.append(.cookie, [UInt8](ascii: "tenant=secretive"))
    let request = RequestHead(
      method: .get, target: [UInt8](ascii: "/keys?a=\\&b=c"),
      authority: [UInt8](ascii: "Example.com:443"), fields: fields)
    var rules = KeyRules()
    rules.parts = [KeyRules.Part(.cookie([UInt8](ascii: "tenant")))]
    var key: [UInt8] = []
    CacheKey.write(
      for: request, scheme: .https, rules: rules, digest: { _ in [UInt8](ascii: "digest") },
      into: &key)
    var output: [UInt8] = []
    var status = CacheStatus(forwardedBecause: .partMissing, forwardStatus: .partialContent)
    status.isStored = true
    status.isCollapsed = true
    status.append(to: &output, key: key.span)
    #expect(
      String(decoding: output, as: UTF8.self)
        == "Countersign; fwd=partial; fwd-status=206; stored; collapsed; detail=part-missing; "
        + "key=\"https://example.com/keys?a=\\\\&b=c\"")
  }
}

import CachePolicy
import HTTPModel
import Primitives
import Testing

@Suite struct CacheStatusTests {
  private static let name = CacheStatusName([UInt8](ascii: "Countersign"))

  private func text(_ status: CacheStatus) -> String {
    var output: [UInt8] = []
    status.append(to: &output, as: Self.name, key: Span())
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

  @Test(
    arguments: [
      ("countersign", "countersign"), ("edge-1/fra", "edge-1/fra"), ("*", "*"),
      ("1st", "\"1st\""), ("~x", "\"~x\""), ("a b\"c\\", "\"a b\\\"c\\\\\""), ("", "\"\""),
    ])
  func `a name that is no token is a string`(name: String, item: String) {
    #expect(CacheStatusName(Array(name.utf8)).item.displayText == item)
  }

  @Test func `a whole line says the same as the value`() {
    let name = CacheStatusName([UInt8](ascii: "edge"), showsKey: true)
    let request = RequestHead(
      method: .get, target: [UInt8](ascii: "/a?b"), authority: [UInt8](ascii: "a.example"))
    var key: [UInt8] = []
    CacheKey.write(for: request, scheme: .http, into: &key)
    for status in [
      CacheStatus(.hit, ttl: 42, detail: .fresh),
      CacheStatus(forwardedBecause: .nothingStored, forwardStatus: .ok),
    ] {
      var value: [UInt8] = []
      status.append(to: &value, as: name, key: key.span)
      var line: [UInt8] = []
      status.appendLine(to: &line, as: name, key: key.span)
      #expect(line == [UInt8](ascii: "Cache-Status: ") + value + [UInt8](ascii: "\r\n"))
      #expect(value.displayText.hasSuffix("; key=\"http://a.example/a?b\""))
    }
  }

  @Test func `the key is told only where that is asked for`() {
    let request = RequestHead(method: .get, target: [UInt8](ascii: "/"))
    var key: [UInt8] = []
    CacheKey.write(for: request, scheme: .http, into: &key)
    var value: [UInt8] = []
    CacheStatus(.hit, ttl: 1, detail: .fresh).append(to: &value, as: Self.name, key: key.span)
    #expect(value.displayText == "Countersign; hit; ttl=1; detail=fresh")
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
    let name = CacheStatusName([UInt8](ascii: "Countersign"), showsKey: true)
    status.append(to: &output, as: name, key: key.span)
    #expect(
      String(decoding: output, as: UTF8.self)
        == "Countersign; fwd=partial; fwd-status=206; stored; collapsed; detail=part-missing; "
        + "key=\"https://example.com/keys?a=\\\\&b=c\"")
  }
}

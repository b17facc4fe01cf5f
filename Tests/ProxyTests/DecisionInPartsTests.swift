import CachePolicy
import Configuration
import JourneySupport
import Proxy
import Testing
import Verdict

/// A decision that comes in pieces is a decision: no way of asking for ranges, and no way of
/// breaking off, puts one together in the store (RFC 9111 §3.3, §3.4 allow it for anything else).
@Suite(.timeLimit(.minutes(2))) struct DecisionInPartsTests {
  private static let verdict =
    "{\"authenticated\":true,\"user\":{\"name\":\"alice\",\"roles\":[\"admin\",\"auditor\"]}}"

  private func proxy(before origin: RawOrigin, _ profile: CacheProfile) throws -> RunningProxy {
    try RunningProxy(before: origin.endpoint) {
      $0.services[0].kind = .auth
      var rules = CacheRules(profile: profile)
      rules.storesParts = true
      $0.routes[0].lane = .cache(rules)
    }
  }

  /// Gives the ranges it is asked for, with all that invites a cache to keep them.
  private func origin(type: String?, breaksOff: Bool) throws -> RawOrigin {
    let count = Self.verdict.utf8.count
    return try RawOrigin { connection, number in
      while let request = try connection.receiveRequest() {
        let fields =
          "Cache-Control: public, max-age=600\r\nETag: \"v\"\r\n"
          + (type.map { "Content-Type: \($0)\r\n" } ?? "")
        guard let range = request["Range"]?.dropFirst("bytes=".count).split(separator: "-"),
          let first = range.first.flatMap({ Int($0) })
        else {
          let end = breaksOff && number == 1 ? 20 : count
          try connection.send("HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(count)\r\n\r\n")
          try connection.send(String(Self.verdict.prefix(end)))
          if end < count { return }
          continue
        }
        let last = range.count > 1 ? min(Int(range[1]) ?? count - 1, count - 1) : count - 1
        let part = Self.verdict.dropFirst(first).prefix(last - first + 1)
        try connection.send(
          "HTTP/1.1 206 Partial Content\r\n\(fields)Content-Range: bytes \(first)-\(last)/\(count)"
            + "\r\nContent-Length: \(part.utf8.count)\r\n\r\n\(part)")
      }
    }
  }

  private func isReused(_ answer: RawMessage) -> Bool {
    answer["Age"] != nil || answer["Cache-Status"]?.contains("; hit") == true
      || answer["Cache-Status"]?.contains("; collapsed") == true
  }

  private func expectVerdict(_ answer: RawMessage) {
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.bodyText == Self.verdict)
    #expect(answer["Cache-Control"] == "private, no-store")
    #expect(!isReused(answer))
  }

  @Test(
    arguments: ["application/json", "text/plain", "application/octet-stream", nil],
    [CacheProfile.strict, .conformant])
  func `ranges of a decision are not put together`(type: String?, profile: CacheProfile) throws {
    let origin = try origin(type: type, breaksOff: false)
    let proxy = try proxy(before: origin, profile)
    for range in ["0-9", "10-29", "30-", "0-"] {
      let part = try proxy.get("/state", "Range: bytes=\(range)")
      #expect(!isReused(part), "\(range)")
    }
    for _ in 0..<2 { expectVerdict(try proxy.get("/state")) }
    for range in ["0-9", "5-60"] {
      #expect(!isReused(try proxy.get("/state", "Range: bytes=\(range)")), "\(range)")
    }
  }

  // Under `plain`, too, JSON of a named shape is a decision: here a token response.
  @Test(arguments: [CacheProfile.strict, .conformant])
  func `parts of JSON are not kept where only named shapes are decisions`(profile: CacheProfile)
    throws
  {
    let origin = try origin(type: "application/json", breaksOff: false)
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.routes[0].lane = .cache(CacheRules(profile: profile))
    }
    for range in ["0-9", "10-29", "0-9"] {
      #expect(!isReused(try proxy.get("/state", "Range: bytes=\(range)")), "\(range)")
    }
  }

  // What is safe by its label is put together as ever.
  @Test func `parts of a picture are put together`() throws {
    let origin = try origin(type: "image/png", breaksOff: false)
    let proxy = try proxy(before: origin, .strict)
    for range in ["0-9", "10-29"] {
      #expect(try proxy.get("/a.png", "Range: bytes=\(range)").status == 206)
    }
    let part = try proxy.get("/a.png", "Range: bytes=5-20")
    #expect(part.status == 206)
    #expect(part.bodyText == String(Self.verdict.dropFirst(5).prefix(16)))
    #expect(isReused(part))
  }

  @Test(
    arguments: ["application/json", "text/plain", nil], [CacheProfile.strict, .conformant])
  func `a decision that broke off is not completed`(type: String?, profile: CacheProfile) throws {
    let origin = try origin(type: type, breaksOff: true)
    let proxy = try proxy(before: origin, profile)
    let client = try proxy.connect()
    try client.send("GET /state HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
    let broken = String(decoding: client.receiveAll(), as: UTF8.self)
    #expect(!broken.contains(Self.verdict))
    for _ in 0..<2 { expectVerdict(try proxy.get("/state")) }
  }
}

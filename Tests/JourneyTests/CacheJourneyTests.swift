import JourneySupport
import Testing

/// What is no decision is cached by the book.
@Suite struct CacheJourneyTests {
  @Test func `a key set is fetched once and served from the cache after that`() throws {
    let auth = try SampleAuth()
    let proxy = try Countersign(before: auth.endpoint)
    let first = try curl(proxy.url("/.well-known/jwks.json"))
    #expect(first.status == 200)
    #expect(first["Cache-Status"]?.contains("fwd=") == true)
    let second = try curl(proxy.url("/.well-known/jwks.json"))
    #expect(second.body == first.body)
    #expect(second["Cache-Status"]?.contains("hit") == true)
    #expect(second["Age"] != nil)
    #expect(second["ETag"] == first["ETag"])
  }

  @Test func `a validator that still fits is answered 304 from the cache`() throws {
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\nContent-Length: 2\r\n\r\nhi"
    }
    let proxy = try Countersign(before: origin.endpoint)
    #expect(try curl(proxy.url("/assets/a")).status == 200)
    let answer = try curl("--header", "If-None-Match: \"a\"", proxy.url("/assets/a"))
    #expect(answer.status == 304)
    #expect(origin.requests.count == 1)
  }

  @Test func `a response that turns out to be a decision is delivered and never stored`() throws {
    let origin = try ScriptedOrigin { _ in
      let body = #"{"authorized":true,"user":{"name":"alice"}}"#
      return "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nSet-Cookie: session=1\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n\(body)"
    }
    let proxy = try Countersign(before: origin.endpoint)
    for _ in 0..<2 {
      let answer = try curl(proxy.url("/assets/whoami"))
      #expect(answer["Cache-Control"] == "private, no-store")
      #expect(answer["Age"] == nil)
    }
    #expect(origin.requests.count == 2)
    _ = try proxy.finding(mentioning: "RSP-")
  }
}

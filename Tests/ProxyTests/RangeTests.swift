import CachePolicy
import Configuration
import Dispatch
import HTTPModel
import JourneySupport
import Primitives
import Testing

/// Parts of what is stored, and parts that are stored.
@Suite struct RangeTests {
  private static let digits = "0123456789"

  /// An origin that answers ranges by the book, of the ten digits or of what is given.
  private func origin(_ content: String = digits, fields: String = "") throws -> ScriptedOrigin {
    let fields =
      "Cache-Control: max-age=600\r\nETag: \"1\"\r\nContent-Type: text/plain\r\n\(fields)"
    return try ScriptedOrigin { request in
      let bytes = Array(content.utf8)
      guard let range = request["Range"], range.hasPrefix("bytes="), !range.contains(","),
        request["If-Range"] == nil || request["If-Range"] == "\"1\""
      else {
        return "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(bytes.count)\r\n\r\n\(content)"
      }
      let ends = range.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
      var first = Int(ends[0]) ?? -1
      var last = Int(ends[1]) ?? bytes.count - 1
      if first < 0 { (first, last) = (bytes.count - last, bytes.count - 1) }
      last = min(last, bytes.count - 1)
      let part = String(decoding: bytes[first...last], as: UTF8.self)
      return "HTTP/1.1 206 Partial Content\r\n\(fields)"
        + "Content-Range: bytes \(first)-\(last)/\(bytes.count)\r\n"
        + "Content-Length: \(part.utf8.count)\r\n\r\n\(part)"
    }
  }

  @Test(arguments: [
    ("bytes=2-4", "234", "bytes 2-4/10"), ("bytes=7-", "789", "bytes 7-9/10"),
    ("bytes=-2", "89", "bytes 8-9/10"), ("bytes=5-100", "56789", "bytes 5-9/10"),
  ])
  func `a range is answered from the stored whole`(range: String, content: String, said: String)
    throws
  {
    let origin = try origin()
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    let answer = try proxy.get("/a", "Range: \(range)")
    #expect(answer.status == 206)
    #expect(answer.bodyText == content)
    #expect(answer["Content-Range"] == said)
    #expect(answer["ETag"] == "\"1\"")
    #expect(answer["Age"] != nil)
    #expect(answer["Cache-Status"]?.contains("; hit") == true)
    #expect(origin.requests.count == 1)
  }

  @Test func `several ranges are answered in one`() throws {
    let origin = try origin()
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    let answer = try proxy.get("/a", "Range: bytes=0-1, 5-6")
    #expect(answer.status == 206)
    let type = try #require(answer["Content-Type"])
    #expect(type.hasPrefix("multipart/byteranges; boundary="))
    let boundary = type.split(separator: "=")[1]
    #expect(
      answer.bodyText
        == "--\(boundary)\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01"
        + "\r\n--\(boundary)\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-6/10\r\n\r\n56"
        + "\r\n--\(boundary)--\r\n")
    #expect(answer["Content-Range"] == nil)
    // The connection is in order after it.
    let client = try proxy.connect()
    let request = "GET /a HTTP/1.1\r\nHost: a.example\r\nRange: bytes=0-1, 5-6\r\n\r\n"
    for _ in 0..<3 { #expect(try client.exchange(request).status == 206) }
  }

  @Test func `a range outside is refused with the length`() throws {
    let origin = try origin()
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    let answer = try proxy.get("/a", "Range: bytes=10-")
    #expect(answer.status == 416)
    #expect(answer["Content-Range"] == "bytes */10")
    #expect(answer.body.isEmpty)
  }

  @Test func `If-Range decides between part and whole, and a 304 comes before both`() throws {
    let origin = try origin()
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    #expect(try proxy.get("/a", "Range: bytes=1-2", "If-Range: \"1\"").bodyText == "12")
    let other = try proxy.get("/a", "Range: bytes=1-2", "If-Range: \"2\"")
    #expect(other.status == 200)
    #expect(other.bodyText == Self.digits)
    #expect(try proxy.get("/a", "Range: bytes=1-2", "If-None-Match: \"1\"").status == 304)
    #expect(origin.requests.count == 1)
  }

  @Test func `a range of a large response comes from where it is stored`() throws {
    let content = String((0..<90_000).map { Character(String($0 % 10)) })
    let origin = try origin(content)
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    let answer = try proxy.get("/a", "Range: bytes=1-80000")
    #expect(answer.bodyText == String(content.dropFirst().prefix(80_000)))
  }

  @Test func `a HEAD with a range is answered like one without`() throws {
    let origin = try origin()
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a")
    let head = try proxy.ask("HEAD /a HTTP/1.1\r\nHost: a.example\r\nRange: bytes=1-2\r\n\r\n")
    #expect(head.status == 200)
    #expect(head["Content-Length"] == "10")
  }

  // MARK: Parts

  @Test func `a range goes to the origin as it came, and the part answers what it holds`() throws {
    let origin = try origin()
    let proxy = try RunningProxy(before: origin.endpoint)
    let first = try proxy.get("/a", "Range: bytes=2-6")
    #expect(first.status == 206)
    #expect(first.bodyText == "23456")
    #expect(origin.requests.last?["Range"] == "bytes=2-6")
    for (range, content) in [("2-6", "23456"), ("3-4", "34")] {
      let answer = try proxy.get("/a", "Range: bytes=\(range)")
      #expect(answer.status == 206)
      #expect(answer.bodyText == content)
      #expect(answer["Cache-Status"]?.contains("; hit") == true)
    }
    #expect(origin.requests.count == 1)
  }

  @Test func `the missing end of a range is fetched and the parts are one from then on`() throws {
    let origin = try origin()
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=0-3")
    let answer = try proxy.get("/a", "Range: bytes=2-6")
    #expect(answer.bodyText == "23456")
    #expect(answer["Content-Range"] == "bytes 2-6/10")
    #expect(answer["Cache-Status"]?.contains("fwd=partial") == true)
    let asked = try #require(origin.requests.last)
    #expect(asked["Range"] == "bytes=4-6")
    #expect(asked["If-Range"] == "\"1\"")
    #expect(try proxy.get("/a", "Range: bytes=0-6").bodyText == "0123456")
    #expect(origin.requests.count == 2)
  }

  @Test func `a part becomes the whole where the whole is asked for`() throws {
    let origin = try origin()
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=0-3")
    let whole = try proxy.get("/a")
    #expect(whole.status == 200)
    #expect(whole.bodyText == Self.digits)
    #expect(whole["Content-Range"] == nil)
    #expect(origin.requests.last?["Range"] == "bytes=4-9")
    let again = try proxy.get("/a")
    #expect(again["Cache-Status"]?.contains("; hit") == true)
    #expect(again.bodyText == Self.digits)
    #expect(origin.requests.count == 2)
  }

  @Test func `parts of different versions are not put together`() throws {
    let version = Shared(1)
    let origin = try ScriptedOrigin { request in
      let tag = version.value
      guard request["If-Range"] == nil, let range = request["Range"] else {
        return "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nETag: \"\(tag)\"\r\n"
          + "Content-Length: 10\r\n\r\nABCDEFGHIJ"
      }
      #expect(range == "bytes=0-3")
      return "HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=600\r\nETag: \"\(tag)\"\r\n"
        + "Content-Range: bytes 0-3/10\r\nContent-Length: 4\r\n\r\n0123"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=0-3")
    version.change { $0 = 2 }
    #expect(try proxy.get("/a").bodyText == "ABCDEFGHIJ")
    #expect(try proxy.get("/a").bodyText == "ABCDEFGHIJ")
    #expect(origin.requests.count == 2)
  }

  @Test func `a part without a strong validator is not added to`() throws {
    let origin = try ScriptedOrigin { request in
      request["Range"] == nil
        ? "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: 4\r\n\r\nABCD"
        : "HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=600\r\n"
          + "Content-Range: bytes 0-1/4\r\nContent-Length: 2\r\n\r\n01"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=0-1")
    #expect(try proxy.get("/a").bodyText == "ABCD")
    #expect(origin.requests.last?["Range"] == nil)
  }

  @Test(arguments: CacheProfile.all)
  func `a part that contradicts its own range is refused`(profile: CacheProfile) throws {
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=600\r\n"
        + "Content-Range: bytes 4-9/10\r\nContent-Length: 5\r\n\r\n45678"
    }
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.routes[0].lane = .cache(CacheRules(profile: profile))
    }
    #expect(try proxy.get("/a", "Range: bytes=-5").status == 502)
  }

  @Test func `what came of a response that broke off is completed when it is asked for again`()
    throws
  {
    let origin = try RawOrigin { connection, number in
      guard let request = try connection.receiveRequest() else { return }
      if number == 1 {
        try connection.send(
          "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nETag: \"1\"\r\n"
            + "Content-Length: 10\r\n\r\n0123")
        return
      }
      #expect(request["Range"] == "bytes=4-9")
      try connection.send(
        "HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=600\r\nETag: \"1\"\r\n"
          + "Content-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789")
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    try client.send("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
    let broken = String(decoding: client.receiveAll(), as: UTF8.self)
    #expect(broken.hasSuffix("\r\n\r\n0123"))
    #expect(try proxy.get("/a").bodyText == Self.digits)
  }
}

extension CacheProfile {
  static let all: [CacheProfile] = [.strict, .conformant]
}

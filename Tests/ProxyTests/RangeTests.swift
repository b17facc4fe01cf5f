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
    let fields = "Cache-Control: max-age=600\r\nETag: \"1\"\r\nContent-Type: text/plain\r\n\(fields)"
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
}

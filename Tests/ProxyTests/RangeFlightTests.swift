import CachePolicy
import Configuration
import Dispatch
import HTTPModel
import JourneySupport
import Primitives
import Testing

/// Ranges of what is being fetched, and parts that are completed while they are answered.
@Suite struct RangeFlightTests {
  private static let fields = "Cache-Control: max-age=60\r\nETag: \"1\"\r\n"
  private static let part = "HTTP/1.1 206 Partial Content\r\n\(fields)"

  /// An origin that sends the two halves of its content, the second when the semaphore says so.
  private func origin(
    _ head: String, _ first: String, _ second: String, _ mayEnd: DispatchSemaphore
  )
    throws -> ScriptedOrigin
  {
    try ScriptedOrigin { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)\(head)\r\n\r\n\(first)")
      mayEnd.wait()
      mayEnd.signal()
      try connection.send(second)
    }
  }

  private func receive(_ count: Int, from client: RawConnection) throws -> String {
    String(decoding: try client.receiveBytes(count), as: UTF8.self)
  }

  // MARK: Following

  @Test func `a range of what is being fetched is answered as it comes`() throws {
    let mayEnd = DispatchSemaphore(value: 0)
    let origin = try origin("Content-Length: 10", "01234", "56789", mayEnd)
    let proxy = try RunningProxy(before: origin.endpoint)
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    // All of this one is there.
    let early = try proxy.get("/a", "Range: bytes=1-3")
    #expect(early.status == 206)
    #expect(early.bodyText == "123")
    #expect(early["Content-Range"] == "bytes 1-3/10")
    #expect(early["Cache-Status"]?.contains("; collapsed") == true)
    // The beginning of this one is there, nothing of that one.
    let across = try proxy.begin("/a", "Range: bytes=3-6")
    #expect(try across.receiveHead()?["Content-Range"] == "bytes 3-6/10")
    #expect(try receive(2, from: across) == "34")
    let late = try proxy.begin("/a", "Range: bytes=-2")
    #expect(try late.receiveHead()?["Content-Length"] == "2")
    // What lies outside is known to.
    #expect(try proxy.get("/a", "Range: bytes=10-")["Content-Range"] == "bytes */10")
    mayEnd.signal()
    #expect(try receive(2, from: across) == "56")
    #expect(try receive(2, from: late) == "89")
    #expect(try receive(10, from: leader) == "0123456789")
    #expect(origin.requests.count == 1)
  }

  @Test func `a range of content of unknown length is answered once it shows to be there`() throws {
    let mayEnd = DispatchSemaphore(value: 0)
    let origin = try origin(
      "Transfer-Encoding: chunked", "5\r\n01234\r\n", "5\r\n56789\r\n0\r\n\r\n", mayEnd)
    let proxy = try RunningProxy(before: origin.endpoint)
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    _ = try leader.receiveBytes(10)
    let early = try proxy.get("/a", "Range: bytes=1-3")
    #expect(early.bodyText == "123")
    #expect(early["Content-Range"] == "bytes 1-3/*")
    let late = try proxy.begin("/a", "Range: bytes=6-7")
    let longer = try proxy.begin("/a", "Range: bytes=8-30")
    let outside = try proxy.begin("/a", "Range: bytes=20-30")
    try proxy.waitForExchanges(4)
    mayEnd.signal()
    #expect(try late.receiveResponse().bodyText == "67")
    let cut = try longer.receiveResponse()
    #expect(cut["Content-Range"] == "bytes 8-9/10")
    #expect(cut.bodyText == "89")
    let refused = try outside.receiveResponse()
    #expect(refused.status == 416)
    #expect(refused["Content-Range"] == "bytes */10")
    #expect(origin.requests.count == 1)
  }

  @Test func `a range that breaks off before it was begun is asked for again`() throws {
    let mayBreak = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, number in
      guard let request = try connection.receiveRequest() else { return }
      guard number == 1 else {
        #expect(request["Range"] == "bytes=6-7")
        try connection.send(
          "\(Self.part)Content-Range: bytes 6-7/10\r\nContent-Length: 2\r\n\r\n67")
        _ = try connection.receiveMore()
        return
      }
      try connection.send(
        "HTTP/1.1 200 OK\r\n\(Self.fields)Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n")
      mayBreak.wait()
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    let range = try proxy.begin("/a", "Range: bytes=6-7")
    try proxy.waitForExchanges(2)
    mayBreak.signal()
    #expect(try range.receiveResponse().bodyText == "67")
  }

  @Test func `who skips far ahead of what comes asks for himself`() throws {
    let mayEnd = DispatchSemaphore(value: 0)
    let content = String(repeating: "x", count: 3 << 20)
    let origin = try ScriptedOrigin { request, connection in
      if request["Range"] != nil {
        return try connection.send(
          "\(Self.part)Content-Range: bytes 3000000-3000001/\(content.utf8.count)\r\n"
            + "Content-Length: 2\r\n\r\nxx")
      }
      try connection.send(
        "HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: \(content.utf8.count)\r\n\r\n")
      mayEnd.wait()
      try connection.send(content)
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.cache.objectBytes = 4 << 20 }
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    #expect(try proxy.get("/a", "Range: bytes=3000000-3000001").bodyText == "xx")
    #expect(origin.requests.count == 2)
    mayEnd.signal()
    #expect(try receive(content.utf8.count, from: leader) == content)
  }

  // MARK: Leading

  @Test func `one fetch does for all who want the same range at once`() throws {
    let origin = try HeldOrigin { _ in
      "\(Self.part)Content-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\n234"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let clients = try (0..<20).map { _ in try proxy.begin("/a", "Range: bytes=2-4") }
    origin.waitUntilAsked()
    try proxy.waitForExchanges(20)
    origin.answer()
    let answers = try clients.map { try $0.receiveResponse() }
    #expect(answers.allSatisfy { $0.status == 206 && $0.bodyText == "234" })
    #expect(answers.allSatisfy { $0["Content-Range"] == "bytes 2-4/10" })
    #expect(origin.requests.count == 1)
  }

  @Test func `who wants the whole does not wait for a range, nor for another one`() throws {
    let origin = try HeldOrigin(holding: "Range", of: "bytes=2-4") { request in
      switch request["Range"] {
      case "bytes=2-4": "\(Self.part)Content-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\n234"
      case "bytes=0-1": "\(Self.part)Content-Range: bytes 0-1/10\r\nContent-Length: 2\r\n\r\n01"
      default: "HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: 10\r\n\r\n0123456789"
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let range = try proxy.begin("/a", "Range: bytes=2-4")
    origin.waitUntilAsked()
    #expect(try proxy.get("/a", "Range: bytes=0-1").bodyText == "01")
    #expect(try proxy.get("/a").bodyText == "0123456789")
    origin.answer()
    #expect(try range.receiveResponse().bodyText == "234")
    // A part that comes late takes nothing away.
    #expect(try proxy.get("/a")["Cache-Status"]?.contains("; hit") == true)
  }

  // MARK: Completing

  /// An origin that has the first four of ten digits asked for, and then sends the rest in two
  /// pieces.
  private func completingOrigin(_ mayEnd: DispatchSemaphore, breaksOff: Bool = false) throws
    -> ScriptedOrigin
  {
    try ScriptedOrigin { request, connection in
      switch request["Range"] {
      case "bytes=0-3":
        try connection.send(
          "\(Self.part)Content-Range: bytes 0-3/10\r\nContent-Length: 4\r\n\r\n0123")
      case "bytes=4-9":
        #expect(request["If-Range"] == "\"1\"")
        try connection.send(
          "\(Self.part)Content-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n45")
        mayEnd.wait()
        mayEnd.signal()
        if breaksOff { return connection.close() }
        try connection.send("6789")
      default:
        try connection.send(
          "\(Self.part)Content-Range: bytes 6-9/10\r\nContent-Length: 4\r\n\r\n6789")
      }
    }
  }

  @Test func `a part is completed while the client is answered, and for all who ask`() throws {
    let mayEnd = DispatchSemaphore(value: 0)
    let origin = try completingOrigin(mayEnd)
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=0-3")
    let leader = try proxy.begin("/a")
    let head = try #require(try leader.receiveHead())
    #expect(head.status == 200)
    #expect(head["Content-Length"] == "10")
    #expect(head["Content-Range"] == nil)
    #expect(head["Cache-Status"]?.contains("detail=part-combined") == true)
    // What was stored, and what has come since, before the rest is sent.
    #expect(try receive(6, from: leader) == "012345")
    let follower = try proxy.begin("/a")
    #expect(try follower.receiveHead()?["Cache-Status"]?.contains("; collapsed") == true)
    #expect(try receive(6, from: follower) == "012345")
    #expect(try proxy.get("/a", "Range: bytes=2-5").bodyText == "2345")
    mayEnd.signal()
    #expect(try receive(4, from: leader) == "6789")
    #expect(try receive(4, from: follower) == "6789")
    let later = try proxy.get("/a")
    #expect(later.bodyText == "0123456789")
    #expect(later["Cache-Status"]?.contains("; hit") == true)
    #expect(origin.requests.count == 2)
  }

  @Test func `a completion that breaks off is broken off for the client, and gone on with later`()
    throws
  {
    let mayEnd = DispatchSemaphore(value: 0)
    let origin = try completingOrigin(mayEnd, breaksOff: true)
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=0-3")
    let client = try proxy.begin("/a")
    _ = try client.receiveHead()
    #expect(try receive(6, from: client) == "012345")
    mayEnd.signal()
    #expect(client.receiveAll().isEmpty)
    let whole = try proxy.get("/a")
    #expect(whole.bodyText == "0123456789")
    #expect(origin.requests.last?["Range"] == "bytes=6-9")
  }

  @Test func `what completes a part from the front leaves the part where it is if it breaks off`()
    throws
  {
    let origin = try ScriptedOrigin { request, connection in
      guard request["Range"] == "bytes=6-9" else {
        try connection.send(
          "\(Self.part)Content-Range: bytes 0-5/10\r\nContent-Length: 6\r\n\r\n012")
        return connection.close()
      }
      try connection.send(
        "\(Self.part)Content-Range: bytes 6-9/10\r\nContent-Length: 4\r\n\r\n6789")
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=6-9")
    let client = try proxy.begin("/a")
    #expect(String(decoding: client.receiveAll(), as: UTF8.self).hasSuffix("\r\n\r\n012"))
    let kept = try proxy.get("/a", "Range: bytes=6-9")
    #expect(kept.bodyText == "6789")
    #expect(kept["Cache-Status"]?.contains("; hit") == true)
  }

  @Test func `when the client of a completion goes away what was stored stays`() throws {
    let mayEnd = DispatchSemaphore(value: 0)
    let origin = try completingOrigin(mayEnd)
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=0-3")
    let client = try proxy.begin("/a")
    _ = try client.receiveHead()
    #expect(try receive(6, from: client) == "012345")
    client.reset()
    try proxy.waitForExchanges(0)
    mayEnd.signal()
    let kept = try proxy.get("/a", "Range: bytes=0-3")
    #expect(kept.bodyText == "0123")
    #expect(kept["Cache-Status"]?.contains("; hit") == true)
  }

  @Test func `more than was asked for is not added to a part`() throws {
    let origin = try ScriptedOrigin { request in
      request["Range"] == "bytes=0-3"
        ? "\(Self.part)Content-Range: bytes 0-3/10\r\nContent-Length: 4\r\n\r\n0123"
        : "\(Self.part)Content-Range: bytes 4-9/10\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "9\r\n456789ABC\r\n0\r\n\r\n"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=0-3")
    let client = try proxy.begin("/a")
    let text = String(decoding: client.receiveAll(), as: UTF8.self)
    #expect(!text.contains("456789"))
    #expect(!text.hasSuffix("0\r\n\r\n"))
    // What was there before is there still.
    let part = try proxy.get("/a", "Range: bytes=0-3")
    #expect(part.bodyText == "0123")
    #expect(part["Cache-Status"]?.contains("; hit") == true)
  }

  @Test func `where less comes than was asked for the whole is asked for`() throws {
    let origin = try ScriptedOrigin { request in
      switch request["Range"] {
      case "bytes=0-3": "\(Self.part)Content-Range: bytes 0-3/10\r\nContent-Length: 4\r\n\r\n0123"
      case nil: "HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: 10\r\n\r\n0123456789"
      default: "\(Self.part)Content-Range: bytes 4-5/10\r\nContent-Length: 2\r\n\r\n45"
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    _ = try proxy.get("/a", "Range: bytes=0-3")
    #expect(try proxy.get("/a").bodyText == "0123456789")
    #expect(origin.requests.count == 3)
  }

  // MARK: Slow clients

  /// Content that tells where each byte stood.
  private static func content(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 12) }
  }

  @Test func `a slow client that led gets all of it, at its own pace`() throws {
    let content = Self.content(12 << 20)
    let origin = try ScriptedOrigin { _, connection in
      try connection.send(
        "HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: \(content.count)\r\n\r\n")
      try connection.send(content)
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.cache.objectBytes = 14 << 20 }
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    let follower = try proxy.begin("/a")
    #expect(try follower.receiveResponse().body == content)
    // What came meanwhile is stored already.
    #expect(try proxy.get("/a")["Cache-Status"]?.contains("; hit") == true)
    #expect(try leader.receiveBytes(content.count) == content)
    #expect(origin.requests.count == 1)
  }

  @Test func `a slow client that led is left behind by what is too long to be kept`() throws {
    let content = Self.content(24 << 20)
    let mayGoOn = DispatchSemaphore(value: 0)
    let origin = try ScriptedOrigin { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)Transfer-Encoding: chunked\r\n\r\n")
      try connection.send("5\r\nhello\r\n")
      mayGoOn.wait()
      try connection.send("\(String(content.count, radix: 16))\r\n")
      try connection.send(content)
      try connection.send("\r\n0\r\n\r\n")
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.cache.objectBytes = 12 << 20 }
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    let follower = try proxy.begin("/a")
    _ = try follower.receiveHead()
    mayGoOn.signal()
    var count = 0
    while count < content.count { count += try follower.receiveMore().count }
    #expect(!leader.receiveAll().suffix(5).elementsEqual(Array("0\r\n\r\n".utf8)))
    #expect(origin.requests.count == 1)
  }

  @Test func `when those who followed a slow client are gone the origin waits for it`() throws {
    let content = Self.content(12 << 20)
    let origin = try ScriptedOrigin { _, connection in
      try connection.send(
        "HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: \(content.count)\r\n\r\n")
      try connection.send(content)
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.cache.objectBytes = 14 << 20 }
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    let follower = try proxy.begin("/a")
    _ = try follower.receiveHead()
    follower.reset()
    try proxy.waitForClients(1)
    #expect(try leader.receiveBytes(content.count) == content)
  }
}

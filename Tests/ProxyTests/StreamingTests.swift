import Configuration
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Testing

/// Bodies on their way, in every framing and both directions.
@Suite struct StreamingTests {
  /// Asks `method /` of a proxy whose origin answers each request with `answer`.
  private func ask(
    _ method: String = "GET", version: String = "1.1", fields: String = "", answered answer: String
  ) throws -> (RawMessage, RawConnection) {
    let origin = try RawOrigin { connection, _ in
      while try connection.receiveRequest() != nil {
        try connection.send(answer)
        if answer.contains("close") || !answer.contains("ength") && !answer.contains("chunked") {
          return
        }
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    try client.send("\(method) / HTTP/\(version)\r\nHost: a.example\r\n\(fields)\r\n")
    let response = try client.receiveResponse(to: method)
    client.companion = proxy
    return (response, client)
  }

  @Test func `content of a known length passes`() throws {
    let (response, _) = try ask(answered: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    #expect(response.bodyText == "hello")
    #expect(response["Content-Length"] == "5")
    #expect(response["Transfer-Encoding"] == nil)
  }

  @Test func `chunked content passes with its trailers`() throws {
    let (response, _) = try ask(
      answered: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n")
    #expect(response.bodyText == "abcde")
    #expect(response.text.contains("\r\nX-Sum: 5\r\n\r\n"))
    #expect(!response.text.contains("x=y"))
  }

  @Test func `content that ends with the connection is chunked for a client of today`() throws {
    let (response, _) = try ask(answered: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil here")
    #expect(response.bodyText == "until here")
    #expect(response["Transfer-Encoding"] == "chunked")
  }

  @Test func `content that ends with the connection ends the old client's too`() throws {
    let (response, client) = try ask(
      version: "1.0", fields: "Connection: keep-alive\r\n",
      answered: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil here")
    #expect(response.bodyText == "until here")
    #expect(response["Connection"] == "close")
    #expect(client.receiveAll().isEmpty)
  }

  @Test func `chunked content reaches an old client without its chunks`() throws {
    let (response, _) = try ask(
      version: "1.0",
      answered: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    #expect(response.bodyText == "abc")
    #expect(response["Transfer-Encoding"] == nil)
  }

  @Test func `an old client that asks for it keeps its connection`() throws {
    let (response, client) = try ask(
      version: "1.0", fields: "Connection: keep-alive\r\n",
      answered: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    #expect(response["Connection"] == "keep-alive")
    #expect(response.startLine.hasPrefix("HTTP/1.1 200"))
    let second = try client.exchange("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
    #expect(second["Connection"] == "close")
    #expect(client.receiveAll().isEmpty)
  }

  @Test(arguments: [
    ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "5"),
    ("GET", "HTTP/1.1 204 No Content\r\nX-Length: 0\r\n\r\n", nil),
    ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "7"),
  ])
  func `a response without content leaves the connection in order`(
    method: String, answer: String, length: String?
  ) throws {
    let (response, client) = try ask(
      method, fields: method == "GET" ? "If-None-Match: \"x\"\r\n" : "", answered: answer)
    #expect(response["Content-Length"] == length)
    try client.send("\(method) /again HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
    let rest = client.receiveAll()
    #expect(String(decoding: rest, as: UTF8.self).hasPrefix("HTTP/1.1 "))
  }

  @Test func `trailers of a request reach the origin`() throws {
    let origin = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }
    let proxy = try RunningProxy(before: origin.endpoint)
    let response = try proxy.ask(
      "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        + "5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n")
    #expect(response.status == 200)
    let request = try #require(origin.requests.first)
    #expect(request.bodyText == "hello")
    #expect(request.text.hasSuffix("\r\n0\r\nX-Sum: 5\r\n\r\n"))
  }

  @Test func `a client that expects a 100 gets the origin's, then sends its content`() throws {
    let origin = try RawOrigin { connection, _ in
      let head = try connection.receiveHead()
      #expect(head?["Expect"] == "100-continue")
      try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
      let content = try connection.receiveBytes(5)
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
      try connection.send(content)
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    try client.send(
      "POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    #expect(try client.receiveResponse(to: "POST").status == 100)
    try client.send("hello")
    #expect(try client.receiveResponse(to: "POST").bodyText == "hello")
  }

  @Test func `a final answer instead of a 100 closes the connection`() throws {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig")
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    try client.send(
      "POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 80\r\n\r\n")
    let response = try client.receiveResponse(to: "POST")
    #expect(response.status == 413)
    #expect(response["Connection"] == "close")
    // What would be content, had the client gone on, is no request.
    try? client.send("GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect(client.receiveAll().isEmpty)
    try origin.waitForEnds(1)
    #expect(origin.connectionCount == 1)
  }

  @Test func `early hints come before the answer, a 100 nobody expects does not`() throws {
    let answer =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
      + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    let (hints, client) = try ask(answered: answer)
    #expect(hints.status == 103)
    #expect(hints["Link"] == "</a.css>; rel=preload")
    #expect(try client.receiveResponse().bodyText == "ok")
    let (old, _) = try ask(version: "1.0", answered: answer)
    #expect(old.status == 200)
  }

  @Test func `interim responses without end are no answer`() throws {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      while true { try connection.send("HTTP/1.1 102 Processing\r\n\r\n") }
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    try client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    var status = 102
    var count = 0
    while status == 102, count < 1_000 {
      status = try client.receiveResponse().status
      count += 1
    }
    #expect(status == 502)
  }

  @Test func `pipelined requests are answered in their order, from the store or not`() throws {
    let origin = try ScriptedOrigin { request in
      let directive = request.target.hasPrefix("/kept") ? "max-age=60" : "no-store"
      return "HTTP/1.1 200 OK\r\nCache-Control: \(directive)\r\n"
        + "Content-Length: \(request.target.utf8.count)\r\n\r\n\(request.target)"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    #expect(try proxy.get("/kept/1").status == 200)
    let targets = (0..<40).map {
      $0 % 3 == 0 ? "/kept/1" : $0 % 3 == 1 ? "/not/\($0)" : "/kept/\($0)"
    }
    let client = try proxy.connect()
    try client.send(targets.map { "GET \($0) HTTP/1.1\r\nHost: a.example\r\n\r\n" }.joined())
    client.finishSending()
    for target in targets {
      #expect(try client.receiveResponse().bodyText == target)
    }
    #expect(client.receiveAll().isEmpty)
  }

  @Test func `an answer may come while the request is still sent`() throws {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
      _ = try connection.receiveBytes(1_000_000)
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 200000\r\n\r\nabc")
    #expect(try client.receiveResponse(to: "POST").status == 403)
    // The rest is thrown away; the next request is the next request.
    try client.send([UInt8](repeating: 0x61, count: 199_997))
    try client.send("GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect(try client.receiveResponse().status == 403)
    #expect(origin.connectionCount == 2)
  }

  @Test(
    arguments: [
      "Content-Length: 100\r\n\r\nsome", "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n",
      "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n0\r\n",
      "Content-Length: 100\r\nCache-Control: max-age=60\r\n\r\nsome",
      "Transfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n4\r\nsome\r\n",
    ], [false, true])
  func `a response that the origin breaks off is never whole`(rest: String, resets: Bool) throws {
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      try connection.send("HTTP/1.1 200 OK\r\n\(rest)")
      if resets { connection.reset() }
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    for _ in 0..<2 {
      let client = try proxy.connect()
      try client.send("GET /part HTTP/1.1\r\nHost: a.example\r\n\r\n")
      let answer = client.receiveAll()
      #expect((try? RawMessage(responseIn: answer)) == nil)
    }
    #expect(origin.connectionCount == 2)
  }

  @Test func `a client that was answered 304 does not care how the content for the store ends`()
    throws
  {
    let origin = try RawOrigin { connection, _ in
      guard let head = try connection.receiveHead() else { return }
      guard head.target == "/kept" else {
        return try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      }
      try connection.send(
        // A weak tag: what comes of it is not worth keeping as a part.
        "HTTP/1.1 200 OK\r\nETag: W/\"a\"\r\nCache-Control: max-age=60\r\n"
          + "Content-Length: 9\r\n\r\nhalf"
      )
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    for _ in 0..<2 {
      let client = try proxy.connect()
      try client.send("GET /kept HTTP/1.1\r\nHost: a.example\r\nIf-None-Match: \"a\"\r\n\r\n")
      try client.send("GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n")
      #expect(try client.receiveResponse().status == 304)
      #expect(try client.receiveResponse().bodyText == "ok")
    }
    #expect(origin.connectionCount == 4)
  }

  @Test func `a client that goes away ends the request at the origin`() throws {
    let asked = DispatchSemaphore(value: 0)
    let ended = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      asked.signal()
      while let bytes = try? connection.receiveMore(), !bytes.isEmpty {}
      ended.signal()
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    try client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 200000\r\n\r\nabc")
    #expect(asked.wait(timeout: .now() + 20) == .success)
    client.close()
    #expect(ended.wait(timeout: .now() + 20) == .success)
  }

  @Test func `half a request that the client ends is never a whole one`() throws {
    let heard = Shared<[UInt8]>([])
    let ended = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, _ in
      while let bytes = try? connection.receiveMore(), !bytes.isEmpty {
        heard.change { $0 += bytes }
      }
      ended.signal()
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    try client.send(
      "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    _ = try eventually("the content to arrive") {
      heard.value.suffix(5) == Array("abc\r\n".utf8)[...] ? true : nil
    }
    client.finishSending()
    #expect(ended.wait(timeout: .now() + 20) == .success)
    #expect(!String(decoding: heard.value, as: UTF8.self).contains("\r\n0\r\n"))
    #expect(client.receiveAll().isEmpty)
  }

  @Test func `bytes after a response are not the next answer`() throws {
    let origin = try RawOrigin { connection, number in
      while try connection.receiveRequest() != nil {
        try connection.send(
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)"
            + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
      }
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect()
    for _ in 1...5 {
      let response = try client.exchange("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
      #expect(response.body.count == 1)
    }
    #expect(origin.connectionCount == 5)
  }

  @Test func `bytes on an idle connection to the origin are not the next answer`() throws {
    let sent = DispatchSemaphore(value: 0)
    let speak = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, number in
      _ = try connection.receiveRequest()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
      guard number == 1 else {
        _ = try connection.receiveMore()
        return
      }
      speak.wait()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
      sent.signal()
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.process.loops = 1 }
    let client = try proxy.connect()
    #expect(try client.exchange("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").bodyText == "1")
    speak.signal()
    sent.wait()
    #expect(try client.exchange("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").bodyText == "2")
  }

  @Test func `an origin that says nothing is a 504, one that stops in the middle a broken answer`()
    throws
  {
    let origin = try RawOrigin { connection, _ in
      let head = try connection.receiveHead()
      if head?.target == "/half" {
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
      }
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint) {
      $0.services[0].timeouts.firstByte = Milliseconds(200)
      $0.services[0].timeouts.idle = Milliseconds(200)
    }
    let answer = try proxy.get("/silent")
    #expect(answer.status == 504)
    #expect(answer["Proxy-Status"]?.contains("error=http_response_timeout") == true)
    let client = try proxy.connect()
    try client.send("GET /half HTTP/1.1\r\nHost: a.example\r\n\r\n")
    #expect((try? RawMessage(responseIn: client.receiveAll())) == nil)
  }

  @Test func `a body of 256 MiB passes both ways`() throws {
    let size = 256 << 20
    let piece = [UInt8](repeating: 0x7A, count: 1 << 20)
    let origin = try RawOrigin { connection, _ in
      _ = try connection.receiveHead()
      var count = 0
      while count < size { count += try connection.receiveMore().count }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
      for _ in 0..<(size / piece.count) { try connection.send(piece) }
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let client = try proxy.connect(within: .seconds(60))
    try client.send("PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(size)\r\n\r\n")
    for _ in 0..<(size / piece.count) { try client.send(piece) }
    #expect(try client.receiveHead()?.status == 200)
    var count = 0
    while count < size { count += try client.receiveMore().count }
    #expect(count == size)
  }
}

import CachePolicy
import Configuration
import Dispatch
import Foundation
import HTTPModel
import JourneySupport
import Primitives
import Synchronization
import Testing
import Verdict

/// One fetch for many askers, over real sockets and more than one loop.
@Suite struct CollapsingTests {
  private static let fields = "Cache-Control: max-age=60\r\n"

  @Test func `where a rule says so everybody asks for himself`() throws {
    let origin = try HeldOrigin { request, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: 5\r\n\r\nhello")
    }
    let proxy = try RunningProxy(before: origin.endpoint) { settings in
      var rules = CacheRules()
      rules.collapsesRequests = false
      settings.routes[0].lane = .cache(rules)
    }
    let clients = try (0..<2).map { _ in try proxy.begin("/a") }
    origin.waitUntilAsked()
    origin.waitUntilAsked()
    origin.answer()
    #expect(try clients.allSatisfy { try $0.receiveResponse().bodyText == "hello" })
    #expect(origin.requests.count == 2)
  }

  @Test func `many who ask at once are answered by one fetch`() throws {
    let origin = try HeldOrigin { request, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: 5\r\n\r\nhello")
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let clients = try (0..<40).map { _ in try proxy.begin("/a") }
    origin.waitUntilAsked()
    try proxy.waitForExchanges(40)
    origin.answer()
    let answers = try clients.map { try $0.receiveResponse() }
    #expect(answers.allSatisfy { $0.status == 200 && $0.bodyText == "hello" })
    #expect(origin.requests.count == 1)
    let collapsed = answers.filter { $0["Cache-Status"]?.contains("; collapsed") == true }
    #expect(collapsed.count == 39)
    #expect(collapsed.allSatisfy { $0["Age"] != nil })
    #expect(proxy.metric("countersign_cache_lookups_total{result=\"collapsed\"}") == 39)
  }

  @Test(arguments: [
    "Content-Length: 10\r\n\r\nhello|world",
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n|5\r\nworld\r\n0\r\n\r\n",
  ])
  func `who joins gets what has come and then the rest as it comes`(content: String) throws {
    let halves = content.split(separator: "|").map(String.init)
    let mayEnd = DispatchSemaphore(value: 0)
    let origin = try ScriptedOrigin { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)\(halves[0])")
      mayEnd.wait()
      try connection.send(halves[1])
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let leader = try proxy.begin("/a")
    _ = try #require(try leader.receiveHead())
    let followers = try (0..<8).map { _ in try proxy.begin("/a") }
    for follower in followers {
      // The first half reaches everybody while the second has not been sent.
      let head = try #require(try follower.receiveHead())
      #expect(head["Cache-Status"]?.contains("collapsed") == true)
      let expected = head["Content-Length"] == nil ? "5\r\nhello\r\n" : "hello"
      let first = try follower.receiveBytes(expected.utf8.count)
      #expect(String(decoding: first, as: UTF8.self) == expected)
    }
    mayEnd.signal()
    for client in followers {
      let expected =
        halves[0].contains("chunked") ? "5\r\nworld\r\n0\r\n\r\n" : "world"
      let rest = try client.receiveBytes(expected.utf8.count)
      #expect(String(decoding: rest, as: UTF8.self) == expected)
    }
    #expect(origin.requests.count == 1)
  }

  @Test func `what may not be stored is shared with nobody, nor waited for again`() throws {
    let number = Shared(0)
    let together = Gathering(6)
    let origin = try ScriptedOrigin { request, connection in
      if request["X-Together"] != nil { together.arrive() }
      let mine = number.change { count in
        count += 1
        return count
      }
      try connection.send(
        "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 1\r\n\r\n\(mine)")
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    #expect(try proxy.get("/a").bodyText == "1")
    // All six are at the origin at the same time: none waits for another.
    let clients = try (0..<6).map { _ in try proxy.begin("/a", "X-Together: yes") }
    let answers = try clients.map { try $0.receiveResponse().bodyText }
    #expect(Set(answers) == ["2", "3", "4", "5", "6", "7"])
  }

  @Test func `who waits when it turns out uncacheable gets an answer of its own`() throws {
    let number = Shared(0)
    let origin = try HeldOrigin { _, connection in
      let mine = number.change { count in
        count += 1
        return count
      }
      try connection.send(
        "HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Length: 1\r\n\r\n\(mine)")
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let clients = try (0..<5).map { _ in try proxy.begin("/a") }
    origin.waitUntilAsked()
    try proxy.waitForExchanges(5)
    #expect(origin.requests.count == 1)
    origin.answer()
    let answers = try clients.map { try $0.receiveResponse() }
    #expect(Set(answers.map(\.bodyText)) == ["1", "2", "3", "4", "5"])
    #expect(answers.allSatisfy { $0["Cache-Status"]?.contains("collapsed") == false })
  }

  @Test func `a decision is shared with nobody who waited for the response`() throws {
    let isAsked = DispatchSemaphore(value: 0)
    let mayAnswer = DispatchSemaphore(value: 0)
    let number = Shared(0)
    let origin = try ScriptedOrigin { _, connection in
      let mine = number.change { count in
        count += 1
        return count
      }
      // The head says nothing of a decision: the content does.
      let body = "{\"authorized\":true,\"user\":{\"name\":\"u\(mine)\"}}"
      try connection.send(
        "HTTP/1.1 200 OK\r\n\(Self.fields)Content-Type: application/json\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body.prefix(6))")
      isAsked.signal()
      mayAnswer.wait()
      mayAnswer.signal()
      try connection.send(String(body.dropFirst(6)))
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.services[0].kind = .auth }
    let clients = try (0..<5).map { _ in try proxy.begin("/static/a") }
    isAsked.wait()
    try proxy.waitForExchanges(5)
    mayAnswer.signal()
    let answers = try clients.map { try $0.receiveResponse() }
    #expect(Set(answers.map(\.bodyText)).count == 5, "everybody has an answer of their own")
    #expect(answers.allSatisfy { $0["Cache-Control"] == "private, no-store" })
    #expect(origin.requests.count == 5)
  }

  @Test func `when the client that led goes away another one leads`() throws {
    let isAsked = DispatchSemaphore(value: 0)
    let mayAnswer = DispatchSemaphore(value: 0)
    let number = Shared(0)
    let origin = try ScriptedOrigin { _, connection in
      let mine = number.change { count in
        count += 1
        return count
      }
      isAsked.signal()
      if mine == 1 { mayAnswer.wait() }
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: 1\r\n\r\n\(mine)")
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let leader = try proxy.begin("/a")
    isAsked.wait()
    let others = try (0..<4).map { _ in try proxy.begin("/a") }
    try proxy.waitForExchanges(5)
    leader.reset()
    let answers = try others.map { try $0.receiveResponse().bodyText }
    #expect(answers == ["2", "2", "2", "2"])
    #expect(origin.requests.count == 2)
    mayAnswer.signal()
  }

  @Test func `when the client that led goes away in the middle the fetch goes on for the others`()
    throws
  {
    let mayEnd = DispatchSemaphore(value: 0)
    let origin = try ScriptedOrigin { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: 10\r\n\r\nhello")
      mayEnd.wait()
      try connection.send("world")
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    let follower = try proxy.begin("/a")
    _ = try follower.receiveHead()
    #expect(try follower.receiveBytes(5) == Array("hello".utf8))
    leader.reset()
    try proxy.waitForClients(1)
    mayEnd.signal()
    #expect(try follower.receiveBytes(5) == Array("world".utf8))
    let later = try proxy.get("/a")
    #expect(later.bodyText == "helloworld")
    #expect(later["Cache-Status"]?.contains("hit") == true)
    #expect(origin.requests.count == 1)
  }

  @Test func `an origin that fails before an answer is asked by another one who waits`() throws {
    let isAsked = DispatchSemaphore(value: 0)
    let mayFail = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, number in
      guard try connection.receiveRequest() != nil else { return }
      if number == 1 {
        isAsked.signal()
        mayFail.wait()
        return
      }
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: 2\r\n\r\nok")
      _ = try connection.receiveMore()
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let clients = try (0..<5).map { _ in try proxy.begin("/a") }
    isAsked.wait()
    try proxy.waitForExchanges(5)
    mayFail.signal()
    let statuses = try clients.map { try $0.receiveResponse().status }
    #expect(statuses.filter { $0 == 200 }.count == 4)
    #expect(statuses.filter { $0 == 502 }.count == 1)
    #expect(origin.connectionCount == 2)
  }

  @Test func `a response that breaks off breaks off for all who have begun to get it`() throws {
    let mayBreak = DispatchSemaphore(value: 0)
    let origin = try RawOrigin { connection, _ in
      guard try connection.receiveRequest() != nil else { return }
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: 10\r\n\r\nhello")
      mayBreak.wait()
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    let follower = try proxy.begin("/a")
    _ = try follower.receiveHead()
    #expect(try follower.receiveBytes(5) == Array("hello".utf8))
    mayBreak.signal()
    #expect(leader.receiveAll().count <= 5)
    #expect(follower.receiveAll().isEmpty)
  }

  @Test func `a slow leader holds up nobody who follows`() throws {
    let content = [UInt8](repeating: 0x61, count: 3 << 20)
    let origin = try ScriptedOrigin { _, connection in
      try connection.send(
        "HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: \(content.count)\r\n\r\n")
      try connection.send(content)
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.cache.objectBytes = 4 << 20 }
    // It reads no more than its head.
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    let follower = try proxy.begin("/a")
    #expect(try follower.receiveResponse().body.count == content.count)
    #expect(origin.requests.count == 1)
  }

  @Test func `a slow follower holds up nobody`() throws {
    let content = [UInt8](repeating: 0x61, count: 6 << 20)
    let mayGoOn = DispatchSemaphore(value: 0)
    let origin = try ScriptedOrigin { _, connection in
      // Longer than what may be stored, and not announced.
      try connection.send("HTTP/1.1 200 OK\r\n\(Self.fields)Transfer-Encoding: chunked\r\n\r\n")
      try connection.send("5\r\nhello\r\n")
      mayGoOn.wait()
      try connection.send("\(String(content.count, radix: 16))\r\n")
      try connection.send(content)
      try connection.send("\r\n0\r\n\r\n")
    }
    let proxy = try RunningProxy(before: origin.endpoint) { $0.cache.objectBytes = 1 << 20 }
    let leader = try proxy.begin("/a")
    _ = try leader.receiveHead()
    let slow = try proxy.begin("/a")
    _ = try slow.receiveHead()
    mayGoOn.signal()
    var count = 0
    while count < content.count { count += try leader.receiveMore().count }
    // What it missed is gone: its response is broken off, not cut short.
    let rest = slow.receiveAll()
    #expect(!rest.suffix(5).elementsEqual(Array("0\r\n\r\n".utf8)))
  }

  @Test func `who wants another variant is not given the one that comes in`() throws {
    let origin = try HeldOrigin { request, connection in
      let language = request["Accept-Language"] ?? "none"
      try connection.send(
        "HTTP/1.1 200 OK\r\n\(Self.fields)Vary: Accept-Language\r\n"
          + "Content-Length: 2\r\n\r\n\(language)")
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let languages = ["en", "de", "en", "de", "fr"]
    let clients = try languages.map { try proxy.begin("/a", "Accept-Language: \($0)") }
    origin.waitUntilAsked()
    try proxy.waitForExchanges(5)
    origin.answer()
    let answers = try clients.map { try $0.receiveResponse().bodyText }
    #expect(answers == languages)
  }

  @Test func `a validation is made once for all who want it`() throws {
    let origin = try HeldOrigin(holding: "If-None-Match") { request in
      request["If-None-Match"] == nil
        ? "HTTP/1.1 200 OK\r\nCache-Control: max-age=1\r\nETag: \"1\"\r\n"
          + "Content-Length: 2\r\n\r\nok"
        : "HTTP/1.1 304 Not Modified\r\n\(Self.fields)ETag: \"1\"\r\n\r\n"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    #expect(try proxy.get("/a").status == 200)
    try proxy.waitForStaleness(of: "/a")
    let clients = try (0..<10).map { _ in try proxy.begin("/a") }
    origin.waitUntilAsked()
    try proxy.waitForExchanges(10)
    origin.answer()
    let answers = try clients.map { try $0.receiveResponse() }
    #expect(answers.allSatisfy { $0.status == 200 && $0.bodyText == "ok" })
    #expect(origin.requests.count == 2)
  }

  @Test func `those who wait have their own wishes honoured`() throws {
    let origin = try HeldOrigin { request, connection in
      let content = request.method == "HEAD" ? "" : "hello"
      try connection.send(
        "HTTP/1.1 200 OK\r\n\(Self.fields)ETag: \"1\"\r\nContent-Length: 5\r\n\r\n\(content)")
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let leader = try proxy.begin("/a")
    origin.waitUntilAsked()
    let conditional = try proxy.begin("/a", "If-None-Match: \"1\"")
    let impatient = try proxy.begin("/a", "Cache-Control: max-age=0")
    let head = try proxy.connect()
    try head.send("HEAD /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
    try proxy.waitForExchanges(4)
    origin.answer()
    #expect(try leader.receiveResponse().bodyText == "hello")
    let unchanged = try conditional.receiveResponse()
    #expect(unchanged.status == 304)
    #expect(unchanged["Cache-Status"]?.contains("collapsed") == true)
    let answered = try head.receiveResponse(to: "HEAD")
    #expect(answered["Content-Length"] == "5")
    #expect(answered["Cache-Status"]?.contains("collapsed") == true)
    let own = try impatient.receiveResponse()
    #expect(own.bodyText == "hello")
    #expect(own["Cache-Status"]?.contains("collapsed") == false)
    #expect(origin.requests.count == 2)
  }

  @Test(arguments: [5, 200_000]) func `seventy who ask again find what was stored`(length: Int)
    throws
  {
    let content = String(repeating: "x", count: length)
    let origin = try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: \(length)\r\n\r\n\(content)"
    }
    let proxy = try RunningProxy(before: origin.endpoint)
    let connections = try (0..<70).map { _ in try proxy.connect() }
    for round in 0..<5 {
      let request = "GET /\(round) HTTP/1.1\r\nHost: a.example\r\n\r\n"
      #expect(try proxy.ask(request).body.count == length)
      for connection in connections { try connection.send(request) }
      for connection in connections {
        let answer = try connection.receiveResponse()
        #expect(answer["Cache-Status"]?.contains("; hit") == true)
        #expect(answer.body.count == length)
      }
    }
    #expect(origin.requests.count == 5)
  }
}

import Dispatch
import JourneySupport
import Testing

/// Clients as they are, asking for what is on its way: slow ones, those that want a part, those
/// that go away in the middle.
@Suite struct StreamingJourneyTests {
  private static let routes = """
      - match: { path: /files/** }
        service: auth
        cache: {}
    """
  private static let settings = "cache: { memory: 256MiB, max_object: 32MiB }\n"
  private static let fields =
    "Cache-Control: max-age=60\r\nETag: \"1\"\r\nContent-Type: image/png\r\n"

  /// Content that tells where each byte stood.
  private static func content(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 29 &+ $0 >> 13) }
  }

  /// curl whose answer goes to a file.
  private func curl(_ url: String, to file: String, _ arguments: String...) throws -> ChildProcess {
    try ChildProcess(
      "/usr/bin/curl",
      ["-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "60", "--output", file]
        + arguments + [url])
  }

  @Test func `a slow curl leads, and others and their ranges follow at their own pace`() throws {
    let content = Self.content(24 << 20)
    let origin = try ScriptedOrigin { _, connection in
      try connection.send(
        "HTTP/1.1 200 OK\r\n\(Self.fields)Content-Length: \(content.count)\r\n\r\n")
      try connection.send(content)
    }
    let proxy = try Countersign(
      before: origin.endpoint, routes: Self.routes, settings: Self.settings)
    let directory = try TemporaryDirectory()
    let url = proxy.url("/files/a")
    let files = ["slow", "whole", "part"].map { directory.path($0) }
    let slow = try curl(url, to: files[0], "--limit-rate", "6M")
    _ = try origin.requests(atLeast: 1)
    let whole = try curl(url, to: files[1])
    let part = try curl(url, to: files[2], "--range", "1000-70000")
    #expect(try whole.waitForEnd(within: .seconds(30)) == .exited(0))
    #expect(try part.waitForEnd(within: .seconds(30)) == .exited(0))
    #expect(slow.isRunning, "the slow one holds up nobody")
    #expect(try slow.waitForEnd(within: .seconds(60)) == .exited(0))
    #expect(try directory.contents(of: "slow") == content)
    #expect(try directory.contents(of: "whole") == content)
    #expect(try directory.contents(of: "part") == Array(content[1000...70000]))
    #expect(origin.requests.count == 1)
  }

  @Test func `a curl that is stopped in the middle of a completion takes nothing along`() throws {
    let content = Self.content(1 << 20)
    let mayEnd = DispatchSemaphore(value: 0)
    let half = content.count / 2
    let origin = try ScriptedOrigin { request, connection in
      let isFirst = request["Range"] == "bytes=0-99"
      let first = isFirst ? 0 : 100
      let last = isFirst ? 99 : content.count - 1
      try connection.send(
        "HTTP/1.1 206 Partial Content\r\n\(Self.fields)"
          + "Content-Range: bytes \(first)-\(last)/\(content.count)\r\n"
          + "Content-Length: \(last - first + 1)\r\n\r\n")
      if isFirst { return try connection.send(Array(content[0...99])) }
      try connection.send(Array(content[100..<half]))
      mayEnd.wait()
      try connection.send(Array(content[half...]))
    }
    let proxy = try Countersign(
      before: origin.endpoint, routes: Self.routes, settings: Self.settings)
    let directory = try TemporaryDirectory()
    let url = proxy.url("/files/a")
    #expect(try JourneySupport.curl("--range", "0-99", url).status == 206)
    let led = try curl(url, to: directory.path("led"))
    _ = try eventually("the first half to arrive") {
      (try? directory.contents(of: "led"))?.isEmpty == false ? true : nil
    }
    let followed = try curl(url, to: directory.path("followed"))
    _ = try eventually("the other one to follow") {
      (try? directory.contents(of: "followed"))?.isEmpty == false ? true : nil
    }
    led.send(signal: 9)
    try led.waitForEnd()
    mayEnd.signal()
    #expect(try followed.waitForEnd(within: .seconds(30)) == .exited(0))
    #expect(try directory.contents(of: "followed") == content)
    let later = try JourneySupport.curl(url)
    #expect(later["Cache-Status"]?.contains("; hit") == true)
    #expect(later.message.body == content)
    #expect(origin.requests.count == 2)
  }
}

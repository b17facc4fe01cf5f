import Foundation
import JourneySupport
import Testing

/// Start, reload, rotation and stop, of the real process.
@Suite struct LifecycleJourneyTests {
  private static let page = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

  @Test func `the service manager hears when it is ready and when it stops`() throws {
    let origin = try ScriptedOrigin { _ in Self.page }
    let manager = try ServiceManager()
    let proxy = try Countersign(
      before: origin.endpoint, environment: ["NOTIFY_SOCKET": manager.path])
    _ = try manager.messages.line(containing: "READY=1")
    #expect(try proxy.process.stop() == .exited(0))
    _ = try manager.messages.line(containing: "STOPPING=1")
  }

  @Test func `a stop lets the exchange in progress finish`() throws {
    let gate = OutputLog()
    let origin = try ScriptedOrigin { _, connection in
      _ = try gate.line(containing: "go on")
      try connection.send(Self.page)
    }
    let proxy = try Countersign(before: origin.endpoint)
    let client = try RawConnection(to: proxy.endpoint)
    try client.send("GET /assets/slow HTTP/1.1\r\nHost: a.example\r\n\r\n")
    _ = try origin.requests(atLeast: 1)
    proxy.process.send(signal: SIGTERM)
    // Nobody new is let in while it finishes.
    try eventually("the listener to be closed") {
      (try? RawConnection(to: proxy.endpoint)) == nil ? () : nil
    }
    #expect(proxy.process.isRunning)
    gate.append("go on\n".utf8)
    #expect(try client.receiveResponse().bodyText == "hi")
    #expect(try proxy.process.waitForEnd() == .exited(0))
  }

  @Test func `a reload takes new settings over, and wrong ones not at all`() throws {
    let origin = try ScriptedOrigin { _ in Self.page }
    let endpoint = try Endpoint.leased()
    let directory = try TemporaryDirectory()
    func settings(mark: String) -> String {
      Countersign.configuration(
        at: endpoint, before: "http://\(origin.endpoint)", in: directory,
        routes: """
            - match: { path: /assets/** }
              service: auth
              cache: {}
              response_fields: { set: { X-Mark: \(mark) } }
          """)
    }
    let proxy = try Countersign(
      configuration: settings(mark: "one"), endpoint: endpoint, in: directory)
    let client = try RawConnection(to: endpoint)
    let request = "GET /assets/a HTTP/1.1\r\nHost: a.example\r\n\r\n"
    #expect(try client.exchange(request)["X-Mark"] == "one")

    try directory.write("listeners: 7\n", to: "countersign.yaml")
    proxy.process.send(signal: SIGHUP)
    try eventually("the complaint") { proxy.process.errors.text.contains("listeners") ? () : nil }
    #expect(try client.exchange(request)["X-Mark"] == "one")

    try directory.write(settings(mark: "two"), to: "countersign.yaml")
    proxy.process.send(signal: SIGHUP)
    // On the same connection: none is dropped.
    try eventually("the new settings") {
      try client.exchange(request)["X-Mark"] == "two" ? () : nil
    }
  }

  @Test func `logs are opened anew after they were moved away`() throws {
    let origin = try ScriptedOrigin { _ in Self.page }
    let proxy = try Countersign(before: origin.endpoint)
    _ = try curl(proxy.url("/assets/before"))
    try eventually("the first line") {
      proxy.directory.text(of: "access.jsonl").contains("/assets/before") ? () : nil
    }
    try FileManager.default.moveItem(
      atPath: proxy.directory.path("access.jsonl"), toPath: proxy.directory.path("old.jsonl"))
    proxy.process.send(signal: SIGUSR1)
    try eventually("a new log") {
      FileManager.default.fileExists(atPath: proxy.directory.path("access.jsonl")) ? () : nil
    }
    _ = try curl(proxy.url("/assets/after"))
    try eventually("the next line in the new log") {
      proxy.directory.text(of: "access.jsonl").contains("/assets/after") ? () : nil
    }
    #expect(!proxy.directory.text(of: "old.jsonl").contains("/assets/after"))
  }

  @Test func `operators ask for health, readiness and metrics over a socket of their own`() throws {
    let auth = try SampleAuth()
    let proxy = try Countersign(before: auth.endpoint)
    #expect(try logIn("alice", "wonderland", at: proxy.endpoint).status == 200)
    #expect(try proxy.admin("/healthz").status == 200)
    #expect(try proxy.admin("/readyz").status == 200)
    let metrics = try proxy.admin("/metrics")
    #expect(metrics["Content-Type"]?.hasPrefix("text/plain") == true)
    #expect(metrics.body.contains("countersign_"))
  }

  @Test(.disabled(if: Programs.isSanitized, "a sanitizer keeps what was freed"))
  func `a long body costs no more memory than a short one`() throws {
    let size = 192 << 20
    let piece = [UInt8](repeating: 0x61, count: 1 << 20)
    let origin = try ScriptedOrigin { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n")
      try connection.send("Content-Type: application/octet-stream\r\n")
      try connection.send("Content-Length: \(size)\r\n\r\n")
      for _ in 0..<(size / piece.count) { try connection.send(piece) }
    }
    let proxy = try Countersign(before: origin.endpoint)
    let before = try peakMemory(of: proxy.process)
    let client = try RawConnection(to: proxy.endpoint, within: .seconds(120))
    try client.send("GET /assets/long HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
    var received = 0
    while case let bytes = try client.receive(), !bytes.isEmpty { received += bytes.count }
    #expect(received > size)
    #expect(try peakMemory(of: proxy.process) - before < 16 << 10)
  }

  /// The most memory the process ever had resident, in KiB.
  private func peakMemory(of process: ChildProcess) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return try #require(
      line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap {
        Int($0)
      })
  }
}

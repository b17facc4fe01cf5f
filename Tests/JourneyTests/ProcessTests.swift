import Foundation
import JourneySupport
import Testing

/// The program as a process: what it does when told by signals, and how it ends.
@Suite struct ProcessTests {
  private static func answering(_ text: String) throws -> ScriptedOrigin {
    try ScriptedOrigin { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
    }
  }

  private static func settings(
    _ endpoint: Endpoint, before origin: Endpoint, in directory: TemporaryDirectory,
    more: String = ""
  ) -> String {
    """
    listeners: [ { address: \(endpoint) } ]
    services: { plain: { kind: plain, origins: [ "http://\(origin)" ] } }
    routes: [ { match: { path: /** }, service: plain } ]
    audit: { log: \(directory.path("findings.jsonl")) }
    access_log: { log: \(directory.path("access.jsonl")) }
    admin: { address: "unix:\(directory.path("admin.sock"))" }
    \(more)
    """
  }

  private static func start(before origin: Endpoint, more: String = "") throws -> Countersign {
    let endpoint = try Endpoint.leased()
    let directory = try TemporaryDirectory()
    return try Countersign(
      configuration: settings(endpoint, before: origin, in: directory, more: more),
      endpoint: endpoint, in: directory)
  }

  private static let request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"

  @Test func `a port in use is one sentence and 69`() throws {
    let origin = try Self.answering("a")
    let first = try Self.start(before: origin.endpoint)
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      Self.settings(first.endpoint, before: origin.endpoint, in: directory), to: "second.yaml")
    let second = try ChildProcess(try Programs.countersign(), ["serve", file])
    #expect(try second.waitForEnd() == .exited(69))
    #expect(second.errors.text.contains("cannot listen on \(first.endpoint)"))
    #expect(try RawConnection(to: first.endpoint).exchange(Self.request).bodyText == "a")
  }

  @Test func `an audit log that cannot be written ends it with 73, unless it may run without`()
    throws
  {
    let origin = try Self.answering("a")
    let directory = try TemporaryDirectory()
    let endpoint = try Endpoint.leased()
    func configuration(_ more: String) -> String {
      Self.settings(endpoint, before: origin.endpoint, in: directory)
        .replacing(directory.path("findings.jsonl"), with: "/nowhere/findings.jsonl\(more)")
    }
    let refused = try ChildProcess(
      try Programs.countersign(), ["serve", try directory.write(configuration(""), to: "log.yaml")])
    #expect(try refused.waitForEnd() == .exited(73))
    #expect(
      refused.errors.text.contains("the audit log /nowhere/findings.jsonl cannot be opened"))
    #expect(refused.errors.text.contains("make the directory /nowhere first"))

    let running = try Countersign(
      configuration: configuration(", required: false"), endpoint: endpoint, in: directory)
    #expect(try RawConnection(to: endpoint).exchange(Self.request).bodyText == "a")
    #expect(running.process.errors.text.contains("/nowhere/findings.jsonl"))
  }

  @Test func `a hang-up takes over new settings, and wrong ones change nothing`() throws {
    let origins = [try Self.answering("old"), try Self.answering("new")]
    let proxy = try Self.start(before: origins[0].endpoint)
    let client = try RawConnection(to: proxy.endpoint)
    #expect(try client.exchange(Self.request).bodyText == "old")
    _ = try proxy.directory.write("listeners: 7\n", to: "countersign.yaml")
    proxy.process.send(signal: SIGHUP)
    _ = try eventually("the diagnostic") {
      proxy.process.errors.text.contains("listeners") ? true : nil
    }
    #expect(try client.exchange(Self.request).bodyText == "old")
    _ = try proxy.directory.write(
      Self.settings(proxy.endpoint, before: origins[1].endpoint, in: proxy.directory),
      to: "countersign.yaml")
    proxy.process.send(signal: SIGHUP)
    // The same connection, not dropped, is served by the new settings.
    _ = try eventually("the new settings") {
      try client.exchange(Self.request).bodyText == "new" ? true : nil
    }
    #expect(try proxy.process.stop() == .exited(0))
  }

  @Test func `a stop lets the exchange under way finish and takes no new ones`() throws {
    let release = DispatchSemaphore(value: 0)
    let origin = try ScriptedOrigin { request, connection in
      guard request.target == "/slow" else {
        return try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
      release.wait()
      try connection.send("half")
    }
    let proxy = try Self.start(before: origin.endpoint)
    let idle = try RawConnection(to: proxy.endpoint)
    let client = try RawConnection(to: proxy.endpoint)
    try client.send("GET /slow HTTP/1.1\r\nHost: a.example\r\n\r\n")
    _ = try origin.requests(atLeast: 1)
    proxy.process.send(signal: SIGTERM)
    #expect(idle.receiveAll().isEmpty)
    // One that comes in time may still be answered: each loop closes its listener for itself.
    _ = try eventually("the listener to close") {
      (try? RawConnection(to: proxy.endpoint).exchange(Self.request)) == nil ? true : nil
    }
    release.signal()
    #expect(try client.receiveResponse().bodyText == "halfhalf")
    #expect(try proxy.process.waitForEnd() == .exited(0))
  }

  @Test func `exchanges beyond the grace are broken off, and the status says so`() throws {
    let origin = try ScriptedOrigin { _, connection in _ = try? connection.receive() }
    let proxy = try Self.start(before: origin.endpoint, more: "process: { shutdown_grace: 200ms }")
    let client = try RawConnection(to: proxy.endpoint)
    try client.send(Self.request)
    _ = try origin.requests(atLeast: 1)
    #expect(try proxy.process.stop() == .exited(75))
    #expect(client.receiveAll().isEmpty)
  }

  @Test func `a second stop waits for nobody`() throws {
    let origin = try ScriptedOrigin { _, connection in _ = try? connection.receive() }
    let proxy = try Self.start(before: origin.endpoint)
    let client = try RawConnection(to: proxy.endpoint)
    try client.send(Self.request)
    _ = try origin.requests(atLeast: 1)
    proxy.process.send(signal: SIGTERM)
    _ = try eventually("the stop to begin") {
      proxy.process.errors.text.contains("Stopping") ? true : nil
    }
    proxy.process.send(signal: SIGTERM)
    #expect(try proxy.process.waitForEnd(within: .seconds(20)) == .exited(75))
  }

  @Test func `logs that were moved away are written anew`() throws {
    let origin = try Self.answering("a")
    let proxy = try Self.start(before: origin.endpoint)
    let path = proxy.directory.path("access.jsonl")
    let client = try RawConnection(to: proxy.endpoint)
    _ = try client.exchange(Self.request)
    _ = try eventually("a line") {
      proxy.directory.text(of: "access.jsonl").isEmpty ? nil : true
    }
    try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
    proxy.process.send(signal: SIGUSR1)
    _ = try eventually("a new file") { FileManager.default.fileExists(atPath: path) ? true : nil }
    _ = try client.exchange(Self.request)
    _ = try eventually("a line in it") {
      proxy.directory.text(of: "access.jsonl").isEmpty ? nil : true
    }
  }
}

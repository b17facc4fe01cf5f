import Foundation
import JourneySupport
import Testing

/// The running program when the machine has no more of something: it says so, goes on with what it
/// has, and comes back.
@Suite struct ShortageTests {
  private static let request = "GET /kept HTTP/1.1\r\nHost: a.example\r\n\r\n"

  /// Verdicts, each on a connection of its own, and a page that may be kept.
  private static func answering() throws -> ScriptedOrigin {
    try ScriptedOrigin { request, connection in
      guard request.target.hasPrefix("/login") else {
        return try connection.send(
          "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Type: text/plain\r\n"
            + "Content-Length: 4\r\n\r\nkept")
      }
      let token = request.target.hasSuffix("bad") ? nil : request["Transaction-Token"]
      try connection.send(
        "HTTP/1.1 200 OK\r\nTransaction-Token: \(token ?? "-")\r\nConnection: close\r\n"
          + "Content-Length: 2\r\n\r\n{}")
      connection.close()
    }
  }

  private static let routes = """
      - match: { path: /login }
        service: auth
        decision: { mode: enforce, binding: echo, subject: none }
      - match: { path: /** }
        service: auth
        cache: { default_ttl: 60s }
    """

  /// The value of a metric that has labels like these; 0 where there is none.
  private static func metric(_ text: String, of proxy: Countersign) throws -> Double {
    try proxy.admin("/metrics").body.split(separator: "\n")
      .filter { $0.hasPrefix(text) }
      .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
      .reduce(0, +)
  }

  @Test func `without descriptors connections wait, and operators are told`() throws {
    let origin = try Self.answering()
    let proxy = try Countersign(
      before: origin.endpoint, routes: Self.routes, settings: "process: { loops: 1 }",
      limits: "ulimit -n 72")
    // Kept, so that nothing more is needed of the origin.
    for _ in 0..<8 { _ = try RawConnection(to: proxy.endpoint).exchange(Self.request) }
    let clients = try (0..<120).map { _ in try RawConnection(to: proxy.endpoint) }
    for client in clients { try client.send(Self.request) }
    _ = try eventually("it to have paused for a while") {
      try Self.metric("countersign_accept_pauses_total", of: proxy) >= 10 ? true : nil
    }
    // Waiting costs next to nothing: ten pauses a second, each a few calls.
    let before = try Self.metric("process_cpu_seconds_total", of: proxy)
    _ = try eventually("more pauses") {
      try Self.metric("countersign_accept_pauses_total", of: proxy) >= 30 ? true : nil
    }
    #expect(try Self.metric("process_cpu_seconds_total", of: proxy) - before < 1)
    #expect(try proxy.admin("/readyz").body == "ready\n")
    #expect(proxy.process.errors.text.contains("Connections cannot be accepted and wait."))
    // As those who were served leave, the others come in.
    for client in clients {
      #expect(try client.receiveResponse().status == 200)
      client.close()
    }
    _ = try eventually("the log to say that it is over") {
      proxy.process.errors.text.contains("Connections are accepted again.") ? true : nil
    }
    let lines = proxy.process.errors.text.split(separator: "\n").count {
      $0.contains("Connections cannot be accepted")
    }
    #expect(lines <= 8, "\(lines) lines")
    #expect(try RawConnection(to: proxy.endpoint).exchange(Self.request).status == 200)
    #expect(try proxy.process.stop() == .exited(0))
  }

  @Test func `without descriptors for it an origin is not to blame`() throws {
    let origin = try Self.answering()
    let proxy = try Countersign(
      before: origin.endpoint, routes: Self.routes, settings: "process: { loops: 1 }",
      limits: "ulimit -n 72")
    // Idle ones take all there is.
    let idle = try (0..<120).map { _ in try RawConnection(to: proxy.endpoint) }
    // Not asked of the admin listener: its own connections would give descriptors back.
    _ = try eventually("all descriptors to be taken") {
      proxy.process.errors.text.contains("Connections cannot be accepted and wait.") ? true : nil
    }
    // The first one was accepted; what it asks for needs a descriptor more.
    let login = Self.request.replacing("/kept", with: "/login")
    for _ in 0..<10 {
      _ = try eventually("no descriptor to be left for a connection to the origin") {
        try idle[0].exchange(login).status == 200 ? nil : true
      }
    }
    #expect(try proxy.admin("/origins").body.contains("\"in_service\":true"))
    #expect(try proxy.admin("/readyz").body == "ready\n")
    for client in idle { client.close() }
    _ = try eventually("descriptors to be free") {
      try RawConnection(to: proxy.endpoint).exchange(login).status == 200 ? true : nil
    }
  }

  /// The thread sanitizer keeps its own memory in files, and does not start under a limit on them.
  private static let takesFileLimits = !Programs.isSanitized

  @Test(arguments: takesFileLimits ? ["/dev/full", "limit"] : ["/dev/full"])
  func `a disk that is full holds nobody up, and what is lost is counted`(disk: String) throws {
    let origin = try Self.answering()
    let directory = try TemporaryDirectory()
    let endpoint = try Endpoint.leased()
    var configuration = Countersign.configuration(
      at: endpoint, before: "http://\(origin.endpoint)", in: directory, routes: Self.routes)
    if disk == "/dev/full" {
      for name in ["findings", "access"] {
        configuration = configuration.replacing(directory.path("\(name).jsonl"), with: disk)
      }
    }
    let proxy = try Countersign(
      configuration: configuration, endpoint: endpoint, in: directory,
      limits: disk == "limit" ? "ulimit -f 8" : nil)
    let client = try RawConnection(to: proxy.endpoint)
    let login = Self.request.replacing("/kept", with: "/login")
    for number in 0..<400 {
      let answer = try client.exchange(number % 2 == 0 ? login : Self.request)
      #expect(answer.status == 200)
    }
    _ = try eventually("the log to say that a log cannot be written") {
      proxy.process.errors.text.contains("A log cannot be written.") ? true : nil
    }
    for _ in 0..<50 { #expect(try client.exchange(login).status == 200) }
    // A verdict that proves nothing is refused as ever, written down or not.
    let bad = Self.request.replacing("/kept", with: "/login?bad")
    #expect(try client.exchange(bad).status == 403)
    #expect(try proxy.process.stop() == .exited(0))
    #expect(proxy.process.errors.text.contains("Lines of a log were lost."))
  }

  @Test(.enabled(if: takesFileLimits))
  func `a disk that has room again gets all that was kept, and a word on what was not`()
    throws
  {
    let origin = try Self.answering()
    // In units of 512 bytes.
    let room = 64 * 512
    let proxy = try Countersign(
      before: origin.endpoint, routes: Self.routes, limits: "ulimit -f 64")
    let path = proxy.directory.path("access.jsonl")
    let client = try RawConnection(to: proxy.endpoint)
    // The first line is as long as the others, nearly; half as much again as there is room for.
    #expect(try client.exchange(Self.request).status == 200)
    let first = try eventually("a line") {
      let count = proxy.directory.text(of: "access.jsonl").utf8.count
      return count > 0 ? count : nil
    }
    for _ in 0..<(room * 3 / 2 / first) { #expect(try client.exchange(Self.request).status == 200) }
    _ = try eventually("the log to say that a log cannot be written") {
      proxy.process.errors.text.contains("cannot be written. cause=\"write failed for \(path)")
        ? true : nil
    }
    try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
    proxy.process.send(signal: SIGUSR1)
    _ = try eventually("the log to be written again") {
      proxy.process.errors.text.contains("A log is written again.") ? true : nil
    }
    let lines = try eventually("lines in the new file") {
      let text = proxy.directory.text(of: "access.jsonl")
      return text.contains("lines-lost") && text.hasSuffix("\n") ? text : nil
    }
    // Whole lines only, in either file but for the one that was cut.
    for line in lines.split(separator: "\n") { #expect(line.hasPrefix("{") && line.hasSuffix("}")) }
  }
}

import Foundation
import JourneySupport
import Synchronization
import Testing

/// The cache on a disk: the built program started cold, stopped, killed, started again.
@Suite(.timeLimit(.minutes(3))) struct DiskJourneyTests {
  /// One proxy after the other over one directory and one origin.
  private final class Station: Sendable {
    let origin: ScriptedOrigin
    let endpoint: Endpoint
    let directory: TemporaryDirectory
    /// Says of each answer which one it was, and of what.
    private let counter = Counter()

    final class Counter: Sendable {
      let count = Mutex(0)
    }

    init() throws {
      let counter = counter
      origin = try ScriptedOrigin { request in
        if request["If-None-Match"] != nil {
          return "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nCache-Control: max-age=600\r\n\r\n"
        }
        let number = counter.count.withLock { count in
          count += 1
          return count
        }
        let body = "\(request.target) \(request["X-Kind"] ?? "-") \(number)"
        return "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nETag: \"a\"\r\nVary: X-Kind\r\n"
          + "Surrogate-Key: all\r\nContent-Type: text/plain\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
      }
      endpoint = try Endpoint.leased()
      directory = try TemporaryDirectory()
    }

    static let routes = """
        - match: { path: /other/** }
          service: auth
          cache: {}
        - match: { path: /** }
          service: auth
          cache: { default_ttl: 60s }
      """

    var cache: String { directory.path("cache") }

    /// Starts the program; the memory is so small that most of what is asked for comes from behind.
    func start(
      size: String = "64MiB", memory: String = "64MiB", routes: String = routes,
      limits: String? = nil
    ) throws -> Countersign {
      let text = Countersign.configuration(
        at: endpoint, before: "http://\(origin.endpoint)", in: directory, routes: routes,
        settings: "cache: { memory: \(memory), max_object: 64KiB, "
          + "disk: { directory: \(cache), size: \(size) } }")
      let proxy = try Countersign(
        configuration: text, endpoint: endpoint, in: directory, limits: limits)
      // Clients may connect before the disk is read; who asks the admin listener waits for that.
      _ = try eventually("the admin listener") { try? proxy.admin("/readyz") }
      return proxy
    }
  }

  private func get(_ proxy: Countersign, _ path: String, _ fields: String...) throws -> CurlAnswer {
    try curl(fields.flatMap { ["--header", $0] } + [proxy.url(path)])
  }

  /// Waits until so many responses were written to the disk.
  private func waitForWrites(_ count: Int, _ proxy: Countersign) throws {
    _ = try eventually("\(count) responses on the disk") {
      try metric("cache_disk_responses", proxy) >= count ? true : nil
    }
  }

  private func metric(_ name: String, _ proxy: Countersign) throws -> Int {
    let line = try proxy.admin("/metrics").body.split(separator: "\n").first {
      $0.hasPrefix("countersign_\(name) ")
    }
    return line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }.map { Int($0) }
      ?? -1
  }

  private func stop(_ proxy: Countersign) throws {
    #expect(try proxy.process.stop() == .exited(0), "\(proxy.process.errors.text)")
  }

  // MARK: Restarts

  @Test func `what was stored is a hit after a restart, without the origin`() throws {
    let station = try Station()
    var proxy = try station.start()
    let first = try get(proxy, "/a", "X-Kind: 1")
    _ = try get(proxy, "/a", "X-Kind: 2")
    try stop(proxy)
    proxy = try station.start()
    #expect(try metric("cache_disk_recovered_responses", proxy) == 2)
    #expect(proxy.process.errors.text.contains("The cache is kept on a disk."))
    let again = try get(proxy, "/a", "X-Kind: 1")
    #expect(again.body == first.body)
    #expect(again["Cache-Status"]?.contains("; hit; ") == true)
    #expect(again["Cache-Status"]?.contains("detail=from-disk") == true)
    #expect(again["ETag"] == "\"a\"")
    #expect(Int(again["Age"] ?? "") != nil)
    let memory = try get(proxy, "/a", "X-Kind: 1")
    #expect(memory["Cache-Status"]?.contains("detail=fresh") == true)
    #expect(try get(proxy, "/a", "X-Kind: 2", "Range: bytes=0-3").body == "/a 2")
    #expect(try get(proxy, "/a", "X-Kind: 2", "If-None-Match: \"a\"").status == 304)
    #expect(try get(proxy, "/a", "X-Kind: 3").body.hasPrefix("/a 3 "))
    #expect(station.origin.requests.count == 3)
    #expect(
      try proxy.admin("/metrics").body.contains("cache_disk_reads_total{result=\"hit\"} 2"))
    try stop(proxy)
  }

  @Test func `a HEAD and a request that forbids the origin are answered from the disk, too`() throws
  {
    let station = try Station()
    var proxy = try station.start()
    let first = try get(proxy, "/a")
    try stop(proxy)
    proxy = try station.start()
    let head = try curl("--head", proxy.url("/a"))
    #expect(head["Content-Length"] == "\(first.body.utf8.count)")
    #expect(head["Cache-Status"]?.contains("detail=from-disk") == true)
    try stop(proxy)
    proxy = try station.start()
    let only = try get(proxy, "/a", "Cache-Control: only-if-cached")
    #expect(only.body == first.body)
    #expect(try get(proxy, "/b", "Cache-Control: only-if-cached").status == 504)
    // The disk has this target, but not for this kind.
    #expect(try get(proxy, "/a", "X-Kind: 9", "Cache-Control: only-if-cached").status == 504)
    #expect(station.origin.requests.count == 1)
  }

  @Test func `after a kill what is found is validated once`() throws {
    let station = try Station()
    var proxy = try station.start()
    let first = try get(proxy, "/a")
    try waitForWrites(1, proxy)
    proxy.process.kill()
    _ = try proxy.process.waitForEnd()
    proxy = try station.start()
    let validated = try get(proxy, "/a")
    #expect(validated.body == first.body)
    #expect(validated["Cache-Status"]?.contains("fwd-status=304") == true)
    #expect(station.origin.requests.last?["If-None-Match"] == "\"a\"")
    #expect(try get(proxy, "/a")["Cache-Status"]?.contains("; hit; ") == true)
    #expect(station.origin.requests.count == 2)
    try stop(proxy)
    // It was confirmed, and so are its successors.
    proxy = try station.start()
    #expect(try get(proxy, "/a")["Cache-Status"]?.contains("detail=from-disk") == true)
    #expect(station.origin.requests.count == 2)
  }

  // MARK: Purged and invalidated

  @Test(arguments: [true, false])
  func `what was purged or changed is a miss, after a restart and after a kill`(isKilled: Bool)
    throws
  {
    let station = try Station()
    var proxy = try station.start()
    for path in ["/purged", "/tagged", "/changed", "/kept"] { _ = try get(proxy, path) }
    try waitForWrites(4, proxy)
    _ = try curl("--request", "POST", "--data", "", proxy.url("/changed"))
    let purge = try ChildProcess(
      try Programs.countersign(),
      [
        "purge", "--socket", proxy.directory.path("admin.sock"), "--url", proxy.url("/purged"),
      ])
    #expect(try purge.waitForEnd() == .exited(0))
    if isKilled {
      // The purge was acknowledged, and so was the change of before: both are in the file.
      proxy.process.kill()
      _ = try proxy.process.waitForEnd()
    } else {
      try stop(proxy)
    }
    proxy = try station.start()
    let before = station.origin.requests.count
    for path in ["/purged", "/changed"] {
      let answer = try get(proxy, path)
      #expect(answer["Cache-Status"]?.contains("fwd=uri-miss") == true, "\(path)")
      #expect(station.origin.requests.last?["If-None-Match"] == nil, "\(path)")
    }
    #expect(station.origin.requests.count == before + 2)
    let kept = try get(proxy, "/kept")
    #expect(kept.body == "/kept - 4")
    #expect(station.origin.requests.count == before + (isKilled ? 3 : 2))
  }

  @Test func `a purge of a tag reaches what is on the disk alone`() throws {
    let station = try Station()
    var proxy = try station.start()
    _ = try get(proxy, "/a")
    try stop(proxy)
    proxy = try station.start()
    let purge = try ChildProcess(
      try Programs.countersign(),
      ["purge", "--socket", proxy.directory.path("admin.sock"), "--tag", "all"])
    #expect(try purge.waitForEnd() == .exited(0))
    #expect(try get(proxy, "/a")["Cache-Status"]?.contains("fwd=uri-miss") == true)
  }

  // MARK: One read for many

  @Test func `many who ask at once cost no request to the origin`() async throws {
    let station = try Station()
    var proxy = try station.start()
    let first = try get(proxy, "/a")
    try stop(proxy)
    proxy = try station.start()
    let running = proxy
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<16 { group.addTask { try curl(running.url("/a")).body } }
      for try await body in group { #expect(body == first.body) }
    }
    #expect(station.origin.requests.count == 1)
  }

  // MARK: Other settings

  @Test func `another service, and other rules, find nothing of what was stored`() throws {
    let station = try Station()
    var proxy = try station.start()
    _ = try get(proxy, "/a")
    try stop(proxy)
    proxy = try station.start(
      routes: """
            - match: { path: /** }
              service: auth
              cache: { default_ttl: 10s }
        """)
    #expect(try metric("cache_disk_responses", proxy) == 0)
    #expect(proxy.process.errors.text.contains("The disk of the cache was emptied"))
    #expect(try get(proxy, "/a")["Cache-Status"]?.contains("fwd=uri-miss") == true)
    try stop(proxy)
  }

  // MARK: A disk that cannot be used

  @Test func `a directory that others may write into is not used, and said to be so`() throws {
    let station = try Station()
    try FileManager.default.createDirectory(
      atPath: station.cache, withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o777])
    chmod(station.cache, 0o777)
    let proxy = try station.start()
    let check = try ChildProcess(
      try Programs.countersign(), ["check", station.directory.path("countersign.yaml")])
    #expect(try check.waitForEnd() == .exited(0))
    #expect(check.errors.text.contains("others may write into this directory; chmod 700 it"))
    _ = try get(proxy, "/a")
    #expect(try get(proxy, "/a")["Cache-Status"]?.contains("; hit; ") == true)
    #expect(try metric("cache_disk_works", proxy) == 0)
    #expect(
      try eventually("a line") {
        proxy.process.errors.text.contains("its directory cannot be used") ? true : nil
      })
  }

  @Test func `a file that may not grow costs the disk, and no answer`() throws {
    let station = try Station()
    // In blocks of 512 bytes: the first few responses fit.
    var proxy = try station.start(limits: "ulimit -f 4")
    for number in 0..<40 {
      #expect(try get(proxy, "/\(number)").body.hasPrefix("/\(number) "))
    }
    _ = try eventually("a line") {
      proxy.process.errors.text.contains("cannot be written: the memory goes on") ? true : nil
    }
    #expect(try metric("cache_disk_works", proxy) == 0)
    for number in 0..<40 {
      #expect(try get(proxy, "/\(number)")["Cache-Status"]?.contains("; hit; ") == true)
    }
    #expect(station.origin.requests.count == 40)
    try stop(proxy)
    proxy = try station.start()
    for number in 0..<40 {
      #expect(try get(proxy, "/\(number)").body.hasPrefix("/\(number) "))
    }
  }

  @Test func `a directory that is taken away costs the disk, and no answer`() throws {
    let station = try Station()
    var proxy = try station.start()
    _ = try get(proxy, "/a")
    try stop(proxy)
    proxy = try station.start()
    let removal = try ChildProcess("/bin/rm", ["-r", station.cache])
    #expect(try removal.waitForEnd() == .exited(0))
    #expect(try get(proxy, "/a").status == 200)
    for number in 0..<10 { _ = try get(proxy, "/\(number)") }
    #expect(try get(proxy, "/9")["Cache-Status"]?.contains("; hit; ") == true)
    _ = try proxy.process.stop()
  }

  // MARK: Killed at any moment

  @Test func `a proxy killed at any moment under load serves no wrong byte`() async throws {
    let station = try Station()
    for round in 0..<6 {
      // So little memory that much is asked of the disk.
      let proxy = try station.start(size: "16MiB", memory: "1MiB")
      let isKilled = round % 3 != 2
      try await withThrowingTaskGroup(of: Int.self) { group in
        for worker in 0..<4 {
          // The first of them kills, at an answer that nobody knows before.
          let last = isKilled && worker == 0 ? Int.random(in: 5..<300) : nil
          group.addTask {
            defer { if last != nil { proxy.process.kill() } }
            return Self.load(proxy, seed: worker, count: last ?? (isKilled ? 10_000 : 150))
          }
        }
        for try await wrong in group { #expect(wrong == 0) }
      }
      if isKilled { _ = try proxy.process.waitForEnd() } else { try stop(proxy) }
    }
  }

  /// Asks for this and that until the proxy is gone. Returns how many answers were not what was
  /// asked for.
  private static func load(_ proxy: Countersign, seed: Int, count: Int) -> Int {
    var wrong = 0
    guard let connection = try? RawConnection(to: proxy.endpoint) else { return 0 }
    for number in 0..<count {
      let target = "/\((number &* 7 &+ seed) % 50)"
      let kind = "\(number % 3)"
      let method = number % 17 == 0 ? "POST" : "GET"
      let extra = method == "POST" ? "Content-Length: 0\r\n" : ""
      do {
        try connection.send(
          "\(method) \(target) HTTP/1.1\r\nHost: a.example\r\nX-Kind: \(kind)\r\n\(extra)\r\n")
        let answer = try connection.receiveResponse()
        if answer.status == 200, !answer.bodyText.hasPrefix("\(target) \(kind) ") { wrong += 1 }
      } catch {
        return wrong
      }
    }
    return wrong
  }
}

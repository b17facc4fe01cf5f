import CachePolicy
import Configuration
import Dispatch
import HTTPModel
import JourneySupport
import Logging
import Primitives
import Proxy
import Synchronization
import Testing
import Verdict

/// A proxy in this process, on a leased port, until the last reference is gone.
final class RunningProxy: Sendable {
  let server: ProxyServer
  let endpoint: Endpoint
  let settings: Settings
  /// What operators see of it.
  let view: ProxyView

  /// Starts before `origins`, which form one service of kind `plain`, with one route that takes
  /// everything.
  init(before origins: [Endpoint], _ change: (inout Settings) throws -> Void = { _ in }) throws {
    var settings = try Settings.plain(before: origins.map { OriginAddress($0) })
    try change(&settings)
    self.settings = settings
    var observed: ProxyView?
    server = try ProxyServer(
      settings, log: Self.quiet,
      admin: { view in
        observed = view
        return Silence()
      })
    view = try #require(observed)
    endpoint = try #require(server.addresses.first.flatMap { Endpoint($0) })
  }

  convenience init(before origin: Endpoint, _ change: (inout Settings) throws -> Void = { _ in })
    throws
  {
    try self.init(before: [origin], change)
  }

  deinit { _ = server.stop(grace: Milliseconds(0)) }

  /// A logger that says nothing.
  static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

  /// The value of a series as a scrape shows it, its labels written as there; nil when there is
  /// none.
  func metric(_ series: String) -> Double? {
    let line = scrape.first { $0.hasPrefix("\(series) ") }
    return line.flatMap { Double($0.dropFirst(series.utf8.count + 1)) }
  }

  /// The lines of a scrape.
  var scrape: [Substring] {
    var text: [UInt8] = []
    view.renderMetrics(into: &text)
    return String(decoding: text, as: UTF8.self).split(separator: "\n")
  }

  func connect(within duration: Duration = Deadline.usual) throws -> RawConnection {
    try RawConnection(to: endpoint, within: duration)
  }

  /// One request on a connection of its own.
  func ask(_ request: String) throws -> RawMessage { try connect().exchange(request) }

  func get(_ target: String, _ fields: String...) throws -> RawMessage {
    try ask("GET \(target) HTTP/1.1\r\nHost: a.example\r\n\(fields.lines)\r\n")
  }

  /// A GET that is sent and whose answer is not waited for. The proxy lives as long as the
  /// connection.
  func begin(_ target: String, _ fields: String...) throws -> RawConnection {
    let client = try connect()
    try client.send("GET \(target) HTTP/1.1\r\nHost: a.example\r\n\(fields.lines)\r\n")
    client.companion = self
    return client
  }

  /// Waits until so many exchanges are under way.
  func waitForExchanges(_ count: Int) throws {
    _ = try eventually("\(count) exchanges to be under way") {
      metric("countersign_exchanges_in_flight").map(Int.init) == count ? true : nil
    }
  }

  /// Waits until what is stored is stale.
  func waitForStaleness(of target: String) throws {
    _ = try eventually("\(target) to be stale") {
      try get(target, "Cache-Control: only-if-cached").status == 504 ? true : nil
    }
  }

  /// Waits until so many clients are connected.
  func waitForClients(_ count: Int) throws {
    _ = try eventually("\(count) clients to be connected") {
      metric("countersign_client_connections").map(Int.init) == count ? true : nil
    }
  }
}

/// Answers no listener.
private final class Silence: LocalResponder {
  func reply(to request: RequestHead) -> LocalReply {
    .now(LocalAnswer(head: ResponseHead(status: .notFound), content: []))
  }
}

extension [String] {
  /// The strings as field lines.
  var lines: String { map { "\($0)\r\n" }.joined() }
}

extension OriginAddress {
  init(_ endpoint: JourneySupport.Endpoint, scheme: Scheme = .http) {
    let port = UInt16(truncatingIfNeeded: endpoint.port)
    self.init(scheme: scheme, endpoint: .host(endpoint.host, port: port))
  }
}

extension ListenerSettings {
  /// A loopback address of its own with a port the system chooses.
  static func leased() throws -> ListenerSettings {
    let address = try #require(IPAddress(text: Endpoint.leasedHost().utf8))
    return ListenerSettings(address: .ip(address, port: 0))
  }
}

extension Settings {
  static func plain(before origins: [OriginAddress]) throws -> Settings {
    var settings = Settings()
    settings.listeners = [try .leased()]
    var service = ServiceSettings(name: "service", origins: origins)
    service.kind = .plain
    settings.services = [service]
    settings.routes = [RouteSettings(name: "all", match: RouteMatch(), service: 0)]
    settings.process.loops = 2
    settings.audit.log = .off
    settings.admin = nil
    return settings
  }

  /// Puts a decision route for `path` before all others.
  mutating func decide(_ path: String, _ rule: DecisionRule) throws {
    var match = RouteMatch()
    match.paths = [try PathPattern(Array(path.utf8))]
    var route = RouteSettings(name: "decision \(path)", match: match, service: 0)
    route.lane = .decision(rule)
    routes.insert(route, at: 0)
  }
}

/// A value that several threads change.
final class Shared<Value: Sendable>: Sendable {
  private let state: Mutex<Value>
  init(_ value: Value) { state = Mutex(value) }
  var value: Value { state.withLock { $0 } }
  func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
    state.withLock { value in
      // Copied out and in, since the mutex's own value may not leave its closure.
      var copy = value
      let result = body(&copy)
      value = copy
      return result
    }
  }
}

/// A place where so many threads wait for each other.
final class Gathering: Sendable {
  private let missing: Shared<Int>
  private let isComplete = DispatchSemaphore(value: 0)

  init(_ count: Int) { missing = Shared(count) }

  /// Whether all have arrived.
  var isWhole: Bool { missing.value <= 0 }

  /// Returns when all have arrived; 20 seconds at most.
  func arrive() {
    let left = missing.change { count in
      count -= 1
      return count
    }
    if left > 0 { _ = isComplete.wait(timeout: .now() + 20) }
    isComplete.signal()
  }
}

internal import ArgumentParser
internal import CarelessCaches
internal import Dispatch
internal import EventLoop
internal import Foundation
internal import Platform
internal import Primitives

/// `countersign careless-cache`: a cache that makes one of the known mistakes, to put between two
/// systems.
struct CarelessCacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "careless-cache",
    abstract: "Run a cache that makes a known mistake on purpose, to test what stands around it.",
    discussion: """
      A fault, to be put between two systems: whatever goes wrong with it can go wrong with a real \
      cache there. It listens on this machine only, unless --allow-remote is given. Several kinds \
      can be one cache, with + between. For each exchange it writes a line on standard error: \
      method, path, status and what it did, nothing secret. SIGTERM and SIGINT stop it.

        countersign careless-cache key-without-body --listen 127.0.0.1:0 \\
          --origin http://127.0.0.1:9000
        countersign careless-cache collapse+stamp-request-id --listen 8081 \\
          --origin http://127.0.0.1:8080 --hold 500
        countersign careless-cache --list

      The kinds, which real mistake each imitates, and what Countersign does about it:

      \(CarelessLessons.text)
      """)

  @Argument(help: "The kind, or several with + between.")
  var kind: String?

  @Option(help: "Where to listen: ADDRESS:PORT, unix:PATH, or a port of 127.0.0.1.")
  var listen: String?

  @Option(help: "Whom to ask, as http://HOST:PORT.")
  var origin: String?

  @Option(help: "For how many milliseconds collapse and swap wait for more requests.")
  var hold = CarelessLimits().hold.count

  @Option(help: "How many requests collapse gathers at most before it asks.")
  var gather = CarelessLimits().gather

  @Option(help: "For how many seconds an answer is kept.")
  var keep = CarelessLimits().keep.count

  @Option(help: "How many bytes of each part key-truncated looks at.")
  var cut: Int?

  @Flag(help: "Listen where other machines can reach it, too.")
  var allowRemote = false

  @Flag(help: "List the kinds, a line each, and start nothing.")
  var list = false

  func run() throws {
    guard !list else { return Terminal.tell(CarelessLessons.list) }
    guard let kind, let listen, let origin else {
      throw complaint("a kind, --listen and --origin are needed; --list shows the kinds")
    }
    var rules: CarelessRules
    do throws(UnknownCarelessKind) {
      rules = CarelessKind.rules(of: try CarelessKind.kinds(in: kind))
    } catch { throw complaint(error.description) }
    if let cut {
      guard cut > 0, rules.key.cut != nil else {
        throw complaint("--cut is a number of bytes above 0, and for key-truncated only")
      }
      rules.key.cut = cut
    }
    try serve(
      rules, listen: try listenAddress(listen), origin: try originAddress(origin),
      limits: try limits())
  }

  private func limits() throws -> CarelessLimits {
    guard (0...60_000).contains(hold), (1...1000).contains(gather), (1...86_400).contains(keep)
    else {
      throw complaint(
        "--hold is 0 to 60000 milliseconds, --gather 1 to 1000, --keep 1 to 86400 seconds")
    }
    var limits = CarelessLimits()
    limits.hold = Milliseconds(hold)
    limits.gather = gather
    limits.keep = Seconds(keep)
    return limits
  }

  private func listenAddress(_ text: String) throws -> SocketAddress {
    let isPort = !text.isEmpty && text.allSatisfy(\.isNumber)
    guard let address = SocketAddress(isPort ? "127.0.0.1:" + text : text) else {
      throw complaint("--listen: write 127.0.0.1:8081, unix:PATH or a port, not '\(text)'")
    }
    return address
  }

  private func originAddress(_ text: String) throws -> SocketAddress {
    guard let url = URLComponents(string: text), url.scheme == "http", let host = url.host,
      url.path.isEmpty || url.path == "/", let port = UInt16(exactly: url.port ?? 80)
    else { throw complaint("--origin: write http://HOST:PORT, not '\(text)'") }
    let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    if let literal = SocketAddress(literal: bare, port: port) { return literal }
    do {
      if let found = try NameLookup.addresses(of: host, port: port).first { return found }
      throw complaint("--origin: '\(host)' has no address")
    } catch let error as NameLookupError {
      Terminal.complain("countersign careless-cache: \(error.description)")
      throw ExitStatus.unavailable.code
    }
  }

  private func serve(
    _ rules: CarelessRules, listen: SocketAddress, origin: SocketAddress, limits: CarelessLimits
  ) throws {
    ProcessLimits.ignoreFailingWrites()
    let stopped = DispatchSemaphore(value: 0)
    let watchers = [ProcessSignal.terminate, .interrupt].map { signal in
      SignalWatcher(signal) { stopped.signal() }
    }
    let log = SerialWorker(name: "careless-log")
    let cache: CarelessCache
    do throws(CarelessCache.StartError) {
      cache = try CarelessCache(
        rules, listen: listen, origin: origin, limits: limits, allowRemote: allowRemote
      ) { note in
        log.submit { Terminal.complain(note.line) }
      }
    } catch {
      Terminal.complain("countersign careless-cache: \(error.description)")
      throw exitStatus(of: error).code
    }
    Terminal.tell("listening on \(cache.address)")
    stopped.wait()
    withExtendedLifetime(watchers) { cache.stop() }
    log.finish()
  }

  private func exitStatus(of error: CarelessCache.StartError) -> ExitStatus {
    switch error {
    case .reachableByOthers: .usage
    case .system: .unavailable
    }
  }

  private func complaint(_ sentence: String) -> ExitCode {
    Terminal.complain("countersign careless-cache: \(sentence)")
    return ExitStatus.usage.code
  }
}

/// What the table of kinds says, laid out for a terminal.
enum CarelessLessons {
  private static let width = 78

  /// A line for each kind.
  static var list: String {
    CarelessKind.all.map { "\($0.name)\n" + wrap("\($0.does)", indent: 4) }
      .joined(separator: "\n")
  }

  /// A paragraph for each kind.
  static var text: String {
    CarelessKind.all.map { kind in
      let checks = kind.checkNames.joined(separator: ", ")
      return [
        "  \(kind.name)", wrap("A cache that \(kind.does).", indent: 4),
        wrap("Imitates: \(kind.imitates)", indent: 4),
        wrap("Countersign: \(kind.countered)", indent: 4),
        "    Checks: \(checks.isEmpty ? "none" : checks).",
      ].joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  private static func wrap(_ text: String, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = margin
    for word in text.split(separator: " ") {
      if line.count + word.count + 1 > width, line != margin {
        lines.append(line)
        line = margin
      }
      line += line == margin ? String(word) : " " + word
    }
    return (lines + [line]).joined(separator: "\n")
  }
}

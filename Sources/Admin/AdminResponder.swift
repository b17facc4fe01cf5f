package import Configuration
internal import EventLoop
package import HTTPModel
internal import Platform
internal import Primitives
package import Proxy

/// Answers the admin listener: health, readiness, metrics, settings, origins, checks, reload,
/// purge.
///
/// What may take long (metrics read kernel files, a reload waits for name servers) is answered from
/// queues of its own, so that no loop waits and a slow reload delays no scrape.
package final class AdminResponder: LocalResponder {
  /// Reads the settings again and takes them over. Returns what kept it from that, as text for the
  /// operator, or nil. Called off the loops, one call at a time; may block.
  package typealias Reload = @Sendable () -> String?

  private let source: any AdminSource
  private let token: BearerToken?
  private let reload: Reload
  private let readings = SerialWorker(name: "admin.readings")
  private let changes = SerialWorker(name: "admin.changes")
  private let purges = SerialWorker(name: "admin.purges")

  /// - Parameter token: What every request must show; nil where the socket's file says who may ask.
  package init(_ source: any AdminSource, token: BearerToken?, reload: @escaping Reload) {
    self.source = source
    self.token = token
    self.reload = reload
  }

  /// What `ProxyServer.init(admin:)` takes, or nil where the settings have no admin listener.
  ///
  /// Reads the token file: to be called before the rights of root are given up.
  ///
  /// - Throws: when a token is needed and there is no good one.
  package static func make(
    _ settings: Settings, reload: @escaping Reload
  ) throws(StartError) -> ((ProxyView) -> any LocalResponder)? {
    guard let admin = settings.admin else { return nil }
    var token: BearerToken?
    if let file = admin.tokenFile {
      token = try BearerToken(file: file)
    } else if !admin.address.hasPermissions {
      throw StartError(
        .configuration,
        "the admin listener \(admin.address) can be reached by anybody: it needs a token_file, "
          + "or the path of a Unix socket as its address")
    }
    return { [token] view in AdminResponder(view, token: token, reload: reload) }
  }

  package func reply(to request: RequestHead) -> LocalReply {
    switch token?.showing(in: request.fields) {
    case .right, nil: break
    case .nothing: return .now(.unauthorized(isWrong: false))
    case .wrong: return .now(.unauthorized(isWrong: true))
    }
    guard let endpoint = AdminEndpoint(path: request.path) else {
      return .now(.text(.notFound, "There is nothing here. GET / lists what there is.\n"))
    }
    guard endpoint.takes(request.method) else {
      return .now(.methodNotAllowed(endpoint.allowed))
    }
    return reply(endpoint, request)
  }

  private func reply(_ endpoint: AdminEndpoint, _ request: RequestHead) -> LocalReply {
    switch endpoint {
    case .index: return .now(.text(AdminReports.index()))
    case .health: return .now(.text("ok\n"))
    case .readiness: return .now(readiness)
    case .origins:
      return .now(.json(AdminReports.origins(source.services, now: Clock.monotonic)))
    case .metrics: return .later(on: readings) { [self] in metrics }
    case .settings:
      let onlyChanges = request.query?.elementsEqual("changes".utf8) ?? false
      return .later(on: readings) { [self] in settings(onlyChanges: onlyChanges) }
    case .grades:
      return .later(on: readings) { [self] in
        .json(AdminReports.grades(source.settings?.grades ?? []))
      }
    case .checks: return .later(on: readings) { .json(AdminReports.checks()) }
    case .reload:
      // A stop waits for whoever is answered; a reload would wait for the stop.
      guard source.phase == .serving else {
        return .now(.text(.serviceUnavailable, "The proxy is not serving.\n"))
      }
      return .later(on: changes) { [self] in reloaded }
    case .purge:
      let isJSON = PurgeText.isJSON(request.fields)
      return .reading(limit: PurgeText.limit, on: purges) { [self] content in
        purged(content, isJSON: isJSON)
      }
    }
  }

  private var readiness: LocalAnswer {
    let obstacles = AdminReports.obstacles(source)
    guard !obstacles.isEmpty else { return .text("ready\n") }
    return .text(.serviceUnavailable, obstacles.map { "\($0)\n" }.joined())
  }

  private var metrics: LocalAnswer {
    var text: [UInt8] = []
    source.renderMetrics(into: &text)
    return .metrics(text)
  }

  private func settings(onlyChanges: Bool) -> LocalAnswer {
    guard let settings = source.settings else {
      return .text(.serviceUnavailable, "The proxy starts.\n")
    }
    return .yaml(settings.yaml(onlyChanges: onlyChanges))
  }

  private func purged(_ content: [UInt8], isJSON: Bool) -> LocalAnswer {
    let request: PurgeRequest
    do throws(PurgeText.Flaw) {
      request = try PurgeText.read(content, isJSON: isJSON)
    } catch {
      return .text(.badRequest, "\(error.sentence)\n")
    }
    switch source.purge(request) {
    case .refused(let sentence): return .text(.badRequest, "\(sentence)\n")
    case .done(let removed, let staled):
      var text = [UInt8](ascii: "{\"removed\":")
      text.append(decimal: UInt64(clamping: removed))
      text.append(ascii: ",\"staled\":")
      text.append(decimal: UInt64(clamping: staled))
      text.append(ascii: "}\n")
      return .json(text)
    }
  }

  private var reloaded: LocalAnswer {
    guard let diagnostics = reload() else { return .text("The settings were taken over.\n") }
    return .text(Status(422), diagnostics.hasSuffix("\n") ? diagnostics : diagnostics + "\n")
  }
}

extension ListenAddress {
  /// Whether permissions of a file say who may connect.
  fileprivate var hasPermissions: Bool {
    switch self {
    case .ip: false
    // A name in the abstract space is open to every process of the machine.
    case .unix(let path): !path.hasPrefix("@")
    }
  }
}

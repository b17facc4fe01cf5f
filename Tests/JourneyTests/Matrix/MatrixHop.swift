import CarelessCaches
import JourneySupport
import Testing

/// A careless cache that the matrix puts into a path: one kind, several kinds together, or a real
/// product with a careless configuration.
///
/// A row of the tables in `docs/careless-caches.md`.
struct MatrixHop: Sendable, CustomTestStringConvertible {
  /// How its row begins.
  let title: String
  /// Whether it is none, but the control.
  var isHonest = false
  /// Whether it leaks only what the service has said may be stored.
  var needsInvitation = false
  /// The checks that may name it; nil: any.
  var checks: [String]?
  private let start: @Sendable (Endpoint) throws -> RunningHop

  var testDescription: String { title }

  /// Starts it before `origin`.
  func start(before origin: Endpoint) throws -> RunningHop { try start(origin) }

  /// One that is running.
  struct RunningHop: Sendable {
    let endpoint: Endpoint
    let process: ChildProcess
    /// What keeps it running.
    let keeper: any AnyObject & Sendable
  }

  static let all: [MatrixHop] =
    CarelessKind.all.map { kind($0) } + [
      together("collapse+stamp-request-id"),
      nginx("nginx, heeding nothing", ignoring: "Cache-Control Expires X-Accel-Expires"),
      nginx("nginx, heeding X-Accel-Expires", ignoring: "Cache-Control Expires"),
    ]

  private static func kind(_ kind: CarelessKind) -> MatrixHop {
    var hop = together("\(kind.name)")
    hop.isHonest = CarelessKind.rules(of: [kind]) == CarelessRules()
    hop.needsInvitation = kind.needsInvitation
    hop.checks = kind.checkNames
    return hop
  }

  private static func together(_ names: String) -> MatrixHop {
    MatrixHop(title: "`\(names)`") { origin in
      // Long enough for a busy machine to bring the requests of a crowd together.
      let cache = try CarelessCacheProcess(names, before: origin, ["--hold", "100"])
      return RunningHop(endpoint: cache.endpoint, process: cache.process, keeper: cache)
    }
  }

  /// The real one, as `Nginx.carelessCache` configures it.
  private static func nginx(_ title: String, ignoring fields: String) -> MatrixHop {
    MatrixHop(title: title) { origin in
      let nginx = try Nginx.carelessCache(
        before: origin, ignoring: "\(fields) Set-Cookie Vary")
      return RunningHop(endpoint: nginx.endpoint, process: nginx.process, keeper: nginx)
    }
  }

  private init(title: String, start: @escaping @Sendable (Endpoint) throws -> RunningHop) {
    self.title = title
    self.start = start
  }
}

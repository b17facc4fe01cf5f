internal import HTTPModel
internal import Primitives

/// What the admin listener answers: one row each, for the responder, its index and its tests.
package enum AdminEndpoint: String, Sendable, CaseIterable {
  case index = "/"
  case health = "/healthz"
  case readiness = "/readyz"
  case metrics = "/metrics"
  case settings = "/config"
  case origins = "/origins"
  case checks = "/checks"
  case grades = "/grades"
  case reload = "/reload"
  case purge = "/purge"

  /// The endpoint of a path. Paths are compared as bytes.
  init?(path: ArraySlice<UInt8>) {
    guard let found = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(path) }) else {
      return nil
    }
    self = found
  }

  /// What it tells or does: the end of a line of the index.
  package var help: StaticString {
    switch self {
    case .index: "this list"
    case .health: "200 while the process serves"
    case .readiness: "200 while requests can be answered; 503 with the reason where not"
    case .metrics: "counters and gauges in the Prometheus text format"
    case .settings: "the settings in force; ?changes leaves out what is a default"
    case .origins: "the health of every origin"
    case .checks: "the catalogue of checks"
    case .grades: "the grade of each decision route, and how to get the next one"
    case .reload: "reads the settings again and takes them over, all or nothing"
    case .purge: "purges stored responses: url, prefix, host, tag or group; soft=true; service"
    }
  }

  /// Whether it changes something: asked by POST then, else by GET or HEAD.
  package var isAction: Bool { self == .reload || self == .purge }

  /// The value of `Allow` (RFC 9110 §10.2.1).
  var allowed: StaticString { isAction ? "POST" : "GET, HEAD" }

  func takes(_ method: Method) -> Bool {
    isAction ? method == .post : method == .get || method == .head
  }
}

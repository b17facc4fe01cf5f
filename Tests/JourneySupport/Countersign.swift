import Foundation

/// The proxy itself, started cold with a configuration of its own, in a directory of its own.
package final class Countersign: Sendable {
  package let process: ChildProcess
  package let endpoint: Endpoint
  package let directory: TemporaryDirectory

  /// The routes to the sample auth service, as `config/countersign.yaml` has them.
  package static let usualRoutes = """
      - match: { method: POST, path: /login }
        service: auth
        decision:
          mode: enforce
          binding: echo
          subject: { request: "json:/username", verdict: "json:/user/name" }
          allow: { verdict: "json:/authorized", equals: true }
      - match: { method: POST, path: /password-reset }
        service: auth
        decision:
          mode: enforce
          binding: echo
          subject: { request: "json:/username", verdict: "json:/user/name" }
          allow: { verdict: "json:/reset", equals: true }
      - match: { method: POST, path: /introspect }
        service: auth
        decision:
          mode: enforce
          binding: echo
          subject: none
          allow: { verdict: "json:/active", equals: true }
          refusal: introspection
      - match: { method: POST, path: /legacy/check }
        service: auth
        decision: { mode: audit, binding: none, subject: none }
      - match: { path: /.well-known/** }
        service: auth
        cache: { default_ttl: 60s }
      - match: { path: /assets/** }
        service: auth
        cache: { default_ttl: 60s }
    """

  /// Starts it before one origin and waits until it accepts connections.
  ///
  /// - Parameters:
  ///   - routes: The items of `routes`, whose service is `auth`.
  ///   - settings: More keys for the top of the file.
  package convenience init(
    before origin: Endpoint, routes: String = usualRoutes, settings: String = ""
  ) throws {
    let endpoint = try Endpoint.leased()
    let directory = try TemporaryDirectory()
    try self.init(
      configuration: """
        listeners:
          - address: \(endpoint)
        services:
          auth:
            origins: [ "http://\(origin)" ]
        routes:
        \(routes)
        audit: { log: \(directory.path("findings.jsonl")) }
        access_log: { log: \(directory.path("access.jsonl")) }
        admin: { address: "unix:\(directory.path("admin.sock"))" }
        \(settings)
        """, endpoint: endpoint, in: directory)
  }

  /// Starts it with this file and waits until it accepts connections.
  package init(configuration: String, endpoint: Endpoint, in directory: TemporaryDirectory) throws {
    self.endpoint = endpoint
    self.directory = directory
    let file = try directory.write(configuration + "\n", to: "countersign.yaml")
    process = try ChildProcess(try Programs.countersign(), ["serve", file])
    try endpoint.waitUntilAccepting(process)
  }

  deinit { process.kill() }

  /// The findings so far that mention `text`, a line of JSON each.
  package func findings(mentioning text: String) -> [String] {
    directory.text(of: "findings.jsonl").split(separator: "\n").map(String.init)
      .filter { $0.contains(text) }
  }

  /// The first finding that mentions `text`, as soon as it is written.
  package func finding(mentioning text: String) throws -> String {
    try eventually("a finding with \(text)") { findings(mentioning: text).first }
  }

  /// Where an HTTP path of this proxy is.
  package func url(_ path: String) -> String { "http://\(endpoint)\(path)" }
}

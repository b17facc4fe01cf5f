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
  ///   - limits: What a shell runs before it becomes the program, such as `ulimit -n 64`.
  package convenience init(
    before origin: Endpoint, routes: String = usualRoutes, settings: String = "",
    listener: String = "", environment: [String: String] = [:], limits: String? = nil
  ) throws {
    let endpoint = try Endpoint.leased()
    let directory = try TemporaryDirectory()
    try self.init(
      configuration: Self.configuration(
        at: endpoint, before: "http://\(origin)", in: directory, routes: routes,
        settings: settings, listener: listener),
      endpoint: endpoint, in: directory, environment: environment, limits: limits)
  }

  /// Starts it with this file and waits until it accepts connections.
  package init(
    configuration: String, endpoint: Endpoint, in directory: TemporaryDirectory,
    environment: [String: String] = [:], limits: String? = nil
  ) throws {
    self.endpoint = endpoint
    self.directory = directory
    let file = try directory.write(configuration, to: "countersign.yaml")
    let program = try Programs.countersign()
    process =
      if let limits {
        try ChildProcess(
          "/bin/sh", ["-c", "\(limits); exec \"$0\" serve \"$1\"", program, file],
          environment: environment)
      } else {
        try ChildProcess(program, ["serve", file], environment: environment)
      }
    try endpoint.waitUntilAccepting(process)
  }

  /// The text of a file with one listener and one service, called `auth`.
  ///
  /// - Parameters:
  ///   - origin: A URL.
  ///   - service: More keys of the service, indented by four.
  ///   - listener: More keys of the listener, indented by four.
  package static func configuration(
    at endpoint: Endpoint, before origin: String, in directory: TemporaryDirectory,
    routes: String = usualRoutes, settings: String = "", service: String = "",
    listener: String = ""
  ) -> String {
    """
    listeners:
      - address: \(endpoint)
    \(listener)
    services:
      auth:
        origins: [ "\(origin)" ]
    \(service)
    routes:
    \(routes)
    audit: { log: \(directory.path("findings.jsonl")) }
    access_log: { log: \(directory.path("access.jsonl")) }
    admin: { address: "unix:\(directory.path("admin.sock"))" }
    \(settings)

    """
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

  /// Asks the admin listener.
  package func admin(_ path: String) throws -> CurlAnswer {
    try curl("--unix-socket", directory.path("admin.sock"), "http://admin\(path)")
  }

  /// Where an HTTP path of this proxy is.
  package func url(_ path: String) -> String { "http://\(endpoint)\(path)" }
}

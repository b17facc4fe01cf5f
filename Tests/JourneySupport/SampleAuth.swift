/// The sample auth service, started cold with people in it.
package final class SampleAuth: Sendable {
  /// Somebody who can log in.
  package struct Person: Sendable {
    package let name: String
    package let password: String
  }

  package static let alice = Person(name: "alice", password: "wonderland")
  package static let bob = Person(name: "bob", password: "builder")

  package let process: ChildProcess
  package let endpoint: Endpoint

  /// Starts it and waits until it listens.
  ///
  /// - Parameter switches: Its own, such as `--careless`.
  package convenience init(_ switches: String...) throws { try self.init(switches: switches) }

  /// The same for switches in an array.
  package init(switches: [String]) throws {
    process = try ChildProcess(
      try Programs.sampleAuth(), ["--host", Endpoint.leased().host, "--port", "0"] + switches)
    let line = try process.output.line(containing: "listening on ")
    guard let endpoint = Endpoint(line.dropFirst("listening on ".count)) else {
      throw JourneyFailure("sample-auth said: \(line)")
    }
    self.endpoint = endpoint
  }

  deinit { process.kill() }

  /// How often the service itself was asked to log somebody in, once that is `count` at least: it
  /// writes about a login beside answering it.
  package func loginCount(reaching count: Int) throws -> Int {
    try eventually("\(count) logins") {
      let lines = process.errors.text.split(separator: "\n")
      let found = lines.count { $0.hasSuffix("] login") }
      return found >= count ? found : nil
    }
  }
}

/// Logs in with curl, as a website's server would.
///
/// - Parameter arguments: More of curl's own.
package func logIn(
  _ name: String, _ password: String, at endpoint: Endpoint, _ arguments: [String] = []
) throws -> CurlAnswer {
  try curl(
    arguments + [
      "--header", "Content-Type: application/json",
      "--data", #"{"username":"\#(name)","password":"\#(password)"}"#, "http://\(endpoint)/login",
    ])
}

/// Sets somebody's password, as the customer-service application would.
///
/// - Parameter application: Its name and secret, with a colon between, or nil to send none.
package func resetPassword(
  _ name: String, _ password: String, by application: String?, at endpoint: Endpoint
) throws -> CurlAnswer {
  try curl(
    (application.map { ["--user", $0] } ?? []) + [
      "--header", "Content-Type: application/json",
      "--data", #"{"username":"\#(name)","new_password":"\#(password)"}"#,
      "http://\(endpoint)/password-reset",
    ])
}

/// Asks what an access token is good for, as a website would.
package func introspect(_ token: String, at endpoint: Endpoint) throws -> CurlAnswer {
  try curl(
    "--user", "website:shop-window", "--data-urlencode", "token=\(token)",
    "http://\(endpoint)/introspect")
}

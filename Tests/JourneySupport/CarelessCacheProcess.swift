/// `countersign careless-cache`, started cold before something.
package final class CarelessCacheProcess: Sendable {
  package let process: ChildProcess
  package let endpoint: Endpoint

  /// Starts it and waits until it listens.
  package init(_ kind: String, before origin: Endpoint, _ options: [String] = []) throws {
    process = try ChildProcess(
      try Programs.countersign(),
      [
        "careless-cache", kind, "--listen", "\(Endpoint.leasedHost()):0", "--origin",
        "http://\(origin)",
      ] + options)
    let line = try process.output.line(containing: "listening on ")
    guard let endpoint = Endpoint(line.dropFirst("listening on ".count)) else {
      throw JourneyFailure("careless-cache said: \(line)")
    }
    self.endpoint = endpoint
  }

  deinit { process.kill() }

  /// What it has told so far of its exchanges, a line each. Complete once it has ended.
  package var notes: [String] { process.errors.text.split(separator: "\n").map(String.init) }
}

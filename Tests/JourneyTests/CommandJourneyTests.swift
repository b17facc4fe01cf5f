import Foundation
import JourneySupport
import Testing

/// The program as an operator meets it: its arguments, its complaints, its exit statuses.
@Suite struct CommandJourneyTests {
  private func run(_ arguments: String...) throws -> (ending: ChildProcess.Ending, errors: String) {
    let process = try ChildProcess(try Programs.countersign(), arguments)
    return (try process.waitForEnd(), process.errors.text)
  }

  private func checkout(_ path: String) -> String { "\(Programs.root)/\(path)" }

  @Test func `wrong settings end with 78, every mistake told, and nothing started`() throws {
    let directory = try TemporaryDirectory()
    let endpoint = try Endpoint.leased()
    let file = try directory.write(
      """
      listeners:
        - address: \(endpoint)
      services:
        auth: { origns: [ "http://127.0.0.1:9" ] }
      routes:
        - match: { path: /** }
          service: auth
          cache: { default_ttl: 60 }
      """, to: "wrong.yaml")
    for command in ["serve", "check"] {
      let (ending, errors) = try run(command, file)
      #expect(ending == .exited(78), "\(command)")
      #expect(errors.contains("wrong.yaml:4:"), "\(errors)")
      #expect(errors.contains("origins"), "\(errors)")
      #expect(errors.contains("wrong.yaml:8:"), "\(errors)")
    }
    #expect(throws: JourneyFailure.self) { try RawConnection(to: endpoint) }
  }

  @Test(arguments: ["config/countersign.yaml", "config/examples/policy.yaml"])
  func `what the repository offers as settings is in order`(path: String) throws {
    #expect(try run("check", checkout(path)).ending == .exited(0))
  }

  @Test func `the settings in the README are in order`() throws {
    let readme = try String(contentsOfFile: checkout("README.md"), encoding: .utf8)
    let block = try #require(readme.components(separatedBy: "```yaml\n").dropFirst().first)
    let text = try #require(block.components(separatedBy: "```").first)
    let directory = try TemporaryDirectory()
    let (ending, errors) = try run("check", try directory.write(text, to: "readme.yaml"))
    #expect(ending == .exited(0), "\(errors)")
  }

  @Test func `a port in use is one clear sentence`() throws {
    let origin = try ScriptedOrigin { _ in "" }
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      Countersign.configuration(
        at: origin.endpoint, before: "http://127.0.0.1:9", in: directory), to: "busy.yaml")
    let (ending, errors) = try run("serve", file)
    #expect(ending == .exited(69))
    #expect(errors.contains("\(origin.endpoint)"), "\(errors)")
    #expect(errors.contains("'ss -ltnp' shows the program"), "\(errors)")
    #expect(errors.split(separator: "\n").count == 1, "\(errors)")
  }

  @Test func `an unreadable key is one clear sentence`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      Countersign.configuration(
        at: try Endpoint.leased(), before: "http://127.0.0.1:9", in: directory,
        listener: "    tls: { certificate: none.pem, key: none.key }"), to: "tls.yaml")
    let (ending, errors) = try run("serve", file)
    #expect(ending == .exited(78))
    #expect(errors.contains("none.pem"), "\(errors)")
  }

  @Test func `an audit log that cannot be written keeps the proxy from starting`() throws {
    let directory = try TemporaryDirectory()
    let text = Countersign.configuration(
      at: try Endpoint.leased(), before: "http://127.0.0.1:9", in: directory
    ).replacing(directory.path("findings.jsonl"), with: directory.path("no/such/findings.jsonl"))
    let (ending, errors) = try run("serve", try directory.write(text, to: "audit.yaml"))
    #expect(ending == .exited(73))
    #expect(errors.contains("no/such/findings.jsonl"), "\(errors)")
    #expect(errors.contains("make the directory \(directory.path("no/such")) first"), "\(errors)")
  }

  @Test func `a socket for operators without its directory is one sentence with a remedy`() throws {
    let directory = try TemporaryDirectory()
    let text = """
      listeners: [ { address: "\(try Endpoint.leased())" } ]
      services: { auth: { origins: [ "http://127.0.0.1:9" ] } }
      routes: [ { match: {}, service: auth } ]
      admin: { address: "unix:\(directory.path("none/admin.sock"))" }

      """
    let (ending, errors) = try run("serve", try directory.write(text, to: "socket.yaml"))
    #expect(ending == .exited(69))
    #expect(errors.contains("'admin: { address: … }'"), "\(errors)")
    #expect(errors.contains("make the directory \(directory.path("none")) first"), "\(errors)")
    #expect(errors.split(separator: "\n").count == 1, "\(errors)")
  }

  @Test(arguments: [("short", 0o600), ("a-token-long-enough-for-everybody", 0o644)])
  func `a token that serve would refuse is told by check`(token: String, mode: Int) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(token, to: "admin.token")
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    let text = """
      listeners: [ { address: "\(try Endpoint.leased())" } ]
      services: { auth: { origins: [ "http://127.0.0.1:9" ] } }
      routes: [ { match: {}, service: auth } ]
      admin: { address: "127.0.0.1:0", token_file: admin.token }

      """
    let file = try directory.write(text, to: "token.yaml")
    for command in ["check", "serve"] {
      let (ending, errors) = try run(command, file)
      #expect(ending == .exited(78))
      #expect(errors.contains("--> \(file):4:"), "\(errors)")
      #expect(!errors.contains(token), "\(errors)")
    }
  }

  @Test func `a proxy without a file verifies the decisions it is told of`() throws {
    let auth = try SampleAuth()
    let cache = try Nginx.carelessCache(before: auth.endpoint)
    let endpoint = try Endpoint.leased()
    let proxy = try ChildProcess(
      try Programs.countersign(),
      [
        "proxy", "--listen", "\(endpoint)", "--origin", "http://\(cache.endpoint)",
        "--decision", "POST /login",
      ])
    defer { proxy.kill() }
    try endpoint.waitUntilAccepting(proxy)
    #expect(try logIn("alice", "wonderland", at: endpoint).status == 200)
    #expect(try logIn("alice", "wrong", at: endpoint).status == 403)
    #expect(try proxy.stop() == .exited(0))
  }
}

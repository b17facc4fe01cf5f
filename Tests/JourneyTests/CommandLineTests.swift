import Foundation
import JourneySupport
import Testing

/// The program from outside: what it says, where, and how it ends.
@Suite struct CommandLineTests {
  private struct Outcome {
    var status: ChildProcess.Ending
    var output: String
    var errors: String
  }

  private func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

  private func run(_ arguments: [String]) throws -> Outcome {
    let process = try ChildProcess(
      try Programs.countersign(), arguments, environment: ["NO_COLOR": "1"])
    let ending = try process.waitForEnd()
    return Outcome(status: ending, output: process.output.text, errors: process.errors.text)
  }

  @Test func `check says nothing but a count about the settings of make run`() throws {
    let outcome = try run("check", "\(Programs.root)/config/countersign.yaml")
    #expect(outcome.status == .exited(0))
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("0 errors"))
  }

  @Test(arguments: ["check", "serve"])
  func `wrong settings end it with 78 and every diagnostic`(command: String) throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      "listeners: [ { address: 8080 } ]\nlog: { level: loud }\n", to: "wrong.yaml")
    let outcome = try run(command, file)
    #expect(outcome.status == .exited(78))
    #expect(outcome.output == "")
    for code in ["bad-value", "missing-key", "unknown-word"] {
      #expect(outcome.errors.contains("error[\(code)]"), "\(outcome.errors)")
    }
    #expect(outcome.errors.contains("4 errors"))
  }

  @Test func `check tells tools the same, one object a line`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("log: { level: loud }\n", to: "wrong.yaml")
    let outcome = try run("check", "--format", "json", file)
    #expect(outcome.status == .exited(78))
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
  }

  @Test func `check warns of what this machine lacks, and is content`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      """
      listeners: [ { address: "unix:here.sock" } ]
      services: { auth: { origins: [ http://127.0.0.1:9443 ] } }
      routes: [ { match: {}, service: auth } ]
      audit: { log: nowhere/findings.jsonl }
      access_log: { log: countersign.yaml/access.jsonl }
      process: { user: countersign-nobody }
      admin: { address: "unix:admin.sock" }

      """, to: "countersign.yaml")
    let outcome = try run("check", file)
    #expect(outcome.status == .exited(0))
    #expect(outcome.errors.contains("nowhere is not there: 'serve' needs it"), "\(outcome.errors)")
    #expect(outcome.errors.contains("countersign.yaml is no directory"), "\(outcome.errors)")
    #expect(
      outcome.errors.contains("there is no user countersign-nobody"), "\(outcome.errors)")
    #expect(outcome.errors.contains("0 errors, 3 warnings"), "\(outcome.errors)")
  }

  @Test func `a certificate that cannot be read is one sentence`() throws {
    let outcome = try run("check", "\(Programs.root)/config/examples/tls.yaml")
    #expect(outcome.status == .exited(78))
    #expect(outcome.errors.contains("auth.example.com.pem: No such file or directory"))
    #expect(outcome.errors.contains("login.example.com.pem: No such file or directory"))
  }

  @Test func `a file that settings name and nobody can use is pointed at where it is named`() throws
  {
    let directory = try TemporaryDirectory()
    _ = try directory.write("no certificate\n", to: "server.pem")
    _ = try directory.write("\n", to: "token")
    let file = try directory.write(
      """
      listeners:
        - address: 127.0.0.1:8443
          tls:
            certificate: server.pem
            key: server.key
      services:
        auth:
          origins: [ https://127.0.0.1:9443 ]
          tls: { ca: ca.pem }
      routes:
        - { match: {}, service: auth }
      admin:
        address: 127.0.0.1:9901
        token_file: token

      """, to: "countersign.yaml")
    let outcome = try run("check", file)
    #expect(outcome.status == .exited(78))
    for place in ["4:20", "9:16", "14:15"] {
      #expect(outcome.errors.contains("--> \(file):\(place)\n"), "\(outcome.errors)")
    }
    #expect(
      outcome.errors.contains(
        "4 |       certificate: server.pem\n  |                    ^^^^^^^^^^"))
    #expect(outcome.errors.contains("14 |   token_file: token\n   |               ^^^^^"))
  }

  @Test func `a file that is not there is said to be missing`() throws {
    let outcome = try run("serve", "/nowhere/countersign.yaml")
    #expect(outcome.status == .exited(78))
    #expect(outcome.errors.contains("there is no such file"))
  }

  @Test func `a proxy without a file prints settings that check accepts`() throws {
    let printed = try run(
      "proxy", "--listen", "8080", "--origin", "http://127.0.0.1:9000", "--decision",
      "POST /login", "--request-field", "X-Tenant: acme", "--profile", "conformant",
      "--print-config")
    #expect(printed.status == .exited(0))
    let directory = try TemporaryDirectory()
    let checked = try run("check", try directory.write(printed.output, to: "printed.yaml"))
    #expect(checked.status == .exited(0), "\(checked.errors)")
  }

  @Test func `wrong arguments end it with 64`() throws {
    #expect(try run("proxy", "--listen", "8080").status == .exited(64))
    #expect(try run("serve", "--what").status == .exited(64))
    let outcome = try run("proxy", "--listen", "8080", "--origin", "127.0.0.1:9000")
    #expect(outcome.status == .exited(64))
    #expect(outcome.errors.contains("did you mean http://127.0.0.1:9000?"))
  }

  @Test func `the page about the command line is what the program says`() throws {
    let page = try String(
      contentsOfFile: "\(Programs.root)/docs/command-line.md", encoding: .utf8)
    let commands = [
      "serve", "check", "proxy", "purge", "explain", "keys", "keys generate", "keys jwks",
      "keys thumbprint", "careless-cache",
    ]
    for command in commands {
      let help = try run(command.split(separator: " ").map(String.init) + ["--help"]).output
      #expect(
        page.contains("## `countersign \(command)`\n\n```\n\(help)```\n"),
        "'make docs' writes the page anew: \(help)")
    }
  }

  @Test func `help teaches by examples`() throws {
    for command in ["serve", "check", "proxy", "purge", "explain", "careless-cache"] {
      let outcome = try run(command, "--help")
      #expect(outcome.status == .exited(0))
      #expect(outcome.output.contains("countersign \(command)"), "\(outcome.output)")
    }
  }
}

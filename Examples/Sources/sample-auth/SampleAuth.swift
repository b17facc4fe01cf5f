internal import ArgumentParser
internal import Foundation
internal import Hummingbird
internal import Logging
internal import NIOCore

/// An auth service to try Countersign on.
@main
struct SampleAuth: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample-auth",
    abstract: "An auth service to try Countersign on: logins, resets, tokens, keys.",
    discussion: """
      It answers POST /login, /logout, /password-reset, /introspect and /legacy/check, and GET \
      /verify, /session, /.well-known/jwks.json, /.well-known/openid-configuration, \
      /assets/logo.svg and /healthz.
      """)

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 takes a free one and says which.")
  var port = 9000

  @Option(help: "The SQLite file. Without it everything is kept in memory.")
  var database: String?

  @Option(help: "What the discovery document calls this service.")
  var issuer = "http://127.0.0.1:8080"

  @Option(help: "How many more people there are: person1 with the password Secret-1, and so on.")
  var crowd = 0

  @Flag(help: "Hash passwords at next to no cost: for tests that log in hundreds of times.")
  var lightHashes = false

  @Flag(help: "Send 'Cache-Control: public, max-age=600' on answers to /login and /verify.")
  var careless = false

  @Flag(name: .customLong("no-echo"), help: "Know nothing of transaction tokens.")
  var withoutEcho = false

  @Flag(help: "Carry the transaction token back from /legacy/check too.")
  var legacyEcho = false

  @Flag(help: "Sign answers where a request asks for it by Accept-Signature (RFC 9421).")
  var sign = false

  @Flag(inversion: .prefixedNo, help: "Create the sample people and applications.")
  var seedUsers = true

  /// Who is there from the start. The passwords are printed, so they protect nothing.
  private static let people = [("alice", "wonderland"), ("bob", "builder")]
  private static let applications = [
    Service.customerService: "service-desk", "website": "shop-window",
  ]

  func run() async throws {
    let logger = Logger(label: "sample-auth")
    let accounts = try Accounts(path: database, cost: lightHashes ? .light : .customary)
    if seedUsers { try await seed(accounts, logger: logger) }
    let service = Service(
      accounts: accounts,
      manners: Manners(
        echoesToken: !withoutEcho, echoesTokenInLegacyCheck: legacyEcho, invitesCaches: careless),
      issuer: issuer, key: try SigningKey(), signsMessages: sign, logger: logger)
    var quiet = Logger(label: "hummingbird")
    quiet.logLevel = .warning
    let host = host
    let application = Application(
      router: service.router(),
      configuration: .init(
        address: .hostname(host, port: port), serverName: "sample-auth", reuseAddress: true),
      onServerRunning: { channel in
        let line = "listening on \(host):\(channel.localAddress?.port ?? 0)\n"
        FileHandle.standardOutput.write(Data(line.utf8))
      },
      logger: quiet)
    do {
      try await application.runService()
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      FileHandle.standardError.write(
        Data("sample-auth: \(host):\(port) is in use by another program\n".utf8))
      throw ExitCode(1)
    }
  }

  private func seed(_ accounts: Accounts, logger: Logger) async throws {
    try await withThrowingTaskGroup { group in
      let crowd = (0..<max(crowd, 0)).map { ("person\($0 + 1)", "Secret-\($0 + 1)") }
      for (number, (name, password)) in (Self.people + crowd).enumerated() {
        group.addTask {
          try accounts.addAccount(id: Int64(number + 1), name: name, password: password)
        }
        logger.info("sample person", metadata: ["name": "\(name)", "password": "\(password)"])
      }
      for (name, secret) in Self.applications {
        group.addTask { try accounts.addApplication(name: name, secret: secret) }
        logger.info("sample application", metadata: ["name": "\(name)", "secret": "\(secret)"])
      }
      try await group.waitForAll()
    }
  }
}

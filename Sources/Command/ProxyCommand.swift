internal import ArgumentParser
internal import Configuration
internal import Foundation
internal import Proxy

/// `countersign proxy`: the proxy without a file, for trying and testing.
struct ProxyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy",
    abstract: "Run the proxy without a settings file, for trying and testing.",
    discussion: """
      Every request that is no declared decision is in the cache lane. A declared decision must \
      carry the transaction token back in the field Transaction-Token, or it is refused. Findings \
      go to standard error; there is no admin listener. Exit status 64 when an argument is wrong, \
      78 when a certificate cannot be used, 69 when the address is taken.

        countersign proxy --listen 127.0.0.1:8080 --origin http://127.0.0.1:9000 \\
          --decision 'POST /login'
        countersign proxy --listen 8443 --origin https://auth.example \\
          --certificate c.pem --key k.pem
        countersign proxy --listen 8080 --origin http://127.0.0.1:9000 --print-config
      """)

  @Option(help: "Where to listen: ADDRESS:PORT, unix:PATH, or a port of 127.0.0.1.")
  var listen: String

  @Option(help: "A server of the service, as a URL; several are taken in turn.")
  var origin: [String]

  @Option(help: "How the cache reads RFC 9111: strict or conformant.")
  var profile: String?

  @Option(help: "A decision, as 'METHOD PATH' or a path: bound by echo, enforced.")
  var decision: [String] = []

  @Option(help: "A field that is set on every request to the origin, as 'Name: value'.")
  var requestField: [String] = []

  @Option(help: "The certificate chain to listen with, PEM.")
  var certificate: String?

  @Option(help: "The key of the certificate, PEM.")
  var key: String?

  @Option(help: "The authorities that vouch for origins with https, PEM; else the system's.")
  var originAuthority: String?

  @Option(help: "The number of event loops; else one a core.")
  var loops: Int?

  @Flag(help: "Print these settings as a settings file, and start nothing.")
  var printConfig = false

  func run() throws {
    var arguments = ProxyArguments(listen: listen, origins: origin)
    arguments.profile = profile
    arguments.decisions = decision
    arguments.requestFields = requestField
    arguments.certificate = certificate
    arguments.key = key
    arguments.originAuthority = originAuthority
    arguments.loops = loops
    switch arguments.settings(in: FileManager.default.currentDirectoryPath) {
    case .failure(let error):
      for sentence in error.sentences { Terminal.complain("countersign proxy: \(sentence)") }
      throw ExitStatus.usage.code
    case .success(let settings):
      guard !printConfig else { return Terminal.tell(settings.yaml(onlyChanges: true)) }
      try Serving.run(settings, reload: nil)
    }
  }
}

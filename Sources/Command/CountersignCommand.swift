internal import ArgumentParser
internal import Audit
internal import CachePolicy
internal import Configuration
internal import Proxy

/// `countersign`: the program.
struct CountersignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "countersign",
    abstract: "A caching reverse proxy that demands proof from every verdict of an auth service.",
    discussion: """
      Decisions ("yes, you are logged in") are never cached and are delivered only when they prove \
      that they answer the request in hand; everything else is cached by RFC 9111.

        countersign proxy --listen 8080 --origin http://127.0.0.1:9000 \\
          --decision 'POST /login'
        countersign check countersign.yaml
        countersign serve countersign.yaml
      """,
    version: ProxyVersion.text,
    subcommands: [
      ServeCommand.self, CheckCommand.self, ProxyCommand.self, PurgeCommand.self,
      ExplainCommand.self, KeysCommand.self, CarelessCacheCommand.self, SchemaCommand.self,
      ReferenceCommand.self, VersionCommand.self,
    ])

}

/// `countersign schema`: the JSON Schema of settings files.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of settings files, for editors.")

  func run() { Terminal.tell(SettingsSchema.text) }
}

/// `countersign reference`: what `docs/configuration.md`, `docs/cache-reasons.md` and
/// `docs/findings.md` are.
struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference",
    abstract:
      "Print the reference of all settings, of the cache's reasons or of all checks, as Markdown.")

  enum Page: String, ExpressibleByArgument, CaseIterable {
    case settings
    case cacheReasons = "cache-reasons"
    case findings
  }

  @Argument(help: "settings, cache-reasons or findings.")
  var page = Page.settings

  func run() {
    switch page {
    case .settings: Terminal.tell(SettingsReference.text)
    case .cacheReasons: Terminal.tell(CacheReasonReference.text)
    case .findings: Terminal.tell(FindingReference.text)
    }
  }
}

/// `countersign version`.
struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version.")

  func run() { Terminal.tell("countersign \(ProxyVersion.text)") }
}

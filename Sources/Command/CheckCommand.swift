internal import ArgumentParser
internal import Configuration
internal import Foundation
internal import Proxy

/// `countersign check`: what is wrong with a settings file.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a settings file and all it names, and start nothing.",
    discussion: """
      Reads the file with the code that `serve` uses, loads the certificates, keys and tokens it \
      names, and tells every error and warning at once, each with its place and a remedy. Exit \
      status 78 when there is an error, else 0. What only this machine lacks (a directory of logs \
      or sockets, the user to become) is a warning. Whether ports are free shows when it is served.

        countersign check countersign.yaml
        countersign check --format json countersign.yaml
        countersign check --print-config countersign.yaml
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Option(help: "How diagnostics are told: text, or json with one object a line.")
  var format = Format.text

  @Flag(help: "Print the settings in force, every default filled in, as a settings file.")
  var printConfig = false

  @Argument(help: "The settings file.")
  var file = SettingsFile.standardPath

  func run() throws {
    var loaded = SettingsFile(path: file).load()
    for doubt in loaded.settings.map(ProxyServer.doubts(about:)) ?? [] {
      loaded.doubts(doubt.path, owner: doubt.owner, doubt.message)
    }
    if format == .json {
      for diagnostic in loaded.diagnostics { Terminal.tell(diagnostic.json) }
    } else {
      SettingsFile.tell(loaded)
    }
    guard let settings = loaded.settings else {
      if format == .text { Terminal.complain("\(file): \(SettingsFile.count(loaded))") }
      throw ExitStatus.configuration.code
    }
    if printConfig {
      Terminal.tell(settings.yaml())
    } else if format == .text {
      let routes = SettingsFile.words(settings.routes.count, "route")
      Terminal.complain("\(file): \(SettingsFile.count(loaded)), \(routes)")
      tellGrades(settings)
    }
  }

  /// What the verdicts of each decision route prove, and how they could prove more.
  private func tellGrades(_ settings: Settings) {
    for grade in settings.grades {
      Terminal.complain(
        "grade \(grade.grade): route \"\(grade.route)\", \(grade.binding). "
          + "Not proved: \(grade.lacks). Next: \(grade.next).")
    }
  }
}

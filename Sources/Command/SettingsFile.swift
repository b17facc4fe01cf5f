internal import Admin
internal import ArgumentParser
internal import Configuration
internal import Foundation
internal import Platform
internal import Primitives
internal import Proxy

/// A settings file as the commands use it: read, complained about, read again.
struct SettingsFile: Sendable {
  static let standardPath = "/etc/countersign/countersign.yaml"

  let path: String

  /// Reads the file and what it names: certificates, keys, the admin token.
  func load() -> Loaded {
    var loaded = Settings.load(path)
    guard let settings = loaded.settings else { return loaded }
    for problem in ProxyServer.problems(in: settings) + Self.tokenProblems(settings) {
      loaded.cannotUse(problem.path, owner: problem.owner, problem.message)
    }
    return loaded
  }

  private static func tokenProblems(_ settings: Settings) -> [FileProblem] {
    guard let file = settings.admin?.tokenFile else { return [] }
    do throws(StartError) {
      _ = try BearerToken(file: file)
      return []
    } catch {
      return [FileProblem(owner: "admin", path: file, message: error.description)]
    }
  }

  /// The settings, or the end of the program with every diagnostic on standard error.
  func settings() throws -> Settings {
    let loaded = load()
    Self.tell(loaded)
    guard let settings = loaded.settings else {
      Terminal.complain("\(path): \(Self.count(loaded)); nothing was started")
      throw ExitStatus.configuration.code
    }
    return settings
  }

  /// Reads the file again, for a reload.
  @Sendable func reload() -> Result<Settings, RunningProxy.ReloadFailure> {
    let loaded = load()
    if let settings = loaded.settings { return .success(settings) }
    let text = loaded.diagnostics.map { $0.rendered() }.joined(separator: "\n")
    return .failure(RunningProxy.ReloadFailure(diagnostics: text))
  }

  /// Tells every diagnostic on standard error, an empty line after each.
  static func tell(_ loaded: Loaded) {
    let isColoured = Terminal.errorTakesColour
    for diagnostic in loaded.diagnostics {
      Terminal.complain(diagnostic.rendered(inColour: isColoured) + "\n")
    }
  }

  static func count(_ loaded: Loaded) -> String {
    let errors = loaded.diagnostics.count { $0.severity == .error }
    let warnings = loaded.diagnostics.count - errors
    return warnings == 0
      ? words(errors, "error") : "\(words(errors, "error")), \(words(warnings, "warning"))"
  }

  /// A number and what it counts.
  static func words(_ count: Int, _ word: String) -> String {
    "\(count) \(word)\(count == 1 ? "" : "s")"
  }
}

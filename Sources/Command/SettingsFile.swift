internal import ArgumentParser
internal import Configuration
internal import Foundation
internal import Platform
internal import Primitives
internal import Proxy

/// A settings file as the commands use it: read, complained about, read again.
struct SettingsFile {
  static let standardPath = "/etc/countersign/countersign.yaml"

  let path: String

  /// The settings, or the end of the program with every diagnostic on standard error.
  func settings() throws -> Settings {
    let loaded = Settings.load(path)
    let isColoured = Terminal.errorTakesColour
    for diagnostic in loaded.diagnostics {
      Terminal.complain(diagnostic.rendered(inColour: isColoured))
    }
    guard let settings = loaded.settings else {
      Terminal.complain("\(path): \(Self.count(loaded)); nothing was started")
      throw ExitStatus.configuration.code
    }
    return settings
  }

  /// Reads the file again, for a reload.
  func reload() -> Result<Settings, RunningProxy.ReloadFailure> {
    let loaded = Settings.load(path)
    if let settings = loaded.settings { return .success(settings) }
    let text = loaded.diagnostics.map { $0.rendered() }.joined(separator: "\n")
    return .failure(RunningProxy.ReloadFailure(diagnostics: text))
  }

  static func count(_ loaded: Loaded) -> String {
    let errors = loaded.diagnostics.count { $0.severity == .error }
    let warnings = loaded.diagnostics.count - errors
    func words(_ count: Int, _ word: String) -> String {
      "\(count) \(word)\(count == 1 ? "" : "s")"
    }
    return warnings == 0
      ? words(errors, "error") : "\(words(errors, "error")), \(words(warnings, "warning"))"
  }
}

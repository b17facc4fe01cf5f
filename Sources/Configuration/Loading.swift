internal import Primitives

/// What became of a settings file.
package struct Loaded: Sendable, Equatable {
  /// Nil when there are errors.
  package var settings: Settings?
  /// Everything there is to say, in the order of the files and their lines.
  package var diagnostics: [Diagnostic]
  /// The files that were read, the first one first.
  package var files: [String]

  /// Where the files stand that the settings name, by their absolute path.
  package var named: [String: NamedPlace] = [:]

  package var hasErrors: Bool { settings == nil }

  /// Adds that a file which the settings name cannot be used: there are no settings then.
  ///
  /// - Parameters:
  ///   - owner: What needs the file; told where no line names it.
  ///   - message: A sentence without a full stop.
  package mutating func cannotUse(_ path: String?, owner: String, _ message: String) {
    settings = nil
    tell(.error, code: "unusable-file", of: path, owner: owner, message)
  }

  /// Adds that a start on this machine may stumble over what the settings name; they stand.
  ///
  /// - Parameters: those of `cannotUse`.
  package mutating func doubts(_ path: String?, owner: String, _ message: String) {
    tell(.warning, code: "not-here", of: path, owner: owner, message)
  }

  private mutating func tell(
    _ severity: Diagnostic.Severity, code: String, of path: String?, owner: String,
    _ message: String
  ) {
    let here = path.flatMap { named[$0] }
    let diagnostic = Diagnostic(
      severity, code: code, message: here == nil ? "\(owner): \(message)" : message,
      place: here?.place, line: here?.line)
    if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
  }
}

/// Where settings name a file.
package struct NamedPlace: Sendable, Equatable {
  package var place: SourcePlace
  /// The line of the place, as it stands in the file.
  package var line: String?
}

extension Settings {
  /// Reads a settings file, those it includes, and checks them: all errors and warnings at once.
  ///
  /// A YAML syntax error or a repeated key ends the reading of its file and comes without what
  /// follows from it. Files that settings only name (certificates, keys, logs) are not touched.
  ///
  /// - Parameters:
  ///   - path: of the file, as the operator wrote it; diagnostics show it so.
  ///   - files: where files come from.
  package static func load(_ path: String, from files: any SettingsFiles = DiskFiles()) -> Loaded {
    var reading = Reading()
    var including = Including(files)
    guard let tree = including.read(files.absolute(path), name: path, &reading) else {
      return loaded(nil, reading)
    }
    let section = Section<Draft>.settings
    guard let draft = section.form.read(tree, &reading) else { return loaded(nil, reading) }
    let settings = Assembly(draft).settings(&reading)
    if !reading.hasErrors { Lint(draft).report(&reading) }
    return loaded(settings, reading)
  }

  private static func loaded(_ settings: Settings?, _ reading: Reading) -> Loaded {
    Loaded(
      settings: reading.hasErrors ? nil : settings, diagnostics: reading.sorted,
      files: reading.sources.map(\.path), named: reading.named)
  }

  /// What of the settings says which responses are no decisions and may be stored: the same text,
  /// the same judgement.
  package var storingRules: String {
    var rules = Settings()
    rules.cache.profile = cache.profile
    rules.services = services.map { service in
      var same = ServiceSettings(name: service.name, origins: [])
      same.kind = service.kind
      return same
    }
    rules.routes = routes
    return rules.yaml()
  }

  /// The settings as a file would say them: every key, or only those that differ from their
  /// defaults.
  ///
  /// Read again, it gives equal settings. Nothing in it is secret: files are named, never quoted.
  package func yaml(onlyChanges: Bool = false) -> String {
    let section = Section<Draft>.settings
    let tree = section.form.write(Draft(self))
    return YAMLWriter.text(onlyChanges ? section.changes(tree) : tree)
  }
}

/// One settings file as it was read.
struct SourceText {
  /// As shown in diagnostics.
  var name: String
  /// Absolute; relative paths in the file start from its directory.
  var path: String
  var lines: [String]

  /// Relative paths in the file start here.
  var directory: String { Paths.directory(of: path) }
}

/// What a reading has found so far: the files, for their lines, and everything there is to say.
struct Reading {
  private(set) var sources: [SourceText] = []
  private(set) var diagnostics: [Diagnostic] = []

  private(set) var errorCount = 0
  /// The files that settings name, by their absolute path, and where they do so first.
  private(set) var named: [String: NamedPlace] = [:]

  var hasErrors: Bool { errorCount > 0 }

  /// Adds a file and answers with its index.
  mutating func add(_ source: SourceText) -> Int {
    sources.append(source)
    return sources.count - 1
  }

  /// The settings name a file here.
  mutating func names(_ path: String, at place: Tree.Place) {
    guard named[path] == nil, let here = resolved(place) else { return }
    named[path] = NamedPlace(place: here, line: line(of: place))
  }

  /// Where relative paths at this place start from.
  func directory(at place: Tree.Place) -> String {
    sources.indices.contains(place.source) ? sources[place.source].directory : "/"
  }

  mutating func error(
    _ code: String, _ message: String, at place: Tree.Place?, help: String? = nil,
    note: String? = nil, noted: Tree.Place? = nil
  ) {
    report(.error, code, message, at: place, help: help, note: note, noted: noted)
  }

  mutating func warn(
    _ code: String, _ message: String, at place: Tree.Place?, help: String? = nil,
    note: String? = nil, noted: Tree.Place? = nil
  ) {
    report(.warning, code, message, at: place, help: help, note: note, noted: noted)
  }

  private mutating func report(
    _ severity: Diagnostic.Severity, _ code: String, _ message: String, at place: Tree.Place?,
    help: String?, note: String?, noted: Tree.Place?
  ) {
    if severity == .error { errorCount += 1 }
    var further: Diagnostic.Note?
    if let note, let noted, let place = resolved(noted) {
      further = Diagnostic.Note(text: note, place: place, line: line(of: noted))
    }
    diagnostics.append(
      Diagnostic(
        severity, code: code, message: message, place: place.flatMap(resolved),
        line: place.flatMap(line), help: help, note: further))
  }

  private func resolved(_ place: Tree.Place) -> SourcePlace? {
    guard sources.indices.contains(place.source) else { return nil }
    return SourcePlace(
      file: sources[place.source].name, line: place.line, column: place.column,
      length: place.length)
  }

  private func line(of place: Tree.Place) -> String? {
    guard sources.indices.contains(place.source) else { return nil }
    let lines = sources[place.source].lines
    return lines.indices.contains(place.line - 1) ? lines[place.line - 1] : nil
  }

  /// Everything found, in the order of the files and their lines.
  var sorted: [Diagnostic] {
    let order = Dictionary(
      sources.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    func rank(_ diagnostic: Diagnostic) -> [Int] {
      guard let place = diagnostic.place else { return [Int.max] }
      return [order[place.file] ?? 0, place.line, place.column]
    }
    return diagnostics.enumerated().sorted { one, other in
      let left = rank(one.element)
      let right = rank(other.element)
      return left == right ? one.offset < other.offset : left.lexicographicallyPrecedes(right)
    }.map(\.element)
  }
}

/// Paths as text.
enum Paths {
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func name(of path: String) -> String {
    String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
  }

  /// The path seen from the directory, with `.` and `..` resolved by text.
  static func resolve(_ path: String, from directory: String) -> String {
    let whole = path.hasPrefix("/") ? path : directory + "/" + path
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else if part != ".." || !whole.hasPrefix("/") {
        parts.append(part)
      }
    }
    return (whole.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }
}

import Foundation

/// The files of this checkout, as the rules look at them.
enum Checkout {
  /// Found from this file's own path, so that the rules hold wherever the checkout lies.
  static let root: URL = {
    let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    return here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }()

  /// The top-level directories that hold what people wrote.
  private static let directories = [
    ".ci", "Benchmarks", "Examples", "Fuzzers", "Sources", "Tests", "config", "docs", "scripts",
  ]

  /// Every text file people wrote, by its path from the root.
  static let files: [TextFile] = {
    var paths = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    paths = paths.filter { !$0.hasPrefix(".") || $0 == ".gitignore" }.filter(isFile)
    for directory in directories {
      let inside = FileManager.default.enumerator(atPath: root.appending(path: directory).path)
      while let path = inside?.nextObject() as? String {
        if path.hasPrefix(".build") || path.contains("/.build") { continue }
        if isFile("\(directory)/\(path)") { paths.append("\(directory)/\(path)") }
      }
    }
    return paths.sorted().compactMap(TextFile.init)
  }()

  /// The Swift files of the product and its tests.
  static let swift = files.filter { $0.path.hasSuffix(".swift") }

  /// The Swift files of the product.
  static let sources = swift.filter { $0.path.hasPrefix("Sources/") }

  /// The Swift files of the tests, this suite apart: it has to name what it forbids.
  static let tests = swift.filter {
    $0.path.hasPrefix("Tests/") && !$0.path.hasPrefix("Tests/TidyTests/")
  }

  static let documents = files.filter { $0.path.hasSuffix(".md") }

  static func file(_ path: String) -> TextFile? { files.first { $0.path == path } }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }

  private static func isFile(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(
      atPath: root.appending(path: path).path, isDirectory: &isDirectory)
    return exists && !isDirectory.boolValue
  }
}

/// A file of UTF-8 text.
struct TextFile: Sendable {
  /// From the root of the checkout.
  let path: String
  let text: String
  /// Without line ends.
  let lines: [String]
  /// The lines with comments and the contents of string literals made blank.
  let code: [String]

  /// Reads the file; nil when it is no text.
  init?(path: String) {
    guard
      let text = try? String(contentsOf: Checkout.root.appending(path: path), encoding: .utf8)
    else { return nil }
    self.path = path
    self.text = text
    lines = text.components(separatedBy: "\n")
    code = path.hasSuffix(".swift") ? SwiftBlanker.blank(text).components(separatedBy: "\n") : lines
  }

  /// The directory below `Sources` or `Tests` that the file is in.
  var target: String {
    path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
  }

  /// Where in the code a pattern occurs, as `path:line`.
  func occurrences(of pattern: some RegexComponent) -> [String] {
    code.enumerated().filter { $0.element.contains(pattern) }.map { "\(path):\($0.offset + 1)" }
  }
}

import Configuration
import Foundation
import Testing

/// The golden cases beside this file.
///
///     === what the case shows
///     settings, as an operator writes them; what is missing of listeners, services and
///     routes is added below
///     +++ conf.d/further.yaml
///     another file
///     -----
///     diagnostics, and the settings where there are no errors: changes from the defaults,
///     in the sections that the case is about
struct CaseFile {
  struct Case: CustomTestStringConvertible, Sendable {
    var file: String
    var name: String
    var input: String
    var expected: String

    var testDescription: String { "\(file): \(name)" }
  }

  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Cases")

  static func all() throws -> [Case] {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    return try names.filter { $0.hasSuffix(".case") }.sorted().flatMap(cases)
  }

  private static func cases(in file: String) throws -> [Case] {
    let text = try String(contentsOf: directory.appendingPathComponent(file), encoding: .utf8)
    return try text.components(separatedBy: "\n=== ").enumerated().map { index, block in
      let block = index == 0 ? String(block.dropFirst(4)) : block
      let lines = block.components(separatedBy: "\n")
      guard let rule = lines.firstIndex(of: "-----") else {
        throw MissingRule(file: file, name: lines[0])
      }
      return Case(
        file: file, name: lines[0], input: lines[1..<rule].joined(separator: "\n") + "\n",
        expected: lines[(rule + 1)...].joined(separator: "\n").trimmingCharacters(in: .newlines))
    }
  }

  struct MissingRule: Error {
    var file: String
    var name: String
  }

  /// Writes the cases of a file with new expectations.
  static func write(_ cases: [Case], to file: String) throws {
    let text = cases.map { "=== \($0.name)\n\($0.input)-----\n\($0.expected)\n" }
    try text.joined(separator: "\n").write(
      to: directory.appendingPathComponent(file), atomically: true, encoding: .utf8)
  }
}

/// Files that exist in a table only.
struct TableFiles: SettingsFiles {
  static let directory = "/etc/countersign"
  static let name = "countersign.yaml"
  var files: [String: [UInt8]] = [:]

  init(_ text: String) { files["\(Self.directory)/\(Self.name)"] = Array(text.utf8) }

  /// The files of a case. `«FF»` stands for the byte 0xFF.
  init(case input: String) {
    var name = Self.name
    var text = ""
    for line in input.dropLast().components(separatedBy: "\n") {
      if line.hasPrefix("+++ ") {
        add(name, text)
        name = String(line.dropFirst(4))
        text = ""
      } else {
        text += line + "\n"
      }
    }
    add(name, text)
  }

  private mutating func add(_ name: String, _ text: String) {
    let path = name.hasPrefix("/") ? name : "\(Self.directory)/\(name)"
    files[path] = Self.bytes(name == Self.name ? Self.completed(text) : text)
  }

  private static func bytes(_ text: String) -> [UInt8] {
    var rest = text[...]
    var bytes: [UInt8] = []
    while let mark = rest.firstIndex(of: "«") {
      bytes += rest[..<mark].utf8
      let digits = rest[mark...].dropFirst().prefix(2)
      bytes.append(UInt8(digits, radix: 16) ?? 0)
      rest = rest[mark...].dropFirst(4)
    }
    return bytes + rest.utf8
  }

  private static let standard = [
    ("listeners", "listeners: [ { address: \"127.0.0.1:8080\" } ]"),
    ("services", "services: { auth: { origins: [ \"http://127.0.0.1:9000\" ] } }"),
    ("routes", "routes: [ { match: {}, service: auth } ]"),
  ]

  private static func completed(_ text: String) -> String {
    guard !text.contains("# as it is") else { return text }
    let missing = standard.filter { !("\n" + text).contains("\n\($0.0):") }
    return text + missing.map { $0.1 + "\n" }.joined()
  }

  func read(_ path: String) throws(FileTrouble) -> [UInt8] {
    guard let bytes = files[path] else { throw FileTrouble(reason: "there is no such file") }
    return bytes
  }

  func names(in directory: String) -> [String] {
    files.keys.filter { $0.hasPrefix(directory + "/") }.map {
      String($0.dropFirst(directory.count + 1))
    }
    .filter { !$0.contains("/") }
  }

  func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(Self.directory)/\(path)"
  }
}

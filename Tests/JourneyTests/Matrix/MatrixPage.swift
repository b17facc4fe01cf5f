import CarelessCaches
import Foundation
import JourneySupport

/// `docs/careless-caches.md`: its tables are what the journeys came to, its list what the kinds say
/// of themselves. The prose around them is written by hand.
struct MatrixPage {
  static let path = "\(Programs.root)/docs/careless-caches.md"

  private(set) var text: String

  init() throws { text = try String(contentsOfFile: Self.path, encoding: .utf8) }

  func write() throws { try text.write(toFile: Self.path, atomically: true, encoding: .utf8) }

  /// The cell of a table whose row begins with the cache, and whose head holds the title; nil when
  /// there is none.
  func cell(_ hop: MatrixHop, _ title: String, in table: Table) -> String? {
    let rows = section(table.rawValue).split(separator: "\n").filter { $0.hasPrefix("|") }
      .map(Self.cells)
    guard let column = rows.first?.firstIndex(of: title) else { return nil }
    return rows.first { $0.first == hop.title }.flatMap {
      $0.indices.contains(column) ? $0[column] : nil
    }
  }

  enum Table: String {
    case control
    case matrix
  }

  /// Puts the rows of a table in place of those that are there.
  mutating func replace(
    _ table: Table, columns: [String], _ cell: (MatrixHop, String) -> String
  ) {
    let head = ["| cache | " + columns.joined(separator: " | ") + " |"]
    let line = ["|---" + String(repeating: "|---", count: columns.count) + "|"]
    let rows = MatrixHop.all.map { hop in
      "| \(hop.title) | " + columns.map { cell(hop, $0) }.joined(separator: " | ") + " |"
    }
    replace(section: table.rawValue, by: (head + line + rows).joined(separator: "\n"))
  }

  /// The list of kinds.
  static var kinds: String {
    CarelessKind.all.map { kind in
      let checks = kind.checkNames.isEmpty ? "none" : kind.checkNames.joined(separator: ", ")
      return """
        ### `\(kind.name)`

        \(wrap("A cache that \(kind.does)."))

        \(wrap("*Imitates.* \(kind.imitates)"))

        \(wrap("*Countersign.* \(kind.countered) Checks: \(checks)."))
        """
    }.joined(separator: "\n\n")
  }

  var listedKinds: String { section("kinds") }

  mutating func replaceKinds() { replace(section: "kinds", by: Self.kinds) }

  // MARK: Sections

  private func section(_ name: String) -> String {
    guard let start = text.range(of: "<!-- \(name) -->\n\n"),
      let end = text.range(
        of: "\n\n<!-- end of \(name) -->", range: start.upperBound..<text.endIndex)
    else { return "" }
    return String(text[start.upperBound..<end.lowerBound])
  }

  private mutating func replace(section name: String, by content: String) {
    guard let start = text.range(of: "<!-- \(name) -->\n"),
      let end = text.range(of: "\n<!-- end of \(name) -->", range: start.upperBound..<text.endIndex)
    else { return }
    text.replaceSubrange(start.upperBound..<end.lowerBound, with: "\n\(content)\n")
  }

  private static func cells(_ row: Substring) -> [String] {
    row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  private static func wrap(_ text: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if line.count + word.count + 1 > 110, !line.isEmpty {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " " + word
    }
    return (lines + [line]).joined(separator: "\n")
  }
}

import Foundation
import Testing

/// `docs/conformance.md` says which code does what an RFC asks and which test shows it: all of that
/// is there.
@Suite struct ConformanceTests {
  private struct Row {
    let line: Int
    let place: String
    let tests: [(file: String, title: String)]
  }

  private func page() throws -> TextFile {
    try #require(Checkout.file("docs/conformance.md"))
  }

  /// The rows of the tables of requirements.
  private func rows() throws -> [Row] {
    var isRequirement = false
    var rows: [Row] = []
    for (index, line) in try page().lines.enumerated() {
      guard line.hasPrefix("| ") else {
        if !line.hasPrefix("|") { isRequirement = false }
        continue
      }
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      if cells == ["requirement", "where", "shown by"] {
        isRequirement = true
      } else if isRequirement, cells.count == 3 {
        rows.append(row(cells, line: index + 1))
      }
    }
    return rows
  }

  private func row(_ cells: [String], line: Int) -> Row {
    Row(
      line: line, place: cells[1].trimmingCharacters(in: ["`"]),
      tests: cells[2].components(separatedBy: "<br>").map { entry in
        let halves = entry.components(separatedBy: "`: ")
        return (String(halves[0].dropFirst()), halves.dropFirst().joined(separator: "`: "))
      })
  }

  @Test func `every place that the page names is there`() throws {
    let rows = try rows()
    #expect(rows.count >= 100)
    for row in rows { #expect(Checkout.exists("Sources/\(row.place)"), "line \(row.line)") }
  }

  @Test func `every case and test that the page names is there`() throws {
    for row in try rows() {
      #expect(!row.tests.isEmpty, "line \(row.line)")
      for test in row.tests {
        let isCase = test.file.hasSuffix(".case")
        let path =
          isCase ? "Tests/CachePolicyTests/Cases/\(test.file)" : "Tests/\(test.file)"
        let file = try #require(Checkout.file(path), "line \(row.line): \(path)")
        let isThere =
          isCase
          ? file.lines.contains("== \(test.title)") : file.text.contains("`\(test.title)`")
        #expect(isThere, "line \(row.line): \(test.file) has no '\(test.title)'")
      }
    }
  }

  @Test func `every departure of the cache is on the page`() throws {
    let text = try page().text
    for file in Checkout.sources
    where file.path.hasPrefix("Sources/Cache") && file.text.contains("Departure:") {
      let place = String(file.path.dropFirst("Sources/".count))
      let told = text.components(separatedBy: "`\(place)`").count - 1
      let done = file.text.components(separatedBy: "Departure:").count - 1
      #expect(told >= done, "\(place) departs \(done) times, and the page tells of \(told)")
    }
  }

  @Test func `every section of RFC 9111 that asks for something has its place`() throws {
    let text = try page().text
    for section in [
      "§2", "§3", "§3.1", "§3.2", "§3.3", "§3.4", "§3.5", "§4", "§4.1", "§4.2.1", "§4.2.2",
      "§4.2.3", "§4.2.4", "§4.3.1", "§4.3.2", "§4.3.3", "§4.3.4", "§4.3.5", "§4.4", "§5.1",
      "§5.2", "§5.2.1", "§5.2.2", "§5.3", "§5.4", "§5.5", "§6", "§7",
    ] {
      #expect(text.contains("\n## RFC 9111 \(section) "), "\(section)")
    }
    for number in 1...7 { #expect(text.contains("| §5.2.1.\(number) "), "§5.2.1.\(number)") }
    for number in 1...10 { #expect(text.contains("| §5.2.2.\(number) "), "§5.2.2.\(number)") }
  }
}

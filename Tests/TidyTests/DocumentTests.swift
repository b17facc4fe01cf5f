import Foundation
import Testing

/// What the documents promise to a reader.
@Suite struct DocumentTests {
  @Test func `the documents that people look for are there`() {
    for path in [
      "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
    ] {
      #expect(Checkout.exists(path), "\(path)")
    }
  }

  @Test func `the first screen of the README says how to run and how to test`() throws {
    let screen = try #require(Checkout.file("README.md")).lines.prefix(24).joined(separator: "\n")
    #expect(screen.contains("make run"))
    #expect(screen.contains("make test"))
  }

  @Test func `every link inside the repository leads somewhere`() throws {
    for document in Checkout.documents {
      for link in links(in: document) where !link.contains("://") && !link.hasPrefix("mailto:") {
        let halves = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let path = halves[0].isEmpty ? document.path : resolve(halves[0], from: document.path)
        #expect(Checkout.exists(path), "\(document.path): \(link)")
        guard halves.count == 2, let target = Checkout.file(path) else { continue }
        #expect(anchors(in: target).contains(String(halves[1])), "\(document.path): \(link)")
      }
    }
  }

  @Test func `decision records are numbered without gaps and fit a page`() throws {
    let records = Checkout.documents.filter { $0.path.hasPrefix("docs/decisions/") }
    let names = records.map { String($0.path.dropFirst("docs/decisions/".count)) }
    #expect(!names.isEmpty)
    for (number, (name, record)) in zip(names, records).enumerated() {
      let expected = String(format: "%04d-", number + 1)
      #expect(name.hasPrefix(expected), "\(name)")
      #expect(record.lines.first?.hasPrefix("# \(number + 1). ") == true, "\(name)")
      #expect(record.lines.count <= 70, "\(name)")
    }
  }

  @Test func `the help of make lists every target that people use`() throws {
    let makefile = try #require(Checkout.file("Makefile"))
    let help = makefile.lines.prefix { $0.hasPrefix("#") || $0.isEmpty }.joined(separator: "\n")
    for target in ["deps", "build", "run", "test", "check", "bench", "format", "docs"] {
      #expect(help.contains("make \(target) "), "\(target)")
      #expect(makefile.lines.contains { $0.hasPrefix("\(target):") }, "\(target)")
    }
  }

  @Test func `every script says what runs it and may be run`() throws {
    for file in Checkout.files
    where (file.path.hasPrefix("scripts/") && !file.path.hasSuffix(".c"))
      || file.path == ".ci/run" || file.path == "Benchmarks/run"
    {
      #expect(file.text.hasPrefix("#!"), "\(file.path)")
      let path = Checkout.root.appending(path: file.path).path
      #expect(FileManager.default.isExecutableFile(atPath: path), "\(file.path)")
    }
  }

  private func links(in document: TextFile) -> [String] {
    var isFenced = false
    return document.lines.flatMap { line -> [String] in
      if line.hasPrefix("```") { isFenced.toggle() }
      guard !isFenced else { return [] }
      let prose = line.replacing(/`[^`]*`/, with: "")
      return prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
    }
  }

  /// The names of the headings, as links write them.
  private func anchors(in document: TextFile) -> Set<String> {
    Set(
      document.lines.filter { $0.hasPrefix("#") }.map { heading in
        heading.drop { $0 == "#" || $0 == " " }.lowercased()
          .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
          .replacing(" ", with: "-")
      })
  }

  private func resolve(_ path: Substring, from document: String) -> String {
    let base = URL(fileURLWithPath: "/" + document).deletingLastPathComponent()
    return String(
      URL(fileURLWithPath: String(path), relativeTo: base).absoluteURL.standardized.path
        .dropFirst())
  }
}

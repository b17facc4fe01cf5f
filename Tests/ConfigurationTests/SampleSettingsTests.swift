import Configuration
import Foundation
import Testing

/// The settings that come with the program.
struct SampleSettingsTests {
  private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let paths =
    [
      "countersign.yaml", "examples/audit-first.yaml", "examples/edge.yaml",
      "examples/http-signature.yaml",
      "examples/policy.yaml", "examples/signed.yaml", "examples/tls.yaml",
    ]
    + presets.map { "examples/\($0).yaml" }

  private static let presets = DecisionPreset.allCases.map(\.rawValue)

  @Test(arguments: paths)
  func `a sample has nothing to be said about`(path: String) {
    let file = Self.root.appending(path: "config").appending(path: path).path
    let loaded = Settings.load(file)
    #expect(loaded.diagnostics.map { $0.rendered() } == [])
    #expect(loaded.settings != nil)
  }

  @Test func `every preset has its page, which the list of them names`() throws {
    let directory = Self.root.appending(path: "docs/presets")
    let list = try String(
      contentsOf: directory.appending(path: "README.md"), encoding: .utf8)
    for preset in Self.presets {
      let page = try String(
        contentsOf: directory.appending(path: "\(preset).md"), encoding: .utf8)
      for part in ["## What is proved", "## What is not", "## Grade", "## Configuration"] {
        #expect(page.contains(part), "\(preset)")
      }
      #expect(list.contains("[\(preset)](\(preset).md)"), "\(preset)")
    }
  }

  @Test func `every sample is looked at`() throws {
    let directory = Self.root.appending(path: "config")
    let found = FileManager.default.enumerator(atPath: directory.path)?.allObjects
    let names = (found ?? []).compactMap { $0 as? String }.filter { $0.hasSuffix(".yaml") }
    #expect(names.sorted() == Self.paths.sorted())
  }
}

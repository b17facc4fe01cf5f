import Configuration
import Foundation
import Testing

/// The settings that come with the program.
struct SampleSettingsTests {
  private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let paths = [
    "countersign.yaml", "examples/audit-first.yaml", "examples/policy.yaml", "examples/tls.yaml",
  ]

  @Test(arguments: paths)
  func `a sample has nothing to be said about`(path: String) {
    let file = Self.root.appending(path: "config").appending(path: path).path
    let loaded = Settings.load(file)
    #expect(loaded.diagnostics.map { $0.rendered() } == [])
    #expect(loaded.settings != nil)
  }

  @Test func `every sample is looked at`() throws {
    let directory = Self.root.appending(path: "config")
    let found = FileManager.default.enumerator(atPath: directory.path)?.allObjects
    let names = (found ?? []).compactMap { $0 as? String }.filter { $0.hasSuffix(".yaml") }
    #expect(names.sorted() == Self.paths.sorted())
  }
}

import Configuration
import Foundation
import Testing

struct SettingsCaseTests {
  @Test(arguments: try CaseFile.all())
  func `settings give what the case says`(one: CaseFile.Case) throws {
    #expect(Self.outcome(one) == one.expected, "\(one.file): \(one.name)")
  }

  @Test(arguments: try CaseFile.all())
  func `printed settings are read back as the same settings`(one: CaseFile.Case) throws {
    guard let settings = Settings.load(TableFiles.name, from: TableFiles(case: one.input)).settings
    else { return }
    for text in [settings.yaml(), settings.yaml(onlyChanges: true)] {
      let again = Settings.load(TableFiles.name, from: TableFiles(text))
      #expect(again.settings == settings, "\(one.name)\n\(text)\n\(again.diagnostics)")
    }
  }

  /// Run with `WRITE_CASES=1` to write down what comes out; then read the difference with care.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["WRITE_CASES"] != nil))
  func `write the cases anew`() throws {
    let cases = try CaseFile.all()
    for (file, members) in Dictionary(grouping: cases, by: \.file) {
      try CaseFile.write(
        members.map { one in
          var one = one
          one.expected = Self.outcome(one)
          return one
        }, to: file)
    }
  }

  static func outcome(_ one: CaseFile.Case) -> String {
    let loaded = Settings.load(TableFiles.name, from: TableFiles(case: one.input))
    var parts = loaded.diagnostics.map { $0.rendered() }
    if let settings = loaded.settings { parts.append(shown(settings, for: one.input)) }
    return parts.joined(separator: "\n\n").trimmingCharacters(in: .newlines)
  }

  /// The changed keys of the sections that stand in the input.
  private static func shown(_ settings: Settings, for input: String) -> String {
    var isShown = false
    var lines: [String] = []
    for line in settings.yaml(onlyChanges: true).split(separator: "\n") {
      if line.first?.isLetter == true {
        let key = line.prefix { $0 != ":" }
        isShown = ("\n" + input).contains("\n\(key):")
      }
      if isShown { lines.append(String(line)) }
    }
    return lines.joined(separator: "\n")
  }
}

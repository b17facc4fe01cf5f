import Configuration
import Foundation
import Testing

struct SettingsReferenceTests {
  private static let page = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "docs/configuration.md")

  @Test func `the reference page is what the tables say`() throws {
    if ProcessInfo.processInfo.environment["WRITE_CASES"] != nil {
      try SettingsReference.text.write(to: Self.page, atomically: true, encoding: .utf8)
    }
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    #expect(page == SettingsReference.text, "write it anew with: make docs")
  }

  @Test func `the schema is JSON and knows every section`() throws {
    let object = try JSONSerialization.jsonObject(with: Data(SettingsSchema.text.utf8))
    let schema = try #require(object as? [String: Any])
    #expect(schema["additionalProperties"] as? Bool == false)
    let properties = try #require(schema["properties"] as? [String: [String: Any]])
    #expect(properties.keys.contains("listeners"))
    let routes = try #require(properties["routes"]?["items"] as? [String: Any])
    #expect(routes["required"] as? [String] == ["match", "service"])
  }
}

import Foundation
import Testing

/// Imports point down.
@Suite struct FloorTests {
  @Test func `every target imports only what its floor may`() {
    for file in Checkout.sources {
      guard let house = House.row(of: file.target) else { continue }
      for (number, module) in imports(of: file) {
        let reason =
          if let other = House.row(of: module) {
            house.floor.reachable.contains(other.floor)
              ? nil : "\(module) is on a floor that \(house.target) does not see"
          } else {
            house.outside.contains(module)
              ? nil : "\(house.target) may not import \(module) from outside the house"
          }
        #expect(reason == nil, "\(file.path):\(number)")
      }
    }
  }

  @Test func `only the C edge may import C`() {
    for house in House.table where house.floor != .edge {
      let c = house.outside.intersection(House.systemLibraries.union(["Glibc"]))
      #expect(c.isEmpty, "\(house.target)")
    }
  }

  @Test func `the pure floor may import nothing from outside but what is pure itself`() {
    for house in House.table where house.floor == .pure {
      let impure = house.outside.subtracting(House.pureLibraries)
      #expect(impure.isEmpty, "\(house.target)")
    }
  }

  @Test func `every directory of sources is a target with a floor`() throws {
    let sources = Checkout.root.appending(path: "Sources")
    let directories = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    #expect(
      Set(directories)
        == Set(House.table.map(\.target)).union(
          House.systemLibraries.filter { Checkout.exists("Sources/\($0)") }))
  }

  @Test func `ARCHITECTURE names every target`() throws {
    let architecture = try #require(Checkout.file("ARCHITECTURE.md"))
    for house in House.table {
      #expect(architecture.text.contains("`\(house.target)`"), "\(house.target)")
    }
  }

  /// The modules a file imports, with the lines on which it does.
  private func imports(of file: TextFile) -> [(Int, String)] {
    file.code.enumerated().compactMap { number, line in
      let words = line.split(separator: " ")
      guard let keyword = words.firstIndex(of: "import"),
        words[..<keyword].allSatisfy({ $0.hasPrefix("@") || Self.modifiers.contains(String($0)) })
      else { return nil }
      // `import struct Module.Name` names the module after the kind.
      let rest = words[(keyword + 1)...].drop { Self.kinds.contains(String($0)) }
      let module = rest.first?.split(separator: ".").first.map(String.init)
      return module.map { (number + 1, $0) }
    }
  }

  private static let modifiers: Set = ["public", "package", "internal", "private", "fileprivate"]
  private static let kinds: Set = [
    "struct", "class", "enum", "protocol", "func", "var", "typealias",
  ]
}

import Configuration
import Foundation
import Testing

/// Whatever is done to a settings file, reading it answers; and what it says points into the file.
struct DamagedSettingsTests {
  private static let rounds =
    (ProcessInfo.processInfo.environment["FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1) * 400

  /// A small generator (xorshift64*), the same on every machine.
  private struct Dice {
    var state: UInt64

    mutating func roll(_ sides: Int) -> Int {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % max(sides, 1)
    }
  }

  private static let pieces = [
    ":", "- ", "  ", "\n", "\t", "{", "}", "[", "]", ",", "\"", "'", "&a ", "*a", "<<: *a",
    "!!str ",
    "!x ", "|\n", ">\n", "# ", "---\n", "...\n", "%YAML 1.2\n", "? ", "null", "~", "true", "0",
    "-1",
    "99999999999999999999s", "include: countersign.yaml\n", "\u{0}", "\u{FEFF}", "ü", "@", "`",
  ]

  @Test func `no damage to a settings file ends the process`() throws {
    let cases = try CaseFile.all()
    var dice = Dice(state: 0x5EED_0001)
    for _ in 0..<Self.rounds {
      let one = cases[dice.roll(cases.count)]
      var bytes = Array(one.input.utf8)
      for _ in 0...dice.roll(4) { damage(&bytes, &dice) }
      var files = TableFiles("")
      files.files = ["\(TableFiles.directory)/\(TableFiles.name)": bytes]
      let loaded = Settings.load(TableFiles.name, from: files)
      #expect(loaded.hasErrors == loaded.diagnostics.contains { $0.severity == .error })
      for diagnostic in loaded.diagnostics {
        guard let place = diagnostic.place else { continue }
        #expect(place.line >= 1 && place.column >= 1, "\(diagnostic)")
        #expect(!diagnostic.rendered().isEmpty && !diagnostic.json.isEmpty)
      }
    }
  }

  private func damage(_ bytes: inout [UInt8], _ dice: inout Dice) {
    let place = dice.roll(bytes.count + 1)
    switch dice.roll(5) {
    case 0: bytes.insert(contentsOf: Self.pieces[dice.roll(Self.pieces.count)].utf8, at: place)
    case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + dice.roll(8)))
    case 2: if place < bytes.count { bytes[place] = UInt8(dice.roll(256)) }
    case 3: bytes.removeLast(bytes.count - place)
    default:
      let end = min(bytes.count, place + dice.roll(40))
      bytes.insert(contentsOf: bytes[place..<end], at: dice.roll(bytes.count + 1))
    }
  }

  @Test(arguments: ["[", "{", "- ", "a: [", "? "])
  func `what nests without end is refused`(piece: String) {
    let text = String(repeating: piece, count: 20_000)
    let loaded = Settings.load(TableFiles.name, from: TableFiles(text))
    #expect(loaded.hasErrors)
  }

  @Test func `a file that is too large is refused`() {
    let text = String(repeating: "# filler\n", count: 200_000)
    let loaded = Settings.load(TableFiles.name, from: TableFiles(text))
    #expect(loaded.diagnostics.map(\.code) == ["too-large"])
  }

  @Test func `deep but narrow nesting is refused`() {
    var text = ""
    for depth in 0..<600 { text += String(repeating: " ", count: depth) + "a:\n" }
    let loaded = Settings.load(TableFiles.name, from: TableFiles(text))
    #expect(loaded.diagnostics.map(\.code) == ["too-deep"])
  }

  @Test func `files that include files without end are refused`() {
    var files = TableFiles("include: [ \"a*.yaml\" ]\n")
    for number in 0..<300 {
      files.files["\(TableFiles.directory)/a\(number).yaml"] = Array("{}\n".utf8)
    }
    let loaded = Settings.load(TableFiles.name, from: files)
    #expect(loaded.diagnostics.contains { $0.code == "too-many-files" })
  }
}

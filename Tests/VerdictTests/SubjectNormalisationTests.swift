import Testing
import Verdict

private struct NameRow: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let one: String
  let other: String
  let declared: SubjectNormalisation
  let isSame: Bool

  init(
    _ name: String, _ one: String, _ other: String, _ declared: SubjectNormalisation,
    is isSame: Bool
  ) {
    testDescription = name
    self.one = one
    self.other = other
    self.declared = declared
    self.isSame = isSame
  }
}

private let caseless = SubjectNormalisation(ignoresASCIICase: true)
private let canonical = SubjectNormalisation(isCanonical: true)
private let both = SubjectNormalisation(ignoresASCIICase: true, isCanonical: true)
private let realms = SubjectNormalisation(realms: [Array("EXAMPLE.ORG".utf8), Array("CORP".utf8)])
private let all = SubjectNormalisation(
  ignoresASCIICase: true, isCanonical: true, realms: [Array("CORP".utf8)])

private let composed = "Ren\u{E9}"
private let decomposed = "Rene\u{301}"

private let rows: [NameRow] = [
  NameRow("bytes are bytes", "ann", "Ann", .none, is: false),
  NameRow("spellings are bytes", composed, decomposed, .none, is: false),
  NameRow("a realm is part of the name", "ann", "ann@EXAMPLE.ORG", .none, is: false),
  NameRow("case does not count where declared", "ann", "ANN", caseless, is: true),
  NameRow("only ASCII has case here", "\u{E9}", "\u{C9}", caseless, is: false),
  NameRow("the Kelvin sign is no K", "k", "\u{212A}", caseless, is: false),
  NameRow("spellings do not count where declared", composed, decomposed, canonical, is: true),
  NameRow("case counts beside them", "ren\u{E9}", decomposed, canonical, is: false),
  NameRow("letters that only look alike are others", "ann", "\u{430}nn", both, is: false),
  NameRow("compatible is not equivalent", "\u{FB01}n", "fin", both, is: false),
  NameRow("the Kelvin sign is K in form C, and K has a case", "k", "\u{212A}", both, is: true),
  NameRow("case and spelling together", "REN\u{E9}", decomposed, both, is: true),
  NameRow("a letter with a mark is never folded", "REN\u{C9}", decomposed, both, is: false),
  NameRow("nor in the other spelling", "RENE\u{301}", composed, both, is: false),
  NameRow("a longer name is another", "ann", "anna", all, is: false),
  NameRow("a mark more is another name", "ann", "ann\u{301}", all, is: false),
  NameRow("a realm behind", "ann", "ann@EXAMPLE.ORG", realms, is: true),
  NameRow("a realm before", "CORP\\ann", "ann", realms, is: true),
  NameRow("two declared realms are one", "CORP\\ann", "ann@example.org", realms, is: true),
  NameRow("an undeclared realm stays", "ann", "ann@example.com", realms, is: false),
  NameRow("a realm that only ends alike stays", "ann", "ann@sub.example.org", realms, is: false),
  NameRow("one realm goes, not two", "CORP\\ann@EXAMPLE.ORG", "ann", realms, is: false),
  NameRow("nothing is left to go", "@CORP", "CORP\\", realms, is: false),
  NameRow("only the realm", "CORP", "corp", realms, is: false),
  NameRow("case of the user beside a realm", "corp\\Ann", "ann", realms, is: false),
  NameRow("everything at once", "corp\\\(composed)", "REN\u{65}\u{301}", all, is: true),
]

@Suite struct SubjectNormalisationTests {
  @Test(arguments: rows)
  fileprivate func `only what is declared does not count`(row: NameRow) {
    let one = Array(row.one.utf8)
    let other = Array(row.other.utf8)
    #expect(row.declared.isSame(one, other) == row.isSame)
    #expect(row.declared.isSame(other, one) == row.isSame)
  }

  @Test func `what is no text is compared as bytes`() {
    let broken: [UInt8] = [0x61, 0xFF]
    #expect(both.isSame(broken, broken))
    #expect(!both.isSame(broken, [0x41, 0xFF]))
    #expect(!both.isSame(broken, Array("a\u{FFFD}".utf8)))
  }

  @Test func `random bytes never trap, and no name equals a longer one of other letters`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      let one = (0..<Int.random(in: 0..<12, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      #expect(all.isSame(one, one))
      #expect(!all.isSame(one, one + [0x78]))
    }
  }
}

import Audit
import CarelessCaches
import HTTPModel
import Platform
import Primitives
import Testing
import Verdict

/// The table of kinds, and what reads it.
@Suite struct CarelessKindTests {
  @Test func `names are words with hyphens, and each is one kind's alone`() {
    let names = CarelessKind.all.map { "\($0.name)" }
    #expect(Set(names).count == names.count)
    for name in names {
      #expect(name.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil, "\(name)")
      #expect(CarelessKind.named(name) != nil)
    }
  }

  @Test func `every kind says whom it imitates and what is done about it, in sentences`() {
    for kind in CarelessKind.all {
      for text in [kind.imitates, kind.countered] {
        #expect("\(text)".last == "." && !"\(text)".contains("\n"), "\(kind.name)")
      }
      #expect("\(kind.does)".last != ".", "\(kind.name)")
    }
  }

  @Test func `a check that a kind names is one that is looked for`() {
    for kind in CarelessKind.all {
      for check in kind.checks {
        #expect(CheckCatalogue.row(of: check)?.isDetected == true, "\(kind.name): \(check)")
        #expect("\(kind.countered)".contains(check.rawValue), "\(kind.name): \(check)")
      }
    }
  }

  @Test func `no two kinds do the same, and the honest one does nothing`() {
    let rules = CarelessKind.all.map { CarelessKind.rules(of: [$0]) }
    #expect(rules.first == CarelessRules())
    for (index, rule) in rules.enumerated() {
      #expect(!rules[..<index].contains(rule), "\(CarelessKind.all[index].name)")
    }
  }

  @Test func `kinds are named alone or together, and what is unknown is said`() throws {
    #expect(try CarelessKind.kinds(in: "swap").map { "\($0.name)" } == ["swap"])
    let two = try CarelessKind.kinds(in: "collapse+stamp-request-id")
    let rules = CarelessKind.rules(of: two)
    #expect(rules.mixing == .collapse && rules.stampsIdentifiers)
    for text in ["", "swap+", "Swap", "swap collapse"] {
      #expect(throws: UnknownCarelessKind.self) { try CarelessKind.kinds(in: text) }
    }
  }

  @Test func `a line of the log holds neither query nor what a path is not`() {
    let note = CarelessNote(
      method: Array("GET".utf8), path: [UInt8](repeating: 0x61, count: 300), status: 200,
      deeds: [.replayed, .stamped])
    #expect(note.line == "GET \(String(repeating: "a", count: 200)) 200 replayed, stamped")
  }

  @Test(arguments: [
    ("127.0.0.1:1", true), ("127.9.8.7:1", true), ("[::1]:1", true), ("unix:/run/a", true),
    ("0.0.0.0:1", false), ("10.0.0.1:1", false), ("[::]:1", false), ("[fe80::1]:1", false),
    ("[::ffff:127.0.0.1]:1", false),
  ])
  func `whether others can reach an address`(text: String, isPrivate: Bool) throws {
    let address = try #require(SocketAddress(text))
    #expect(address.isOfThisMachineOnly == isPrivate)
    guard !isPrivate else { return }
    #expect(throws: CarelessCache.StartError.reachableByOthers(address)) {
      try CarelessCache(CarelessRules(), listen: address, origin: address)
    }
  }
}

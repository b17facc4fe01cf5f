import Audit
import HTTPModel
import Primitives
import Testing
import Verdict

private func line(_ finding: Finding) -> String {
  var bytes: [UInt8] = []
  finding.json(into: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}

@Suite struct FindingTests {
  private let context = FindingContext(
    time: WallTime(milliseconds: 1_767_225_600_007), route: Array("log\"in".utf8),
    consumer: .published("10.0.0.9"), exchange: Array("a1-7".utf8), action: .refused)

  @Test func `a finding is one line of JSON`() {
    let finding = Finding(
      Detection(
        .bnd01, "token-missing",
        [
          Evidence("age", .number(-3)),
          Evidence("note", .published(Array("tab\there\u{2028}".utf8) + [0xFF])),
        ]), in: context)
    let expected =
      #"{"time":"2026-01-01T00:00:00.007Z","check":"BND-01","severity":"critical","#
      + #""reason":"token-missing","action":"refused","route":"log\"in","consumer":"10.0.0.9","#
      + #""exchange":"a1-7","evidence":{"age":-3,"#
      + #""note":"tab\there\u2028\ufffd"}}"# + "\n"
    #expect(line(finding) == expected)
  }

  @Test func `a line can be read back strictly, whatever the values`() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      let value = (0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let finding = Finding(
        Detection(.rsp02, "explicit-lifetime", [Evidence("value", .published(value))]),
        in: context)
      var bytes: [UInt8] = []
      finding.json(into: &bytes)
      #expect(bytes.filter { $0 == 0x0A }.count == 1)
      bytes.removeLast()
      let found = try JSONReader.read(
        bytes.span, at: [JSONPointer(tokens: ["evidence", "value"])])
      #expect(found[0]?.kind == .string)
    }
  }

  @Test func `public values are cut at a limit`() {
    let long = [UInt8](repeating: 0x61, count: 1000)
    #expect(PublicValue.published(long) == .shown([UInt8](repeating: 0x61, count: 256)))
  }

  @Test func `several lines of a field are one piece of evidence`() {
    let section = fields([("Age", "1"), ("Age", "2")])
    #expect(Evidence(.age, of: section) == Evidence("age", .published("1, 2")))
  }

  @Test func `severities are ordered`() {
    #expect(Severity.allCases.sorted() == [.low, .medium, .high, .critical])
  }
}

import Configuration
import Testing

struct DiagnosticTests {
  private let diagnostic = Diagnostic(
    .error, code: "unknown-key", message: "'rutes' is no key of settings",
    place: SourcePlace(file: "a.yaml", line: 12, column: 3, length: 5), line: "  rutes: \"x\"",
    help: "did you mean 'routes'?")

  @Test func `a diagnostic shows the line and marks the place`() {
    #expect(
      diagnostic.rendered() == """
        error[unknown-key]: 'rutes' is no key of settings
          --> a.yaml:12:3
           |
        12 |   rutes: "x"
           |   ^^^^^ did you mean 'routes'?
        """)
  }

  @Test func `a tool reads the same as JSON`() {
    #expect(
      diagnostic.json
        == #"{"severity":"error","code":"unknown-key","message":"'rutes' is no key of settings","#
        + #""file":"a.yaml","line":12,"column":3,"length":5,"help":"did you mean 'routes'?"}"#)
  }

  @Test func `colours are added around words only`() {
    let plain = diagnostic.rendered()
    let coloured = diagnostic.rendered(inColour: true)
    #expect(coloured != plain)
    #expect(coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "") == plain)
  }

  @Test func `a marker never leaves its line`() {
    var long = diagnostic
    long.place?.length = 500
    long.help = nil
    #expect(long.rendered().split(separator: "\n").last == "   |   ^^^^^^^^^^")
  }

  @Test func `control characters of a file do not reach the terminal`() {
    var hostile = diagnostic
    hostile.message = "'\u{1B}]0;x\u{07}' is no key"
    hostile.line = "a\u{1B}[31m\u{9B}b\tc"
    let shown = hostile.rendered()
    #expect(shown.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
    #expect(!shown.unicodeScalars.contains { (0x7F..<0xA0).contains($0.value) })
  }

  @Test func `what no line says has a remedy all the same`() {
    let general = Diagnostic(.warning, code: "x", message: "something is odd", help: "look")
    #expect(general.rendered() == "warning[x]: something is odd\n  = look")
  }
}

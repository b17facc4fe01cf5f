import JourneySupport
import Testing

/// What the matrix makes of answers, since its tables are believed.
@Suite struct MatrixOutcomeTests {
  private static func answer(
    _ expected: MatrixReading, _ reading: MatrixReading, mark: String? = nil,
    from source: String = "1"
  ) -> MatrixAnswer {
    MatrixAnswer(expected: expected, reading: reading, source: source, mark: mark)
  }

  private static func findings(_ sources: String...) -> MatrixFindings {
    MatrixFindings(
      log: sources.map { "{\"check\":\"BND-01\",\"consumer\":\"\($0)\"}\n" }.joined())
  }

  private static let right = answer(.yes("a"), .yes("a"))

  @Test func `one unnoticed wrong yes makes a cell a leak, whatever else was noticed`() {
    let refused = Self.answer(.yes("a"), .no, mark: "BND-01")
    let seen = Self.findings("1", "3")
    #expect(MatrixOutcome([Self.right]) == .prevented)
    #expect(MatrixOutcome([Self.right], findings: seen) == .prevented)
    #expect(MatrixOutcome([Self.right, refused], findings: seen) == .refused(["BND-01"]))
    for (expected, reading) in [(MatrixReading.no, MatrixReading.yes("a")), (.yes("a"), .yes("b"))]
    {
      let leak = Self.answer(expected, reading, from: "2")
      #expect(MatrixOutcome([refused, leak], findings: seen) == .leaks)
    }
  }

  @Test func `a wrong yes that is told is told, to the consumer or to the operator`() {
    #expect(
      MatrixOutcome([Self.answer(.no, .yes("a"), mark: "BND-03")]) == .reported(["BND-03"]))
    #expect(
      MatrixOutcome([Self.answer(.no, .yes("a"))], findings: Self.findings("1"))
        == .reported(["BND-01"]))
  }

  @Test func `a wrong password that is refused for its token was noticed`() {
    #expect(
      MatrixOutcome([Self.right, Self.answer(.no, .no, mark: "BND-03")]) == .refused(["BND-03"]))
  }

  @Test func `a wrong no is unnoticed unless its own exchange was noticed`() {
    let denied = Self.answer(.yes("a"), .no, from: "2")
    #expect(MatrixOutcome([denied]) == .denies)
    #expect(MatrixOutcome([denied], findings: Self.findings("1")) == .denies)
    #expect(MatrixOutcome([denied], findings: Self.findings("2")) == .reported(["BND-01"]))
    let refused = Self.answer(.yes("a"), .no, mark: "BND-01")
    #expect(MatrixOutcome([denied, refused]) == .denies)
    #expect(
      MatrixOutcome([denied, refused], findings: Self.findings("2")) == .refused(["BND-01"]))
  }

  @Test func `findings about something else, or about no verdict at all, do not count`() {
    let findings = MatrixFindings(
      log: """
        {"check":"RSP-02","consumer":"1"}
        {"check":"BND-06","consumer":"2"}
        {"check":"REP-02","consumer":"3"}
        """)
    #expect(findings.checks == ["REP-02"])
    #expect(findings.checks(from: "3") == ["REP-02"])
    #expect(findings.checks(from: "2").isEmpty)
  }

  @Test func `a consumer believes a 200 that says yes, and nothing else`() throws {
    func reading(_ status: String, _ body: String) throws -> MatrixReading {
      let text = "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
      return MatrixReading(try RawMessage(responseIn: Array(text.utf8)))
    }
    let yes = #"{"allowed":true,"user":{"id":1,"name":"a"}}"#
    #expect(try reading("200 OK", yes) == .yes("a"))
    #expect(try reading("403 Forbidden", yes) == .no)
    #expect(try reading("200 OK", #"{"allowed":false,"user":{"name":"a"}}"#) == .no)
    #expect(try reading("200 OK", "") == .no)
    #expect(MatrixReading(nil) == .no)
  }
}

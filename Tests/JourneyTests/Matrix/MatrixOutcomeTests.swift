import JourneySupport
import Testing

/// What the matrix makes of answers, since its tables are believed.
@Suite struct MatrixOutcomeTests {
  private static func answer(
    _ expected: MatrixReading, _ reading: MatrixReading, _ mark: String? = nil
  ) -> MatrixAnswer {
    MatrixAnswer(expected: expected, reading: reading, mark: mark)
  }

  private static func findings(_ exchanges: String...) -> MatrixFindings {
    MatrixFindings(
      log: exchanges.map { "{\"check\":\"BND-01\",\"exchange\":\"\($0)\"}\n" }.joined())
  }

  private static let right = answer(.yes("a"), .yes("a"))

  @Test func `one unnoticed wrong yes makes a cell a leak, whatever else was noticed`() {
    let refused = Self.answer(.yes("a"), .no, "BND-01")
    let seen = Self.findings("1", "2", "3")
    #expect(MatrixOutcome([Self.right]) == .prevented)
    #expect(MatrixOutcome([Self.right, refused], findings: seen) == .refused(["BND-01"]))
    #expect(MatrixOutcome([refused, Self.answer(.no, .yes("a"))], findings: seen) == .leaks)
    #expect(MatrixOutcome([refused, Self.answer(.yes("a"), .yes("b"))], findings: seen) == .leaks)
  }

  @Test func `a wrong yes that is told is told, and a wrong password refused for its token counts`()
  {
    #expect(
      MatrixOutcome([Self.answer(.no, .yes("a"), "BND-01")], findings: Self.findings("1"))
        == .reported(["BND-01"]))
    #expect(
      MatrixOutcome([Self.right, Self.answer(.no, .no, "BND-03")], findings: Self.findings("1"))
        == .refused(["BND-03"]))
  }

  @Test func `a wrong no is unnoticed unless as many exchanges were noticed`() {
    let denied = Self.answer(.yes("a"), .no)
    #expect(MatrixOutcome([denied]) == .denies)
    #expect(MatrixOutcome([denied, denied], findings: Self.findings("1", "1")) == .denies)
    #expect(MatrixOutcome([denied], findings: Self.findings("1")) == .reported(["BND-01"]))
    let refused = Self.answer(.yes("a"), .no, "BND-01")
    #expect(MatrixOutcome([denied, refused], findings: Self.findings("1")) == .denies)
    #expect(
      MatrixOutcome([denied, refused], findings: Self.findings("1", "2")) == .refused(["BND-01"]))
    let failed = MatrixAnswer(expected: .no, reading: .no, mark: nil, isFailure: true)
    #expect(MatrixOutcome([denied, failed], findings: Self.findings("1")) == .denies)
    #expect(MatrixOutcome([failed], findings: Self.findings("1")) == .prevented)
  }

  @Test func `findings about something else, or about no verdict at all, do not count`() {
    let findings = MatrixFindings(
      log: """
        {"check":"RSP-02","exchange":"1"}
        {"check":"BND-06","exchange":"2"}
        {"check":"REP-02","exchange":"3"}
        """)
    #expect(findings.checks == ["REP-02"])
    #expect(findings.exchanges == ["3"])
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

import HTTPModel
import Testing
import Verdict

@Suite struct GradeTests {
  @Test func `signed is A, in the content B, in a field C, legacy D, nothing none`() {
    let rows: [(BindingRule, Grade)] = [
      (.jwt(JWTRule(keys: "k")), .a), (.httpSignature(HTTPSignatureRule(keys: "k")), .a),
      (.introspectionJWT(IntrospectionRule(keys: "k", audience: [1])), .b),
      (.echo(EchoRule(proof: .json(pointer("/txn")))), .b), (.echo(EchoRule()), .c),
      (.legacy(LegacyRule()), .d), (.none, .none),
    ]
    for (binding, grade) in rows {
      let report = DecisionRule(binding: binding).gradeReport
      #expect(report.grade == grade)
      for sentence in [report.proves, report.lacks, report.next] {
        #expect(!sentence.isEmpty)
        #expect(!sentence.hasSuffix("."))
      }
    }
  }

  @Test func `a rule that compares no user says so`() {
    let rule = DecisionRule(binding: .echo(EchoRule()))
    #expect(rule.gradeReport.lacks.contains("no user"))
    let subject = SubjectRule(request: .basicUserName, verdict: .location)
    let named = DecisionRule(binding: .echo(EchoRule()), subject: subject)
    #expect(!named.gradeReport.lacks.contains("no user"))
    #expect(named.gradeReport.proves.contains("user"))
  }
}

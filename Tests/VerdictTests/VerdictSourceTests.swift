import HTTPModel
import Primitives
import Testing
import Verdict

@Suite struct VerdictSourceTests {
  @Test(arguments: [
    "json:/username", "json:", "form:user", "query:user", "basic", "field:X-User",
    "certificate:common-name", "certificate:email", "certificate:dns", "certificate:uri",
    "certificate:subject", "cookie:sid", "method", "target",
  ])
  func `a source in a request is written as it was read`(text: String) throws {
    #expect(try RequestSource(parsing: text.utf8).text == Array(text.utf8))
  }

  @Test(arguments: [
    "json:/user/name", "status", "location", "field:Remote-User", "cookie:sid", "form:active",
    "location:code",
  ])
  func `a source in a verdict is written as it was read`(text: String) throws {
    #expect(try VerdictSource(parsing: text.utf8).text == Array(text.utf8))
  }

  @Test(arguments: [
    ("username", SourceError.unknownKind), ("body:/a", .unknownKind), ("form:", .emptyName),
    ("field:a b", .badFieldName), ("certificate:serial", .unknownCertificateName),
    ("location:code", .notInRequests), ("json:a", .pointer(.missingLeadingSlash)),
  ])
  func `what is no source in a request is refused with the reason`(
    text: String, error: SourceError
  ) {
    #expect(throws: error) { try RequestSource(parsing: text.utf8) }
  }

  @Test(arguments: ["query:user", "certificate:uri"])
  func `what only a request has is refused in a verdict`(text: String) {
    #expect(throws: SourceError.notInVerdicts) { try VerdictSource(parsing: text.utf8) }
  }

  @Test func `field names are equal in any case`() {
    #expect(FieldName("X-User".utf8) == FieldName("x-user".utf8))
    #expect(FieldName("etag".utf8) == FieldName(.etag))
    #expect(FieldName("X User".utf8) == nil)
  }
}

import HTTPModel
import Primitives
import Testing
import Verdict

private func refusal(
  _ form: RefusalForm, for reason: RefusalReason = .tokenMissing, asks body: String = "",
  _ lines: [(String, String)] = []
) -> RefusalResponse {
  let body = Array(body.utf8)
  let rule = DecisionRule(binding: .echo(EchoRule()), refusal: form)
  let facts = RequestFacts(
    of: requestHead(.post, "/", lines), body: body.span, bodyIsWhole: true, certificate: nil,
    under: rule)
  return refusalResponse(
    reason, form: form, facts: facts, proxyName: Array("countersign".utf8))
}

private func value(_ text: String, in response: RefusalResponse) -> String? {
  let body = response.body
  let found = try? JSONReader.read(body.span, at: [pointer(text)])
  return found?[0].map { String(decoding: $0.bytes(in: body.span), as: UTF8.self) }
}

private func first(_ field: KnownField, of response: RefusalResponse) -> String? {
  response.head.fields.first(field).map { String(decoding: $0, as: UTF8.self) }
}

@Suite struct RefusalTests {
  @Test func `the table has one row for each reason, in order, with a code of its own`() {
    #expect(
      RefusalReason.allCases.map(\.rawValue) == RefusalReason.allCases.indices.map(UInt8.init))
    let codes = RefusalReason.allCases.map { "\($0.code)" }
    #expect(Set(codes).count == codes.count)
    for code in codes {
      #expect(code.allSatisfy { $0 == "-" || $0.isLowercase })
    }
    #expect(RefusalReason.tokenMissing.check == .bnd01)
    #expect("\(RefusalReason.originProtocolError.code)" == "origin-protocol-error")
  }

  @Test(arguments: RefusalReason.allCases)
  func `every reason makes a problem document, a Proxy-Status and a hardened header`(
    reason: RefusalReason
  ) {
    let response = refusal(.standard, for: reason)
    #expect(response.head.status == .forbidden)
    #expect(value("/status", in: response) == "403")
    #expect(value("/title", in: response) == "Forbidden")
    #expect(value("/type", in: response) == "about:blank")
    #expect(value("/reason", in: response) == "\(reason.code)")
    #expect(value("/check", in: response) == reason.check.rawValue)
    #expect(value("/detail", in: response) == "\(reason.explanation)")
    #expect(first(.contentType, of: response) == "application/problem+json")
    #expect(first(.cacheControl, of: response) == "private, no-store")
    #expect(first(.vary, of: response) == "*")
    let details = "details=\"\(reason.check.rawValue) \(reason.code)\""
    #expect(
      first(.proxyStatus, of: response)
        == "countersign; error=\(reason.proxyError); \(details)")
  }

  @Test(
    arguments: [(200, 403), (302, 403), (204, 403), (401, 401), (502, 502)] as [(UInt16, UInt16)])
  func `a refusal by status is never a success`(asked: UInt16, given: UInt16) {
    #expect(refusal(.status(Status(asked))).head.status == Status(given))
  }

  @Test func `an admission is denied with the uid of the request`() {
    let response = refusal(.admissionReview, asks: #"{"request":{"uid":"705ab4f5-\"x"}}"#)
    #expect(response.head.status == .ok)
    #expect(value("/response/uid", in: response) == #"705ab4f5-"x"#)
    #expect(value("/response/allowed", in: response) == "false")
    #expect(value("/kind", in: response) == "AdmissionReview")
    #expect(value("/apiVersion", in: response) == "admission.k8s.io/v1")
  }

  @Test(arguments: ["", "{}", "x", #"{"request":{"uid":1}}"#, #"{"request":{"uid":""}}"#])
  func `an admission without a readable uid is denied by status`(body: String) {
    #expect(refusal(.admissionReview, asks: body).head.status == .forbidden)
  }

  @Test func `an AuthZEN request is denied with its own identifier`() {
    let response = refusal(
      .authZEN, asks: #"{"subject":{}}"#, [("X-Request-ID", "bfe9eb29")])
    #expect(response.head.status == .ok)
    #expect(value("/decision", in: response) == "false")
    #expect(value("/context/reason", in: response) == "token-missing")
    #expect(first(.xRequestID, of: response) == "bfe9eb29")
  }

  @Test func `every evaluation of an AuthZEN batch is denied`() {
    let response = refusal(.authZEN, asks: #"{"evaluations":[{},{"a":[1,2]},{}]}"#)
    for index in 0..<3 {
      #expect(value("/evaluations/\(index)/decision", in: response) == "false")
    }
    #expect(value("/evaluations/3", in: response) == nil)
  }

  @Test func `an introspected token is not active`() {
    let response = refusal(.introspection)
    #expect(response.head.status == .ok)
    #expect(response.body == Array(#"{"active":false}"#.utf8))
    #expect(first(.contentType, of: response) == "application/json")
  }

  @Test func `without facts every form still says no`() {
    for form in [RefusalForm.standard, .admissionReview, .authZEN, .introspection] {
      let response = refusalResponse(
        .originTimeout, form: form, facts: nil, proxyName: Array("p".utf8))
      let saysNo =
        response.head.status == .forbidden || value("/decision", in: response) == "false"
        || value("/active", in: response) == "false"
      #expect(saysNo)
    }
  }
}

package import HTTPModel
internal import Primitives

/// A response of this program's own. The caller writes `Content-Length` and `Date`, and for HEAD
/// leaves out the body.
package struct RefusalResponse: Sendable, Equatable {
  package var head: ResponseHead
  package var body: [UInt8]
}

/// Says *no* in the form that this route's consumer reads as no: never as yes, and
/// never storable.
///
/// `facts` are those of the request; without them (it was not read that far) a form that must
/// answer something in the request becomes a status.
package func refusalResponse(
  _ reason: RefusalReason, form: RefusalForm, facts: RequestFacts?, proxyName: [UInt8]
) -> RefusalResponse {
  var response =
    switch form {
    case .status(let status): problem(reason, status: status.readsAsNo)
    case .admissionReview:
      facts?.admissionUID.map { admissionReview(reason, uid: $0) }
        ?? problem(reason, status: .forbidden)
    case .authZEN: authZEN(reason, facts: facts)
    case .introspection: json([UInt8](ascii: "{\"active\":false}"))
    }
  response.head.fields.append(
    .proxyStatus, proxyStatus(reason, proxyName: proxyName, isError: true))
  hardenDecisionResponse(&response.head.fields, under: nil)
  return response
}

extension Status {
  /// The status itself where it is a client or server error; else 403: whatever the settings say, a
  /// refusal by status is no success and no redirection.
  fileprivate var readsAsNo: Status { isClientError || isServerError ? self : .forbidden }
}

private func json(_ body: [UInt8]) -> RefusalResponse {
  var fields = FieldSection()
  fields.append(.contentType, "application/json")
  return RefusalResponse(head: ResponseHead(status: .ok, fields: fields), body: body)
}

/// A problem document (RFC 9457) with the reason code and the check as extension members.
private func problem(_ reason: RefusalReason, status: Status) -> RefusalResponse {
  var fields = FieldSection()
  fields.append(.contentType, "application/problem+json")
  var body = [UInt8](ascii: "{\"type\":\"about:blank\",\"title\":")
  body.append(jsonString: [UInt8](ascii: status.reasonPhrase))
  body.append(ascii: ",\"status\":")
  body.append(decimal: UInt64(status.code))
  body.append(ascii: ",\"detail\":")
  body.append(jsonString: [UInt8](ascii: reason.explanation))
  body.appendReason(reason)
  body.append(ascii: "}")
  return RefusalResponse(head: ResponseHead(status: status, fields: fields), body: body)
}

private func admissionReview(_ reason: RefusalReason, uid: [UInt8]) -> RefusalResponse {
  var body = [UInt8](
    ascii:
      "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"response\":{\"uid\":")
  body.append(jsonString: uid)
  body.append(ascii: ",\"allowed\":false,\"status\":{\"code\":403,\"message\":")
  body.append(jsonString: [UInt8](ascii: reason.explanation))
  body.append(ascii: ",\"reason\":\"Forbidden\"}}}")
  return json(body)
}

/// One `decision: false`, or as many as the batch asks for; `X-Request-ID` returned as the API
/// demands.
private func authZEN(_ reason: RefusalReason, facts: RequestFacts?) -> RefusalResponse {
  var decision = [UInt8](ascii: "\"decision\":false,\"context\":{\"detail\":")
  decision.append(jsonString: [UInt8](ascii: reason.explanation))
  decision.appendReason(reason)
  decision.append(ascii: "}")
  var body = [UInt8](ascii: "{") + decision
  let count = facts?.evaluationCount ?? 0
  if count > 0, count <= RequestFacts.maximumEvaluations {
    body = [UInt8](ascii: "{\"evaluations\":[")
    for index in 0..<count {
      if index > 0 { body.append(ASCII.comma) }
      body.append(ascii: "{")
      body += decision
      body.append(ascii: "}")
    }
    body.append(ascii: "]")
  }
  body.append(ascii: "}")
  var response = json(body)
  if let requestID = facts?.requestID { response.head.fields.append(.xRequestID, requestID) }
  return response
}

extension [UInt8] {
  fileprivate mutating func appendReason(_ reason: RefusalReason) {
    append(ascii: ",\"reason\":")
    append(jsonString: [UInt8](ascii: reason.code))
    append(ascii: ",\"check\":")
    append(jsonString: reason.check.rawValue)
  }
}

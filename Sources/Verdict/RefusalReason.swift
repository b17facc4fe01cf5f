/// Why a verdict is not passed. Every reason has a stable code, the check it belongs to, a
/// sentence, and the error type of RFC 9209 that a refusal names in `Proxy-Status`.
package enum RefusalReason: UInt8, CaseIterable, Hashable, Sendable {
  // The token.
  case tokenMissing, tokenMismatch, tokenRepeated, tokenNotText, tokenNotSent, bindingUndeclared
  // The body.
  case bodyAbsent, bodyCoded, bodyTooLarge, bodyIncomplete
  case jsonInvalid, jsonDuplicateMember, jsonBeyondLimits, formInvalid
  // The user.
  case subjectMismatch, subjectMissing, subjectEmpty, subjectNotText, subjectRepeated
  case requestSubjectMissing, requestSubjectRepeated, requestSubjectUnreadable
  case requestBodyTooLarge
  // The decision.
  case decisionAmbiguous, decisionRepeated, statusUnexpected, partialContent
  case notModified, validated, servedFromCache
  case undeclaredDecision, upgradeOnDecision
  // No verdict came at all.
  case originUnreachable, originTimeout, originProtocolError
  // The signed proof, and the keys it is checked with.
  case proofMissing, proofRepeated, proofMalformed, proofTooLong
  case keysUnavailable, proofCheckBusy, proofCheckTimeout
  // What serves once.
  case identifierRepeated, replayMemoryFull
  // What was signed.
  case proofTypeWrong, signatureInvalid, keyUnknown, algorithmRefused, headerNotUnderstood
  case claimMissing, claimInvalid
  case issuerMismatch, audienceMismatch, methodMismatch, targetMismatch, credentialMismatch
  case requestDigestMismatch, responseDigestMismatch, scopeMismatch
  case issuedBeforeRequest, issuedInFuture, expired, notYetValid, lifetimeTooLong
  case userObjectMissing
  // What a message signature covers.
  case signatureCoverageShort, signatureComponentUnusable, signatureUndated
  case responseDigestMissing, responseDigestMalformed
  case requestTokenMissing, requestTokenRepeated, requestTokenUnreadable, tokenReused
  case identifierMissing, identifierUnreadable, oneTimeValueRepeated
  case sessionShared, credentialsUnreadable
  // What the rule demands beside the proof.
  case requiredMissing, questionMismatch, questionUnreadable
  // Marks and dates of an old answer, where nothing else is looked at (mode `legacy`).
  case cacheStatusHit, vendorMarkHit, staleMark, dateMissing, dateOutside, replyRepeated
  // What this program signs itself.
  case attestationFailed

  /// The stable code: the same in log, counter, `Proxy-Status`, problem document and `explain`.
  package var code: StaticString { row.code }
  package var check: CheckID { row.check }
  /// The registered error type (RFC 9209 §2.3), the most specific one that is true.
  package var proxyError: StaticString { row.error }
  /// One sentence for a person, without values.
  package var explanation: StaticString { row.explanation }

  private var row: RefusalRow { RefusalRow.all[Int(rawValue)] }
}

/// What is to be said of one reason.
struct RefusalRow: Sendable {
  let reason: RefusalReason
  let code: StaticString
  let check: CheckID
  let error: StaticString
  let explanation: StaticString

  private init(
    _ reason: RefusalReason, _ code: StaticString, _ check: CheckID, _ error: StaticString,
    _ explanation: StaticString
  ) {
    self.reason = reason
    self.code = code
    self.check = check
    self.error = error
    self.explanation = explanation
  }

  /// One row for each reason, in the order of the cases; a test holds both to it.
  static let all: [RefusalRow] = [
    RefusalRow(
      .tokenMissing, "token-missing", .bnd01, "http_protocol_error",
      "the verdict does not carry the transaction token of this request"),
    RefusalRow(
      .tokenMismatch, "token-mismatch", .bnd01, "http_protocol_error",
      "the verdict carries a transaction token that is not the one of this request"),
    RefusalRow(
      .tokenRepeated, "token-repeated", .bnd07, "http_protocol_error",
      "the verdict carries more than one transaction token"),
    RefusalRow(
      .tokenNotText, "token-not-text", .bnd01, "http_protocol_error",
      "the transaction token in the verdict is not a JSON string"),
    RefusalRow(
      .tokenNotSent, "token-not-sent", .bnd06, "proxy_internal_error",
      "no transaction token was sent with the request, so no verdict can answer it"),
    RefusalRow(
      .bindingUndeclared, "binding-undeclared", .bnd06, "proxy_configuration_error",
      "the route declares no binding, so no verdict can be verified"),
    RefusalRow(
      .bodyAbsent, "body-absent", .bnd06, "http_protocol_error",
      "what proves the verdict is in a body it lacks"),
    RefusalRow(
      .bodyCoded, "body-coded", .rsp14, "http_response_content_coding",
      "the verdict's body has a content coding although identity was asked for"),
    RefusalRow(
      .bodyTooLarge, "body-too-large", .bnd06, "http_response_body_size",
      "the verdict is larger than the route holds for verification"),
    RefusalRow(
      .bodyIncomplete, "body-incomplete", .bnd06, "http_response_incomplete",
      "the verdict ended before its body was complete"),
    RefusalRow(
      .jsonInvalid, "json-invalid", .bnd07, "http_protocol_error",
      "the verdict's body is not JSON by RFC 8259"),
    RefusalRow(
      .jsonDuplicateMember, "json-duplicate-member", .bnd07, "http_protocol_error",
      "an object in the verdict has two members of one name"),
    RefusalRow(
      .jsonBeyondLimits, "json-beyond-limits", .bnd07, "http_protocol_error",
      "the verdict's JSON is deeper or has more members than the limits allow"),
    RefusalRow(
      .formInvalid, "form-invalid", .bnd07, "http_protocol_error",
      "the verdict's body is no form, or repeats the field that counts"),
    RefusalRow(
      .subjectMismatch, "subject-mismatch", .bnd03, "http_protocol_error",
      "the user in the verdict is not the user in the request"),
    RefusalRow(
      .subjectMissing, "subject-missing", .bnd08, "http_protocol_error",
      "the verdict allows and names no user"),
    RefusalRow(
      .subjectEmpty, "subject-empty", .bnd08, "http_protocol_error",
      "the verdict allows an empty user name"),
    RefusalRow(
      .subjectNotText, "subject-not-text", .bnd08, "http_protocol_error",
      "the user in the verdict is neither a JSON string nor a number"),
    RefusalRow(
      .subjectRepeated, "subject-repeated", .bnd07, "http_protocol_error",
      "the verdict names the user twice"),
    RefusalRow(
      .requestSubjectMissing, "request-subject-missing", .bnd03, "http_request_error",
      "the request names no user with whom a verdict could be compared"),
    RefusalRow(
      .requestSubjectRepeated, "request-subject-repeated", .bnd07, "http_request_error",
      "the request names the user twice"),
    RefusalRow(
      .requestSubjectUnreadable, "request-subject-unreadable", .bnd03, "http_request_error",
      "the user cannot be read from the request"),
    RefusalRow(
      .requestBodyTooLarge, "request-body-too-large", .bnd03, "http_request_error",
      "the request is larger than the route holds to read the user from it"),
    RefusalRow(
      .decisionAmbiguous, "decision-ambiguous", .bnd07, "http_protocol_error",
      "one part of the verdict says yes and another says no"),
    RefusalRow(
      .decisionRepeated, "decision-repeated", .bnd07, "http_protocol_error",
      "the field or cookie that decides occurs more than once"),
    RefusalRow(
      .statusUnexpected, "status-unexpected", .bnd07, "http_protocol_error",
      "a verdict cannot have this status"),
    RefusalRow(
      .partialContent, "partial-content", .rsp14, "http_protocol_error",
      "the verdict is only a part of a response"),
    RefusalRow(
      .notModified, "not-modified", .ups06, "http_protocol_error",
      "the answer is 304 although the request had no precondition: a cache answered"),
    RefusalRow(
      .validated, "validated", .rsp08, "http_protocol_error",
      "the verdict is an old one found valid by a precondition"),
    RefusalRow(
      .servedFromCache, "served-from-cache", .ups01, "http_protocol_error",
      "the verdict has an age: it comes out of a cache"),
    RefusalRow(
      .undeclaredDecision, "undeclared-decision", .rsp12, "http_protocol_error",
      "the response is a decision that no rule declares, so it could not be bound"),
    RefusalRow(
      .upgradeOnDecision, "upgrade-on-decision", .bnd06, "http_upgrade_failed",
      "a decision cannot be given over an upgraded connection"),
    RefusalRow(
      .originUnreachable, "origin-unreachable", .bnd06, "destination_unavailable",
      "the service cannot be reached, so there is no verdict"),
    RefusalRow(
      .originTimeout, "origin-timeout", .bnd06, "http_response_timeout",
      "the service gave no verdict in time"),
    RefusalRow(
      .originProtocolError, "origin-protocol-error", .bnd06, "http_protocol_error",
      "the service's answer breaks HTTP, so it is no verdict"),
    RefusalRow(
      .proofMissing, "proof-missing", .bnd06, "http_protocol_error",
      "the verdict carries no signed proof where the route says"),
    RefusalRow(
      .proofRepeated, "proof-repeated", .bnd07, "http_protocol_error",
      "the verdict carries more than one signed proof"),
    RefusalRow(
      .proofMalformed, "proof-malformed", .bnd02, "http_protocol_error",
      "the signed proof is not written as its standard says"),
    RefusalRow(
      .proofTooLong, "proof-too-long", .bnd02, "http_protocol_error",
      "the signed proof is longer than any that is checked"),
    RefusalRow(
      .keysUnavailable, "keys-unavailable", .bnd02, "proxy_internal_error",
      "the keys to check verdicts with are not there yet"),
    RefusalRow(
      .proofCheckBusy, "proof-check-busy", .bnd06, "proxy_internal_error",
      "more proofs wait to be checked than may"),
    RefusalRow(
      .proofCheckTimeout, "proof-check-timeout", .bnd06, "proxy_internal_error",
      "the proof could not be checked in time"),
    RefusalRow(
      .identifierRepeated, "identifier-repeated", .rep01, "http_protocol_error",
      "the verdict has an identifier that another one had before"),
    RefusalRow(
      .replayMemoryFull, "replay-memory-full", .rep01, "proxy_internal_error",
      "there is no room to remember the verdict, so it cannot be shown to serve once"),
    RefusalRow(
      .proofTypeWrong, "proof-type-wrong", .bnd06, "http_protocol_error",
      "what is signed is of another type than a verdict"),
    RefusalRow(
      .signatureInvalid, "signature-invalid", .bnd02, "http_protocol_error",
      "the signature of the proof does not hold"),
    RefusalRow(
      .keyUnknown, "key-unknown", .bnd02, "http_protocol_error",
      "the proof is signed with a key that the route does not trust"),
    RefusalRow(
      .algorithmRefused, "algorithm-refused", .bnd02, "http_protocol_error",
      "the proof names an algorithm that is not the one of its key"),
    RefusalRow(
      .headerNotUnderstood, "header-not-understood", .bnd02, "http_protocol_error",
      "the proof demands an extension that is not understood"),
    RefusalRow(
      .claimMissing, "claim-missing", .bnd06, "http_protocol_error",
      "the signed verdict lacks a claim that the route demands"),
    RefusalRow(
      .claimInvalid, "claim-invalid", .bnd07, "http_protocol_error",
      "a claim of the signed verdict is not of the type it must be"),
    RefusalRow(
      .issuerMismatch, "issuer-mismatch", .bnd05, "http_protocol_error",
      "the verdict was issued by somebody else"),
    RefusalRow(
      .audienceMismatch, "audience-mismatch", .bnd05, "http_protocol_error",
      "the verdict is meant for somebody else"),
    RefusalRow(
      .methodMismatch, "method-mismatch", .bnd05, "http_protocol_error",
      "the verdict is about a request with another method"),
    RefusalRow(
      .targetMismatch, "target-mismatch", .bnd05, "http_protocol_error",
      "the verdict is about a request for another target"),
    RefusalRow(
      .credentialMismatch, "credential-mismatch", .bnd05, "http_protocol_error",
      "the verdict is about other credentials"),
    RefusalRow(
      .requestDigestMismatch, "request-digest-mismatch", .bnd05, "http_protocol_error",
      "the verdict is about a request with other content"),
    RefusalRow(
      .responseDigestMismatch, "response-digest-mismatch", .bnd02, "http_protocol_error",
      "the content of the response is not the one that was signed"),
    RefusalRow(
      .scopeMismatch, "scope-mismatch", .bnd05, "http_protocol_error",
      "the verdict is about another scope, resource or action"),
    RefusalRow(
      .issuedBeforeRequest, "issued-before-request", .bnd04, "http_protocol_error",
      "the verdict was issued before the request went out"),
    RefusalRow(
      .issuedInFuture, "issued-in-future", .bnd04, "http_protocol_error",
      "the verdict was issued at a time that has not come"),
    RefusalRow(
      .expired, "expired", .bnd04, "http_protocol_error",
      "the verdict is not valid any more"),
    RefusalRow(
      .notYetValid, "not-yet-valid", .bnd04, "http_protocol_error",
      "the verdict is not valid yet"),
    RefusalRow(
      .lifetimeTooLong, "lifetime-too-long", .bnd04, "http_protocol_error",
      "the verdict is valid for longer than the route allows"),
    RefusalRow(
      .userObjectMissing, "user-object-missing", .bnd08, "http_protocol_error",
      "the verdict allows and says nothing about the user"),
    RefusalRow(
      .signatureCoverageShort, "signature-coverage-short", .bnd02, "http_protocol_error",
      "the signature does not cover all that the route demands"),
    RefusalRow(
      .signatureComponentUnusable, "signature-component-unusable", .bnd02, "http_protocol_error",
      "the signature covers something that is not known or not in the messages"),
    RefusalRow(
      .signatureUndated, "signature-undated", .bnd04, "http_protocol_error",
      "the signature does not say when it was made"),
    RefusalRow(
      .responseDigestMissing, "response-digest-missing", .bnd06, "http_protocol_error",
      "the response carries no digest of its content that counts"),
    RefusalRow(
      .responseDigestMalformed, "response-digest-malformed", .bnd07, "http_protocol_error",
      "the digest of the response's content cannot be read"),
    RefusalRow(
      .requestTokenMissing, "request-token-missing", .bnd01, "http_request_error",
      "the request lacks the identifier of its own that a verdict must answer"),
    RefusalRow(
      .requestTokenRepeated, "request-token-repeated", .bnd07, "http_request_error",
      "the request has the identifier twice that a verdict must answer"),
    RefusalRow(
      .requestTokenUnreadable, "request-token-unreadable", .bnd01, "http_request_error",
      "the identifier that a verdict must answer cannot be read from the request"),
    RefusalRow(
      .tokenReused, "token-reused", .rep01, "http_request_error",
      "the request's identifier has had its verdict before"),
    RefusalRow(
      .identifierMissing, "identifier-missing", .bnd06, "http_protocol_error",
      "the verdict lacks the identifier that shows that it serves once"),
    RefusalRow(
      .identifierUnreadable, "identifier-unreadable", .bnd07, "http_protocol_error",
      "a value of the verdict that serves once occurs twice or is no text"),
    RefusalRow(
      .oneTimeValueRepeated, "one-time-value-repeated", .rep03, "http_protocol_error",
      "the verdict hands out a value that counts once and was handed out before"),
    RefusalRow(
      .sessionShared, "session-shared", .rep02, "http_protocol_error",
      "the verdict hands a session to another one than it was handed to before"),
    RefusalRow(
      .credentialsUnreadable, "credentials-unreadable", .rep02, "http_request_error",
      "whose credentials a session is handed to cannot be read from the request"),
    RefusalRow(
      .requiredMissing, "required-missing", .bnd08, "http_protocol_error",
      "the verdict allows and lacks a part that the route demands"),
    RefusalRow(
      .questionMismatch, "question-mismatch", .bnd05, "http_protocol_error",
      "the verdict names another question than the request asked"),
    RefusalRow(
      .questionUnreadable, "question-unreadable", .bnd05, "http_protocol_error",
      "what was asked cannot be read from the request or from the verdict"),
    RefusalRow(
      .cacheStatusHit, "cache-status-hit", .ups02, "http_protocol_error",
      "the verdict's Cache-Status says that a cache answered"),
    RefusalRow(
      .vendorMarkHit, "vendor-mark-hit", .ups03, "http_protocol_error",
      "a field of the verdict says that a cache answered"),
    RefusalRow(
      .staleMark, "stale-mark", .ups09, "http_protocol_error",
      "the verdict is marked as a stale one out of a cache"),
    RefusalRow(
      .dateMissing, "date-missing", .ups07, "http_protocol_error",
      "the verdict has not one readable Date, so nothing says when it was given"),
    RefusalRow(
      .dateOutside, "date-outside", .ups07, "http_protocol_error",
      "the verdict's Date is not of the time between the request and now"),
    RefusalRow(
      .replyRepeated, "reply-repeated", .ups07, "http_protocol_error",
      "the same reply with the same Date was given to an earlier request"),
    RefusalRow(
      .attestationFailed, "attestation-failed", .bnd06, "proxy_internal_error",
      "the verdict was verified and could not be signed for the consumer"),
  ]
}

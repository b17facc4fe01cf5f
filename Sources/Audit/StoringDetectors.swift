internal import HTTPModel
internal import Primitives
internal import Verdict

/// RSP: what the response says about storing a decision.
func detectStoring(
  in exchange: AuditedExchange, words: StoringWords, into found: inout [Detection]
) {
  detectLifetimes(in: exchange, words: words, into: &found)
  detectSharing(in: exchange, words: words, into: &found)
  detectReuse(in: exchange, words: words, into: &found)
  detectShape(in: exchange, words: words, into: &found)
}

private func cacheControl(_ exchange: AuditedExchange) -> [Evidence] {
  var evidence: [Evidence] = []
  for field in storingFields where exchange.response.fields.contains(field) {
    evidence.append(Evidence(field, of: exchange.response.fields))
  }
  return evidence
}

private let storingFields: [KnownField] = [
  .cacheControl, .expires, .surrogateControl, .cdnCacheControl, .edgeControl, .xAccelExpires,
]

// RSP-01, RSP-02, RSP-07, RSP-10, RSP-11, RSP-13.
private func detectLifetimes(
  in exchange: AuditedExchange, words: StoringWords, into found: inout [Detection]
) {
  let isForbidden = words.noStore || words.isPrivate
  if !isForbidden {
    // Caches that store by default store answers to GET; and no-cache makes most of them ask.
    let severity: Severity = exchange.isRead ? (words.noCache ? .medium : .high) : .low
    found.append(
      Detection(.rsp01, "storing-not-forbidden", severity: severity, cacheControl(exchange)))
  }
  if words.hasTargetedLifetime {
    found.append(Detection(.rsp02, "targeted-lifetime", cacheControl(exchange)))
  } else if words.hasSharedLifetime, !words.noStore {
    found.append(
      Detection(
        .rsp02, words.isPrivate ? "lifetime-in-private-caches" : "explicit-lifetime",
        severity: words.isPrivate ? .medium : nil, cacheControl(exchange)))
  }
  if words.isSilent, exchange.isRead, exchange.response.status.isHeuristicallyCacheable {
    found.append(Detection(.rsp07, "heuristic-lifetime", [status(exchange)]))
  }
  if words.isOdd {
    found.append(Detection(.rsp10, "contradictory-directives", cacheControl(exchange)))
  }
  if words.staleAllowance > 0, !words.noStore {
    found.append(Detection(.rsp11, "stale-allowed", cacheControl(exchange)))
  }
  if words.noStore, !words.isPrivate, hasPrivateOnlyHop(exchange) {
    found.append(Detection(.rsp13, "no-store-without-private", cacheControl(exchange)))
  }
}

// RSP-03 to RSP-06.
private func detectSharing(
  in exchange: AuditedExchange, words: StoringWords, into found: inout [Detection]
) {
  let isForbidden = words.noStore || words.isPrivate
  if exchange.request.fields.contains(.authorization), !isForbidden,
    words.isPublic || words.mustRevalidate || words.sharedMaximumAge != nil
  {
    found.append(Detection(.rsp03, "authorized-answer-shared", cacheControl(exchange)))
  }
  guard words.allowsSharing(in: exchange) else { return }
  let isExplicit = words.hasTargetedLifetime || words.hasSharedLifetime || words.isPublic
  if exchange.response.fields.contains(.setCookie) {
    found.append(
      Detection(
        .rsp04, "storable-cookie", severity: isExplicit ? nil : .high, cacheControl(exchange)))
  }
  if exchange.hasClientCertificate || exchange.request.carriesCredential {
    found.append(Detection(.rsp05, "credential-and-storable", cacheControl(exchange)))
  }
  if exchange.response.isAuthRedirect {
    found.append(
      Detection(.rsp06, "storable-auth-redirect", [status(exchange)] + cacheControl(exchange)))
  }
}

// RSP-08, RSP-09.
private func detectReuse(
  in exchange: AuditedExchange, words: StoringWords, into found: inout [Detection]
) {
  let fields = exchange.response.fields
  if fields.containsAny(of: validators) {
    let field: KnownField = fields.contains(.etag) ? .etag : .lastModified
    found.append(
      Detection(
        .rsp08, "validator-on-decision", severity: words.noStore ? .low : nil,
        [Evidence("validator", .published(field.name))]))
  }
  guard exchange.request.method == .post || exchange.request.method == .put else { return }
  if words.hasSharedLifetime, !words.noStore {
    found.append(Detection(.rsp09, "unsafe-method-with-lifetime", cacheControl(exchange)))
  } else if let location = fields.first(.contentLocation), location == exchange.request.target[...],
    !words.noStore
  {
    found.append(Detection(.rsp09, "content-location-is-target"))
  }
}

private let validators = KnownFieldSet([.etag, .lastModified])

// RSP-12, RSP-14.
private func detectShape(
  in exchange: AuditedExchange, words: StoringWords, into found: inout [Detection]
) {
  let response = exchange.response
  if response.status.isSuccessful, exchange.responseBodyBytes == 0,
    !exchange.comparesSubject, !response.fields.containsAny(of: proofs)
  {
    found.append(Detection(.rsp12, "bare-status", [status(exchange)]))
  }
  if response.status == .partialContent || response.fields.contains(.contentRange) {
    found.append(Detection(.rsp14, "partial-decision", [status(exchange)]))
  } else if exchange.askedForIdentity, !words.noTransform, exchange.responseBodyBytes != 0,
    let coding = response.fields.first(.contentEncoding), !coding.isEmpty,
    !coding.equalsIgnoringASCIICase("identity")
  {
    found.append(
      Detection(.rsp14, "coded-decision", [Evidence(.contentEncoding, of: response.fields)]))
  }
}

private let proofs = KnownFieldSet([.transactionToken, .verdictToken])

private func status(_ exchange: AuditedExchange) -> Evidence {
  Evidence("status", .number(Int64(exchange.response.status.code)))
}

/// Fastly, and Varnish with its built-in rules, heed `private` (or a lifetime of zero) but not
/// `no-store`.
private func hasPrivateOnlyHop(_ exchange: AuditedExchange) -> Bool {
  let response = exchange.response.fields
  if response.contains(.xVarnish) { return true }
  if let servedBy = response.first(.xServedBy), servedBy.starts(with: [UInt8](ascii: "cache-")) {
    return true
  }
  return exchange.request.fields.lines.contains { line in
    line.known == nil
      && exchange.request.fields.name(of: line).equalsIgnoringASCIICase("Fastly-FF")
  }
}

package import HTTPModel
internal import Primitives
internal import Verdict

private let preconditions = KnownFieldSet([.ifNoneMatch, .ifModifiedSince])
private let intermediaries = KnownFieldSet([.via, .cdnLoop, .xVarnish, .cfRay])

/// REQ: signs that something between the consumer and this program caches.
func detectDownstreamCaches(in exchange: AuditedExchange, into found: inout [Detection]) {
  let fields = exchange.request.fields
  if fields.containsAny(of: preconditions) {
    let field: KnownField = fields.contains(.ifNoneMatch) ? .ifNoneMatch : .ifModifiedSince
    found.append(
      Detection(
        .req01, "decision-revalidated", [Evidence("precondition", .published(field.name))]))
  }
  if let evidence = intermediary(fields) {
    // One exchange cannot tell whether the hop is new; what remembers consumers raises this.
    found.append(Detection(.req02, "intermediary-present", severity: .low, [evidence]))
  }
  if exchange.request.version == .http10 {
    found.append(Detection(.req06, "old-http-version"))
  } else if let value = fields.first(.cacheControl), value.equals("max-age=259200") {
    found.append(Detection(.req06, "old-proxy-default", [Evidence(.cacheControl, of: fields)]))
  }
}

private func intermediary(_ fields: FieldSection) -> Evidence? {
  if fields.containsAny(of: intermediaries) {
    for field in [.via, .cdnLoop, .xVarnish, .cfRay] as [KnownField] where fields.contains(field) {
      return Evidence(field, of: fields)
    }
  }
  return namedEvidence(intermediaryNames, in: fields)
}

private let intermediaryNames: [StaticString] = [
  "X-Amz-Cf-Id", "Fastly-FF", "Surrogate-Capability", "X-Akamai-Edgescape", "X-Azure-FDID",
]

/// The first line with one of these names, none of which is a known field.
private func namedEvidence(_ names: [StaticString], in fields: FieldSection) -> Evidence? {
  for line in fields.lines where line.known == nil {
    let name = fields.name(of: line)
    if names.contains(where: { name.equalsIgnoringASCIICase($0) }) {
      return Evidence(named: name, fields.value(of: line))
    }
  }
  return nil
}

/// PTH, KEY: names and paths that make a cache keep one thing for another. For responses of either
/// lane.
func detectDeception(in exchange: AuditedExchange, into found: inout [Detection]) {
  let request = exchange.request
  let response = exchange.response
  if response.status.isSuccessful,
    contradictsSuffix(path: request.path, type: response.fields.first(.contentType))
  {
    found.append(
      Detection(.pth01, "type-does-not-fit-suffix", [Evidence(.contentType, of: response.fields)]))
  }
  if contradictsStaticName(of: request, response: response) {
    found.append(
      Detection(.pth05, "page-under-static-name", [Evidence(.contentType, of: response.fields)]))
  }
  if !exchange.isDecision, request.pathTraits.areAmbiguous {
    found.append(Detection(spelling: request))
  }
  let isError = response.status.isClientError || response.status.isServerError
  if isError, request.fields.isOdd, StoringWords(of: exchange).allowsSharing(in: exchange) {
    found.append(
      Detection(
        .psn04, "odd-request-and-storable-error",
        [Evidence("status", .number(Int64(response.status.code)))]))
  }
  if !exchange.isDecision { detectForgottenVary(in: exchange, into: &found) }
  if exchange.displacesVariants { found.append(Detection(.key10, "variants-displaced")) }
}

/// KEY: what a stored response is kept apart by, although its `Vary` does not say so.
private func detectForgottenVary(in exchange: AuditedExchange, into found: inout [Detection]) {
  let (response, request) = (exchange.response.fields, exchange.request.fields)
  guard response.contains(.contentEncoding) || request.contains(.origin) else { return }
  if ForgottenVary.codingIsNegotiated(by: response, request: request) {
    found.append(
      Detection(
        .key09, "coding-without-vary", severity: .medium, action: .keyed,
        [Evidence(.contentEncoding, of: response)]))
  }
  if ForgottenVary.originIsReflected(by: response, request: request) {
    found.append(
      Detection(
        .key11, "origin-without-vary", severity: .low, action: .keyed,
        [Evidence(.origin, of: request)]))
  }
}

/// PSN: inputs that change an answer and stand in no key. For responses of either lane.
func detectPoisoning(in exchange: AuditedExchange, into found: inout [Detection]) {
  let request = exchange.request
  if !exchange.peerIsTrusted, let detection = untrustedOverride(in: exchange),
    StoringWords(of: exchange).allowsSharing(in: exchange)
  {
    found.append(detection)
  }
  if exchange.requestHasBody, exchange.isRead {
    found.append(Detection(.psn02, "body-on-read"))
  }
  if request.fields.containsAny(of: methodOverrides),
    let evidence = evidence(of: methodOverrides, in: request.fields)
  {
    found.append(Detection(.psn03, "method-override", [evidence]))
  } else if let query = request.query, overridesMethod(query) {
    found.append(Detection(.psn03, "method-override-in-query"))
  }
}

private let overrides = KnownFieldSet([
  .xForwardedHost, .xForwardedProto, .xForwardedPort, .forwarded,
])

private func untrustedOverride(in exchange: AuditedExchange) -> Detection? {
  let fields = exchange.request.fields
  // These make the request one for a decision; the service gets them.
  if let evidence = namedEvidence(pathOverrides, in: fields) {
    return Detection(.psn01, "untrusted-override", [evidence])
  }
  guard let evidence = overridingField(fields) else { return nil }
  guard exchange.dropsPeerClaims else {
    return Detection(.psn01, "untrusted-override", [evidence])
  }
  return Detection(
    .psn01, "untrusted-override-removed", severity: .low, action: .removed, [evidence])
}

private func overridingField(_ fields: FieldSection) -> Evidence? {
  if fields.containsAny(of: overrides) {
    for field in [.xForwardedHost, .xForwardedProto, .xForwardedPort, .forwarded] as [KnownField]
    where fields.contains(field) {
      return Evidence(field, of: fields)
    }
  }
  return fields.firstPeerClaim.map { line in
    Evidence(named: fields.name(of: line), fields.value(of: line))
  }
}

private let pathOverrides: [StaticString] = ["X-Original-URL", "X-Rewrite-URL"]

private let methodOverrides = KnownFieldSet([
  .xHTTPMethod, .xHTTPMethodOverride, .xMethodOverride,
])

/// The first line of one of these fields.
private func evidence(of set: KnownFieldSet, in fields: FieldSection) -> Evidence? {
  for line in fields.lines {
    guard let field = line.known, set.contains(field) else { continue }
    return Evidence(named: fields.name(of: line), fields.value(of: line))
  }
  return nil
}

private func overridesMethod(_ query: ArraySlice<UInt8>) -> Bool {
  query.split(separator: 0x26).contains { $0.starts(with: [UInt8](ascii: "_method=")) }
}

extension Detection {
  /// PTH: a path in another spelling than the usual one, so that what stands on the way may read
  /// another path than the service does. The path is no evidence: it may hold what nobody should
  /// read.
  package init(spelling request: RequestHead) {
    let traits = request.pathTraits
    if !traits.isDisjoint(with: [.dotSegment, .hiddenDelimiter, .backslash, .respelled])
      || request.path.contains(0x25)
    {
      self.init(.pth03, "escaped-or-dotted-path")
    } else if traits.contains(.parameter) {
      self.init(.pth02, "path-parameter")
    } else {
      self.init(.pth04, "path-in-other-spelling")
    }
  }
}

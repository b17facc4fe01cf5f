internal import HTTPModel
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
  if !exchange.isDecision, isAmbiguousPath(request.path) {
    found.append(Detection(.pth03, "escaped-or-dotted-path"))
  }
  let isError = response.status.isClientError || response.status.isServerError
  if isError, request.fields.isOdd, StoringWords(of: exchange).allowsSharing(in: exchange) {
    found.append(
      Detection(
        .psn04, "odd-request-and-storable-error",
        [Evidence("status", .number(Int64(response.status.code)))]))
  }
  if exchange.displacesVariants { found.append(Detection(.key10, "variants-displaced")) }
}

/// PSN: inputs that change an answer and stand in no key. For responses of either lane.
func detectPoisoning(in exchange: AuditedExchange, into found: inout [Detection]) {
  let request = exchange.request
  if !exchange.peerIsTrusted, let evidence = overridingField(request.fields),
    StoringWords(of: exchange).allowsSharing(in: exchange)
  {
    found.append(Detection(.psn01, "untrusted-override", [evidence]))
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

private func overridingField(_ fields: FieldSection) -> Evidence? {
  if fields.containsAny(of: overrides) {
    for field in [.xForwardedHost, .xForwardedProto, .xForwardedPort, .forwarded] as [KnownField]
    where fields.contains(field) {
      return Evidence(field, of: fields)
    }
  }
  if let line = fields.firstPeerClaim {
    return Evidence(named: fields.name(of: line), fields.value(of: line))
  }
  return namedEvidence(pathOverrides, in: fields)
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
  /// PTH: a decision's path in another spelling, which the route's own pattern does not match. The
  /// path is no evidence: it may hold what nobody should read.
  package init(spelling path: ArraySlice<UInt8>) {
    let hasDots = path.split(separator: ASCII.slash).contains { $0.equals(".") || $0.equals("..") }
    if hasDots || path.contains(0x25) || path.contains(ASCII.backslash) {
      self.init(.pth03, "escaped-or-dotted-path")
    } else if path.contains(ASCII.semicolon) {
      self.init(.pth02, "path-parameter")
    } else {
      self.init(.pth04, "path-in-other-spelling")
    }
  }
}

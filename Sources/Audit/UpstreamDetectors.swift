internal import HTTPModel
internal import Primitives
internal import Verdict

private let standardMarks = KnownFieldSet([.age, .cacheStatus, .warning, .date])
private let vendorMarks = KnownFieldSet([
  .xCache, .xCacheStatus, .xProxyCache, .cfCacheStatus, .xCacheHits, .xVarnish, .serverTiming,
])
private let hopMarks = KnownFieldSet([.via, .xServedBy, .cfRay])

/// UPS: signs that something between this program and the service answered.
func detectUpstreamCaches(in exchange: AuditedExchange, into found: inout [Detection]) {
  let fields = exchange.response.fields
  if exchange.response.status == .notModified, !exchange.wasConditional {
    found.append(Detection(.ups06, "not-modified-unasked"))
  }
  if fields.containsAny(of: standardMarks) {
    detectAge(fields, into: &found)
    detectCacheStatus(fields, into: &found)
    detectWarning(fields, into: &found)
    detectDate(in: exchange, into: &found)
  }
  detectVendorMarks(fields, into: &found)
  detectHops(fields, into: &found)
}

private func detectAge(_ fields: FieldSection, into found: inout [Detection]) {
  guard CacheMarks.hasPositiveAge(fields) else { return }
  found.append(Detection(.ups01, "decision-has-age", [Evidence(.age, of: fields)]))
}

private func detectCacheStatus(_ fields: FieldSection, into found: inout [Detection]) {
  guard fields.contains(.cacheStatus) else { return }
  let mark = CacheMarks.cacheStatus(fields)
  let evidence = [Evidence(.cacheStatus, of: fields)]
  if mark.isHit { found.append(Detection(.ups02, "cache-status-hit", evidence)) }
  if mark.isStale { found.append(Detection(.ups09, "cache-status-stale", evidence)) }
  if !mark.isHit, !mark.isStale {
    found.append(Detection(.ups04, "cache-status-present", evidence))
  }
}

private func detectWarning(_ fields: FieldSection, into found: inout [Detection]) {
  guard CacheMarks.hasStaleWarning(fields) else { return }
  found.append(Detection(.ups09, "stale-warning", [Evidence(.warning, of: fields)]))
}

private func detectDate(in exchange: AuditedExchange, into found: inout [Detection]) {
  guard let value = exchange.response.fields.only(.date),
    let date = HTTPDate.parse(value, now: exchange.receivedAt)
  else { return }
  // A date names a whole second; its last millisecond counts.
  let latest = date.milliseconds &+ 999
  let earliest = exchange.sentAt.milliseconds &- exchange.clockSkew.milliseconds.count
  guard latest < earliest else { return }
  found.append(
    Detection(.ups07, "answer-older-than-request", [Evidence(.date, of: exchange.response.fields)]))
}

// MARK: Vendors

private func detectVendorMarks(_ fields: FieldSection, into found: inout [Detection]) {
  var hit: Evidence?
  var miss: Evidence?
  let hasKnown = fields.containsAny(of: vendorMarks)
  for line in fields.lines where line.known == nil || hasKnown {
    guard let mark = CacheMarks.vendorMark(of: line, in: fields) else { continue }
    let evidence = Evidence(named: fields.name(of: line), fields.value(of: line))
    switch mark {
    case .hit: hit = hit ?? evidence
    case .miss: miss = miss ?? evidence
    }
  }
  if let hit {
    found.append(Detection(.ups03, "vendor-mark-hit", [hit]))
  } else if let miss {
    found.append(Detection(.ups04, "vendor-mark-miss", [miss]))
  }
}

private func detectHops(_ fields: FieldSection, into found: inout [Detection]) {
  if fields.containsAny(of: hopMarks) {
    for field in [.via, .xServedBy, .cfRay] as [KnownField] where fields.contains(field) {
      found.append(Detection(.ups05, "hop-before-service", [Evidence(field, of: fields)]))
      return
    }
  }
  for line in fields.lines
  where line.known == nil && fields.name(of: line).equalsIgnoringASCIICase("X-Amz-Cf-Id") {
    found.append(
      Detection(
        .ups05, "hop-before-service",
        [Evidence(named: fields.name(of: line), fields.value(of: line))]))
    return
  }
}

internal import HTTPModel
internal import Primitives
internal import Verdict

/// What a cache's mark says.
private enum CacheMark {
  case hit, miss
}

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
  guard fields.contains(.age) else { return }
  for line in fields.lines where line.known == .age {
    let value = fields.value(of: line)
    guard value.isEmpty || value.contains(where: { $0 != ASCII.zero }) else { continue }
    found.append(Detection(.ups01, "decision-has-age", [Evidence(.age, of: fields)]))
    return
  }
}

/// Reads `Cache-Status` (RFC 9211 §2): members parted by commas, parameters by semicolons.
private func detectCacheStatus(_ fields: FieldSection, into found: inout [Detection]) {
  guard fields.contains(.cacheStatus) else { return }
  var isHit = false
  var isStale = false
  for member in fields.listMembers(of: .cacheStatus) {
    let parameters = member.split(separator: ASCII.semicolon).dropFirst()
      .map { $0.trimmingOptionalWhitespace() }
    let wasStale = parameters.contains { $0.equals("fwd=stale") }
    let wasValidated = parameters.contains { $0.equals("fwd-status=304") }
    isHit =
      isHit || wasStale && wasValidated
      || parameters.contains {
        $0.equals("hit") || $0.equals("hit=?1") || $0.equals("collapsed")
          || $0.equals("collapsed=?1")
      }
    isStale = isStale || parameters.contains { $0.starts(with: [UInt8](ascii: "ttl=-")) }
  }
  let evidence = [Evidence(.cacheStatus, of: fields)]
  if isHit { found.append(Detection(.ups02, "cache-status-hit", evidence)) }
  if isStale { found.append(Detection(.ups09, "cache-status-stale", evidence)) }
  if !isHit, !isStale { found.append(Detection(.ups04, "cache-status-present", evidence)) }
}

private func detectWarning(_ fields: FieldSection, into found: inout [Detection]) {
  guard fields.contains(.warning) else { return }
  let isStale = fields.values(of: .warning).contains { value in
    let code = value.prefix(3)
    return code.equals("110") || code.equals("111") || code.equals("113")
  }
  if isStale { found.append(Detection(.ups09, "stale-warning", [Evidence(.warning, of: fields)])) }
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
    guard let mark = vendorMark(line, in: fields) else { continue }
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

private func vendorMark(_ line: FieldLine, in fields: FieldSection) -> CacheMark? {
  switch line.known {
  case .xCache, .xCacheStatus, .xProxyCache, .cfCacheStatus: return mark(in: fields.value(of: line))
  case .xCacheHits:
    let isHit = fields.value(of: line).split(separator: ASCII.comma)
      .contains { ($0.trimmingOptionalWhitespace().decimalValue() ?? 0) > 0 }
    return isHit ? .hit : .miss
  case .xVarnish:
    return fields.value(of: line).contains(ASCII.space) ? .hit : .miss
  case .serverTiming: return timingMark(fields.value(of: line))
  case nil:
    let name = fields.name(of: line)
    guard vendorNames.contains(where: { name.equalsIgnoringASCIICase($0) }) else { return nil }
    return mark(in: fields.value(of: line))
  default: return nil
  }
}

private let vendorNames: [StaticString] = [
  "Akamai-Cache-Status", "X-Drupal-Cache", "X-Drupal-Dynamic-Cache", "X-Rack-Cache", "CDN-Cache",
  "X-Cache-Remote", "X-Cache-Lookup", "X-Nginx-Cache", "X-FastCGI-Cache", "X-Srcache-Fetch-Status",
  "X-LiteSpeed-Cache", "X-Vercel-Cache", "X-Nextjs-Cache", "X-Cached", "X-Magento-Cache-Debug",
]

/// The words of a mark, parted by everything that is no letter. A hit on a note to pass is a miss.
private func mark(in value: ArraySlice<UInt8>) -> CacheMark? {
  var isHit = false
  var isMiss = false
  var isPass = false
  for word in value.split(whereSeparator: { !ASCII.isAlpha($0) }) {
    if hitWords.contains(where: { word.equalsIgnoringASCIICase($0) }) { isHit = true }
    if missWords.contains(where: { word.equalsIgnoringASCIICase($0) }) { isMiss = true }
    if word.equalsIgnoringASCIICase("pass") || word.equalsIgnoringASCIICase("hitpass") {
      isPass = true
    }
  }
  if isHit, !isPass { return .hit }
  return isMiss || isPass ? .miss : nil
}

private let hitWords: [StaticString] = [
  "hit", "stale", "revalidated", "updating", "refreshhit", "fresh",
]
private let missWords: [StaticString] = [
  "miss", "dynamic", "bypass", "expired", "uncacheable", "fetch", "refreshmiss",
]

/// `cdn-cache; desc=HIT` or `cache;desc="hit-front"`; metrics of other names say nothing.
private func timingMark(_ value: ArraySlice<UInt8>) -> CacheMark? {
  for metric in value.split(separator: ASCII.comma) {
    let parts = metric.split(separator: ASCII.semicolon)
    guard let name = parts.first?.trimmingOptionalWhitespace(),
      name.equalsIgnoringASCIICase("cache") || name.equalsIgnoringASCIICase("cdn-cache")
    else { continue }
    for part in parts.dropFirst() {
      let text = part.trimmingOptionalWhitespace()
      if text.prefix(5).equalsIgnoringASCIICase("desc="), let mark = mark(in: text.dropFirst(5)) {
        return mark
      }
    }
  }
  return nil
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

package import HTTPModel
internal import Primitives

/// What the mark of one cache says.
package enum CacheMark: Hashable, Sendable {
  case hit, miss
}

/// What `Cache-Status` says (RFC 9211 §2).
package struct CacheStatusMark: Hashable, Sendable {
  /// A cache answered with what it had: a hit, a collapsed request, a stale response found valid.
  package var isHit = false
  /// A cache answered with what was no longer fresh.
  package var isStale = false
}

/// The marks that caches leave on what they answer. Only ever used to refuse and to report: no mark
/// is no proof.
package enum CacheMarks {
  private static let standard = KnownFieldSet([.age, .cacheStatus, .warning])
  private static let vendors = KnownFieldSet([
    .xCache, .xCacheStatus, .xProxyCache, .cfCacheStatus, .xCacheHits, .xVarnish, .serverTiming,
  ])

  /// Why a response that proves nothing is taken for one out of a store; nil where no mark says so.
  static func refusal(of fields: FieldSection) -> RefusalReason? {
    if fields.containsAny(of: standard) {
      if hasPositiveAge(fields) { return .servedFromCache }
      let status = cacheStatus(fields)
      if status.isHit { return .cacheStatusHit }
      if status.isStale || hasStaleWarning(fields) { return .staleMark }
    }
    let hasKnown = fields.containsAny(of: vendors)
    for line in fields.lines where line.known == nil || hasKnown {
      if vendorMark(of: line, in: fields) == .hit { return .vendorMarkHit }
    }
    return nil
  }

  /// Whether `Age` is there and is anything but zero (RFC 9111 §5.1). What is no number counts as
  /// an age.
  package static func hasPositiveAge(_ fields: FieldSection) -> Bool {
    guard fields.contains(.age) else { return false }
    for line in fields.lines where line.known == .age {
      let value = fields.value(of: line)
      if value.isEmpty || value.contains(where: { $0 != ASCII.zero }) { return true }
    }
    return false
  }

  /// Reads `Cache-Status`: members parted by commas, parameters by semicolons.
  package static func cacheStatus(_ fields: FieldSection) -> CacheStatusMark {
    var mark = CacheStatusMark()
    guard fields.contains(.cacheStatus) else { return mark }
    for member in fields.listMembers(of: .cacheStatus) {
      let parameters = member.split(separator: ASCII.semicolon).dropFirst()
        .map { $0.trimmingOptionalWhitespace() }
      let wasStale = parameters.contains { $0.equals("fwd=stale") }
      let wasValidated = parameters.contains { $0.equals("fwd-status=304") }
      mark.isHit =
        mark.isHit || wasStale && wasValidated
        || parameters.contains {
          $0.equals("hit") || $0.equals("hit=?1") || $0.equals("collapsed")
            || $0.equals("collapsed=?1")
        }
      mark.isStale =
        mark.isStale || parameters.contains { $0.starts(with: [UInt8](ascii: "ttl=-")) }
    }
    return mark
  }

  /// Whether a `Warning` says that the response is stale (110, 111, 113; RFC 7234 §5.5).
  package static func hasStaleWarning(_ fields: FieldSection) -> Bool {
    guard fields.contains(.warning) else { return false }
    return fields.values(of: .warning).contains { value in
      let code = value.prefix(3)
      return code.equals("110") || code.equals("111") || code.equals("113")
    }
  }

  /// What a vendor's field says; nil where the line is none.
  package static func vendorMark(of line: FieldLine, in fields: FieldSection) -> CacheMark? {
    switch line.known {
    case .xCache, .xCacheStatus, .xProxyCache, .cfCacheStatus:
      return mark(in: fields.value(of: line))
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

  private static let vendorNames: [StaticString] = [
    "Akamai-Cache-Status", "X-Drupal-Cache", "X-Drupal-Dynamic-Cache", "X-Rack-Cache", "CDN-Cache",
    "X-Cache-Remote", "X-Cache-Lookup", "X-Nginx-Cache", "X-FastCGI-Cache",
    "X-Srcache-Fetch-Status",
    "X-LiteSpeed-Cache", "X-Vercel-Cache", "X-Nextjs-Cache", "X-Cached", "X-Magento-Cache-Debug",
  ]

  /// The words of a mark, parted by everything that is no letter. A hit on a note to pass is a
  /// miss.
  private static func mark(in value: ArraySlice<UInt8>) -> CacheMark? {
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

  private static let hitWords: [StaticString] = [
    "hit", "stale", "revalidated", "updating", "refreshhit", "fresh",
  ]
  private static let missWords: [StaticString] = [
    "miss", "dynamic", "bypass", "expired", "uncacheable", "fetch", "refreshmiss",
  ]

  /// `cdn-cache; desc=HIT` or `cache;desc="hit-front"`; metrics of other names say nothing.
  private static func timingMark(_ value: ArraySlice<UInt8>) -> CacheMark? {
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
}

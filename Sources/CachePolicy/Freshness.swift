package import HTTPModel
package import Primitives

/// Which rule gave a response its lifetime, in order of precedence (RFC 9111 §4.2.1).
package enum FreshnessSource: UInt8, Hashable, Sendable, CaseIterable {
  case sharedMaxAge, maxAge, expires, operatorDefault, heuristic, none
}

/// For how long a response is fresh, and says who.
package struct Freshness: Sendable, Equatable {
  package let lifetime: Seconds
  package let source: FreshnessSource

  package init(lifetime: Seconds, source: FreshnessSource) {
    self.lifetime = lifetime
    self.source = source
  }

  /// Whether the response itself states it.
  package var isExplicit: Bool {
    switch source {
    case .sharedMaxAge, .maxAge, .expires: true
    case .operatorDefault, .heuristic, .none: false
    }
  }
}

/// When a response came, and how old it was then.
package struct ArrivalTimes: Sendable, Equatable {
  package let requestedAt: WallTime
  package let receivedAt: WallTime
  /// `corrected_initial_age` (RFC 9111 §4.2.3).
  package let initialAge: Milliseconds
  /// The value of `Date`, or the arrival where it is missing, repeated or no date.
  package let date: WallTime

  /// Computes the age on arrival: the larger of what `Date` and what `Age` and the round trip
  /// suggest.
  package init(
    of response: ResponseHead, requestedAt: WallTime, receivedAt: WallTime
  ) {
    self.requestedAt = requestedAt
    self.receivedAt = receivedAt
    let stated = response.fields.only(.date).flatMap { HTTPDate.parse($0, now: receivedAt) }
    date = stated ?? receivedAt
    let apparentSeconds = max(receivedAt.secondsSinceEpoch - date.secondsSinceEpoch, 0)
    let apparent = Seconds(apparentSeconds).milliseconds
    let delay = Milliseconds(receivedAt.milliseconds &- requestedAt.milliseconds)
    let bounded = min(delay, Seconds.maximum.milliseconds)
    let corrected = Milliseconds(statedAge(response.fields).milliseconds.count + bounded.count)
    initialAge = max(apparent, corrected)
  }
}

/// The value of `Age`: of several the first, and none where that is not a number (RFC 9111 §5.1).
private func statedAge(_ fields: FieldSection) -> Seconds {
  guard let value = fields.first(.age) else { return .zero }
  let first = value.prefix { $0 != ASCII.comma }.trimmingOptionalWhitespace()
  guard !first.isEmpty, first.allSatisfy(ASCII.isDigit) else { return .zero }
  return Seconds(first.decimalValue() ?? Seconds.maximum.count)
}

/// For how long a response is fresh (RFC 9111 §4.2.1): `s-maxage` over `max-age` over `Expires`
/// over the operator's default over the heuristic, and never longer than the operator's maximum.
/// A targeted field leaves `Expires` out (RFC 9213 §2.2).
package func freshnessLifetime(
  of response: ResponseHead, directives: ResponseDirectives, times: ArrivalTimes, rules: CacheRules
) -> Freshness {
  let row = statusRow(for: response.status, rules: rules)
  let maximum = row?.maximumTTL ?? rules.maximumTTL
  if rules.weakened.contains(.defaultTTLOverridesResponse),
    let ttl = row?.defaultTTL ?? rules.defaultTTL
  {
    return Freshness(lifetime: min(ttl, maximum), source: .operatorDefault)
  }
  let found =
    explicitLifetime(of: response, directives: directives, times: times)
    ?? row?.defaultTTL.map { Freshness(lifetime: $0, source: .operatorDefault) }
    ?? assumedLifetime(of: response, directives: directives, times: times, rules: rules)
    ?? Freshness(lifetime: .zero, source: .none)
  return Freshness(lifetime: min(found.lifetime, maximum), source: found.source)
}

private func statusRow(for status: Status, rules: CacheRules) -> StatusTTL? {
  rules.hasRareRules ? rules.statusTTLs.first { $0.statuses.contains(status.code) } : nil
}

/// Whether a response states its lifetime itself, and that counts; found out without reading a
/// date.
func hasStatedLifetime(
  _ response: ResponseHead, directives: ResponseDirectives, rules: CacheRules
) -> Bool {
  if rules.weakened.contains(.defaultTTLOverridesResponse),
    statusRow(for: response.status, rules: rules)?.defaultTTL ?? rules.defaultTTL != nil
  {
    return false
  }
  if directives.sharedMaxAge != nil || directives.maxAge != nil { return true }
  return response.fields.contains(.expires) && !directives.isTargeted
}

private func explicitLifetime(
  of response: ResponseHead, directives: ResponseDirectives, times: ArrivalTimes
) -> Freshness? {
  if let lifetime = directives.sharedMaxAge {
    return Freshness(lifetime: lifetime, source: .sharedMaxAge)
  }
  if let lifetime = directives.maxAge { return Freshness(lifetime: lifetime, source: .maxAge) }
  guard response.fields.contains(.expires), !directives.isTargeted else { return nil }
  return Freshness(lifetime: expiresLifetime(response.fields, times: times), source: .expires)
}

/// `Expires` minus `Date`. A value that is no date, `0` among them, and repeated lines that
/// disagree mean already expired (RFC 9111 §5.3).
private func expiresLifetime(_ fields: FieldSection, times: ArrivalTimes) -> Seconds {
  let values = fields.values(of: .expires)
  guard let value = values.first, values.allSatisfy({ $0 == value }),
    let expires = HTTPDate.parse(value, now: times.receivedAt)
  else { return .zero }
  return Seconds(expires.secondsSinceEpoch - times.date.secondsSinceEpoch)
}

/// The lifetime assumed where the response states none: only for statuses that allow it, or where
/// it says `public` (RFC 9111 §4.2.2).
private func assumedLifetime(
  of response: ResponseHead, directives: ResponseDirectives, times: ArrivalTimes, rules: CacheRules
) -> Freshness? {
  let isListed =
    StatusRules.allowsHeuristics(response.status, rules.heuristics)
    || directives.flags.contains(.public)
  if let ttl = rules.defaultTTL, isListed {
    return Freshness(lifetime: ttl, source: .operatorDefault)
  }
  guard isListed, rules.heuristics != .off,
    let value = response.fields.only(.lastModified),
    let modified = HTTPDate.parse(value, now: times.receivedAt)
  else { return nil }
  let unchangedFor = times.date.secondsSinceEpoch - modified.secondsSinceEpoch
  return Freshness(
    lifetime: min(Seconds(unchangedFor / 10), heuristicMaximum), source: .heuristic)
}

/// A guess never lasts longer than a day.
private let heuristicMaximum = Seconds(86_400)

/// What a cache must know about statuses.
enum StatusRules {
  /// Whether a lifetime may be assumed for this status (RFC 9110 §15.1). With heuristics off the
  /// operator's default still applies to the listed ones below 400.
  static func allowsHeuristics(_ status: Status, _ heuristics: HeuristicFreshness) -> Bool {
    switch status.code {
    case 200, 203, 204, 300, 301, 308: true
    case 404, 405, 410, 414, 501: heuristics == .everyListedStatus
    default: false
    }
  }

  /// Whether the status tells of fields or content of a request rather than of its target.
  static func isAboutRequest(_ status: Status) -> Bool {
    switch status.code {
    case 408, 411...413, 415...417, 421, 425, 426, 428, 429, 431: true
    default: false
    }
  }

  /// Whether this program knows what the status asks of a cache (RFC 9111 §3): all final ones of
  /// RFC 9110 §15 but 206 and 304, which are not stored by themselves.
  static func isUnderstood(_ status: Status) -> Bool {
    switch status.code {
    case 200...205, 300...303, 305, 307, 308, 400...417, 421, 422, 426, 500...505: true
    default: false
    }
  }
}

package import HTTPModel
package import Primitives

/// What makes each request of mode `legacy` another one for a cache that keys on everything it
/// sees.
package enum CacheBuster: Hashable, Sendable {
  /// A parameter with a fresh value at the end of the query.
  case query([UInt8])
  /// A field with a fresh value.
  case field(FieldName)
}

/// Mode `legacy`: for services that can prove nothing.
///
/// Nothing shows that a verdict was given to this request. What is looked for is what shows that it
/// was not: marks of a cache, a date before the request was sent, a reply that was given before.
/// So many replays are found, and none is excluded (grade D).
package struct LegacyRule: Hashable, Sendable {
  /// How much later than a reply came first a request is sent that cannot lawfully have the same
  /// reply with the same `Date`: a second by which dates are written, and one for services that
  /// write the same date for as long.
  package static let dateGrace = Milliseconds(2_000)
  /// How long a cookie's value is, at least, for a session of a customary name that no rule
  /// declares.
  package static let customarySessionBytes = 16

  package let buster: CacheBuster?
  /// Whether a verdict needs a `Date` (RFC 9110 §6.6.1 demands one of every service with a clock).
  package let demandsDate: Bool

  package init(buster: CacheBuster? = nil, demandsDate: Bool = true) {
    self.buster = buster
    self.demandsDate = demandsDate
  }
}

extension BindingRule {
  /// Whether nothing is proved, and only signs of an old answer are looked for.
  var isLegacy: Bool { if case .legacy = self { true } else { false } }
}

/// What shows that an allow is an old one; nil where nothing does, which proves nothing.
func signOfReplay(
  in head: ResponseHead, under legacy: LegacyRule, skew: Seconds, times: ExchangeTimes
) -> RefusalReason? {
  if let reason = CacheMarks.refusal(of: head.fields) { return reason }
  guard head.fields.contains(.date) || legacy.demandsDate else { return nil }
  guard let value = head.fields.only(.date), let date = HTTPDate.parse(value, now: times.now) else {
    return .dateMissing
  }
  let skew = skew.milliseconds.count
  // A date names a whole second: its last millisecond counts at one end, its first at the other.
  let isOld = date.milliseconds &+ 999 < times.sentAt.milliseconds &- skew
  let isAhead = date.milliseconds > times.now.milliseconds &+ skew
  return isOld || isAhead ? .dateOutside : nil
}

/// What of an unproved allow must not come again: the reply with its date, and sessions of
/// customary names that no rule declares.
func legacyIdentifiers(
  of head: ResponseHead, body: Span<UInt8>, request: RequestFacts, rule: DecisionRule,
  at now: WallTime
) -> [ResponseIdentifier] {
  var found: [ResponseIdentifier] = []
  if let date = head.fields.only(.date) {
    var reply: [UInt8] = []
    reply.append(length: date.count)
    reply += date
    for line in head.fields.lines where line.known == .setCookie {
      let value = head.fields.value(of: line)
      reply.append(length: value.count)
      reply += value
    }
    reply.append(length: body.count)
    for index in body.indices { reply.append(body[index]) }
    found.append(ResponseIdentifier(.reply, reply))
  }
  let declared = rule.demands?.sessions ?? []
  let brought = request.broughtSessions
  let sessions = SetCookies.values(in: head.fields, at: now) { name in
    Cookies.isSessionName(name) && !declared.contains(.cookie(Array(name)))
  }
  for value in sessions
  where value.count >= LegacyRule.customarySessionBytes && !brought.contains(value) {
    found.append(ResponseIdentifier(.session, value))
  }
  return found
}

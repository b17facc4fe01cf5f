internal import HTTPModel
package import Primitives

/// In which way a value of a response serves once. Each kind has a name space of its own in the
/// memory.
package enum IdentifierKind: UInt8, Hashable, Sendable, CaseIterable {
  /// The verdict's own: `jti`, `decision_id`.
  case verdict = 1
  /// The consumer's own identifier, which the verdict answers.
  case token
  /// A code, a challenge: counts once.
  case oneTimeValue
  /// A session or an access token: belongs to one set of credentials.
  case session
  /// A whole reply with its date (mode `legacy`).
  case reply

  /// Why a verdict is refused whose value was seen before.
  var reason: RefusalReason {
    switch self {
    case .verdict: .identifierRepeated
    case .token: .tokenReused
    case .oneTimeValue: .oneTimeValueRepeated
    case .session: .sessionShared
    case .reply: .replyRepeated
    }
  }
}

/// A value of a response that must be shown to serve once. The memory is given a keyed digest of
/// it.
package struct ResponseIdentifier: Hashable, Sendable {
  package let kind: IdentifierKind
  package let value: [UInt8]
  /// For how long it would still be taken; nil for as long as the route says.
  package let lifetime: Milliseconds?

  package init(_ kind: IdentifierKind, _ value: [UInt8], lifetime: Milliseconds? = nil) {
    self.kind = kind
    self.value = value
    self.lifetime = lifetime
  }
}

/// What of a verdict must serve once.
enum IdentifierReading: Hashable, Sendable {
  case found([ResponseIdentifier])
  case refused(RefusalReason)
}

/// Finds what of an allow must serve once: asked only of a verdict whose other checks have passed,
/// so that a forged one burns nobody's identifier.
///
/// What repeats lawfully is not among it: cookies that are deleted, cookies and tokens that the
/// request itself brought, and everything that no rule declares: an introspected token's `jti`, a
/// call chain's `txn`, preferences.
func singleUseValues(
  of head: ResponseHead, body: Span<UInt8>, request: RequestFacts, rule: DecisionRule,
  at now: WallTime
) -> IdentifierReading {
  guard rule.remembers else { return .found([]) }
  var finder = IdentifierFinder(request: request, now: now)
  if case .request = rule.token, !request.tokenIsStandIn {
    finder.add([ResponseIdentifier(.token, request.token)])
  }
  if let demands = rule.demands, demands.remembers {
    finder.look(for: demands, in: head, body: body)
  }
  if rule.binding.isLegacy {
    finder.add(
      legacyIdentifiers(of: head, body: body, request: request, rule: rule, at: now))
  }
  return finder.reading
}

extension RequestFacts {
  /// Who is asking, as far as the rule names what tells.
  package var credentials: PresentedCredentials { demanded?.credentials ?? .none }

  /// Sessions and tokens that the request itself brought.
  var broughtSessions: [[UInt8]] { demanded?.sessions ?? [] }
}

/// Collects the values that serve once, until one cannot be read.
private struct IdentifierFinder {
  private let request: RequestFacts
  private let now: WallTime
  private var found: [ResponseIdentifier] = []
  private var failure: RefusalReason?

  init(request: RequestFacts, now: WallTime) {
    self.request = request
    self.now = now
  }

  var reading: IdentifierReading {
    if let failure { return .refused(failure) }
    let hasSession = found.contains { $0.kind == .session }
    if hasSession, request.credentials == .unreadable { return .refused(.credentialsUnreadable) }
    return .found(found)
  }

  mutating func add(_ identifiers: [ResponseIdentifier]) { found += identifiers }

  mutating func look(for demands: VerdictDemands, in head: ResponseHead, body: Span<UInt8>) {
    let reading = DemandReading(demands, of: head, body: body)
    for source in demands.singleUse {
      add(.verdict, reading.value(at: source, of: head, body: body), isDemanded: true)
    }
    for source in demands.oneTimeValues {
      add(.oneTimeValue, reading.value(at: source, of: head, body: body))
    }
    for source in demands.sessions {
      guard case .cookie(let name) = source else {
        add(.session, reading.value(at: source, of: head, body: body))
        continue
      }
      for value in SetCookies.values(in: head.fields, at: now, where: { $0.elementsEqual(name) }) {
        add(.session, .plain(value))
      }
    }
  }

  private mutating func add(
    _ kind: IdentifierKind, _ value: VerdictValue, isDemanded: Bool = false
  ) {
    switch value {
    case .plain(let bytes), .text(let bytes), .number(let bytes):
      if bytes.isEmpty {
        if isDemanded { fail(.identifierMissing) }
      } else if kind != .session || !request.broughtSessions.contains(bytes) {
        found.append(ResponseIdentifier(kind, bytes))
      }
    case .absent, .json(.null): if isDemanded { fail(.identifierMissing) }
    case .json, .repeated: fail(.identifierUnreadable)
    case .unreadable(let reason): fail(reason)
    }
  }

  private mutating func fail(_ reason: RefusalReason) { failure = failure ?? reason }
}

/// What `Set-Cookie` hands out (RFC 6265 §5.2).
enum SetCookies {
  /// The values of the cookies whose names meet a condition, in order, without those that are
  /// deleted: empty ones, and ones whose time is over as they are set.
  static func values(
    in fields: FieldSection, at now: WallTime, where condition: (ArraySlice<UInt8>) -> Bool
  ) -> [[UInt8]] {
    guard fields.contains(.setCookie) else { return [] }
    var values: [[UInt8]] = []
    for line in fields.lines where line.known == .setCookie {
      let text = fields.value(of: line)
      guard let cookie = SetCookie(line: text), condition(cookie.name), !cookie.value.isEmpty,
        !isDeletion(text, at: now)
      else { continue }
      values.append(Array(cookie.value))
    }
    return values
  }

  /// `Max-Age` counts before `Expires` (RFC 6265 §5.3). An attribute that cannot be read deletes
  /// nothing.
  private static func isDeletion(_ line: ArraySlice<UInt8>, at now: WallTime) -> Bool {
    var isOver = false
    for attribute in line.split(separator: ASCII.semicolon).dropFirst() {
      guard let equals = attribute.firstIndex(of: ASCII.equals) else { continue }
      let name = attribute[..<equals].trimmingOptionalWhitespace()
      let value = attribute[(equals + 1)...].trimmingOptionalWhitespace()
      if name.equalsIgnoringASCIICase("Max-Age") {
        return value.first == hyphen || (!value.isEmpty && value.allSatisfy { $0 == ASCII.zero })
      }
      if name.equalsIgnoringASCIICase("Expires"),
        let date = HTTPDate.parse(cookieDate(value)[...], now: now)
      {
        isOver = date <= now
      }
    }
    return isOver
  }

  /// The old form with hyphens, `Thu, 01-Jan-1970 00:00:00 GMT`, in the form of HTTP dates.
  private static func cookieDate(_ value: ArraySlice<UInt8>) -> [UInt8] {
    value.map { $0 == hyphen ? ASCII.space : $0 }
  }
}

private let hyphen = UInt8(ascii: "-")

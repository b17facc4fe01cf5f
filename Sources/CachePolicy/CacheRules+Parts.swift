package import HTTPModel
package import Primitives

/// A named sum of switches.
package enum CacheProfile: Hashable, Sendable {
  /// The default: stricter than the RFCs demand.
  case strict
  /// All that the RFCs allow a shared cache.
  case conformant
}

/// For which responses without explicit freshness a lifetime may be assumed (RFC 9111 §4.2.2).
package enum HeuristicFreshness: Hashable, Sendable {
  case off
  /// Listed statuses below 400.
  case withoutErrors
  /// Every status that RFC 9110 §15.1 lists.
  case everyListedStatus
}

/// Which cookies of a request do not keep it out of the cache.
package enum CookieRule: Hashable, Sendable {
  /// A request is looked up whatever cookies it carries (RFC 9111 says nothing about them).
  case ignoringAll
  /// A request with any other cookie than these is not looked up, nor its response stored. Names
  /// are compared byte by byte.
  case ignoring(names: [[UInt8]])
}

/// What classification found the exchange to be. The cache takes everything but decisions.
package enum ExchangeClass: Hashable, Sendable {
  case decision
  /// No decision as far as anybody can tell, and not to be stored, for this reason.
  case withheld(CacheReason)
  case other
}

/// Lifetimes for responses of some statuses.
package struct StatusTTL: Hashable, Sendable {
  /// The statuses this row is for, both ends included: `404...404`, `500...599`.
  package let statuses: ClosedRange<UInt16>
  /// The lifetime of a response that states none; nil for as other rules say. Counts for any
  /// status: an operator who names one has decided that a lifetime may be assumed for it.
  package let defaultTTL: Seconds?
  /// The longest lifetime, whatever the response says; nil for as other rules say.
  package let maximumTTL: Seconds?

  package init(
    statuses: ClosedRange<UInt16>, defaultTTL: Seconds? = nil, maximumTTL: Seconds? = nil
  ) {
    self.statuses = statuses
    self.defaultTTL = defaultTTL
    self.maximumTTL = maximumTTL
  }
}

/// Which requests an operator keeps out of the cache: those that have one of these fields, or one
/// of these cookies.
package struct BypassRule: Hashable, Sendable {
  package var fields: [FieldName] = []
  /// Names of cookies, compared byte by byte.
  package var cookies: [[UInt8]] = []

  package init() {}

  package var isEmpty: Bool { fields.isEmpty && cookies.isEmpty }
}

/// What RFC 9111 forbids and an operator's rule does all the same. Each name says what is done
/// against what was said; `check` warns of each, and `conformant` has none.
package struct WeakenedRules: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Departure: against RFC 9111 §5.2.2.5, a response that says `no-store` is stored.
  package static let storesDespiteNoStore = WeakenedRules(rawValue: 1 << 0)
  /// Departure: against RFC 9111 §5.2.2.7, a response that says `private` is stored.
  package static let storesDespitePrivate = WeakenedRules(rawValue: 1 << 1)
  /// Departure: against RFC 9111 §5.2.2.4, a response that says `no-cache` is reused unasked.
  package static let reusesDespiteNoCache = WeakenedRules(rawValue: 1 << 2)
  /// Departure: against RFC 9111 §4.2.4, a response that says `must-revalidate` is served stale
  /// where another would be.
  package static let servesStaleDespiteMustRevalidate = WeakenedRules(rawValue: 1 << 3)
  /// Departure: against RFC 9111 §5.2.1.5, a request that says `no-store` lets its answer be
  /// stored.
  package static let storesDespiteRequestNoStore = WeakenedRules(rawValue: 1 << 4)
  /// Departure: against RFC 9111 §4.2.1, the operator's default lifetime counts over what the
  /// response states.
  package static let defaultTTLOverridesResponse = WeakenedRules(rawValue: 1 << 5)
}

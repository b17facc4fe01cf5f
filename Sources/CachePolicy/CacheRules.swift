package import Primitives

/// What an operator's rules say about one route's cache: the sum of named switches.
///
/// `strict`, the default, turns off what has cost people their sessions; `conformant` does all that
/// the RFCs allow a shared cache. A rule may set each switch singly. None of them reaches
/// decisions: those never get past `lookupDecision` and `storageDecision`.
package struct CacheRules: Sendable, Equatable {
  /// Whether anything is stored or reused at all.
  package var isEnabled: Bool
  /// The lifetime of a response that states none and whose status allows assuming one.
  package var defaultTTL: Seconds?
  /// No stored response is fresh for longer than this, whatever it says.
  package var maximumTTL: Seconds = .maximum
  /// How long past its lifetime a response may stand in for a failing origin (RFC 5861 §4), where
  /// the response itself says nothing.
  package var staleIfError: Seconds = .zero
  /// How long past its lifetime a response may be served while it is validated (RFC 5861 §3), where
  /// the response itself says nothing.
  package var staleWhileRevalidate: Seconds = .zero
  /// Whether `Cache-Control` and `Pragma` of requests count. `no-store` in a request always counts.
  package var honoursRequestDirectives = true
  /// Whether a response with `Set-Cookie` and explicit freshness may be stored, the field included.
  package var storesSetCookie = false
  /// For which responses a lifetime may be guessed from `Last-Modified` (RFC 9111 §4.2.2).
  package var heuristics: HeuristicFreshness = .withoutErrors
  /// Whether requests with `Authorization` are answered from the store, and their responses stored
  /// where RFC 9111 §3.5 allows it.
  package var sharesWithAuthorized = false
  /// Which cookies of a request do not keep it out of the cache.
  package var cookies: CookieRule = .ignoring(names: [])
  /// Whether `must-understand` with an understood status lifts `no-store` (RFC 9111 §5.2.2.3).
  package var mustUnderstandLiftsNoStore = false
  /// Whether a stale response is served when the origin cannot be reached, unless the response
  /// forbids it (RFC 9111 §4.2.4).
  package var servesStaleWhenDisconnected = false
  /// Whether `Pragma: no-cache` in a response without `Cache-Control` counts as `no-cache`.
  package var treatsResponsePragmaAsNoCache = true

  /// The rules of a profile.
  package init(profile: CacheProfile = .strict, isEnabled: Bool = true) {
    self.isEnabled = isEnabled
    switch profile {
    case .strict: break
    case .conformant:
      storesSetCookie = true
      heuristics = .everyListedStatus
      sharesWithAuthorized = true
      cookies = .ignoringAll
      mustUnderstandLiftsNoStore = true
      servesStaleWhenDisconnected = true
      treatsResponsePragmaAsNoCache = false
    }
  }
}

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

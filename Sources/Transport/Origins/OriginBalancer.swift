/// A set of a service's origins by number: one bit each, so that a loop reads who is in service
/// with one load.
package struct OriginSet: OptionSet, Hashable, Sendable {
  /// How many origins a service may have: one for each bit.
  package static let capacity = 64

  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The origin of this number; empty for a number outside 0 ..< 64.
  package init(origin: Int) { rawValue = 0 <= origin && origin < Self.capacity ? 1 << origin : 0 }

  /// How many origins are in it.
  package var count: Int { rawValue.nonzeroBitCount }

  /// The origins 0 ..< `count`.
  package init(first count: Int) {
    rawValue = count >= Self.capacity ? .max : (1 << UInt64(max(count, 0))) - 1
  }
}

/// How a service's exchanges are spread over its origins.
package enum BalancingPolicy: String, Sendable, CaseIterable {
  /// Each in turn.
  case roundRobin = "round-robin"
  /// The one with the fewest exchanges in flight from this loop; in turn among equals.
  case leastConnections = "least-connections"
}

/// Which origin takes an exchange.
package enum OriginChoice: Equatable, Sendable {
  case origin(Int)
  case none(OriginAbsence)
}

/// Why no origin takes an exchange. The raw value is the stable reason code; the answer is a 503.
package enum OriginAbsence: String, Sendable, CaseIterable {
  /// Active probes say that every origin is down.
  case allDown = "all-origins-down"
  /// Every origin that is not known to be down was tried for this exchange.
  case allTried = "all-origins-tried"
}

/// Spreads one loop's exchanges over one service's origins.
///
/// Two kinds of absence, two outcomes. An origin that probes found *down* is known to be down:
/// where all are, the exchange fails fast with a 503, which no consumer reads as yes. An origin
/// *ejected* for its failures is only suspected: where no other is left, the one that failed
/// longest ago is tried, because a service with one origin would otherwise turn a short fault into
/// an outage as long as the ejection.
package struct OriginBalancer: ~Copyable {
  package let policy: BalancingPolicy
  /// Exchanges in flight from this loop, by origin.
  package private(set) var inFlight: [Int]
  private var next = 0

  /// A balancer over `originCount` origins, 1 to 64; `start` spreads the loops' first choices.
  package init(policy: BalancingPolicy, originCount: Int, start: Int = 0) {
    self.policy = policy
    let count = min(max(originCount, 1), OriginSet.capacity)
    inFlight = Array(repeating: 0, count: count)
    next = Int(start.magnitude % UInt(count))
  }

  /// Chooses the origin of an exchange among those in service and counts the exchange there, or nil
  /// when none of them is left: then ask `assignAmongSuspected`.
  package mutating func assign(inService: OriginSet, tried: OriginSet = []) -> Int? {
    let candidates = inService.subtracting(tried).intersection(OriginSet(first: inFlight.count))
    guard !candidates.isEmpty else { return nil }
    let chosen =
      switch policy {
      case .roundRobin: firstFromCursor(of: candidates)
      case .leastConnections: leastLoaded(of: candidates)
      }
    return take(chosen)
  }

  /// The slow way, where no origin is in service: the one that failed longest ago among those that
  /// are not known to be down.
  ///
  /// `lastFailures` holds, by origin, when it last failed, in nanoseconds.
  package mutating func assignAmongSuspected(
    down: OriginSet, tried: OriginSet = [], lastFailures: [UInt64]
  ) -> OriginChoice {
    let notDown = OriginSet(first: inFlight.count).subtracting(down)
    if notDown.isEmpty { return .none(.allDown) }
    let left = inFlight.indices.filter {
      notDown.contains(OriginSet(origin: $0)) && !tried.contains(OriginSet(origin: $0))
    }
    func lastFailure(_ origin: Int) -> UInt64 {
      lastFailures.indices.contains(origin) ? lastFailures[origin] : 0
    }
    guard let chosen = left.min(by: { lastFailure($0) < lastFailure($1) }) else {
      return .none(.allTried)
    }
    return .origin(take(chosen))
  }

  /// An exchange assigned to this origin is over there, whatever its outcome.
  package mutating func finished(at origin: Int) {
    guard inFlight.indices.contains(origin), inFlight[origin] > 0 else { return }
    inFlight[origin] -= 1
  }

  private mutating func take(_ origin: Int) -> Int {
    inFlight[origin] += 1
    next = origin + 1 < inFlight.count ? origin + 1 : 0
    return origin
  }

  /// The first of `candidates`, which are not empty, at or after the cursor, in a circle.
  private func firstFromCursor(of candidates: OriginSet) -> Int {
    let ahead = candidates.rawValue & ~OriginSet(first: next).rawValue
    return (ahead != 0 ? ahead : candidates.rawValue).trailingZeroBitCount
  }

  private func leastLoaded(of candidates: OriginSet) -> Int {
    var best = firstFromCursor(of: candidates)
    var origin = best
    for _ in inFlight.indices {
      origin = origin + 1 < inFlight.count ? origin + 1 : 0
      guard candidates.contains(OriginSet(origin: origin)) else { continue }
      if inFlight[origin] < inFlight[best] { best = origin }
    }
    return best
  }
}

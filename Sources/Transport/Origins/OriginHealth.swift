package import Primitives
internal import Synchronization

/// A change in who is in service, for the log and the counters.
package enum OriginHealthChange: Equatable, Sendable {
  case ejected(origin: Int, for: OriginFault, until: MonotonicTime)
  /// The ejection is over: by time, by an exchange that was answered, or by probes.
  case returned(origin: Int)
  case down(origin: Int, ProbeFailure)
  case up(origin: Int)
}

/// One origin as operators see it.
package struct OriginReport: Sendable, Equatable {
  package let name: String
  package let isInService: Bool
  package let probed: ProbedHealth
  /// Why the probes last failed; nil after a good answer.
  package let probeFailure: ProbeFailure?
  /// When the ejection ends; nil while there is none.
  package let ejectedUntil: MonotonicTime?
  package let consecutiveFailures: Int
  package let lastFault: OriginFault?
}

/// Who of a service's origins is in service; shared by all loops.
///
/// An origin is in service unless its exchanges failed too often (ejected, for a time) or its
/// probes say that it is down. Loops read the answer with one atomic load (`inService`) and report
/// a success with one more; only faults, and successes of origins with a blemish, take the lock.
package final class OriginHealth: Sendable {
  /// The origins' names, by number; at most `OriginSet.capacity`.
  package let names: [String]
  package let settings: EjectionSettings

  private let inServiceBits: Atomic<UInt64>
  private let downBits = Atomic<UInt64>(0)
  /// Origins of which a success must be reported.
  private let blemishedBits = Atomic<UInt64>(0)
  private let state: Mutex<[Standing]>

  private struct Standing {
    var record = EjectionRecord()
    var probed = ProbedHealth.unknown
    var probeFailure: ProbeFailure?
    var isInService: Bool { probed != .down && !record.isEjected }
  }

  /// All origins begin in service. Names past `OriginSet.capacity` are left out: configuration
  /// refuses them.
  package init(names: [String], settings: EjectionSettings) {
    self.names = Array(names.prefix(OriginSet.capacity))
    self.settings = settings
    inServiceBits = Atomic(OriginSet(first: self.names.count).rawValue)
    state = Mutex(Array(repeating: Standing(), count: self.names.count))
  }

  // MARK: The loops' hot path

  /// Who is in service. One atomic load.
  package var inService: OriginSet {
    OriginSet(rawValue: inServiceBits.load(ordering: .acquiring))
  }

  /// Who is known to be down, by its probes. One atomic load.
  package var down: OriginSet { OriginSet(rawValue: downBits.load(ordering: .acquiring)) }

  /// An exchange was answered by this origin. One atomic load where nothing speaks against it.
  package func succeeded(at origin: Int) -> OriginHealthChange? {
    let blemished = OriginSet(rawValue: blemishedBits.load(ordering: .relaxed))
    guard blemished.contains(OriginSet(origin: origin)), names.indices.contains(origin) else {
      return nil
    }
    return change(origin) { $0.record.succeeded() ? .returned(origin: origin) : nil }
  }

  /// An exchange failed by this origin's fault.
  package func failed(at origin: Int, _ fault: OriginFault, now: MonotonicTime)
    -> OriginHealthChange?
  {
    let settings = settings
    return change(origin) { standing in
      guard standing.record.failed(fault, now: now, settings: settings),
        let end = standing.record.ejectedUntil
      else { return nil }
      return .ejected(origin: origin, for: fault, until: end)
    }
  }

  // MARK: Probes and time

  /// The probes of this origin changed their mind (`OriginProbeStep.change`).
  ///
  /// An origin that was down and is up has been restarted or replaced: what it was ejected for is
  /// forgotten.
  package func probed(_ origin: Int, _ health: ProbedHealth, _ failure: ProbeFailure?)
    -> OriginHealthChange?
  {
    change(origin) { standing in
      let before = standing.probed
      standing.probed = health
      standing.probeFailure = failure
      guard before != health else { return nil }
      switch health {
      case .unknown: return nil
      case .down: return .down(origin: origin, failure ?? .notConnected)
      case .up:
        if before == .down { standing.record = EjectionRecord() }
        return before == .down ? .up(origin: origin) : nil
      }
    }
  }

  /// Ends the ejections whose time is over; to be called about once a second, by one loop.
  package func advance(to now: MonotonicTime) -> [OriginHealthChange] {
    guard blemishedBits.load(ordering: .relaxed) != 0 else { return [] }
    return names.indices.compactMap { origin in
      change(origin) { $0.record.advanced(to: now) ? .returned(origin: origin) : nil }
    }
  }

  // MARK: Looking

  /// When each origin last failed, in nanoseconds; 0 for never.
  package var lastFailures: [UInt64] {
    state.withLock { $0.map(\.record.lastFaultAt.nanoseconds) }
  }

  package func report() -> [OriginReport] {
    let standings = state.withLock { $0 }
    return zip(names, standings).map { name, standing in
      OriginReport(
        name: name, isInService: standing.isInService, probed: standing.probed,
        probeFailure: standing.probeFailure, ejectedUntil: standing.record.ejectedUntil,
        consecutiveFailures: standing.record.consecutiveFailures,
        lastFault: standing.record.lastFault)
    }
  }

  /// Changes one origin's standing and publishes what the loops read, under the lock, so that the
  /// bits never go back to an older state.
  private func change(_ origin: Int, _ body: (inout Standing) -> OriginHealthChange?)
    -> OriginHealthChange?
  {
    state.withLock { standings in
      guard standings.indices.contains(origin) else { return nil }
      let result = body(&standings[origin])
      let standing = standings[origin]
      publish(origin, standing.isInService, in: inServiceBits)
      publish(origin, standing.probed == .down, in: downBits)
      publish(origin, !standing.record.isSpotless, in: blemishedBits)
      return result
    }
  }

  private func publish(_ origin: Int, _ isSet: Bool, in bits: borrowing Atomic<UInt64>) {
    let bit = OriginSet(origin: origin).rawValue
    if isSet {
      _ = bits.bitwiseOr(bit, ordering: .acquiringAndReleasing)
    } else {
      _ = bits.bitwiseAnd(~bit, ordering: .acquiringAndReleasing)
    }
  }
}

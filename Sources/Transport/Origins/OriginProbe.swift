package import Primitives

/// When an origin is probed and how many answers change the mind about it.
package struct OriginProbeSettings: Sendable, Hashable {
  /// From the end of one probe to the begin of the next, before jitter.
  package var every: Milliseconds
  /// How long a probe may take, connecting included.
  package var timeout: Milliseconds
  /// Good answers in a row that bring an origin back.
  package var healthyAfter: Int
  /// Bad answers in a row that put an origin out.
  package var unhealthyAfter: Int

  package init(
    every: Milliseconds = Milliseconds(2_000), timeout: Milliseconds = Milliseconds(1_000),
    healthyAfter: Int = 2, unhealthyAfter: Int = 3
  ) {
    self.every = every
    self.timeout = timeout
    self.healthyAfter = max(healthyAfter, 1)
    self.unhealthyAfter = max(unhealthyAfter, 1)
  }
}

/// What an origin's probes say about it.
package enum ProbedHealth: String, Sendable, CaseIterable {
  /// No probe has ended yet. The origin is in service: starting must not wait for probes.
  case unknown
  case up
  case down
}

/// Why a probe counts as a bad answer. The raw value is the stable reason code.
package enum ProbeFailure: String, Sendable, CaseIterable {
  case notConnected = "connect-failed"
  case timedOut = "timeout"
  case closed = "closed"
  case protocolViolation = "protocol-violation"
  /// The answer came with a status that the rule does not accept.
  case unexpectedStatus = "unexpected-status"
}

/// What follows from an event of a probe.
package enum OriginProbeStep: Equatable, Sendable {
  case nothing
  /// Begin a probe; it fails as `timedOut` at the deadline.
  case probe(deadline: MonotonicTime)
  /// Wait until then, then report `due`.
  case wait(until: MonotonicTime)
  /// The probes now say otherwise: tell `OriginHealth`, then wait.
  case change(to: ProbedHealth, waitingUntil: MonotonicTime)
}

/// The active probes of one origin, one at a time.
///
///     sleeping ──due──▶ probing ──succeeded / failed──▶ sleeping
///
/// The first answer decides at once; after that it takes several in a row to change the mind.
/// Randomness is an argument: `jitter` is any 64 random bits, and moves a probe by up to a tenth of
/// the interval either way, so that many proxies do not probe in step.
package struct OriginProbe: ~Copyable {
  package let settings: OriginProbeSettings
  package private(set) var health = ProbedHealth.unknown
  /// Why the last probe failed; nil after a good answer.
  package private(set) var lastFailure: ProbeFailure?

  private var state = State.sleeping
  private var agreeing = 0

  private enum State: Equatable {
    case sleeping
    case probing
    case stopped
  }

  package init(settings: OriginProbeSettings) {
    self.settings = settings
  }

  /// When the first probe is due: somewhere within one interval, by `jitter`.
  package func firstProbe(now: MonotonicTime, jitter: UInt64) -> OriginProbeStep {
    let span = UInt64(settings.every.count) + 1
    return .wait(until: now.advanced(by: Milliseconds(Int64(clamping: jitter % span))))
  }

  /// The time of the next probe has come.
  package mutating func due(now: MonotonicTime) -> OriginProbeStep {
    guard state == .sleeping else { return .nothing }
    state = .probing
    return .probe(deadline: now.advanced(by: settings.timeout))
  }

  /// The probe was answered as the rule asks.
  package mutating func succeeded(now: MonotonicTime, jitter: UInt64) -> OriginProbeStep {
    lastFailure = state == .probing ? nil : lastFailure
    return answered(.up, needed: settings.healthyAfter, now: now, jitter: jitter)
  }

  /// The probe was not answered, or not as the rule asks.
  package mutating func failed(_ failure: ProbeFailure, now: MonotonicTime, jitter: UInt64)
    -> OriginProbeStep
  {
    lastFailure = state == .probing ? failure : lastFailure
    return answered(.down, needed: settings.unhealthyAfter, now: now, jitter: jitter)
  }

  /// No more probes. An answer that still comes changes nothing.
  package mutating func stop() {
    state = .stopped
  }

  private mutating func answered(
    _ answer: ProbedHealth, needed: Int, now: MonotonicTime, jitter: UInt64
  ) -> OriginProbeStep {
    guard state == .probing else { return .nothing }
    state = .sleeping
    let wake = now.advanced(by: jittered(settings.every, by: jitter))
    guard answer != health else {
      agreeing = 0
      return .wait(until: wake)
    }
    agreeing += 1
    guard health == .unknown || agreeing >= needed else { return .wait(until: wake) }
    health = answer
    agreeing = 0
    return .change(to: answer, waitingUntil: wake)
  }

  private func jittered(_ span: Milliseconds, by jitter: UInt64) -> Milliseconds {
    let tenth = span.count / 10
    guard tenth > 0 else { return span }
    return Milliseconds(span.count - tenth + Int64(jitter % UInt64(2 * tenth + 1)))
  }
}

import Primitives
import TestSupport
import Testing

@testable import Transport

@Suite struct OriginProbeTests {
  private let settings = OriginProbeSettings(
    every: Milliseconds(1_000), timeout: Milliseconds(300), healthyAfter: 2, unhealthyAfter: 3)

  /// The jitter that moves nothing.
  private let middle: UInt64 = 100

  @Test func `the first answer decides at once`() {
    var probe = OriginProbe(settings: settings)
    let due = probe.due(now: at(10))
    let answer = probe.failed(.notConnected, now: at(20), jitter: middle)
    #expect(due == .probe(deadline: at(310)))
    #expect(answer == .change(to: .down, waitingUntil: at(1_020)))
    #expect(probe.lastFailure == .notConnected)
  }

  @Test func `later it takes several answers in a row`() {
    var probe = OriginProbe(settings: settings)
    var steps: [OriginProbeStep] = []
    let answers = [true, false, false, true, false, false, false, true, true]
    for isGood in answers {
      _ = probe.due(now: at(0))
      steps.append(
        isGood
          ? probe.succeeded(now: at(0), jitter: middle)
          : probe.failed(.timedOut, now: at(0), jitter: middle))
    }
    let pause = OriginProbeStep.wait(until: at(1_000))
    #expect(
      steps == [
        .change(to: .up, waitingUntil: at(1_000)), pause, pause, pause, pause, pause,
        .change(to: .down, waitingUntil: at(1_000)), pause,
        .change(to: .up, waitingUntil: at(1_000)),
      ])
  }

  @Test func `jitter stays within a tenth of the interval`() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      var probe = OriginProbe(settings: settings)
      _ = probe.due(now: at(0))
      guard case .change(_, let wake) = probe.succeeded(now: at(0), jitter: random.next()) else {
        Issue.record("the first answer decides")
        return
      }
      #expect(wake >= at(900) && wake <= at(1_100))
      guard case .wait(until: let first) = probe.firstProbe(now: at(0), jitter: random.next())
      else {
        Issue.record("the first probe waits")
        return
      }
      #expect(first <= at(1_000))
    }
  }

  @Test func `an answer nobody waits for changes nothing`() {
    var probe = OriginProbe(settings: settings)
    let early = probe.succeeded(now: at(0), jitter: 0)
    _ = probe.due(now: at(0))
    let twice = probe.due(now: at(0))
    probe.stop()
    let late = probe.failed(.closed, now: at(0), jitter: 0)
    let after = probe.due(now: at(0))
    #expect([early, twice, late, after].allSatisfy { $0 == .nothing })
    #expect(probe.health == .unknown)
  }
}

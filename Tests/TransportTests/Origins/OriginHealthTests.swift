import Dispatch
import Primitives
import TestSupport
import Testing

@testable import Transport

@Suite struct OriginHealthTests {
  private let settings = EjectionSettings(
    failures: 3, firstSpan: Milliseconds(1_000), longestSpan: Milliseconds(3_000))

  private func health(_ count: Int = 2) -> OriginHealth {
    OriginHealth(names: (0..<count).map { "origin-\($0)" }, settings: settings)
  }

  @Test func `failures in a row eject, for a time`() {
    let health = health()
    let first = health.failed(at: 0, .notConnected, now: at(0))
    let second = health.failed(at: 0, .closed, now: at(1))
    let third = health.failed(at: 0, .responseTimedOut, now: at(2))
    #expect(first == nil)
    #expect(second == nil)
    #expect(third == .ejected(origin: 0, for: .responseTimedOut, until: at(1_002)))
    #expect(health.inService == OriginSet(origin: 1))
    #expect(health.advance(to: at(1_001)) == [])
    #expect(health.advance(to: at(1_002)) == [.returned(origin: 0)])
    #expect(health.inService == OriginSet(first: 2))
  }

  @Test func `a success in between starts the count again`() {
    let health = health()
    _ = health.failed(at: 0, .closed, now: at(0))
    _ = health.failed(at: 0, .closed, now: at(1))
    #expect(health.succeeded(at: 0) == nil)
    _ = health.failed(at: 0, .closed, now: at(2))
    #expect(health.failed(at: 0, .closed, now: at(3)) == nil)
    #expect(health.inService == OriginSet(first: 2))
  }

  @Test func `on trial one failure ejects again, twice as long, up to the cap`() {
    let health = health()
    for time in 0...2 { _ = health.failed(at: 0, .closed, now: at(Int64(time))) }
    _ = health.advance(to: at(1_002))
    let second = health.failed(at: 0, .closed, now: at(1_100))
    _ = health.advance(to: at(3_100))
    let third = health.failed(at: 0, .closed, now: at(3_200))
    #expect(second == .ejected(origin: 0, for: .closed, until: at(3_100)))
    #expect(third == .ejected(origin: 0, for: .closed, until: at(6_200)))
  }

  @Test func `who stays in service long enough starts again at the first span`() {
    let health = health()
    for time in 0...2 { _ = health.failed(at: 0, .closed, now: at(Int64(time))) }
    _ = health.advance(to: at(1_002))
    _ = health.succeeded(at: 0)
    for time in 5_000...5_001 { _ = health.failed(at: 0, .closed, now: at(Int64(time))) }
    let again = health.failed(at: 0, .closed, now: at(5_002))
    #expect(again == .ejected(origin: 0, for: .closed, until: at(6_002)))
  }

  @Test func `an answer from an ejected origin brings it back`() {
    let health = health(1)
    for time in 0...2 { _ = health.failed(at: 0, .closed, now: at(Int64(time))) }
    #expect(health.inService.isEmpty)
    #expect(health.succeeded(at: 0) == .returned(origin: 0))
    #expect(health.inService == OriginSet(origin: 0))
  }

  @Test func `probes put an origin out and bring it back, its faults forgotten`() {
    let health = health()
    for time in 0...2 { _ = health.failed(at: 1, .closed, now: at(Int64(time))) }
    #expect(health.probed(1, .down, .unexpectedStatus) == .down(origin: 1, .unexpectedStatus))
    #expect(health.down == OriginSet(origin: 1))
    #expect(health.report()[1].probeFailure == .unexpectedStatus)
    #expect(health.probed(1, .up, nil) == .up(origin: 1))
    #expect(health.inService == OriginSet(first: 2))
    #expect(health.down.isEmpty)
    #expect(health.report()[1].consecutiveFailures == 0)
  }

  @Test func `a probe that is content does not bring back who fails real exchanges`() {
    let health = health()
    for time in 0...2 { _ = health.failed(at: 1, .closed, now: at(Int64(time))) }
    #expect(health.probed(1, .up, nil) == nil)
    #expect(health.inService == OriginSet(origin: 0))
  }

  @Test func `an origin that does not exist changes nothing`() {
    let health = health()
    #expect(health.failed(at: 9, .closed, now: at(0)) == nil)
    #expect(health.succeeded(at: -1) == nil)
    #expect(health.probed(64, .down, nil) == nil)
    #expect(health.inService == OriginSet(first: 2))
  }

  @Test func `what the loops read agrees with the standings after a storm`() {
    let health = OriginHealth(names: (0..<8).map(String.init), settings: settings)
    DispatchQueue.concurrentPerform(iterations: 4) { worker in
      var random = SeededGenerator(seed: UInt64(worker))
      for turn in 0..<2_000 {
        let origin = Int.random(in: 0..<8, using: &random)
        let now = at(Int64(turn))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: _ = health.succeeded(at: origin)
        case 1: _ = health.advance(to: now)
        case 2: _ = health.probed(origin, .down, .closed)
        case 3: _ = health.probed(origin, .up, nil)
        default: _ = health.failed(at: origin, .closed, now: now)
        }
      }
    }
    let report = health.report()
    for origin in 0..<8 {
      let bit = OriginSet(origin: origin)
      #expect(health.inService.contains(bit) == report[origin].isInService)
      #expect(health.down.contains(bit) == (report[origin].probed == .down))
    }
  }

  @Test func `success of a spotless origin is not noticed, of a blemished one it is`() {
    let health = health()
    _ = health.failed(at: 0, .closed, now: at(0))
    #expect(health.report()[0].consecutiveFailures == 1)
    _ = health.succeeded(at: 0)
    #expect(health.report()[0].consecutiveFailures == 0)
  }
}

import Primitives
import Testing
import Verdict

private func at(_ milliseconds: UInt64) -> MonotonicTime {
  MonotonicTime(nanoseconds: milliseconds * 1_000_000)
}

private func key(_ number: UInt64) -> ReplayKey { ReplayKey(high: 7, low: number) }

private let ann = ReplayClaim.heldBy(ReplayKey(high: 1, low: 1))
private let bob = ReplayClaim.heldBy(ReplayKey(high: 1, low: 2))

@Suite struct ReplayMemoryTests {
  @Test func `an identifier serves once until its end`() {
    var memory = ReplayMemory(capacity: 10)
    let answers = [
      memory.see(key(1), at: at(0), until: at(1000)),
      memory.see(key(1), at: at(0), until: at(1000)),
      memory.see(key(2), at: at(999), until: at(1999)),
      memory.see(key(1), at: at(999), until: at(1999)),
      memory.see(key(1), at: at(1000), until: at(2000)),
      memory.see(key(2), at: at(1998), until: at(9000)),
      memory.see(key(2), at: at(1999), until: at(9000)),
    ]
    #expect(
      answers == [.first, .repeated, .first, .repeated, .first, .repeated, .first])
  }

  @Test func `each identifier has a lifetime of its own`() {
    var memory = ReplayMemory(capacity: 10)
    let answers = [
      memory.see(key(1), at: at(0), until: at(10_000)),
      memory.see(key(2), at: at(0), until: at(10)),
      memory.see(key(2), at: at(10), until: at(20)),
      memory.see(key(1), at: at(9_999), until: at(20_000)),
    ]
    #expect(answers == [.first, .first, .first, .repeated])
  }

  @Test func `a full memory says so and forgets nothing young`() {
    var memory = ReplayMemory(capacity: 2)
    let answers = [
      memory.see(key(1), at: at(0), until: at(1000)),
      memory.see(key(2), at: at(1), until: at(1000)),
      memory.see(key(3), at: at(2), until: at(1000)),
      memory.see(key(1), at: at(3), until: at(1000)),
      memory.see(key(3), at: at(1000), until: at(2000)),
    ]
    #expect(answers == [.first, .first, .full, .repeated, .first])
  }

  @Test func `what belongs to a holder comes back to him, and to nobody else`() {
    var memory = ReplayMemory(capacity: 10)
    let answers = [
      memory.see(key(1), as: ann, at: at(0), until: at(100)),
      memory.see(key(1), as: ann, at: at(90), until: at(190)),
      memory.see(key(1), as: bob, at: at(150), until: at(250)),
      // Bob's attempt prolongs nothing.
      memory.see(key(1), as: bob, at: at(190), until: at(250)),
    ]
    #expect(answers == [.first, .first, .repeated, .first])
  }

  @Test func `a prolonged entry outlives the clearing of its first end`() {
    var memory = ReplayMemory(capacity: 10)
    _ = memory.see(key(1), as: ann, at: at(0), until: at(100))
    _ = memory.see(key(1), as: ann, at: at(50), until: at(500))
    for number in UInt64(2)..<9 { _ = memory.see(key(number), at: at(200), until: at(600)) }
    let answer = memory.see(key(1), as: bob, at: at(499), until: at(900))
    #expect(answer == .repeated)
  }

  @Test func `a dated reply may come twice at once, and never to a later question`() {
    var memory = ReplayMemory(capacity: 10)
    func dated(_ sent: UInt64) -> ReplayClaim {
      .dated(sentAt: at(sent), grace: Milliseconds(2000))
    }
    let answers = [
      memory.see(key(1), as: dated(0), at: at(10), until: at(9000)),
      memory.see(key(1), as: dated(9), at: at(12), until: at(9000)),
      memory.see(key(1), as: dated(2009), at: at(2500), until: at(9000)),
      memory.see(key(1), as: dated(2010), at: at(2500), until: at(9000)),
    ]
    #expect(answers == [.first, .first, .first, .repeated])
  }

  @Test func `at the end of the clock nothing traps`() {
    var memory = ReplayMemory(capacity: 2)
    let end = MonotonicTime(nanoseconds: .max)
    let answers = [
      memory.see(key(1), at: end, until: end), memory.see(key(1), at: end, until: end),
      memory.see(
        key(2), as: .dated(sentAt: end, grace: Milliseconds(.max)), at: at(0), until: end),
    ]
    #expect(answers == [.first, .first, .first])
  }

  @Test func `a random walk never finds a young identifier new, and never grows past its room`() {
    var memory = ReplayMemory(capacity: 64)
    var generator = SystemRandomNumberGenerator()
    var ends: [UInt64: UInt64] = [:]
    var now: UInt64 = 0
    for _ in 0..<20_000 {
      now += UInt64.random(in: 0...5, using: &generator)
      let number = UInt64.random(in: 0...200, using: &generator)
      let end = now + UInt64.random(in: 0...300, using: &generator)
      let answer = memory.see(key(number), at: at(now), until: at(end))
      let count = memory.count
      #expect(count <= 64)
      if let last = ends[number], now < last {
        #expect(answer == .repeated)
      } else {
        #expect(answer != .repeated)
        if answer == .first { ends[number] = end }
      }
    }
  }
}

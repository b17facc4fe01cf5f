import Primitives
import Testing
import Verdict

private func at(_ milliseconds: UInt64) -> MonotonicTime {
  MonotonicTime(nanoseconds: milliseconds * 1_000_000)
}

private func key(_ number: UInt64) -> ReplayKey { ReplayKey(high: 7, low: number) }

@Suite struct ReplayMemoryTests {
  @Test func `an identifier serves once within its lifetime`() {
    var memory = ReplayMemory(capacity: 10, lifetime: Milliseconds(1000))
    let answers = [
      memory.see(key(1), at: at(0)), memory.see(key(1), at: at(0)), memory.see(key(2), at: at(999)),
      memory.see(key(1), at: at(999)), memory.see(key(2), at: at(1998)),
      memory.see(key(1), at: at(4000)), memory.see(key(1), at: at(3000)),
    ]
    #expect(
      answers == [.first, .repeated, .first, .repeated, .repeated, .first, .repeated])
  }

  @Test func `a full memory says so and forgets nothing young`() {
    var memory = ReplayMemory(capacity: 2, lifetime: Milliseconds(1000))
    let answers = [
      memory.see(key(1), at: at(0)), memory.see(key(2), at: at(1)), memory.see(key(3), at: at(2)),
      memory.see(key(1), at: at(3)), memory.see(key(3), at: at(2500)),
    ]
    #expect(answers == [.first, .first, .full, .repeated, .first])
  }

  @Test func `at the end of the clock nothing traps`() {
    var memory = ReplayMemory(capacity: 2, lifetime: Milliseconds(.max))
    let end = MonotonicTime(nanoseconds: .max)
    let first = memory.see(key(1), at: end)
    let second = memory.see(key(1), at: end)
    #expect(first == .first)
    // At the very last moment every lifetime is over.
    #expect(second == .first)
  }

  @Test func `a random walk never finds a young identifier new, and never grows past its room`() {
    var memory = ReplayMemory(capacity: 64, lifetime: Milliseconds(100))
    var generator = SystemRandomNumberGenerator()
    var seen: [UInt64: UInt64] = [:]
    var now: UInt64 = 0
    for _ in 0..<20_000 {
      now += UInt64.random(in: 0...5, using: &generator)
      let number = UInt64.random(in: 0...200, using: &generator)
      let answer = memory.see(key(number), at: at(now))
      let count = memory.count
      #expect(count <= 64)
      if let last = seen[number], now - last < 100 { #expect(answer == .repeated) }
      if answer == .first { seen[number] = now }
    }
  }
}

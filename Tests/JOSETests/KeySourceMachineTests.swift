import Cryptography
import JOSE
import Primitives
import Testing

/// Scripts of events and the actions they lead to. Times are milliseconds.
@Suite struct KeySourceMachineTests {
  fileprivate static let limits = KeySourceLimits(
    refreshAfter: Milliseconds(600_000), leastFreshness: Milliseconds(60_000),
    mostFreshness: Milliseconds(3_600_000), unknownKeyInterval: Milliseconds(30_000),
    maximumAge: Milliseconds(7_200_000), leastRetry: Milliseconds(1_000),
    mostRetry: Milliseconds(60_000), fetchTimeout: Milliseconds(10_000))

  private let keys = TokenBench.keys(TokenBench.ed25519)
  private let other = TokenBench.keys(TokenBench.p256, TokenBench.p384)

  private func at(_ milliseconds: Int64) -> MonotonicTime {
    MonotonicTime(nanoseconds: 0).advanced(by: Milliseconds(milliseconds))
  }

  @Test func `keys are fetched at the start and again when they are no longer fresh`() {
    var machine = KeySourceMachine(limits: Self.limits)
    #expect(machine.standing(at: at(0)) == .never)
    #expect(machine.begin(at: at(0)) == .fetch(number: 1, deadline: at(10_000)))
    #expect(machine.keys(at: at(100)).isEmpty)
    #expect(machine.fetched(keys, number: 1, at: at(200)) == .wait(until: at(600_200)))
    #expect(machine.standing(at: at(600_199)) == .current)
    #expect(machine.keys(at: at(600_199)).entries.count == 1)
    #expect(machine.woke(at: at(600_100)) == .wait(until: at(600_200)))
    #expect(machine.woke(at: at(600_200)) == .fetch(number: 2, deadline: at(610_200)))
    #expect(machine.standing(at: at(600_300)) == .old)
    #expect(machine.fetched(other, number: 2, at: at(600_400)) == .wait(until: at(1_200_400)))
    #expect(machine.keys(at: at(600_400)).entries.count == 2)
  }

  @Test func `what the answer says of its freshness counts within limits`() {
    for (said, held) in [(0, 60_000), (120_000, 120_000), (86_400_000, 3_600_000)]
      as [(Int64, Int64)]
    {
      var machine = KeySourceMachine(limits: Self.limits)
      _ = machine.begin(at: at(0))
      let next = machine.fetched(keys, number: 1, freshFor: Milliseconds(said), at: at(0))
      #expect(next == .wait(until: at(held)))
    }
  }

  @Test func `an unknown name causes a fetch, at a limited rate`() {
    var machine = KeySourceMachine(limits: Self.limits)
    _ = machine.begin(at: at(0))
    #expect(machine.keyIsUnknown(at: at(100)) == .underWay)
    _ = machine.fetched(keys, number: 1, at: at(200))
    #expect(machine.keyIsUnknown(at: at(300)) == .limited(until: at(30_000)))
    #expect(machine.keyIsUnknown(at: at(29_999)) == .limited(until: at(30_000)))
    #expect(machine.keyIsUnknown(at: at(30_000)) == .fetch(number: 2, deadline: at(40_000)))
    #expect(machine.keyIsUnknown(at: at(30_001)) == .underWay)
    _ = machine.fetched(other, number: 2, at: at(30_100))
    #expect(machine.keyIsUnknown(at: at(30_200)) == .limited(until: at(60_000)))
  }

  @Test func `a source that cannot be fetched is tried again ever more slowly`() {
    var machine = KeySourceMachine(limits: Self.limits)
    var now: Int64 = 0
    var action = machine.begin(at: at(now))
    for wait in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] as [Int64] {
      guard case .fetch(let number, _) = action else {
        Issue.record("no fetch")
        return
      }
      #expect(machine.failed(number: number, at: at(now)) == .wait(until: at(now + wait)))
      #expect(machine.keyIsUnknown(at: at(now + wait - 1)) != .underWay)
      now += wait
      action = machine.woke(at: at(now))
    }
    #expect(machine.standing(at: at(now)) == .never)
  }

  @Test func `after failures unknown names do not cut the wait short`() {
    var machine = KeySourceMachine(limits: Self.limits)
    _ = machine.begin(at: at(0))
    _ = machine.fetched(keys, number: 1, at: at(0))
    #expect(machine.keyIsUnknown(at: at(40_000)) == .fetch(number: 2, deadline: at(50_000)))
    _ = machine.failed(number: 2, at: at(69_900))
    #expect(machine.keyIsUnknown(at: at(70_000)) == .limited(until: at(70_900)))
  }

  @Test func `old keys serve until their maximal age, then none`() {
    var machine = KeySourceMachine(limits: Self.limits)
    _ = machine.begin(at: at(0))
    _ = machine.fetched(keys, number: 1, at: at(0))
    _ = machine.woke(at: at(600_000))
    _ = machine.failed(number: 2, at: at(600_001))
    #expect(machine.standing(at: at(7_199_999)) == .old)
    #expect(!machine.keys(at: at(7_199_999)).isEmpty)
    #expect(machine.standing(at: at(7_200_000)) == .expired)
    #expect(machine.keys(at: at(7_200_000)).isEmpty)
    // And they serve again once they were fetched again.
    _ = machine.woke(at: at(7_300_000))
    _ = machine.fetched(keys, number: 3, at: at(7_300_100))
    #expect(machine.standing(at: at(7_300_100)) == .current)
  }

  @Test func `a fetch that does not end counts as failed, and its late answer for nothing`() {
    var machine = KeySourceMachine(limits: Self.limits)
    _ = machine.begin(at: at(0))
    #expect(machine.woke(at: at(9_999)) == .wait(until: at(10_000)))
    #expect(machine.woke(at: at(10_000)) == .wait(until: at(11_000)))
    #expect(machine.fetched(keys, number: 1, at: at(10_500)) == .wait(until: at(11_000)))
    #expect(machine.standing(at: at(10_500)) == .never)
    #expect(machine.woke(at: at(11_000)) == .fetch(number: 2, deadline: at(21_000)))
    #expect(machine.failed(number: 1, at: at(11_100)) == .wait(until: at(21_000)))
    #expect(machine.fetched(keys, number: 2, at: at(11_200)) == .wait(until: at(611_200)))
  }

  @Test func `an empty set takes all trust away`() {
    var machine = KeySourceMachine(limits: Self.limits)
    _ = machine.begin(at: at(0))
    _ = machine.fetched(keys, number: 1, at: at(0))
    _ = machine.reload(at: at(1_000))
    _ = machine.fetched(.empty, number: 2, at: at(1_100))
    #expect(machine.standing(at: at(1_100)) == .current)
    #expect(machine.keys(at: at(1_100)).isEmpty)
  }

  @Test func `a reload during a fetch is followed by another fetch`() {
    var machine = KeySourceMachine(limits: Self.limits)
    _ = machine.begin(at: at(0))
    #expect(machine.reload(at: at(100)) == .wait(until: at(10_000)))
    #expect(machine.reload(at: at(110)) == .wait(until: at(10_000)))
    #expect(
      machine.fetched(keys, number: 1, at: at(200)) == .fetch(number: 2, deadline: at(10_200)))
    #expect(machine.fetched(other, number: 2, at: at(300)) == .wait(until: at(600_300)))
    #expect(machine.reload(at: at(400)) == .fetch(number: 3, deadline: at(10_400)))
    #expect(machine.reload(at: at(410)) == .wait(until: at(10_400)))
    #expect(
      machine.failed(number: 3, at: at(500)) == .fetch(number: 4, deadline: at(10_500)))
  }

  @Test func `a file is read at the start and when it is asked for`() {
    var machine = KeySourceMachine(limits: .file)
    _ = machine.begin(at: at(0))
    #expect(machine.fetched(keys, number: 1, freshFor: Milliseconds(5), at: at(10)) == .rest)
    #expect(machine.keyIsUnknown(at: at(1_000_000)) == .refused)
    #expect(machine.woke(at: at(1_000_000)) == .rest)
    #expect(machine.standing(at: at(1_000_000_000)) == .current)
    #expect(machine.reload(at: at(2_000_000)) == .fetch(number: 2, deadline: at(2_010_000)))
    #expect(machine.failed(number: 2, at: at(2_000_100)) == .rest)
    #expect(machine.keys(at: at(2_000_200)).entries.count == 1)
    #expect(machine.standing(at: at(2_000_200)) == .current)
  }

  @Test func `events in any order keep one fetch under way and the promises about age`() {
    for seed in 1...200 as ClosedRange<UInt64> {
      var walk = Walk(seed: seed)
      for _ in 0..<200 { walk.step() }
    }
  }

  /// An owner of a machine that does as it is told, while the world does as it likes.
  private struct Walk: ~Copyable {
    private var machine = KeySourceMachine(limits: limits)
    private var random: UInt64
    private var now: Int64 = 0
    private var timer: Int64 = 0
    private var underWay: UInt64?
    private var lastStart: Int64 = 0
    private var fetchedAt: Int64?

    init(seed: UInt64) {
      random = seed &* 0x9E37_79B9_7F4A_7C15
      carryOut(machine.begin(at: Self.time(0)))
    }

    private static func time(_ milliseconds: Int64) -> MonotonicTime {
      MonotonicTime(nanoseconds: 0).advanced(by: Milliseconds(milliseconds))
    }

    private mutating func draw(_ below: UInt64) -> UInt64 {
      random ^= random << 13
      random ^= random >> 7
      random ^= random << 17
      return random % below
    }

    private mutating func carryOut(_ action: KeySourceMachine.Action) {
      switch action {
      case .fetch(let number, let deadline): start(number, deadline)
      case .wait(let until):
        timer = Int64(until.nanoseconds / 1_000_000)
        #expect(timer >= now)
      case .rest: Issue.record("a source by URL never rests")
      }
    }

    private mutating func start(_ number: UInt64, _ deadline: MonotonicTime) {
      #expect(underWay == nil)
      underWay = number
      lastStart = now
      timer = Int64(deadline.nanoseconds / 1_000_000)
    }

    mutating func step() {
      // Nothing happens after the timer but the timer.
      let pause = Int64(draw(40_000))
      if now + pause >= timer {
        now = max(now, timer)
        // A fetch that reaches its deadline is over.
        underWay = nil
        carryOut(machine.woke(at: Self.time(now)))
      } else {
        now += pause
        happen(draw(4))
      }
      let serves = fetchedAt.map { now - $0 < 7_200_000 } ?? false
      #expect(machine.standing(at: Self.time(now)).serves == serves)
      #expect(machine.keys(at: Self.time(now)).isEmpty == !serves)
    }

    private mutating func happen(_ event: UInt64) {
      let time = Self.time(now)
      switch (event, underWay) {
      case (0, _): ask()
      case (1, let number?):
        underWay = nil
        fetchedAt = now
        carryOut(machine.fetched(TokenBench.keys(TokenBench.p256), number: number, at: time))
      case (2, let number?):
        underWay = nil
        carryOut(machine.failed(number: number, at: time))
      case (3, _) where draw(8) == 0: carryOut(machine.reload(at: time))
      default: carryOut(machine.woke(at: time))
      }
    }

    private mutating func ask() {
      switch machine.keyIsUnknown(at: Self.time(now)) {
      case .fetch(let number, let deadline):
        #expect(now - lastStart >= 30_000)
        start(number, deadline)
      case .underWay: #expect(underWay != nil)
      case .limited(let until): #expect(until > Self.time(now))
      case .refused: Issue.record("a source by URL is fetched for unknown names")
      }
    }
  }
}

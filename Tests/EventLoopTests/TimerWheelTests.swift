import EventLoop
import Primitives
import Testing

@Suite struct TimerWheelTests {
  private final class Recorder: TimerTarget {
    var fired: [UInt8] = []
    var onFire: ((LoopTimer) -> Void)?
    override func timerFired(_ timer: LoopTimer) {
      fired.append(timer.kind)
      onFire?(timer)
    }
  }

  private static func moment(_ milliseconds: UInt64) -> MonotonicTime {
    MonotonicTime(nanoseconds: milliseconds * 1_000_000)
  }

  @Test func `a timer fires once, not before its time and soon after`() {
    let wheel = TimerWheel(now: Self.moment(5))
    let recorder = Recorder()
    let timer = LoopTimer(on: wheel, target: recorder, kind: 7)
    timer.arm(after: Milliseconds(100))
    wheel.tell(Self.moment(104))
    wheel.fireDue()
    #expect(recorder.fired.isEmpty)
    wheel.tell(Self.moment(105 + 17))
    wheel.fireDue()
    #expect(recorder.fired == [7])
    #expect(!timer.isArmed)
    wheel.tell(Self.moment(100_000))
    wheel.fireDue()
    #expect(recorder.fired == [7])
    #expect(wheel.placedCount == 0)
  }

  @Test func `extending and disarming cost no place in the wheel and hold`() {
    let wheel = TimerWheel(now: Self.moment(0))
    let recorder = Recorder()
    let timer = LoopTimer(on: wheel, target: recorder)
    timer.arm(after: Milliseconds(100))
    for step in UInt64(1)...50 {
      wheel.tell(Self.moment(step * 50))
      wheel.fireDue()
      timer.arm(after: Milliseconds(100))
      #expect(wheel.placedCount == 1)
    }
    #expect(recorder.fired.isEmpty)
    timer.disarm()
    wheel.tell(Self.moment(10_000))
    wheel.fireDue()
    #expect(recorder.fired.isEmpty)
    #expect(wheel.wait() == nil)
  }

  @Test func `a timer can be brought forward`() {
    let wheel = TimerWheel(now: Self.moment(0))
    let recorder = Recorder()
    let timer = LoopTimer(on: wheel, target: recorder)
    timer.arm(after: Milliseconds(60_000))
    timer.arm(after: Milliseconds(50))
    wheel.tell(Self.moment(50 + 17))
    wheel.fireDue()
    #expect(recorder.fired.count == 1)
  }

  @Test func `a timer farther away than the wheel reaches fires in its time`() {
    let wheel = TimerWheel(now: Self.moment(0))
    let recorder = Recorder()
    let timer = LoopTimer(on: wheel, target: recorder)
    timer.arm(after: Milliseconds(600_000))
    var time: UInt64 = 0
    while let wait = wheel.wait(), time < 599_000 {
      time += UInt64(wait)
      wheel.tell(Self.moment(time))
      wheel.fireDue()
      #expect(recorder.fired.isEmpty || time >= 600_000)
    }
    wheel.tell(Self.moment(600_017))
    wheel.fireDue()
    #expect(recorder.fired.count == 1)
  }

  @Test func `a timer that arms itself again at once does not keep the turn`() {
    let wheel = TimerWheel(now: Self.moment(0))
    let recorder = Recorder()
    let timer = LoopTimer(on: wheel, target: recorder)
    recorder.onFire = { $0.arm(after: .zero) }
    timer.arm(after: .zero)
    for step in UInt64(1)...10 {
      wheel.tell(Self.moment(step * 40))
      wheel.fireDue()
      #expect(recorder.fired.count == Int(step))
    }
  }

  @Test func `timers let go of while others fire are forgotten`() {
    let wheel = TimerWheel(now: Self.moment(0))
    let recorder = Recorder()
    var timers = (0..<10).map { LoopTimer(on: wheel, target: recorder, kind: UInt8($0)) }
    for timer in timers { timer.arm(after: Milliseconds(10)) }
    recorder.onFire = { _ in timers = [] }
    wheel.tell(Self.moment(100))
    wheel.fireDue()
    #expect(recorder.fired.count == 1)
    #expect(wheel.placedCount == 0)
  }

  @Test func `a target may go with its timer when that fires`() {
    final class Single: TimerTarget {
      var timer: LoopTimer?
      var release: (() -> Void)?
      override func timerFired(_ timer: LoopTimer) { release?() }
    }
    let wheel = TimerWheel(now: Self.moment(0))
    var target: Single? = Single()
    target?.timer = LoopTimer(on: wheel, target: target ?? Single())
    target?.timer?.arm(after: Milliseconds(1))
    weak let watched = target
    target?.release = { target = nil }
    wheel.tell(Self.moment(100))
    wheel.fireDue()
    #expect(watched == nil)
    #expect(wheel.placedCount == 0)
  }

  /// What the wheel must do, written as a table of deadlines.
  private struct Model {
    var deadlines: [UInt64?]
    func due(at now: UInt64) -> Set<UInt8> {
      Set(deadlines.indices.filter { deadlines[$0].map { $0 <= now } ?? false }.map(UInt8.init))
    }
  }

  @Test(arguments: UInt64(1)...20) func `a random walk agrees with a table`(seed: UInt64) {
    var random = SplitMix(state: seed)
    let start: UInt64 = 1_000_000_000
    let wheel = TimerWheel(now: MonotonicTime(nanoseconds: start))
    let recorder = Recorder()
    let timers = (0..<100).map { LoopTimer(on: wheel, target: recorder, kind: UInt8($0)) }
    var model = Model(deadlines: Array(repeating: nil, count: 100))
    var now = start
    for _ in 0..<3000 {
      let chosen = Int(random.next() % 100)
      switch random.next() % 8 {
      case 0:
        timers[chosen].disarm()
        model.deadlines[chosen] = nil
      case 1...4:
        let span = random.next() % (random.next() % 4 == 0 ? 120_000 : 500)
        timers[chosen].arm(after: Milliseconds(Int64(span)))
        model.deadlines[chosen] = now + span * 1_000_000
      default:
        now += random.next() % (random.next() % 20 == 0 ? 90_000_000_000 : 60_000_000)
        let must = model.due(at: now - min(now, TimerWheel.resolution))
        let may = model.due(at: now)
        recorder.fired = []
        wheel.tell(MonotonicTime(nanoseconds: now))
        wheel.fireDue()
        let fired = Set(recorder.fired)
        #expect(fired.count == recorder.fired.count)
        #expect(fired.isSuperset(of: must) && fired.isSubset(of: may))
        for kind in fired { model.deadlines[Int(kind)] = nil }
      }
    }
    for (timer, deadline) in zip(timers, model.deadlines) {
      #expect(timer.armedFor?.nanoseconds == deadline)
    }
  }
}

/// A small seeded generator, so that a failure can be repeated.
private struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

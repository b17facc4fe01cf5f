package import Primitives

/// What timers call when they fire. Handlers of a connection's life inherit from it.
///
/// Not `Sendable`: belongs to one loop.
open class TimerTarget {
  package init() {}

  /// Called from the loop's turn, once for each time `timer` was armed and not disarmed before. The
  /// timer is disarmed by then and may be armed again here. `timer.kind` tells which of several it
  /// is.
  open func timerFired(_ timer: LoopTimer) {}
}

/// What has a place in a wheel: a moment at which it wants to be called, armed, moved and disarmed
/// as often as one likes, at the cost of a store.
///
/// Inherit from it where one timer is enough: a connection then is its own timer, and needs no
/// second object. Letting go of it disarms it. Fires no earlier than asked, and up to 17 ms later
/// (`TimerWheel.resolution`) than a loop with nothing else to do could. Not `Sendable`: belongs to
/// one loop.
open class Timed {
  // The loop that owns the wheel outlives whatever is in it. Nil: never called.
  fileprivate unowned(unsafe) let wheel: TimerWheel?
  fileprivate var deadline = TimerWheel.never
  fileprivate var tick: UInt64 = 0
  fileprivate unowned(unsafe) var next: Timed?
  fileprivate unowned(unsafe) var previous: Timed?
  fileprivate var list = TimerWheel.unlisted

  /// Not armed yet. Without a wheel it never fires.
  package init(on wheel: TimerWheel?) { unsafe self.wheel = wheel }

  deinit { unsafe wheel?.unlink(self) }

  /// Called from the loop's turn, once for each time it was armed and not disarmed before. It is
  /// disarmed by then and may be armed again here.
  open func fired() {}

  package final var isArmed: Bool { deadline != TimerWheel.never }

  /// The moment it is armed for, or nil.
  package final var armedFor: MonotonicTime? {
    isArmed ? MonotonicTime(nanoseconds: deadline) : nil
  }

  /// Fires after `span` from now, whatever it was armed for before.
  package final func arm(after span: Milliseconds) {
    guard let wheel = unsafe wheel else { return }
    arm(at: wheel.now.advanced(by: span))
  }

  /// Fires at `moment`, whatever it was armed for before. A moment that has passed: with the next
  /// turn.
  package final func arm(at moment: MonotonicTime) {
    guard let wheel = unsafe wheel else { return }
    deadline = min(moment.nanoseconds, TimerWheel.never - 1)
    let due = TimerWheel.tick(reaching: deadline)
    // Later than its place in the wheel: the wheel moves it on when it comes by.
    if list != TimerWheel.unlisted, tick <= due { return }
    wheel.place(self, due: due)
  }

  package final func disarm() { deadline = TimerWheel.never }
}

/// A timer of its own, for a target that needs several or inherits from something else.
///
/// Owned by its target, which it does not retain.
public final class LoopTimer: Timed {
  /// Tells the timers of one target apart.
  package let kind: UInt8
  private unowned(unsafe) let target: TimerTarget

  /// A timer that will call `target`; not armed yet. `target` must own it, or outlive it.
  package init(on wheel: TimerWheel, target: TimerTarget, kind: UInt8 = 0) {
    unsafe self.target = target
    self.kind = kind
    super.init(on: wheel)
  }

  public override func fired() {
    unsafe withExtendedLifetime(target) { target in target.timerFired(self) }
  }
}

/// A hashed wheel of timers with one round: pure, the loop tells it the time.
///
/// ```
///             cursor (last tick worked off)
///               │
///   slots: ... [ ][ ][t][ ][t,t][ ] ...      2048 slots of 2^24 ns: 34 s ahead
/// ```
///
/// A timer sits in the slot of its deadline, or as far ahead as the wheel reaches. Arming later or
/// disarming only changes the deadline; when the cursor comes to the slot, the timer fires, is
/// placed again, or is dropped. Every step costs constant time.
@safe package final class TimerWheel {
  static let never = UInt64.max
  fileprivate static let unlisted: Int32 = -1
  private static let shift: UInt64 = 24
  private static let slotCount = 2048
  // The list of those whose slot was passed, one behind the slots.
  private static let passed = Int32(slotCount)

  /// The step of the wheel, in nanoseconds: about 17 ms.
  package static let resolution: UInt64 = 1 << shift

  /// The time as of this turn.
  package private(set) var now: MonotonicTime
  /// How many timers have a place in the wheel, disarmed ones among them.
  package private(set) var placedCount = 0

  private var cursor: UInt64
  // No slot before this tick is occupied.
  private var earliest = never
  private let heads: UnsafeMutablePointer<Unmanaged<Timed>?>
  private var occupied = [UInt64](repeating: 0, count: slotCount / 64)

  package init(now: MonotonicTime) {
    self.now = now
    cursor = now.nanoseconds >> Self.shift
    unsafe heads = .allocate(capacity: Self.slotCount + 1)
    unsafe heads.initialize(repeating: nil, count: Self.slotCount + 1)
  }

  deinit { unsafe heads.deallocate() }

  /// The first tick at whose beginning the moment has come.
  fileprivate static func tick(reaching nanoseconds: UInt64) -> UInt64 {
    (nanoseconds >> shift) + (nanoseconds & (resolution - 1) == 0 ? 0 : 1)
  }

  /// Tells the time without firing anything.
  package func tell(_ moment: MonotonicTime) { if now < moment { now = moment } }

  /// Fires every timer whose moment has come by `now`.
  package func fireDue() {
    let present = now.nanoseconds >> Self.shift
    guard present >= earliest else {
      cursor = max(cursor, present)
      return
    }
    collect(through: present)
    cursor = max(cursor, present)
    while let timer = unsafe heads[Self.slotCount]?.takeUnretainedValue() {
      unlink(timer)
      revisit(timer)
    }
    findEarliest()
  }

  // The timer may be gone from its owner when this returns.
  private func revisit(_ timer: Timed) {
    guard timer.isArmed else { return }
    guard timer.deadline <= now.nanoseconds else {
      place(timer, due: Self.tick(reaching: timer.deadline))
      return
    }
    timer.deadline = Self.never
    timer.fired()
  }

  /// How long the loop may wait for events, in whole milliseconds rounded up; nil for as long as it
  /// likes.
  package func wait() -> Int32? {
    guard earliest != Self.never else { return nil }
    let moment = earliest << Self.shift
    guard moment > now.nanoseconds else { return 0 }
    return Int32(clamping: (moment - now.nanoseconds + 999_999) / 1_000_000)
  }

  // Moves all that sits in the slots up to `present` to the list of the passed.
  private func collect(through present: UInt64) {
    let last = min(present, cursor + UInt64(Self.slotCount))
    var tick = max(earliest, cursor + 1)
    while tick <= last {
      let slot = Int(tick & UInt64(Self.slotCount - 1))
      if occupied[slot / 64] >> UInt64(slot % 64) & 1 == 1 {
        while let timer = unsafe heads[slot]?.takeUnretainedValue() {
          unlink(timer)
          link(timer, into: Self.passed)
        }
      }
      tick += 1
    }
  }

  fileprivate func place(_ timer: Timed, due: UInt64) {
    unlink(timer)
    let tick = min(max(due, cursor + 1), cursor + UInt64(Self.slotCount - 1))
    timer.tick = tick
    earliest = min(earliest, tick)
    let slot = Int(tick & UInt64(Self.slotCount - 1))
    occupied[slot / 64] |= 1 << UInt64(slot % 64)
    link(timer, into: Int32(slot))
  }

  private func link(_ timer: Timed, into list: Int32) {
    let head = unsafe heads[Int(list)]?.takeUnretainedValue()
    timer.list = list
    unsafe timer.next = head
    unsafe timer.previous = nil
    if let head { unsafe head.previous = timer }
    unsafe heads[Int(list)] = Unmanaged.passUnretained(timer)
    placedCount += 1
  }

  fileprivate func unlink(_ timer: Timed) {
    guard timer.list != Self.unlisted else { return }
    let slot = Int(timer.list)
    let next = unsafe timer.next
    if let next { unsafe next.previous = timer.previous }
    if let previous = unsafe timer.previous {
      unsafe previous.next = next
    } else {
      unsafe heads[slot] = next.map { unsafe Unmanaged.passUnretained($0) }
      if next == nil, slot < Self.slotCount {
        occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
      }
    }
    unsafe timer.next = nil
    unsafe timer.previous = nil
    timer.list = Self.unlisted
    placedCount -= 1
  }

  private func findEarliest() {
    earliest = Self.never
    guard placedCount > 0 else { return }
    var tick = cursor + 1
    let end = tick + UInt64(Self.slotCount)
    while tick < end {
      let slot = Int(tick & UInt64(Self.slotCount - 1))
      let rest = occupied[slot / 64] >> UInt64(slot % 64)
      if rest != 0 {
        earliest = tick + UInt64(rest.trailingZeroBitCount)
        return
      }
      tick += UInt64(64 - slot % 64)
    }
  }
}

@available(*, unavailable)
extension Timed: Sendable {}
@available(*, unavailable)
extension TimerWheel: Sendable {}

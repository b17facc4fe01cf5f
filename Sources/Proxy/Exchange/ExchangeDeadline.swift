internal import EventLoop
internal import Primitives

/// A moment at which an exchange wants to be told that it has waited long enough.
///
/// Disarmed by letting go of it. Belongs to one loop.
final class ExchangeDeadline: TimerTarget {
  private weak var exchange: Exchange?
  private var timer: LoopTimer?

  init(of exchange: Exchange, on loop: EventLoop, for span: Milliseconds) {
    self.exchange = exchange
    super.init()
    timer = LoopTimer(on: loop.timers, target: self)
    timer?.arm(after: span)
  }

  override func timerFired(_ timer: LoopTimer) { exchange?.deadlinePassed() }
}

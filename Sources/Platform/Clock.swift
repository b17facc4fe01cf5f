internal import Glibc
package import Primitives

/// The machine's clocks. Only loops and the program's start read them; everybody else is told the
/// time.
package enum Clock {
  /// `CLOCK_MONOTONIC`.
  package static var monotonic: MonotonicTime {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(
      nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
  }

  /// `CLOCK_REALTIME`, to the millisecond.
  package static var wall: WallTime {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec / 1_000_000))
  }
}

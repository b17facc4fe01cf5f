public import Platform

/// What a loop calls when a descriptor is ready: a stream, a listener.
///
/// While watched, the loop keeps it alive. When it stops being watched it lives to the end of the
/// turn, and events the kernel had already reported for it are dropped; so it may be closed from
/// anywhere, its own call-backs included. Not `Sendable`: belongs to one loop.
open class ReadinessTarget: TimerTarget {
  // Its place in the loop's table, or -1 when it is not watched.
  var place: Int32 = -1
  var settlesLater = false

  package override init() { super.init() }

  package final var isWatched: Bool { place >= 0 }

  /// Its descriptor is ready for `events`.
  open func ready(_ events: ReadyEvents) {}

  /// What it asked for by `EventLoop.settleLater`: called once, before anything else becomes ready.
  open func settle() {}

  /// The loop ends. Whatever it has open is to be closed at once.
  open func loopStops() {}
}

@available(*, unavailable)
extension TimerTarget: Sendable {}

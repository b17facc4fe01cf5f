public import EventLoop

/// What happens on a stream, told to the one who uses it. Inherit and override.
///
/// ```
/// streamOpened ─▶ ( received | receivedEnd | outputDrained )* ─▶ closed
///       └────────────── closed, when connecting or the handshake failed
/// ```
///
/// Every call comes from the loop's turn, none from within a call of the handler to the stream: a
/// write that fails, an `abort`, a resumed read are told later in the same turn. The stream keeps
/// its handler alive until `closed`. Not `Sendable`: belongs to one loop.
///
/// It is a timer as well: every connection has a deadline, and this one costs no further object.
open class StreamHandler: Timed {
  /// A handler whose timer is in `wheel`; without one it has none.
  package override init(on wheel: TimerWheel? = nil) { super.init(on: wheel) }

  /// Connected, and the TLS handshake is done where there is one.
  open func streamOpened() {}

  /// Bytes arrived, at least one. They are valid during the call only: copy what is to be kept.
  open func received(_ bytes: UnsafeRawBufferPointer) {}

  /// The peer will send no more. Not clean: TLS ended without `close_notify`, so that bytes may be
  /// missing (RFC 8446 §6.1). The stream can still be written to, and stays open until it is
  /// closed.
  open func receivedEnd(clean: Bool) {}

  /// Output that had grown past `StreamLimits.highWater` has fallen below `lowWater`.
  open func outputDrained() {}

  /// The last call, made exactly once. Nil after an end that this side asked for, or that both
  /// agreed on.
  open func closed(_ failure: StreamFailure?) {}
}

internal import EventLoop
internal import Platform

// Reading: into the loop's scratch buffer, one call for each time the poller reports.
extension ByteStream {
  /// Keeps `received` from being called until `resumeReading`. The kernel's buffer fills, and the
  /// peer has to wait.
  package func pauseReading() { flags.insert(.readingPaused) }

  /// Takes `pauseReading` back. What arrived meanwhile is told later in this turn or with the next.
  package func resumeReading() {
    guard flags.contains(.readingPaused) else { return }
    flags.remove(.readingPaused)
    guard phase == .open, !flags.contains(.endReceived) else { return }
    unmute()
    setInterest(interest.union(Self.reading))
    guard layer != nil else { return }
    flags.insert(.inputWaits)
    loop.settleLater(self)
  }

  /// Receives what has arrived by now, before the poller tells of it: for those who are about to
  /// close a stream because nothing came. Not from within `received`.
  package func receiveNow() {
    guard phase == .open || phase == .handshaking, canRead else { return }
    readOnce()
  }

  func becameReadable(_ events: ReadyEvents) {
    if events.contains(.readable) || events.contains(.peerEnded) {
      if canRead { return readOnce() }
      setInterest(interest.subtracting(Self.reading))
    }
    guard events.contains(.failed) || events.contains(.hungUp), phase != .closed else { return }
    if canRead { return readOnce() }
    let code = descriptor.pendingError()
    if code != 0 { return fail("recv", code) }
    // A peer that closed a Unix socket may have left bytes that a paused reader still wants.
    if flags.contains(.readingPaused), !flags.contains(.endReceived), phase == .open {
      return mute()
    }
    fail(.hungUp)
  }

  private var canRead: Bool {
    if flags.contains(.endReceived) { return false }
    return phase != .open || !flags.contains(.readingPaused)
  }

  private func mute() {
    guard !flags.contains(.muted) else { return }
    flags.insert(.muted)
    loop.mute(descriptor)
  }

  func unmute() {
    guard flags.contains(.muted) else { return }
    flags.remove(.muted)
    do throws(SystemError) {
      try loop.unmute(descriptor, for: interest, target: self)
    } catch {
      fail(.system(error))
    }
  }

  private func readOnce() {
    switch unsafe descriptor.receive(into: loop.receiveBuffer) {
    case .wouldBlock: break
    case .failed(let code): fail("recv", code)
    case .transferred(let count):
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: loop.receiveBuffer[..<count])
      if phase == .closing || phase == .lingering { return drop(count) }
      if let layer { return unsafe decipher(layer, bytes, ended: count == 0) }
      if count == 0 { return endOfInput(clean: true) }
      unsafe handler?.received(bytes)
    }
  }

  /// Tells the end of input, once; with both directions ended the stream closes.
  func endOfInput(clean: Bool) {
    guard !flags.contains(.endReceived) else { return }
    flags.insert(.endReceived)
    setInterest(interest.subtracting(Self.reading))
    guard phase == .open else { return }
    handler?.receivedEnd(clean: clean)
    if phase == .open, flags.contains(.outputShut) { finish() }
  }

  // Input of a stream that is closing goes nowhere, and not for ever.
  private func drop(_ count: Int) {
    let ending = self.ending ?? Ending()
    self.ending = ending
    ending.dropped += count
    if count > 0, ending.dropped <= StreamLimits.lingerBytes { return }
    if phase == .lingering { return finish() }
    flags.insert(.endReceived)
    setInterest(interest.subtracting(Self.reading))
  }
}

internal import EventLoop
internal import Platform

// Writing. Small pieces go into a buffer lent by the loop until the call-back ends; large ones go
// out at once, together with what was gathered before them; what the socket refuses goes into the
// backlog.
extension ByteStream {
  package static var nothing: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// How many bytes of output the kernel has not taken.
  package var pendingOutputBytes: Int {
    Int(gathered) + (backlog?.count ?? 0) + (layer?.unsentCount ?? 0)
  }

  /// Whether a writer should wait for `outputDrained`.
  package var isSaturated: Bool { flags.contains(.saturated) }

  /// Writes up to three pieces, one after the other. They are copied where they have to wait.
  /// Dropped silently when the stream is ending: `closed` tells.
  package func write(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = unsafe nothing,
    _ third: UnsafeRawBufferPointer = unsafe nothing
  ) {
    guard isOpen else { return }
    if mustWait {
      let backlog = makeBacklogAfterGathered()
      unsafe backlog.append(first)
      unsafe backlog.append(second)
      unsafe backlog.append(third)
      return noteSaturation()
    }
    if unsafe gatherIfSmall(first, second, third) { return }
    var sent = unsafe sendAll(first, second, third)
    unsafe keepRest(first, &sent)
    unsafe keepRest(second, &sent)
    unsafe keepRest(third, &sent)
    noteSaturation()
  }

  /// Writes up to two pieces and then `bytes[range]`, which is kept by reference, not copied, where
  /// it is long and has to wait. The range must lie within `bytes`.
  package func write(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = unsafe nothing,
    shared bytes: [UInt8], _ range: Range<Int>
  ) {
    guard isOpen else { return }
    if mustWait {
      let backlog = makeBacklogAfterGathered()
      unsafe backlog.append(first)
      unsafe backlog.append(second)
      backlog.append(shared: bytes, range)
      return noteSaturation()
    }
    var sent = 0
    let isGathered = unsafe bytes.withUnsafeBytes { all in
      let third = unsafe UnsafeRawBufferPointer(rebasing: all[range])
      if unsafe gatherIfSmall(first, second, third) { return true }
      sent = unsafe sendAll(first, second, third)
      return false
    }
    if isGathered { return }
    unsafe keepRest(first, &sent)
    unsafe keepRest(second, &sent)
    let skipped = min(sent, range.count)
    if skipped < range.count, phase != .closed {
      makeBacklog().append(shared: bytes, range.lowerBound + skipped..<range.upperBound)
    }
    noteSaturation()
  }

  /// Writes the bytes of `bytes`.
  package func write(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe write($0) }
  }

  // Output may not overtake what waits, nor the handshake.
  private var mustWait: Bool {
    backlog != nil || phase != .open || (layer?.unsentCount ?? 0) > 0
  }

  private func makeBacklog() -> OutputBacklog {
    if let backlog { return backlog }
    let made = OutputBacklog()
    backlog = made
    return made
  }

  // What was gathered came first, and goes into the backlog before what has to wait now.
  private func makeBacklogAfterGathered() -> OutputBacklog {
    let backlog = makeBacklog()
    unsafe backlog.append(gatheredBytes)
    returnGather()
    return backlog
  }

  private func noteSaturation() {
    if pendingOutputBytes > StreamLimits.highWater { flags.insert(.saturated) }
    if let backlog, backlog.count > 0 { watchWritable() }
  }

  private func watchWritable() {
    if phase == .open || phase == .closing { setInterest(interest.union(.writable)) }
  }

  // Copies what fits into the lent buffer; what does not fit is to be sent at once.
  private func gatherIfSmall(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer,
    _ third: UnsafeRawBufferPointer
  ) -> Bool {
    let count = first.count + second.count + third.count
    guard count <= EventLoop.bufferCapacity - Int(gathered) else { return false }
    guard count > 0 else { return true }
    let buffer: UnsafeMutableRawPointer
    if let held = unsafe gather {
      unsafe buffer = held
    } else {
      unsafe buffer = loop.takeBuffer()
      unsafe gather = buffer
    }
    unsafe copy(first, into: buffer)
    unsafe copy(second, into: buffer)
    unsafe copy(third, into: buffer)
    loop.settleLater(self)
    return true
  }

  private func copy(_ piece: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawPointer) {
    guard let start = piece.baseAddress else { return }
    unsafe (buffer + Int(gathered)).copyMemory(from: start, byteCount: piece.count)
    gathered += Int32(truncatingIfNeeded: piece.count)
  }

  private func keepRest(_ piece: UnsafeRawBufferPointer, _ sent: inout Int) {
    let skipped = min(sent, piece.count)
    sent -= skipped
    guard skipped < piece.count, phase != .closed else { return }
    unsafe makeBacklog().append(UnsafeRawBufferPointer(rebasing: piece[skipped...]))
  }

  private var gatheredBytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: gather, count: Int(gathered))
  }

  // Sends what was gathered and the pieces, and tells how many bytes of the pieces went out. What
  // was gathered and did not go out is in the backlog then.
  private func sendAll(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer,
    _ third: UnsafeRawBufferPointer
  ) -> Int {
    let before = Int(gathered)
    let sent: Int
    if let layer {
      sent = unsafe encipher(layer, [gatheredBytes, first, second, third])
    } else {
      sent = unsafe taken(descriptor.send(gatheredBytes, first, second, third))
    }
    if sent < before, phase != .closed {
      unsafe makeBacklog().append(UnsafeRawBufferPointer(rebasing: gatheredBytes[sent...]))
    }
    returnGather()
    return max(sent - before, 0)
  }

  /// Sends what was gathered during the call-back that just ended.
  func flushGathered() {
    guard phase == .open || phase == .closing else { return returnGather() }
    let sent: Int
    if let layer {
      sent = unsafe encipher(layer, gatheredBytes)
    } else {
      sent = unsafe taken(descriptor.send(gatheredBytes))
    }
    if sent < Int(gathered), phase != .closed {
      unsafe makeBacklog().append(UnsafeRawBufferPointer(rebasing: gatheredBytes[sent...]))
      watchWritable()
    }
    returnGather()
  }

  func returnGather() {
    if let buffer = unsafe gather {
      unsafe loop.giveBack(buffer)
      unsafe gather = nil
    }
    gathered = 0
  }

  // The number of bytes a send took; a failure ends the stream.
  func taken(_ result: TransferResult) -> Int {
    switch result {
    case .transferred(let count): return count
    case .wouldBlock: return 0
    case .failed(let code):
      fail("send", code)
      return 0
    }
  }

  func becameWritable() {
    if let layer, layer.unsentCount > 0 {
      sendUnsent(layer)
      guard layer.unsentCount == 0, phase != .closed else { return }
    }
    drainBacklog()
    guard phase != .closed else { return }
    if pendingOutputBytes == 0 {
      setInterest(interest.subtracting(.writable))
      if phase == .closing || flags.contains(.shutsOutput) { proceedEnding() }
    }
    if flags.contains(.saturated), pendingOutputBytes < StreamLimits.lowWater, phase == .open {
      flags.remove(.saturated)
      handler?.outputDrained()
    }
  }

  /// Sends the backlog as far as the socket takes it.
  func drainBacklog() {
    guard let backlog else { return }
    while backlog.count > 0, phase == .open || phase == .closing {
      let sent = unsafe backlog.offer { bytes in
        if let layer { return unsafe encipher(layer, bytes) }
        return unsafe taken(descriptor.send(bytes))
      }
      if sent == 0 || (layer?.unsentCount ?? 0) > 0 { break }
    }
    guard backlog.count == 0 else { return watchWritable() }
    self.backlog = nil
    // An end may have been asked for while this waited, before the stream was open for instance.
    if phase == .closing || flags.contains(.shutsOutput) { loop.settleLater(self) }
  }
}

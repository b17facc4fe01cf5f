internal import COpenSSL

/// The loop's end of TLS: where sessions find the ciphertext that arrived and leave what is to be
/// sent.
///
/// One window serves every session of a loop, since only one session works at a time:
///
///     socket ─▶ setInput ─▶ session.read ─▶ plaintext
///     plaintext ─▶ session.write ─▶ output ─▶ socket ─▶ consumeOutput
///
/// Between two sessions' turns the window is empty: the stream has sent `output` or moved what the
/// socket did not take to a buffer of its own, and has kept `unreadInput`, if any. Belongs to one
/// loop and is not `Sendable`. A session keeps its window alive.
@safe package final class TLSWindow {
  /// Bytes of output after which `TLSSession.write` pauses to be flushed.
  package static let outputLimit = 65_536

  /// Room for output that an idle window keeps: the limit and one full record beyond it.
  private static let keptCapacity = outputLimit + 20_480

  /// Plaintext that fits into one record (RFC 8446 §5.1).
  static let recordLimit = 16_384

  /// What the BIO's callbacks work on, without passing through this object.
  @safe struct State {
    var input: UnsafeRawPointer?
    var inputCount = 0
    var inputEnded = false
    var output: UnsafeMutableRawPointer
    /// Where unsent output begins.
    var outputStart = 0
    /// Where output ends.
    var outputEnd = 0
    var outputCapacity: Int
  }

  let state: UnsafeMutablePointer<State>

  /// Room in which small pieces of plaintext become one record.
  let staging: UnsafeMutableRawBufferPointer

  package init() {
    unsafe state = .allocate(capacity: 1)
    let output = UnsafeMutableRawPointer.allocate(
      byteCount: Self.keptCapacity, alignment: 16)
    unsafe state.initialize(to: State(output: output, outputCapacity: Self.keptCapacity))
    unsafe staging = .allocate(byteCount: Self.recordLimit, alignment: 16)
  }

  deinit {
    unsafe OPENSSL_cleanse(staging.baseAddress, staging.count)
    unsafe staging.deallocate()
    unsafe state.pointee.output.deallocate()
    unsafe state.deallocate()
  }

  /// Shows the next session ciphertext that arrived, in order.
  ///
  /// The bytes must stay in place until the session's operations are done and `unreadInput` is
  /// saved. `ended` says that no byte follows (the peer sent FIN): without `close_notify` before
  /// it, reading then fails as truncated.
  package func setInput(_ bytes: UnsafeRawBufferPointer, ended: Bool = false) {
    unsafe state.pointee.input = bytes.baseAddress
    unsafe state.pointee.inputCount = bytes.count
    unsafe state.pointee.inputEnded = ended
  }

  /// Takes the input back, before its bytes go away.
  package func clearInput() { unsafe setInput(UnsafeRawBufferPointer(start: nil, count: 0)) }

  /// Whether the sessions have read all input.
  package var isInputRead: Bool { unsafe state.pointee.inputCount == 0 }

  /// The input no session has read yet: whole records, left because the reader had no room.
  package var unreadInput: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: state.pointee.input, count: state.pointee.inputCount)
  }

  /// Whether there is ciphertext to send.
  package var hasOutput: Bool { unsafe state.pointee.outputEnd > state.pointee.outputStart }

  /// The ciphertext to send. Valid until the next operation on a session or this window.
  package var output: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(
      start: state.pointee.output + state.pointee.outputStart,
      count: state.pointee.outputEnd - state.pointee.outputStart)
  }

  /// Drops the first `count` bytes of output: they are sent, or copied to be sent later.
  package func consumeOutput(_ count: Int) {
    let pending = unsafe state.pointee.outputEnd - state.pointee.outputStart
    guard count < pending else { return clearOutput() }
    unsafe state.pointee.outputStart += max(count, 0)
  }

  /// Drops all output, and the room beyond what is kept for good.
  package func clearOutput() {
    unsafe state.pointee.outputStart = 0
    unsafe state.pointee.outputEnd = 0
    guard unsafe state.pointee.outputCapacity > Self.keptCapacity else { return }
    unsafe state.pointee.output.deallocate()
    unsafe state.pointee.output = .allocate(byteCount: Self.keptCapacity, alignment: 16)
    unsafe state.pointee.outputCapacity = Self.keptCapacity
  }

  /// Bytes of output.
  var outputCount: Int { unsafe state.pointee.outputEnd - state.pointee.outputStart }

  /// Whether a writer pauses for output to be flushed.
  var isOutputFull: Bool { outputCount >= Self.outputLimit }
}

extension TLSWindow.State {
  /// Copies up to `count` bytes of input to `target`; the number copied.
  mutating func read(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    guard let source = unsafe input, inputCount > 0, count > 0 else { return 0 }
    let copied = min(count, inputCount)
    unsafe target.copyMemory(from: source, byteCount: copied)
    unsafe input = source + copied
    inputCount -= copied
    return copied
  }

  /// Appends `count` bytes at `source` to the output.
  mutating func write(_ source: UnsafeRawPointer, count: Int) {
    if outputCapacity - outputEnd < count { makeRoom(for: count) }
    unsafe (output + outputEnd).copyMemory(from: source, byteCount: count)
    outputEnd += count
  }

  /// Moves the output to a place with room for `count` bytes more, at least doubling it.
  private mutating func makeRoom(for count: Int) {
    let pending = outputEnd - outputStart
    let capacity = max(outputCapacity * 2, pending + count)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    unsafe moved.copyMemory(from: output + outputStart, byteCount: pending)
    unsafe output.deallocate()
    unsafe output = moved
    outputStart = 0
    outputEnd = pending
    outputCapacity = capacity
  }
}

package import EventLoop
internal import Platform
package import TLS

/// What a client's end of TLS needs: the settings, whom to expect, and where sessions are kept.
package struct ClientTLS {
  package let context: TLSClientContext
  package let peer: TLSPeerName
  /// Of the loop that connects.
  package let sessions: TLSClientSessionCache?

  package init(
    context: TLSClientContext, peer: TLSPeerName, sessions: TLSClientSessionCache? = nil
  ) {
    self.context = context
    self.peer = peer
    self.sessions = sessions
  }
}

/// The part of a stream that only TLS needs.
final class TLSLayer {
  let session: TLSSession
  /// Ciphertext the socket did not take.
  var unsent: [UInt8] = []
  var unsentStart = 0
  /// Ciphertext that arrived and could not be deciphered yet, because reading was paused.
  var unread: [UInt8] = []
  /// Whether `close_notify` was sent.
  var saysGoodbye = false

  init(_ session: TLSSession) { self.session = session }

  var unsentCount: Int { unsent.count - unsentStart }
}

extension EventLoop {
  /// The window of all TLS of this loop.
  package var tlsWindow: TLSWindow {
    if let window = transportAttachment as? TLSWindow { return window }
    let window = TLSWindow()
    transportAttachment = window
    return window
  }
}

// Reading.
extension ByteStream {
  /// Deciphers what arrived, after what was left before.
  func decipher(_ layer: TLSLayer, _ bytes: UnsafeRawBufferPointer, ended: Bool) {
    guard !layer.unread.isEmpty else { return unsafe process(layer, bytes, ended: ended) }
    var all = layer.unread
    layer.unread = []
    unsafe all.append(contentsOf: bytes)
    unsafe all.withUnsafeBytes { unsafe process(layer, $0, ended: ended) }
  }

  /// Goes on with what waited while reading was paused.
  func readWaiting() {
    flags.remove(.inputWaits)
    guard let layer, phase == .open, !flags.contains(.readingPaused) else { return }
    let all = layer.unread
    layer.unread = []
    unsafe all.withUnsafeBytes { unsafe process(layer, $0, ended: false) }
  }

  /// The client speaks first.
  func continueHandshake() {
    guard let layer else { return }
    unsafe process(layer, Self.nothing, ended: false)
  }

  // The window is empty when this returns, and while the handler is called.
  private func process(_ layer: TLSLayer, _ bytes: UnsafeRawBufferPointer, ended: Bool) {
    let window = loop.tlsWindow
    unsafe window.setInput(bytes, ended: ended)
    defer { window.clearInput() }
    if phase == .handshaking {
      guard shakeHands(layer) else { return }
      let rest = unsafe window.unreadInput
      window.clearInput()
      handler?.streamOpened()
      drainBacklog()
      unsafe window.setInput(rest, ended: ended)
    }
    while phase == .open, !flags.contains(.endReceived) {
      if flags.contains(.readingPaused) {
        unsafe layer.unread.append(contentsOf: window.unreadInput)
        return
      }
      guard readRecords(layer, window, ended: ended) else { return }
    }
  }

  // Whether the handshake is complete.
  private func shakeHands(_ layer: TLSLayer) -> Bool {
    let outcome = layer.session.handshake()
    sendWindow(layer)
    guard phase == .handshaking else { return false }
    switch outcome {
    case .done:
      phase = .open
      return true
    case .wantsBytes: return false
    case .closed:
      fail(.hungUp)
      return false
    case .failed(let failure):
      fail(.tls(failure))
      return false
    }
  }

  // Whether there may be more to read.
  private func readRecords(_ layer: TLSLayer, _ window: TLSWindow, ended: Bool) -> Bool {
    let outcome = unsafe layer.session.read(into: loop.plaintextBuffer)
    sendWindow(layer)
    guard phase == .open else { return false }
    switch outcome {
    case .done(let count):
      // The handler may use other streams of this loop, and they the window.
      let rest = unsafe window.unreadInput
      window.clearInput()
      unsafe handler?.received(UnsafeRawBufferPointer(rebasing: loop.plaintextBuffer[..<count]))
      unsafe window.setInput(rest, ended: ended)
      return true
    case .wantsBytes: return false
    case .closed:
      endOfInput(clean: true)
      return false
    case .failed(let failure) where failure.code == .truncated:
      endOfInput(clean: false)
      return false
    case .failed(let failure):
      fail(.tls(failure))
      return false
    }
  }
}

// Writing.
extension ByteStream {
  /// Enciphers and sends; the number of bytes of plaintext that need not be kept any more.
  func encipher(_ layer: TLSLayer, _ bytes: UnsafeRawBufferPointer) -> Int {
    var total = 0
    while total < bytes.count, layer.unsentCount == 0, phase != .closed {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[total...])
      guard let count = sent(layer, unsafe layer.session.write(rest)) else { break }
      total += count
    }
    return total
  }

  /// As above for several pieces, in as few records as they need.
  func encipher(_ layer: TLSLayer, _ pieces: [UnsafeRawBufferPointer]) -> Int {
    guard layer.unsentCount == 0 else { return 0 }
    return sent(layer, unsafe layer.session.write(gathering: pieces)) ?? 0
  }

  private func sent(_ layer: TLSLayer, _ outcome: TLSOutcome) -> Int? {
    sendWindow(layer)
    switch outcome {
    case .done(let count): return count
    case .wantsBytes, .closed: return nil
    case .failed(let failure):
      fail(.tls(failure))
      return nil
    }
  }

  /// Sends the window's output; what the socket does not take is kept.
  func sendWindow(_ layer: TLSLayer) {
    let window = loop.tlsWindow
    while window.hasOutput, layer.unsentCount == 0, phase != .closed {
      let count = unsafe taken(descriptor.send(window.output))
      window.consumeOutput(count)
      if count == 0 { break }
    }
    guard window.hasOutput else { return }
    if phase != .closed {
      unsafe layer.unsent.append(contentsOf: window.output)
      setInterest(interest.union(.writable))
    }
    window.clearOutput()
  }

  func sendUnsent(_ layer: TLSLayer) {
    let start = layer.unsentStart
    let count = unsafe layer.unsent.withUnsafeBytes { bytes in
      unsafe taken(descriptor.send(UnsafeRawBufferPointer(rebasing: bytes[start...])))
    }
    layer.unsentStart += count
    guard layer.unsentCount == 0 else { return }
    layer.unsent = []
    layer.unsentStart = 0
  }
}

internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

// After 101: bytes pass as they are, both ways (RFC 9110 §7.8).
extension ClientConnection {
  /// Sends the 101 and becomes a tunnel. What the client sent after its request goes first.
  func becomeTunnel(_ head: ResponseHead) {
    guard !isClosed else { return }
    worker.withHeadBuffer { bytes in
      guard (try? MessageSerializer.append(head, to: &bytes)) != nil else { return stream.abort() }
      unsafe bytes.withUnsafeBytes { unsafe write($0) }
    }
    response.closeAfterResponse()
    phase = .tunnel
    extendForWriting()
    processInbound()
    settleReading()
  }

  /// One side ended: what is queued is sent, then the connection closes.
  func endTunnel() {
    exchange = nil
    closeAfterFlush()
  }
}

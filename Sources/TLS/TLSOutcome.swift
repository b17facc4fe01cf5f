/// What came of one operation on a session. In every case the window may hold output to be sent.
package enum TLSOutcome: Equatable, Sendable {
  /// Done, with the number of plaintext bytes read or written (0 for a handshake and for closing).
  case done(Int)

  /// Nothing more can be done until more ciphertext arrives.
  case wantsBytes

  /// The peer closed its side in order, with `close_notify`: everything it sent was read.
  case closed

  /// The session is broken and stays so. An alert for the peer may be in the window's output.
  case failed(TLSFailure)
}

internal import COpenSSL
internal import Cryptography

/// One connection's TLS: ciphertext in and out through the loop's window, plaintext in and out
/// through buffers of the caller.
///
/// Belongs to the loop whose window it was made with and is not `Sendable`. In a turn the stream
/// shows the window what arrived, calls operations, saves `unreadInput`, and sends the window's
/// output, also after a failure, when the output is an alert. A session that failed answers every
/// operation with the same failure. Renegotiation, compression and early data are off.
@safe package final class TLSSession {
  /// Whose end of the connection this is, with what must stay alive for it.
  private enum End {
    case server(TLSServerContext)
    case client(TLSClientContext, TLSPeerName, TLSClientSessionCache?)
  }

  /// Bytes that the peer can make a session answer by itself, without reading one of them: to
  /// requests for new keys (RFC 8446 §4.6.3) and for renegotiation. More is a flood. Some 2400
  /// changes of keys fit in, each of which is good for millions of records.
  private static let answerLimit = 65_536

  let session: OpaquePointer
  private let window: TLSWindow
  private let end: End
  private var failure: TLSFailure?

  /// Bytes that reading after the handshake put into the output.
  private var answeredBytes = 0

  /// The server's end of a connection that was accepted.
  ///
  /// - Throws: when OpenSSL has no memory for it.
  package init(server context: TLSServerContext, window: TLSWindow) throws(TLSFailure) {
    unsafe session = try Self.makeSession(context.defaultContext, window)
    self.window = window
    end = .server(context)
    unsafe SSL_set_accept_state(session)
  }

  /// The client's end of a connection to the origin `peer`.
  ///
  /// With a cache, a session from an earlier connection of this loop to the same origin is resumed
  /// and new ones are kept; the cache must belong to the same loop.
  ///
  /// - Throws: when OpenSSL has no memory for it.
  package init(
    client context: TLSClientContext, peer: TLSPeerName, window: TLSWindow,
    resuming cache: TLSClientSessionCache? = nil
  ) throws(TLSFailure) {
    unsafe session = try Self.makeSession(context.context, window)
    self.window = window
    end = .client(context, peer, cache)
    unsafe SSL_set_connect_state(session)
    try expect(peer)
    if let cache {
      unsafe shim_SSL_set_app_data(session, Unmanaged.passUnretained(self).toOpaque())
      unsafe cache.resume(session, context, peer)
    }
  }

  deinit {
    // OpenSSL calls a session that ends without our close_notify unfit for resumption. That a
    // connection was dropped says nothing against its keys; only a failure does.
    if failure == nil {
      unsafe SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    }
    unsafe SSL_free(session)
  }

  private static func makeSession(
    _ context: OpaquePointer, _ window: TLSWindow
  ) throws(TLSFailure) -> OpaquePointer {
    OpenSSLErrors.clear()
    guard let session = unsafe SSL_new(context) else {
      throw TLSFailure(.library, cause: .take())
    }
    guard let bio = unsafe WindowBIO.make(over: window.state) else {
      unsafe SSL_free(session)
      throw TLSFailure(.library, cause: .take())
    }
    unsafe SSL_set_bio(session, bio, bio)
    return unsafe session
  }

  /// Tells OpenSSL whom to ask for and whose certificate to accept.
  private func expect(_ peer: TLSPeerName) throws(TLSFailure) {
    OpenSSLErrors.clear()
    let accepted =
      switch peer.kind {
      case .host:
        unsafe shim_SSL_set_tlsext_host_name(session, peer.text) == 1
          && SSL_set1_host(session, peer.text) == 1
      case .address:
        unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), peer.text) == 1
      }
    guard accepted else { throw TLSFailure(.library, cause: .take()) }
  }
}

// MARK: - Operations

extension TLSSession {
  /// Carries the handshake as far as the input allows; `.done(0)` when it is complete.
  package func handshake() -> TLSOutcome {
    if let failure { return .failed(failure) }
    OpenSSLErrors.clear()
    let result = unsafe SSL_do_handshake(session)
    return result == 1 ? .done(0) : outcome(ofFailed: result)
  }

  /// Decrypts into `buffer`: `.done` with 1 byte or more, as many as there are and fit.
  ///
  /// When `buffer` was filled, more may be waiting in the window's input.
  package func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSOutcome {
    if let failure { return .failed(failure) }
    let pending = window.outputCount
    let outcome = unsafe readRecords(into: buffer)
    answeredBytes += window.outputCount - pending
    guard answeredBytes > Self.answerLimit, failure == nil else { return outcome }
    let failure = TLSFailure(.controlFlood, cause: OpenSSLErrors(codes: []))
    self.failure = failure
    return .failed(failure)
  }

  /// Decrypts record after record until `buffer` is full or the input is used up.
  private func readRecords(into buffer: UnsafeMutableRawBufferPointer) -> TLSOutcome {
    var total = 0
    while total < buffer.count {
      var count = 0
      OpenSSLErrors.clear()
      let result = unsafe SSL_read_ex(
        session, buffer.baseAddress?.advanced(by: total), buffer.count - total, &count)
      guard result == 1 else {
        // What follows bytes is told by the next call: failures are kept, the rest OpenSSL repeats.
        let outcome = outcome(ofFailed: result)
        return total > 0 ? .done(total) : outcome
      }
      total += count
      // Room is left, so the record is used up; without input another call would find nothing.
      if window.isInputRead { break }
    }
    return .done(total)
  }

  /// Encrypts `bytes` into the window's output: `.done` with how many were taken.
  ///
  /// At least one record's worth is taken; fewer than all when the output reached
  /// `TLSWindow.outputLimit` and is to be flushed first. `.wantsBytes` before the handshake is
  /// complete.
  package func write(_ bytes: UnsafeRawBufferPointer) -> TLSOutcome {
    if let failure { return .failed(failure) }
    var total = 0
    while total < bytes.count {
      let outcome = unsafe writeRecord(
        UnsafeRawBufferPointer(rebasing: bytes[total...].prefix(TLSWindow.recordLimit)))
      guard case .done(let count) = outcome else { return total > 0 ? .done(total) : outcome }
      total += count
      if window.isOutputFull { break }
    }
    return .done(total)
  }

  /// Encrypts several pieces, one after the other, in as few records as they need: small pieces
  /// share one. Otherwise as `write(_:)`; the number taken counts through all pieces.
  package func write(gathering pieces: [UnsafeRawBufferPointer]) -> TLSOutcome {
    if let failure { return .failed(failure) }
    var cursor = unsafe GatheringCursor(pieces)
    var total = 0
    while let record = unsafe cursor.nextRecord(staging: window.staging) {
      let outcome = unsafe writeRecord(record)
      guard case .done(let count) = outcome else { return total > 0 ? .done(total) : outcome }
      total += count
      if window.isOutputFull { break }
    }
    return .done(total)
  }

  /// Says that nothing more will be sent (`close_notify`, RFC 8446 §6.1): `.done(0)`, and the alert
  /// is in the output. Before the handshake is complete there is nothing to say, and nothing is
  /// done.
  package func closeNotify() -> TLSOutcome {
    if let failure { return .failed(failure) }
    guard isHandshakeComplete else { return .done(0) }
    OpenSSLErrors.clear()
    let result = unsafe SSL_shutdown(session)
    // 0: sent, and the peer's has not come. 1: both. Waiting for the peer's is the reader's
    // business.
    guard result < 0 else { return .done(0) }
    let outcome = outcome(ofFailed: result)
    return outcome == .wantsBytes ? .done(0) : outcome
  }

  /// Encrypts at most one record's worth.
  private func writeRecord(_ bytes: UnsafeRawBufferPointer) -> TLSOutcome {
    var count = 0
    OpenSSLErrors.clear()
    let result = unsafe SSL_write_ex(session, bytes.baseAddress, bytes.count, &count)
    return result == 1 ? .done(count) : outcome(ofFailed: result)
  }

  /// What a call meant that did not succeed.
  private func outcome(ofFailed result: Int32) -> TLSOutcome {
    switch unsafe SSL_get_error(session, result) {
    case SSL_ERROR_WANT_READ:
      return .wantsBytes
    case SSL_ERROR_ZERO_RETURN:
      return .closed
    default:
      let failure = unsafe TLSFailure(
        cause: .take(), verification: SSL_get_verify_result(session))
      self.failure = failure
      forgetSessions()
      return .failed(failure)
    }
  }
}

// MARK: - Resumption

extension TLSSession {
  /// Keeps a session that the origin offered for resumption, if there is a cache; whether it was
  /// kept, and so owned by the cache. Called by OpenSSL from within an operation, on the loop.
  func keep(_ offered: OpaquePointer) -> Bool {
    guard case .client(let context, let peer, let cache?) = end else { return false }
    return unsafe cache.insert(offered, context, peer)
  }

  /// After a handshake that failed, resumes nothing of its origin: a session may be why.
  private func forgetSessions() {
    guard case .client(let context, let peer, let cache?) = end, !isHandshakeComplete else {
      return
    }
    cache.remove(context, peer)
  }
}

// MARK: - What was agreed

extension TLSSession {
  package var isHandshakeComplete: Bool { unsafe SSL_is_init_finished(session) == 1 }

  /// Whether decrypted bytes wait in the session because a reader's buffer was full.
  package var hasPlaintext: Bool { unsafe SSL_pending(session) > 0 }

  /// The version agreed; nil before.
  package var version: TLSVersion? {
    unsafe TLSVersion(rawValue: UInt16(truncatingIfNeeded: SSL_version(session)))
  }

  /// The suite agreed, by its RFC name: `TLS_AES_128_GCM_SHA256`; nil before.
  package var cipherSuite: String? {
    guard let cipher = unsafe SSL_get_current_cipher(session),
      let name = unsafe SSL_CIPHER_standard_name(cipher)
    else { return nil }
    return unsafe String(cString: name)
  }

  /// The protocol agreed with ALPN; nil when there is none.
  package var applicationProtocol: [UInt8]? {
    var start: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    unsafe SSL_get0_alpn_selected(session, &start, &count)
    guard let start = unsafe start, count > 0 else { return nil }
    return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
  }

  /// The name that the client asked for with SNI, in its spelling; nil when it asked for none.
  package var serverName: [UInt8]? {
    guard let name = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name) else {
      return nil
    }
    return unsafe cString(name)
  }

  /// Whether an earlier session was resumed, so that no certificate was shown or checked again.
  package var isResumed: Bool { unsafe SSL_session_reused(session) == 1 }

  /// Who the peer is by the certificate it showed; nil when it showed none.
  ///
  /// On a server with `optional` or `required` client certificates, and on a client that verifies,
  /// the certificate is verified. Takes the certificate apart at each call: keep the answer.
  package func peerCertificate() -> CertificateIdentity? {
    guard let certificate = unsafe SSL_get0_peer_certificate(session) else { return nil }
    return unsafe CertificateIdentity(certificate)
  }
}

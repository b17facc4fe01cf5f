internal import COpenSSL
internal import Cryptography

/// OpenSSL's questions about session tickets, answered from a `TicketKeyRing`.
enum TicketCallbacks {
  /// What OpenSSL wants to hear after a ticket was to be sealed or opened
  /// (`SSL_CTX_set_tlsext_ticket_key_evp_cb`).
  private enum Answer {
    static let failed: Int32 = -1
    static let unknownKey: Int32 = 0
    static let ready: Int32 = 1
    static let readyButRenew: Int32 = 2
  }

  // Safety: OpenSSL's fetched algorithms are immutable and meant to be shared between threads.
  private nonisolated(unsafe) static let cipher = unsafe EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)

  /// Makes `context` seal and open its tickets with the ring that its table holds.
  static func install(in context: OpaquePointer) {
    unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context) {
      session, name, iv, cipher, code, sealing in
      unsafe TicketCallbacks.prepare(session, name, iv, cipher, code, isSealing: sealing == 1)
    }
    unsafe SSL_CTX_set_session_ticket_cb(
      context, { _, _ in 1 },
      { _, ticket, _, _, status, _ in unsafe TicketCallbacks.judge(ticket, status) }, nil)
  }

  private static func prepare(
    _ session: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?,
    _ iv: UnsafeMutablePointer<UInt8>?, _ cipher: OpaquePointer?, _ code: OpaquePointer?,
    isSealing: Bool
  ) -> Int32 {
    guard let table = unsafe ServerNameTable.of(session), let name = unsafe name,
      let iv = unsafe iv
    else { return Answer.failed }
    if isSealing {
      return unsafe seal(with: table.ticketKeys.current, name, iv, cipher, code)
    }
    let asked = unsafe UnsafeRawBufferPointer(start: name, count: TicketKey.nameLength)
    guard let (key, isCurrent) = unsafe table.ticketKeys.key(named: asked) else {
      return Answer.unknownKey
    }
    guard
      unsafe EVP_DecryptInit_ex2(cipher, Self.cipher, key.cipherKey.bytePointer, iv, nil) == 1,
      unsafe initialise(code, with: key)
    else { return Answer.failed }
    // A TLS 1.3 ticket is used once (RFC 8446 appendix C.4), so it is always replaced.
    return unsafe isCurrent && SSL_version(session) != TLS1_3_VERSION
      ? Answer.ready : Answer.readyButRenew
  }

  private static func seal(
    with key: TicketKey, _ name: UnsafeMutablePointer<UInt8>, _ iv: UnsafeMutablePointer<UInt8>,
    _ cipher: OpaquePointer?, _ code: OpaquePointer?
  ) -> Int32 {
    let ivLength = unsafe EVP_CIPHER_get_iv_length(Self.cipher)
    guard unsafe RAND_bytes(iv, ivLength) == 1,
      unsafe EVP_EncryptInit_ex2(cipher, Self.cipher, key.cipherKey.bytePointer, iv, nil) == 1,
      unsafe initialise(code, with: key)
    else { return Answer.failed }
    unsafe UnsafeMutableRawPointer(name).copyMemory(
      from: key.name.bytePointer, byteCount: TicketKey.nameLength)
    return Answer.ready
  }

  private static func initialise(_ code: OpaquePointer?, with key: TicketKey) -> Bool {
    unsafe shim_EVP_MAC_init_HMAC_SHA256(code, key.codeKey.bytePointer, key.codeKey.count) == 1
  }

  /// Whether the session in an opened ticket is resumed: not when the client certificate in it has
  /// expired since, for resumption would skip the check.
  private static func judge(_ ticket: OpaquePointer?, _ status: SSL_TICKET_STATUS) -> Int32 {
    let accepted: Int32
    switch status {
    case SSL_TICKET_EMPTY, SSL_TICKET_NO_DECRYPT: return SSL_TICKET_RETURN_IGNORE_RENEW
    case SSL_TICKET_SUCCESS: accepted = SSL_TICKET_RETURN_USE
    default: accepted = SSL_TICKET_RETURN_USE_RENEW
    }
    guard let certificate = unsafe SSL_SESSION_get0_peer(ticket) else { return accepted }
    OpenSSLErrors.clear()
    let isValid = unsafe X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0
    return isValid ? accepted : SSL_TICKET_RETURN_IGNORE_RENEW
  }
}

extension UnsafeRawBufferPointer {
  /// The start, for C functions that take `unsigned char *`.
  fileprivate var bytePointer: UnsafePointer<UInt8> {
    // A ticket key's parts are never empty.
    unsafe assumingMemoryBound(to: UInt8.self).baseAddress.unsafelyUnwrapped
  }
}

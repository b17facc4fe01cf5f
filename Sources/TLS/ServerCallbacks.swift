internal import COpenSSL

extension ServerNameTable {
  /// Connects the contexts' callbacks to this table. Done once, before any session is made.
  func connect() {
    let data = unsafe Unmanaged.passUnretained(self).toOpaque()
    for index in unsafe contexts.indices {
      unsafe shim_SSL_CTX_set_app_data(contexts[index], data)
      unsafe connect(contexts[index])
    }
  }

  private func connect(_ context: OpaquePointer) {
    unsafe shim_SSL_CTX_set_tlsext_servername_callback(
      context, { session, _, _ in unsafe ServerNameTable.chooseCertificate(session) }, nil)
    unsafe TicketCallbacks.install(in: context)
    guard !protocols.isEmpty else { return }
    unsafe SSL_CTX_set_alpn_select_cb(
      context,
      { session, chosen, chosenCount, offered, offeredCount, _ in
        unsafe ServerNameTable.chooseProtocol(session, chosen, chosenCount, offered, offeredCount)
      }, nil)
  }

  /// Switches the session to the context for the name that the client asks for.
  private static func chooseCertificate(_ session: OpaquePointer?) -> Int32 {
    guard let table = unsafe ServerNameTable.of(session),
      let text = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name)
    else { return SSL_TLSEXT_ERR_NOACK }
    let name = unsafe cString(text)
    guard let context = unsafe table.context(for: name) else { return SSL_TLSEXT_ERR_NOACK }
    if unsafe context != SSL_get_SSL_CTX(session) { unsafe SSL_set_SSL_CTX(session, context) }
    return SSL_TLSEXT_ERR_OK
  }

  /// Picks the first of our protocols that the client offers; refuses it when there is none
  /// (RFC 7301 §3.2).
  private static func chooseProtocol(
    _ session: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
    _ offeredCount: UInt32
  ) -> Int32 {
    guard let table = unsafe ServerNameTable.of(session), let chosen = unsafe chosen else {
      return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    var match: UnsafeMutablePointer<UInt8>?
    let result = unsafe table.protocols.withUnsafeBufferPointer { ours in
      unsafe SSL_select_next_proto(
        &match, chosenCount, ours.baseAddress, UInt32(ours.count), offered, offeredCount)
    }
    guard result == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    // Points into `protocols`, which the table keeps in place, or into the client's offer.
    unsafe chosen.pointee = UnsafePointer(match)
    return SSL_TLSEXT_ERR_OK
  }
}

/// The bytes of a C string.
func cString(_ text: UnsafePointer<CChar>) -> [UInt8] {
  var bytes: [UInt8] = []
  var next = unsafe text
  while unsafe next.pointee != 0 {
    unsafe bytes.append(UInt8(bitPattern: next.pointee))
    unsafe next += 1
  }
  return bytes
}

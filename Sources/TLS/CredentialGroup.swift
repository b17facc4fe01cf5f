internal import COpenSSL
internal import Cryptography
internal import Primitives

/// Credentials that one context shows: the same names, with a key of each type.
struct CredentialGroup {
  private(set) var credentials: [Credential]

  var names: Set<[UInt8]> { credentials.reduce(into: []) { $0.formUnion($1.names) } }

  /// Adds `credential` to the group that has its names and lacks its type of key, else as a new
  /// group.
  static func add(_ credential: Credential, to groups: inout [CredentialGroup]) {
    let index = groups.firstIndex { group in
      group.credentials.allSatisfy {
        $0.names == credential.names && $0.keyType != credential.keyType
      }
    }
    if let index {
      groups[index].credentials.append(credential)
    } else {
      groups.append(CredentialGroup(credentials: [credential]))
    }
  }

  /// A server's context that shows these credentials.
  func makeContext(
    _ settings: TLSServerSettings, identifier: [UInt8]
  ) throws(TLSLoadError) -> OwnedContext {
    let context = try unsafe ContextBuilder.make(
      TLS_server_method(), from: settings.minimumVersion, to: settings.maximumVersion,
      ciphers: settings.ciphers)
    for credential in credentials { try unsafe credential.install(in: context.pointer) }
    try unsafe requireCertificates(settings.clientCertificates, in: context.pointer)
    try unsafe setResumption(settings, identifier: identifier, in: context.pointer)
    return context
  }

  private func requireCertificates(
    _ policy: TLSClientCertificates, in context: OpaquePointer
  ) throws(TLSLoadError) {
    guard let authorities = policy.authorities else { return }
    guard let depth = Int32(exactly: authorities.depth), (0...32).contains(depth) else {
      throw TLSLoadError(.badSetting, "the depth of client certificate chains is from 0 to 32")
    }
    try unsafe Authorities(bundle: authorities.bundle).install(in: context, areNamed: true)
    unsafe SSL_CTX_set_verify_depth(context, depth)
    var mode = SSL_VERIFY_PEER
    if policy == .required(authorities) { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
    unsafe SSL_CTX_set_verify(context, mode, nil)
  }

  private func setResumption(
    _ settings: TLSServerSettings, identifier: [UInt8], in context: OpaquePointer
  ) throws(TLSLoadError) {
    // Tickets carry the whole session, so nothing is kept here.
    unsafe shim_SSL_CTX_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
    guard let tickets = Int(exactly: settings.ticketsPerHandshake), (0...8).contains(tickets) else {
      throw TLSLoadError(.badSetting, "from 0 to 8 session tickets can be sent after a handshake")
    }
    let lifetime = min(settings.sessionLifetime, TLSServerSettings.longestSessionLifetime)
    unsafe SSL_CTX_set_timeout(context, Int(lifetime.count))
    if tickets == 0 { unsafe SSL_CTX_set_options(context, shim_SSL_OP_NO_TICKET) }
    OpenSSLErrors.clear()
    guard unsafe SSL_CTX_set_num_tickets(context, tickets) == 1,
      unsafe SSL_CTX_set_session_id_context(context, identifier, UInt32(identifier.count)) == 1
    else { throw .library("setting the resumption of a TLS context") }
  }
}

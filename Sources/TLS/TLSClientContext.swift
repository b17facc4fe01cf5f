internal import COpenSSL
internal import Cryptography
internal import Glibc
package import Primitives

/// What the sessions to a service's origins are made from: authorities, our certificate, versions.
///
/// Immutable once made; a reload makes a new one.
///
/// `@unchecked Sendable`, proof: OpenSSL's contexts are counted references, and making sessions
/// from one in several threads is what they are for; nothing here writes to it after `init`.
@safe package final class TLSClientContext: @unchecked Sendable {
  private let owned: OwnedContext

  package let settings: TLSClientSettings

  /// What was wrong and let pass: our certificate out of its dates under `TLSDatePolicy.warn`.
  package let warnings: [TLSLoadError]

  var context: OpaquePointer { unsafe owned.pointer }

  /// Reads every file and checks what belongs together. Reads files, the system's authorities among
  /// them: not on a loop.
  ///
  /// - Throws: the first problem found.
  package init(
    _ settings: TLSClientSettings, at now: WallTime, dates: TLSDatePolicy = .refuse
  ) throws(TLSLoadError) {
    self.settings = settings
    owned = try unsafe ContextBuilder.make(
      TLS_client_method(), from: settings.minimumVersion, to: settings.maximumVersion,
      ciphers: settings.ciphers)
    let context = unsafe owned.pointer
    if let files = settings.certificate {
      let credential = try Credential(files, at: now, dates: dates)
      warnings = credential.warnings
      try unsafe credential.install(in: context)
    } else {
      warnings = []
    }
    try unsafe Self.setVerification(settings.verification, in: context)
    let protocols = try ContextBuilder.wireForm(settings.applicationProtocols)
    // Departure from the other calls' habit: 0 means success here.
    guard
      unsafe protocols.isEmpty
        || SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count)) == 0
    else { throw .library("setting the protocols of a TLS context") }
    unsafe shim_SSL_CTX_set_session_cache_mode(
      context, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
    unsafe SSL_CTX_sess_set_new_cb(context) { session, offered in
      guard let session = unsafe session, let offered = unsafe offered,
        let data = unsafe shim_SSL_get_app_data(session)
      else { return 0 }
      let owner = unsafe Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
      return unsafe owner.keep(offered) ? 1 : 0
    }
  }

  private static func setVerification(
    _ verification: TLSPeerVerification, in context: OpaquePointer
  ) throws(TLSLoadError) {
    switch verification {
    case .dangerouslyAcceptsAnyCertificate:
      unsafe SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
      return
    case .authorities(let bundle):
      try unsafe Authorities(bundle: bundle).install(in: context, areNamed: false)
    case .systemAuthorities:
      try unsafe trustSystem(context)
    }
    unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    // A name counts where RFC 9525 §6 wants it, in the alternative names, and wildcards are whole
    // labels.
    unsafe X509_VERIFY_PARAM_set_hostflags(
      SSL_CTX_get0_param(context),
      UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
  }

  /// Trusts the bundle of the operating system, read now as a whole: OpenSSL's own way would open
  /// files in the middle of a handshake, on the loop.
  private static func trustSystem(_ context: OpaquePointer) throws(TLSLoadError) {
    var places: [String] = []
    if let name = unsafe X509_get_default_cert_file_env(), let path = unsafe getenv(name) {
      unsafe places.append(String(cString: path))
    }
    if let path = unsafe X509_get_default_cert_file() {
      unsafe places.append(String(cString: path))
    }
    places += ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
    for path in places where unsafe access(path, R_OK) == 0 {
      try unsafe Authorities(bundle: path).install(in: context, areNamed: false)
      return
    }
    throw TLSLoadError(
      .noSystemAuthorities, path: places.first,
      "no bundle of the system's authorities was found; install ca-certificates or name a CA bundle"
    )
  }
}

internal import COpenSSL
internal import Cryptography

/// Owns a context while it is being made.
@safe final class OwnedContext {
  let pointer: OpaquePointer
  private var isReleased = false

  init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { if !isReleased { unsafe SSL_CTX_free(pointer) } }

  /// Hands the ownership on.
  func release() -> OpaquePointer {
    isReleased = true
    return unsafe pointer
  }
}

/// What contexts of servers and clients have in common.
enum ContextBuilder {
  /// A context with what holds everywhere: no renegotiation, no compression, buffers given back
  /// between records, and the caller's versions, ciphers and groups.
  static func make(
    _ method: OpaquePointer?, from lowest: TLSVersion, to highest: TLSVersion,
    ciphers: TLSCipherPreset
  ) throws(TLSLoadError) -> OwnedContext {
    guard lowest <= highest else {
      throw TLSLoadError(.badSetting, "the minimum TLS version is above the maximum")
    }
    OpenSSLErrors.clear()
    guard let made = unsafe SSL_CTX_new(method) else { throw .library("making a TLS context") }
    let context = unsafe OwnedContext(owning: made)
    let pointer = unsafe context.pointer
    unsafe SSL_CTX_set_options(
      pointer,
      shim_SSL_OP_NO_RENEGOTIATION | shim_SSL_OP_NO_COMPRESSION
        | shim_SSL_OP_CIPHER_SERVER_PREFERENCE)
    let modes = [
      SSL_MODE_RELEASE_BUFFERS, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, SSL_MODE_NO_AUTO_CHAIN,
    ]
    unsafe shim_SSL_CTX_set_mode(pointer, Int(modes.reduce(0, |)))
    unsafe shim_SSL_CTX_set_read_ahead(pointer, 0)
    guard unsafe shim_SSL_CTX_set_min_proto_version(pointer, Int32(lowest.rawValue)) == 1,
      unsafe shim_SSL_CTX_set_max_proto_version(pointer, Int32(highest.rawValue)) == 1,
      unsafe shim_SSL_CTX_set1_groups_list(pointer, "X25519:P-256:P-384") == 1
    else { throw .library("setting the versions and groups of a TLS context") }
    guard unsafe SSL_CTX_set_cipher_list(pointer, ciphers.tls12List) == 1,
      unsafe SSL_CTX_set_ciphersuites(pointer, ciphers.tls13List) == 1
    else {
      OpenSSLErrors.clear()
      throw TLSLoadError(.badSetting, "OpenSSL knows no cipher suite in the cipher list")
    }
    return context
  }

  /// Protocols in the form that goes over the wire: each with its length before it (RFC 7301 §3.1).
  static func wireForm(_ protocols: [[UInt8]]) throws(TLSLoadError) -> [UInt8] {
    var bytes: [UInt8] = []
    for name in protocols {
      guard let length = UInt8(exactly: name.count), length > 0 else {
        throw TLSLoadError(.badSetting, "an ALPN protocol name has 1 to 255 bytes")
      }
      bytes.append(length)
      bytes += name
    }
    guard bytes.count <= UInt16.max else {
      throw TLSLoadError(.badSetting, "the ALPN protocol names are too long together")
    }
    return bytes
  }
}

/// Authorities read from a bundle.
struct Authorities {
  let path: String
  private let certificates: [Certificate]

  init(bundle path: String) throws(TLSLoadError) {
    self.path = path
    certificates = try PEMFile("CA bundle", path: path)
      .certificates(.badAuthorities, kind: "CA bundle")
  }

  /// The certificates' digests, in the file's order.
  var fingerprints: [UInt8] {
    get throws(TLSLoadError) {
      var bytes: [UInt8] = []
      for certificate in certificates {
        guard let identity = unsafe CertificateIdentity(certificate.pointer) else {
          throw TLSLoadError(
            .badAuthorities, path: path, "the CA bundle \(path) holds a certificate with a bad name"
          )
        }
        bytes += identity.fingerprint.bytes
      }
      return bytes
    }
  }

  /// Makes `context` trust them, and name them to clients where `areNamed`.
  func install(in context: OpaquePointer, areNamed: Bool) throws(TLSLoadError) {
    let store = unsafe SSL_CTX_get_cert_store(context)
    for certificate in certificates {
      OpenSSLErrors.clear()
      guard unsafe X509_STORE_add_cert(store, certificate.pointer) == 1 else {
        throw .library("trusting a certificate of the CA bundle \(path)", path: path)
      }
      if areNamed, unsafe SSL_CTX_add_client_CA(context, certificate.pointer) != 1 {
        throw .library("naming a certificate of the CA bundle \(path)", path: path)
      }
    }
  }
}

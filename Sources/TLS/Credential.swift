internal import COpenSSL
internal import Cryptography
internal import Primitives

/// A certificate with its chain and key, read from files and checked against each other.
struct Credential {
  let files: TLSCertificateFiles
  private let certificate: Certificate
  private let chain: [Certificate]
  private let key: PrivateKey

  /// The DNS names it is for, in lower case, wildcards as they are; the common name where it has no
  /// alternative names.
  let names: Set<[UInt8]>

  /// What is wrong and was let pass.
  let warnings: [TLSLoadError]

  /// Reads and checks the files.
  init(
    _ files: TLSCertificateFiles, at now: WallTime, dates: TLSDatePolicy
  ) throws(TLSLoadError) {
    self.files = files
    var certificates = try PEMFile("certificate", path: files.chain)
      .certificates(.noCertificate, kind: "certificate file")
    certificate = certificates.removeFirst()
    chain = certificates
    key = try PEMFile("key", path: files.key).privateKey()
    names = Self.names(of: certificate)
    OpenSSLErrors.clear()
    guard unsafe X509_check_private_key(certificate.pointer, key.pointer) == 1 else {
      OpenSSLErrors.clear()
      throw TLSLoadError(
        .keyMismatch, path: files.key,
        "the key \(files.key) does not belong to the certificate \(files.chain)")
    }
    let outOfDate = Self.dateProblem(of: certificate, path: files.chain, at: now)
    if let outOfDate, dates == .refuse { throw outOfDate }
    warnings = outOfDate.map { [$0] } ?? []
  }

  /// The kind of key (`EVP_PKEY_…`): one context holds one certificate of each.
  var keyType: Int32 { unsafe EVP_PKEY_get_base_id(key.pointer) }

  /// Makes `context` show this certificate, beside those with other types of keys.
  func install(in context: OpaquePointer) throws(TLSLoadError) {
    OpenSSLErrors.clear()
    guard unsafe SSL_CTX_use_certificate(context, certificate.pointer) == 1,
      unsafe SSL_CTX_use_PrivateKey(context, key.pointer) == 1,
      unsafe shim_SSL_CTX_clear_chain_certs(context) == 1
    else { throw refused(files.chain) }
    for intermediate in chain {
      guard unsafe shim_SSL_CTX_add1_chain_cert(context, intermediate.pointer) == 1 else {
        throw refused(files.chain)
      }
    }
  }

  private func refused(_ path: String) -> TLSLoadError {
    TLSLoadError(
      .refusedCertificate, path: path,
      "OpenSSL refuses the certificate \(path): \(OpenSSLErrors.take())")
  }

  private static func names(of certificate: Certificate) -> Set<[UInt8]> {
    let alternatives = unsafe AlternativeNames(of: certificate.pointer).dns
    if !alternatives.isEmpty { return Set(alternatives.map { $0.asciiLowercased() }) }
    guard let identity = unsafe CertificateIdentity(certificate.pointer),
      let name = identity.commonName
    else { return [] }
    return [name.asciiLowercased()]
  }

  private static func dateProblem(
    of certificate: Certificate, path: String, at now: WallTime
  ) -> TLSLoadError? {
    var seconds = time_t(now.secondsSinceEpoch)
    OpenSSLErrors.clear()
    if unsafe X509_cmp_time(X509_get0_notAfter(certificate.pointer), &seconds) <= 0 {
      return TLSLoadError(.expired, path: path, "the certificate \(path) has expired")
    }
    if unsafe X509_cmp_time(X509_get0_notBefore(certificate.pointer), &seconds) >= 0 {
      return TLSLoadError(.notYetValid, path: path, "the certificate \(path) is not valid yet")
    }
    return nil
  }
}

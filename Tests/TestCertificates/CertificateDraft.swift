import COpenSSL

/// Something that the making of certificates for tests could not do.
package struct TestCertificateError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// What is to stand in a certificate.
struct CertificateDraft {
  let commonName: String
  var organization: String?
  var alternativeNames: [String] = []
  var isAuthority = false
  var validFrom = -3600
  var validFor = 86_400

  init(commonName: String) { self.commonName = commonName }

  /// The certificate, owned by the caller. Without an issuer it is its own.
  func sign(
    subjectKey: OpaquePointer, issuer: OpaquePointer?, issuerKey: OpaquePointer
  ) throws -> OpaquePointer {
    guard let certificate = X509_new() else { throw TestCertificateError("X509_new") }
    let serial = Int(UInt32.random(in: 1...UInt32.max))
    try check(X509_set_version(certificate, 2), "version")
    try check(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial), "serial number")
    X509_gmtime_adj(X509_getm_notBefore(certificate), validFrom)
    X509_gmtime_adj(X509_getm_notAfter(certificate), validFrom + validFor)
    let subject = X509_get_subject_name(certificate)
    if let organization { try add("O", organization, to: subject) }
    try add("CN", commonName, to: subject)
    try check(
      X509_set_issuer_name(certificate, X509_get_subject_name(issuer ?? certificate)), "issuer")
    try check(X509_set_pubkey(certificate, subjectKey), "public key")
    try addExtensions(to: certificate)
    guard X509_sign(certificate, issuerKey, EVP_sha256()) > 0 else {
      throw TestCertificateError("signing a certificate")
    }
    return certificate
  }

  private func addExtensions(to certificate: OpaquePointer) throws {
    try add(
      NID_basic_constraints, isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE", to: certificate
    )
    if isAuthority {
      try add(NID_key_usage, "critical,keyCertSign,cRLSign", to: certificate)
    } else {
      try add(NID_key_usage, "critical,digitalSignature", to: certificate)
      try add(NID_ext_key_usage, "serverAuth,clientAuth", to: certificate)
    }
    guard !alternativeNames.isEmpty else { return }
    let names = alternativeNames.map(Self.generalName).joined(separator: ",")
    try add(NID_subject_alt_name, names, to: certificate)
  }

  private static func generalName(_ name: String) -> String {
    if name.hasPrefix("URI:") || name.hasPrefix("email:") { return name }
    if let address = a2i_IPADDRESS(name) {
      ASN1_OCTET_STRING_free(address)
      return "IP:\(name)"
    }
    ERR_clear_error()
    return "DNS:\(name)"
  }

  private func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) throws {
    guard let made = X509V3_EXT_conf_nid(nil, nil, kind, value) else {
      throw TestCertificateError("making the extension \(value)")
    }
    defer { X509_EXTENSION_free(made) }
    try check(X509_add_ext(certificate, made, -1), "extension")
  }

  private func add(_ field: String, _ value: String, to name: OpaquePointer?) throws {
    try check(
      X509_NAME_add_entry_by_txt(name, field, utf8StringKind, value, -1, -1, 0), "name")
  }

  private func check(_ result: Int32, _ what: String) throws {
    guard result == 1 else { throw TestCertificateError("setting the \(what)") }
  }
}

/// `MBSTRING_UTF8`, which the importer does not show.
private let utf8StringKind: Int32 = 0x1000

/// A fresh key, owned by the caller: P-256, or RSA with 2048 bits.
func makeKey(_ type: TestAuthority.KeyType) throws -> OpaquePointer {
  let context = EVP_PKEY_CTX_new_from_name(nil, type == .ecdsa ? "EC" : "RSA", nil)
  defer { EVP_PKEY_CTX_free(context) }
  var key: OpaquePointer?
  guard EVP_PKEY_keygen_init(context) == 1,
    type == .rsa || EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
    EVP_PKEY_generate(context, &key) == 1, let key
  else { throw TestCertificateError("making a key") }
  return key
}

/// Writes a PEM file.
func writePEM(to path: String, _ body: (OpaquePointer) -> Bool) throws {
  guard let bio = BIO_new_file(path, "w") else {
    throw TestCertificateError("cannot write \(path)")
  }
  defer { BIO_free_all(bio) }
  guard body(bio) else { throw TestCertificateError("writing \(path)") }
}

import COpenSSL

/// A certificate authority that lives as long as a test: it signs what the test needs, on the spot,
/// so that no certificate in the repository ever expires.
///
///     let authority = try TestAuthority()
///     let server = try authority.issue(["localhost", "127.0.0.1"])
///     // authority.bundlePath, server.chainPath, server.keyPath
package final class TestAuthority {
  /// What was issued: PEM files that exist as long as the authority.
  package struct Issued: Sendable {
    package let chainPath: String
    package let keyPath: String
  }

  package enum KeyType: Sendable {
    case ecdsa
    case rsa
  }

  /// The PEM file with the authority's own certificate.
  package let bundlePath: String

  package let directory: TemporaryDirectory
  private let name: String
  private let certificate: OpaquePointer
  private let key: OpaquePointer
  private let parent: TestAuthority?
  private var issuedCount = 0

  /// An authority that signs its own certificate.
  package convenience init(named name: String = "Test Authority") throws {
    try self.init(named: name, parent: nil, directory: TemporaryDirectory())
  }

  /// An authority whose certificate `parent` signed, or its own when there is none.
  private init(named name: String, parent: TestAuthority?, directory: TemporaryDirectory) throws {
    self.name = name
    self.parent = parent
    self.directory = directory
    key = try makeKey(.ecdsa)
    var draft = CertificateDraft(commonName: name)
    draft.isAuthority = true
    certificate = try draft.sign(
      subjectKey: key, issuer: parent?.certificate, issuerKey: parent?.key ?? key)
    bundlePath = directory.file("\(name.filter(\.isLetter))-ca.pem")
    try writePEM(to: bundlePath) { PEM_write_bio_X509($0, certificate) == 1 }
  }

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  /// An authority below this one; its certificate comes with what it issues.
  package func makeIntermediate(named name: String = "Test Intermediate") throws -> TestAuthority {
    try TestAuthority(named: name, parent: self, directory: directory)
  }

  /// Issues a certificate for servers and clients.
  ///
  /// - Parameters:
  ///   - names: alternative names: DNS names, addresses, `URI:…` and `email:…`.
  ///   - commonName: the subject's name; the first of `names` when nil.
  ///   - validFrom, validFor: seconds from now to the beginning, and from there to the end.
  ///   - password: encrypts the key file.
  package func issue(
    _ names: [String], commonName: String? = nil, organization: String? = nil,
    keyType: KeyType = .ecdsa, validFrom: Int = -3600, validFor: Int = 86_400,
    password: String? = nil
  ) throws -> Issued {
    issuedCount += 1
    var draft = CertificateDraft(commonName: commonName ?? names.first ?? "nobody")
    draft.organization = organization
    draft.alternativeNames = names
    draft.validFrom = validFrom
    draft.validFor = validFor
    let subjectKey = try makeKey(keyType)
    defer { EVP_PKEY_free(subjectKey) }
    let signed = try draft.sign(subjectKey: subjectKey, issuer: certificate, issuerKey: key)
    defer { X509_free(signed) }
    let stem = "\(name.filter(\.isLetter))-\(issuedCount)"
    let issued = Issued(
      chainPath: directory.file("\(stem).pem"), keyPath: directory.file("\(stem).key"))
    try writePEM(to: issued.chainPath) { bio in
      PEM_write_bio_X509(bio, signed) == 1
        && (parent == nil || PEM_write_bio_X509(bio, certificate) == 1)
    }
    try writePEM(to: issued.keyPath) { bio in
      // The password is the key string of the encryption, given directly instead of by a callback.
      var secret = Array((password ?? "").utf8)
      return PEM_write_bio_PrivateKey(
        bio, subjectKey, password == nil ? nil : EVP_aes_256_cbc(), &secret, Int32(secret.count),
        nil, nil) == 1
    }
    return issued
  }
}

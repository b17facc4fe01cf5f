internal import COpenSSL
internal import Cryptography

/// A PEM file open for reading.
@safe struct PEMFile: ~Copyable {
  /// Certificates in one file that are read; more is a mistake of the operator.
  private static let certificateLimit = 4096

  private let bio: OpaquePointer
  let path: String

  /// - Throws: when the file cannot be opened; `kind` names what it should be.
  init(_ kind: String, path: String) throws(TLSLoadError) {
    OpenSSLErrors.clear()
    guard let bio = unsafe BIO_new_file(path, "r") else { throw .unreadable(kind, path) }
    unsafe self.bio = bio
    self.path = path
  }

  deinit { unsafe BIO_free_all(bio) }

  /// The certificates in the file, in order.
  ///
  /// - Throws: `code`, when there is none or one is malformed; `kind` names the file.
  borrowing func certificates(
    _ code: TLSLoadError.Code, kind: String
  ) throws(TLSLoadError) -> [Certificate] {
    var found: [Certificate] = []
    while found.count < Self.certificateLimit {
      OpenSSLErrors.clear()
      guard let certificate = unsafe PEM_read_bio_X509(bio, nil, nil, nil) else { break }
      unsafe found.append(Certificate(owning: certificate))
    }
    let errors = OpenSSLErrors.take()
    let ended = errors.contains(library: ERR_LIB_PEM, reason: PEM_R_NO_START_LINE)
    if found.isEmpty, ended || errors.codes.isEmpty {
      throw TLSLoadError(code, path: path, "the \(kind) \(path) holds no certificate in PEM form")
    }
    guard ended else {
      let place = "certificate \(found.count + 1)"
      throw TLSLoadError(
        code, path: path, "\(place) in the \(kind) \(path) is malformed: \(errors)")
    }
    return found
  }

  /// The private key in the file, owned by the caller.
  ///
  /// - Throws: when there is none, when it is malformed, and when it is encrypted.
  borrowing func privateKey() throws(TLSLoadError) -> PrivateKey {
    OpenSSLErrors.clear()
    var askedForPassword = false
    let key = unsafe withUnsafeMutablePointer(to: &askedForPassword) { asked in
      unsafe PEM_read_bio_PrivateKey(
        bio, nil,
        { _, _, _, asked in
          unsafe asked?.assumingMemoryBound(to: Bool.self).pointee = true
          return -1
        }, asked)
    }
    if let key = unsafe key { return unsafe PrivateKey(owning: key) }
    let errors = OpenSSLErrors.take()
    if askedForPassword {
      throw TLSLoadError(
        .encryptedKey, path: path,
        "the key \(path) is encrypted; store it decrypted, readable by this user only")
    }
    if errors.contains(library: ERR_LIB_PEM, reason: PEM_R_NO_START_LINE) {
      throw TLSLoadError(.badKey, path: path, "the key \(path) holds no private key in PEM form")
    }
    throw TLSLoadError(.badKey, path: path, "the key \(path) is malformed: \(errors)")
  }
}

/// Owns a certificate.
@safe final class Certificate {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe X509_free(pointer) }
}

/// Owns a private key.
@safe final class PrivateKey {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe EVP_PKEY_free(pointer) }
}

internal import COpenSSL
internal import Cryptography
internal import Glibc

/// Why TLS settings could not be loaded: one clear sentence, with the file it is about.
package struct TLSLoadError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    case unreadableFile = "tls-file-unreadable"
    case noCertificate = "tls-no-certificate"
    case badKey = "tls-bad-key"
    case encryptedKey = "tls-encrypted-key"
    case keyMismatch = "tls-key-mismatch"
    case expired = "tls-certificate-expired"
    case notYetValid = "tls-certificate-not-yet-valid"
    case refusedCertificate = "tls-certificate-refused"
    case badAuthorities = "tls-bad-authorities"
    case noSystemAuthorities = "tls-no-system-authorities"
    case badSetting = "tls-bad-setting"
    case library = "tls-library"
  }

  package let code: Code

  /// The file that the error is about, or nil when it is about a setting.
  package let path: String?

  /// A sentence with its operands, without the full stop.
  package let message: String

  init(_ code: Code, path: String? = nil, _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  package var description: String { message }

  /// The file `path`, which is a `kind`, could not be opened; the reason is in the error queue.
  static func unreadable(_ kind: String, _ path: String) -> TLSLoadError {
    TLSLoadError(
      .unreadableFile, path: path, "cannot read the \(kind) \(path): \(systemReason(.take()))")
  }

  /// OpenSSL refused something for which no better sentence is known.
  static func library(_ doing: String, path: String? = nil) -> TLSLoadError {
    TLSLoadError(.library, path: path, "\(doing) failed: \(OpenSSLErrors.take())")
  }

  /// The operating system's text among `errors`, else OpenSSL's.
  private static func systemReason(_ errors: OpenSSLErrors) -> String {
    for code in errors.codes where shim_ERR_GET_LIB(code) == ERR_LIB_SYS {
      if let text = unsafe strerror(shim_ERR_GET_REASON(code)) {
        return unsafe String(cString: text)
      }
    }
    return errors.description
  }
}

internal import COpenSSL

/// What OpenSSL had to say about a failed call: its whole error queue, oldest entry first.
///
/// Only codes and OpenSSL's own constant texts are kept. The data attached to an entry may hold
/// names or values from the outside and is dropped.
package struct OpenSSLErrors: Equatable, Sendable, CustomStringConvertible {
  /// The queue's limit in OpenSSL is 16 entries; a reader of messages needs no more.
  private static let limit = 16

  /// Packed error codes, oldest first; empty when OpenSSL gave no reason.
  package let codes: [UInt]

  package init(codes: [UInt]) { self.codes = codes }

  /// Empties the calling thread's error queue. Done before every call into OpenSSL that can fail.
  package static func clear() { ERR_clear_error() }

  /// Takes the calling thread's error queue whole, leaving it empty.
  package static func take() -> OpenSSLErrors {
    var codes: [UInt] = []
    while codes.count < limit {
      let code = ERR_get_error()
      if code == 0 { break }
      codes.append(code)
    }
    ERR_clear_error()
    return OpenSSLErrors(codes: codes)
  }

  /// Whether an entry has this library (`ERR_LIB_…`) and reason.
  package func contains(library: Int32, reason: Int32) -> Bool {
    codes.contains { shim_ERR_GET_LIB($0) == library && shim_ERR_GET_REASON($0) == reason }
  }

  /// OpenSSL's texts, joined by semicolons: `certificate verify failed; …`.
  package var description: String {
    guard !codes.isEmpty else { return "OpenSSL gave no reason" }
    return codes.map(Self.text).joined(separator: "; ")
  }

  private static func text(of code: UInt) -> String {
    guard let reason = unsafe ERR_reason_error_string(code) else {
      return "OpenSSL error \(String(code, radix: 16))"
    }
    return unsafe String(cString: reason)
  }
}

/// A cryptographic operation that failed. Nothing secret is in it.
package struct CryptographyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was tried.
  package enum Operation: String, Sendable {
    case random = "drawing random bytes"
    case digest = "computing a digest"
    case authenticationCode = "computing a message authentication code"
    case signature = "signing"
    case verification = "verifying a signature"
  }

  package let operation: Operation
  package let cause: OpenSSLErrors

  package init(_ operation: Operation, cause: OpenSSLErrors) {
    self.operation = operation
    self.cause = cause
  }

  package var description: String { "\(operation.rawValue) failed: \(cause)" }
}

internal import COpenSSL
package import Cryptography

/// Why a session failed. Nothing of the peer's bytes is in it.
package struct TLSFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// Stable reasons, the same in logs and counters.
  package enum Code: String, Sendable, CaseIterable {
    /// The connection ended without `close_notify`: bytes may be missing (RFC 8446 §6.1).
    case truncated = "tls-truncated"
    /// The peer sent a fatal alert; `alert` has its number.
    case alertReceived = "tls-alert-received"
    /// The peer does not speak TLS, or a version from before SSL 3.
    case notTLS = "tls-not-tls"
    case noSharedVersion = "tls-no-shared-version"
    case noSharedCipher = "tls-no-shared-cipher"
    case noSharedProtocol = "tls-no-shared-protocol"
    /// The peer was required to show a certificate and did not.
    case certificateMissing = "tls-certificate-missing"
    case certificateExpired = "tls-certificate-expired"
    case certificateNotYetValid = "tls-certificate-not-yet-valid"
    case certificateUntrusted = "tls-certificate-untrusted"
    case certificateWrongName = "tls-certificate-wrong-name"
    case certificateRevoked = "tls-certificate-revoked"
    /// The peer's certificate is wrong in another way; `cause` and the description say how.
    case certificateInvalid = "tls-certificate-invalid"
    /// The peer broke the protocol, or somebody changed its bytes.
    case protocolViolation = "tls-protocol-violation"
    /// The peer asked for more answers to changes of keys and the like than any use of them needs.
    case controlFlood = "tls-control-flood"
    /// OpenSSL failed for a reason of its own.
    case library = "tls-library"
  }

  package let code: Code

  /// The alert that the peer sent (RFC 8446 §6), if that is the reason.
  package let alert: UInt8?

  /// OpenSSL's verdict on the peer's certificate (`X509_V_ERR_…`); 0 when that was not the reason.
  package let verification: Int

  /// OpenSSL's error queue after the failed call.
  package let cause: OpenSSLErrors

  init(_ code: Code, alert: UInt8? = nil, verification: Int = 0, cause: OpenSSLErrors) {
    self.code = code
    self.alert = alert
    self.verification = verification
    self.cause = cause
  }

  package var description: String {
    switch code {
    case .truncated: "the connection ended without close_notify"
    case .alertReceived: "the peer sent the alert \(alertText)"
    case .notTLS: "the peer does not speak TLS"
    case .noSharedVersion: "the peer offers no TLS version that is allowed here"
    case .noSharedCipher: "the peer offers no cipher suite that is allowed here"
    case .noSharedProtocol: "the peer offers no application protocol that is spoken here"
    case .certificateMissing: "the peer showed no certificate"
    case .certificateExpired, .certificateNotYetValid, .certificateUntrusted,
      .certificateWrongName, .certificateRevoked, .certificateInvalid:
      "the peer's certificate is refused: \(verificationText)"
    case .protocolViolation: "the peer broke the TLS protocol: \(cause)"
    case .controlFlood: "the peer asked for too many changes of keys or renegotiations"
    case .library: "TLS failed: \(cause)"
    }
  }

  private var alertText: String {
    guard let alert else { return "of no number" }
    guard let text = unsafe SSL_alert_desc_string_long(Int32(alert)) else { return "\(alert)" }
    return unsafe "\(alert), \(String(cString: text))"
  }

  private var verificationText: String {
    guard let text = unsafe X509_verify_cert_error_string(verification) else {
      return "reason \(verification)"
    }
    return unsafe String(cString: text)
  }
}

extension TLSFailure {
  /// Alerts received come as error reasons from this number on (`SSL_AD_REASON_OFFSET`).
  private static let alertReasons: Int32 = 1000

  /// What OpenSSL's error queue means, given its verdict on the peer's certificate.
  init(cause: OpenSSLErrors, verification: Int) {
    let reasons = cause.codes.filter { shim_ERR_GET_LIB($0) == ERR_LIB_SSL }
      .map { shim_ERR_GET_REASON($0) }
    if reasons.contains(SSL_R_CERTIFICATE_VERIFY_FAILED), verification != Int(X509_V_OK) {
      self.init(Self.code(ofVerification: verification), verification: verification, cause: cause)
      return
    }
    for reason in reasons {
      if let alert = UInt8(exactly: reason - Self.alertReasons) {
        self.init(.alertReceived, alert: alert, cause: cause)
        return
      }
      if let code = Self.code(ofReason: reason) {
        self.init(code, cause: cause)
        return
      }
    }
    self.init(reasons.isEmpty ? .library : .protocolViolation, cause: cause)
  }

  private static func code(ofReason reason: Int32) -> Code? {
    switch reason {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      .truncated
    case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_WRONG_VERSION_NUMBER:
      .notTLS
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_VERSION_TOO_LOW,
      SSL_R_UNKNOWN_PROTOCOL, SSL_R_UNSUPPORTED_SSL_VERSION:
      .noSharedVersion
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_CIPHERS_AVAILABLE, SSL_R_NO_SUITABLE_GROUPS:
      .noSharedCipher
    case SSL_R_NO_APPLICATION_PROTOCOL:
      .noSharedProtocol
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      .certificateMissing
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      .certificateInvalid
    default:
      nil
    }
  }

  private static func code(ofVerification result: Int) -> Code {
    switch Int32(truncatingIfNeeded: result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      .certificateExpired
    case X509_V_ERR_CERT_NOT_YET_VALID:
      .certificateNotYetValid
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      .certificateWrongName
    case X509_V_ERR_CERT_REVOKED:
      .certificateRevoked
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED,
      X509_V_ERR_CERT_CHAIN_TOO_LONG, X509_V_ERR_CERT_SIGNATURE_FAILURE:
      .certificateUntrusted
    default:
      .certificateInvalid
    }
  }
}

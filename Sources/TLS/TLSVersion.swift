/// A version of the protocol. Older ones than 1.2 are not spoken (RFC 8996).
package enum TLSVersion: UInt16, Sendable, Comparable, CaseIterable, CustomStringConvertible {
  case tls12 = 0x0303
  case tls13 = 0x0304

  package static func < (left: TLSVersion, right: TLSVersion) -> Bool {
    left.rawValue < right.rawValue
  }

  /// As log formats spell it: `TLSv1.3`.
  package var description: String { self == .tls12 ? "TLSv1.2" : "TLSv1.3" }
}

/// Which cipher suites are offered and accepted.
package enum TLSCipherPreset: Equatable, Sendable {
  /// Forward secrecy and authenticated encryption only: all of TLS 1.3, and of TLS 1.2 the suites
  /// with ECDHE and AES-GCM or ChaCha20-Poly1305. The default.
  case recommended

  /// `recommended`, then TLS 1.2 suites with ECDHE and CBC, for clients from before 2014.
  case compatible

  /// OpenSSL's lists: the suites of TLS 1.2 (cipher string format) and of TLS 1.3 (suite names).
  case custom(tls12: String, tls13: String)

  private static let authenticated = """
    ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384\
    :ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
    """
  private static let older =
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA"
  private static let modern =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

  /// OpenSSL's cipher string for TLS 1.2.
  var tls12List: String {
    switch self {
    case .recommended: Self.authenticated
    case .compatible: "\(Self.authenticated):\(Self.older)"
    case .custom(let list, _): list
    }
  }

  /// OpenSSL's suite names for TLS 1.3.
  var tls13List: String {
    switch self {
    case .recommended, .compatible: Self.modern
    case .custom(_, let list): list
    }
  }
}

package import Primitives

/// A certificate with its chain and its key, as PEM files.
package struct TLSCertificateFiles: Hashable, Sendable {
  /// The path of the certificate, followed in the same file by the intermediate certificates.
  package var chain: String

  /// The path of the private key, not encrypted.
  package var key: String

  package init(chain: String, key: String) {
    self.chain = chain
    self.key = key
  }
}

/// Authorities that vouch for clients' certificates.
package struct TLSClientAuthorities: Hashable, Sendable {
  /// The path of a PEM file with one certificate or more.
  package var bundle: String

  /// How many intermediate certificates may stand between a client's certificate and an authority.
  package var depth: Int

  package init(bundle: String, depth: Int = 4) {
    self.bundle = bundle
    self.depth = depth
  }
}

/// What a server asks of clients.
package enum TLSClientCertificates: Hashable, Sendable {
  /// Clients are not asked for a certificate.
  case none

  /// Clients are asked; one without a certificate is let in, one with a bad certificate is not.
  case optional(TLSClientAuthorities)

  /// Clients without a good certificate are refused in the handshake.
  case required(TLSClientAuthorities)

  /// The authorities, if clients are asked at all.
  package var authorities: TLSClientAuthorities? {
    switch self {
    case .none: nil
    case .optional(let authorities), .required(let authorities): authorities
    }
  }
}

/// What a listener speaks and shows.
package struct TLSServerSettings: Equatable, Sendable {
  /// The longest a session can be resumed without a new handshake (RFC 8446 §4.6.1 allows 7 days).
  package static let longestSessionLifetime = Seconds(86_400)

  /// At least one. A client gets the one that matches the name it asks for, else the first.
  /// Certificates of different key types for the same names are shown to the clients that can use
  /// them.
  package var certificates: [TLSCertificateFiles]

  package var minimumVersion: TLSVersion = .tls12

  /// No newer version is spoken than this one: for peers that break with it.
  package var maximumVersion: TLSVersion = .tls13

  package var ciphers: TLSCipherPreset = .recommended

  /// Protocols for ALPN (RFC 7301), preferred ones first. A client that offers only others is
  /// refused.
  package var applicationProtocols: [[UInt8]] = [[UInt8](ascii: "http/1.1")]

  package var clientCertificates: TLSClientCertificates = .none

  /// Tickets for resumption (RFC 8446 §4.6.1, RFC 5077) sent after a full handshake; 0 turns
  /// resumption off. With none, clients that send without `TCP_NODELAY` wait 40 ms for their second
  /// segment: the ticket is what makes their first one acknowledged at once.
  package var ticketsPerHandshake = 1

  /// How long a session can be resumed; at most `longestSessionLifetime`.
  package var sessionLifetime = Seconds(7200)

  package init(certificates: [TLSCertificateFiles]) { self.certificates = certificates }
}

/// How the certificate of an origin is judged.
package enum TLSPeerVerification: Hashable, Sendable {
  /// By the authorities that the operating system trusts. The default.
  case systemAuthorities

  /// By the authorities in a PEM file, and no others.
  case authorities(bundle: String)

  /// Not at all: whoever answers is believed, so anybody on the path can answer. For experiments.
  case dangerouslyAcceptsAnyCertificate
}

/// How connections to a service's origins are made.
package struct TLSClientSettings: Equatable, Sendable {
  package var verification: TLSPeerVerification = .systemAuthorities

  /// The certificate shown to an origin that asks for one.
  package var certificate: TLSCertificateFiles?

  package var minimumVersion: TLSVersion = .tls12

  /// No newer version is spoken than this one: for peers that break with it.
  package var maximumVersion: TLSVersion = .tls13

  package var ciphers: TLSCipherPreset = .recommended

  /// Protocols offered with ALPN (RFC 7301), preferred ones first; none: ALPN is not used.
  package var applicationProtocols: [[UInt8]] = [[UInt8](ascii: "http/1.1")]

  package init() {}
}

/// What is done about a certificate that is out of its dates.
package enum TLSDatePolicy: Sendable {
  /// Refused: at start and in `check`, where somebody is looking.
  case refuse

  /// Loaded with a warning: on reload, where refusing it would also refuse the rest of the change
  /// and leave a certificate in use that is no newer.
  case warn
}

internal import Primitives

/// One place where clients are served.
package struct ListenerSettings: Sendable, Equatable {
  package var address: ListenAddress
  /// Nil for plain HTTP.
  package var tls: TLSServerSettings?
  /// The peers whose `Forwarded` and `X-Forwarded-*` fields are believed. From others they are
  /// removed.
  package var trustedPeers: [AddressBlock] = []

  package init(address: ListenAddress) { self.address = address }
}

/// The oldest TLS version that is spoken.
package enum TLSVersion: String, Sendable, CaseIterable {
  case tls12 = "1.2"
  case tls13 = "1.3"
}

/// A certificate chain and its key, both PEM.
package struct CertificateFiles: Sendable, Equatable {
  package var certificate: String
  package var key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// Whether clients must show a certificate.
package enum ClientCertificateMode: Sendable, Equatable {
  case off
  /// Asked for; one that is shown must verify against the authorities of the file.
  case optional(authorities: String)
  /// No handshake without one that verifies against the authorities of the file.
  case required(authorities: String)
}

/// TLS towards clients.
package struct TLSServerSettings: Sendable, Equatable {
  /// At least one. The first serves clients that name no server, or one that no certificate names.
  package var certificates: [CertificateFiles]
  package var minimumVersion = TLSVersion.tls12
  package var clientCertificates = ClientCertificateMode.off
  /// Protocols offered by ALPN, most wanted first.
  package var protocols = ["http/1.1"]

  package init(certificates: [CertificateFiles]) { self.certificates = certificates }
}

internal import Configuration
internal import Cryptography
internal import Primitives
internal import TLS
internal import Verdict

/// What a connection tells about its client, in the form the forwarding fields need.
struct ClientFacts {
  /// The address without port, IPv6 without brackets; empty for a Unix socket.
  var address: [UInt8]
  /// The port of the client; 0 for a Unix socket.
  var port: UInt16
  /// The port the client connected to; 0 for a Unix socket.
  var localPort: UInt16
  var isSecure: Bool
  /// Whether the peer's own forwarding fields are believed.
  var isTrusted: Bool
  /// Who the client is by its verified certificate; nil without one.
  private var identity: Identity?

  /// What most clients do not have is kept apart, so that an idle connection holds no room for it.
  private final class Identity: Sendable {
    let certificate: ClientCertificateFacts
    let names: ClientCertificateNames

    init(certificate: ClientCertificateFacts, names: ClientCertificateNames) {
      self.certificate = certificate
      self.names = names
    }
  }

  init(
    address: [UInt8], port: UInt16, localPort: UInt16, isSecure: Bool, isTrusted: Bool
  ) {
    self.address = address
    self.port = port
    self.localPort = localPort
    self.isSecure = isSecure
    self.isTrusted = isTrusted
  }

  /// What the verified client certificate says; nil without one.
  var certificate: ClientCertificateFacts? { identity?.certificate }
  /// Its names, for rules of verdicts; nil without one.
  var names: ClientCertificateNames? { identity?.names }

  /// Where nobody waits for the answer.
  static let nobody = ClientFacts(
    address: [], port: 0, localPort: 0, isSecure: false, isTrusted: false)

  var scheme: StaticString { isSecure ? "https" : "http" }
}

extension ClientFacts {
  /// Takes over what the TLS edge read from a verified client certificate.
  mutating func identify(_ identity: CertificateIdentity) {
    self.identity = Identity(
      certificate: ClientCertificateFacts(
        subject: identity.subject, dnsNames: identity.dnsNames, uris: identity.uris,
        fingerprint: Array(identity.fingerprint.bytes)),
      names: ClientCertificateNames(
        commonName: identity.commonName, emails: identity.emailAddresses,
        dnsNames: identity.dnsNames, uris: identity.uris, subject: identity.subject))
  }
}

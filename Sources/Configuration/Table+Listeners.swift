internal import Primitives

// The keys of `listeners`.

extension Section<ListenerSettings> {
  static var listener: Section<ListenerSettings> {
    Section(
      name: "listeners", about: "The places where clients are served, one item each.",
      keys: [
        Key(
          "address", \.address, .listenAddress, isRequired: true,
          "Where to listen: ADDRESS:PORT, or unix:PATH. 0.0.0.0 and [::] are every address."),
        Key(
          optional: "tls", \.tls, .tlsServer, "Speak TLS. Without this key: plain HTTP."),
        Key(
          list: "trusted_peers", \.trustedPeers, .oneOrMore(.addressBlock),
          "The peers whose Forwarded, X-Forwarded-* and X-Real-IP are believed; others' end here."),
      ],
      blank: { ListenerSettings(address: .unix(path: "")) },
      check: { listener, places, reading in
        for block in listener.trustedPeers where block.prefixLength == 0 {
          reading.warn(
            "trust-everyone", "every peer may say that it is somebody else: \(block) is trusted",
            at: places.value("trusted_peers"), help: "name the proxies in front of this one")
        }
      })
  }
}

/// TLS towards clients as it is written: the first certificate by keys of its own.
private struct TLSServerDraft {
  var certificate: String?
  var key: String?
  var certificates: [CertificateFiles] = []
  var minimumVersion = TLSVersion.tls12
  var clientCertificates = ClientCertificateMode.off
  var protocols = ["http/1.1"]

  init() {}

  init(_ settings: TLSServerSettings) {
    certificate = settings.certificates.first?.certificate
    key = settings.certificates.first?.key
    certificates = Array(settings.certificates.dropFirst())
    minimumVersion = settings.minimumVersion
    clientCertificates = settings.clientCertificates
    protocols = settings.protocols
  }

  var settings: TLSServerSettings {
    var all = certificates
    if let certificate, let key {
      all.insert(CertificateFiles(certificate: certificate, key: key), at: 0)
    }
    var settings = TLSServerSettings(certificates: all)
    settings.minimumVersion = minimumVersion
    settings.clientCertificates = clientCertificates
    settings.protocols = protocols
    return settings
  }
}

extension Form<TLSServerSettings> {
  fileprivate static var tlsServer: Form<TLSServerSettings> {
    .mapped(Section<TLSServerDraft>.tlsServer.form, to: \.settings, from: { TLSServerDraft($0) })
  }
}

extension Section<TLSServerDraft> {
  fileprivate static var tlsServer: Section<TLSServerDraft> {
    Section(
      name: "listeners.tls", about: "TLS towards clients.",
      keys: [
        Key(
          optional: "certificate", \.certificate, .path, isRequired: true,
          "The certificate and those that lead to its authority, PEM."),
        Key(optional: "key", \.key, .path, isRequired: true, "The private key, PEM."),
        Key(
          list: "certificates", \.certificates, .list(Section<CertificateFiles>.certificate.form),
          "Further certificates, chosen by the name a client asks for (SNI)."),
        Key("min_version", \.minimumVersion, .words, "The oldest TLS version that is spoken."),
        Key(
          "client_certificates", \.clientCertificates, .clientCertificates,
          "Whether clients are asked for a certificate, or must show one."),
        Key(
          "alpn", \.protocols, .oneOrMore(.choice([("http/1.1", "http/1.1")])),
          "The protocols offered by ALPN, most wanted first."),
      ],
      blank: { TLSServerDraft() })
  }
}

extension Section<CertificateFiles> {
  static var certificate: Section<CertificateFiles> {
    Section(
      name: "certificates", about: "A certificate and its key.",
      keys: [
        Key(
          "certificate", \.certificate, .path, isRequired: true,
          "The certificate and those that lead to its authority, PEM."),
        Key("key", \.key, .path, isRequired: true, "The private key, PEM."),
      ],
      blank: { CertificateFiles(certificate: "", key: "") })
  }
}

/// Client certificates as they are written.
private struct ClientCertificateDraft {
  var isRequired = true
  var authorities = ""
}

extension Form<ClientCertificateMode> {
  fileprivate static var clientCertificates: Form<ClientCertificateMode> {
    .mapped(.orOff(Section<ClientCertificateDraft>.clientCertificates.form)) { draft in
      guard let draft else { return .off }
      return draft.isRequired
        ? .required(authorities: draft.authorities) : .optional(authorities: draft.authorities)
    } from: { mode in
      switch mode {
      case .off: nil
      case .optional(let file): ClientCertificateDraft(isRequired: false, authorities: file)
      case .required(let file): ClientCertificateDraft(isRequired: true, authorities: file)
      }
    }
  }
}

extension Section<ClientCertificateDraft> {
  fileprivate static var clientCertificates: Section<ClientCertificateDraft> {
    Section(
      name: "listeners.tls.client_certificates", about: "Certificates of clients.",
      keys: [
        Key(
          "mode", \.isRequired, .choice([("required", true), ("optional", false)]),
          "required: no handshake without one. optional: one that is shown must verify."),
        Key(
          "ca", \.authorities, .path, isRequired: true,
          "The authorities that client certificates must come from, PEM."),
      ],
      blank: { ClientCertificateDraft() })
  }
}

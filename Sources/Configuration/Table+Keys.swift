internal import HTTPModel
internal import Primitives
internal import Verdict

// The keys of `keys` and `attestation`.

/// A key set as it is written.
struct KeySetDraft {
  var jwks: String?
  var address: KeyAddress?
  var pem: [String] = []
  var secret: String?
  var rsaAlgorithm = RSAAlgorithm.rs256
  var tls = TLSClientSettings()
  var refresh = Milliseconds(600_000)

  init() {}

  init(_ settings: KeySetSettings) {
    switch settings.source {
    case .jwks(let path): jwks = path
    case .published(let address): self.address = address
    case .pem(let paths): pem = paths
    case .secret(let path): secret = path
    }
    rsaAlgorithm = settings.rsaAlgorithm
    tls = settings.tls
    refresh = settings.refresh
  }

  private var source: KeySetSettings.Source? {
    if let jwks { return .jwks(path: jwks) }
    if let address { return .published(address) }
    if !pem.isEmpty { return .pem(paths: pem) }
    return secret.map { .secret(path: $0) }
  }

  func settings(name: String) -> KeySetSettings? {
    guard let source else { return nil }
    var settings = KeySetSettings(name: name, source: source)
    settings.rsaAlgorithm = rsaAlgorithm
    settings.tls = tls
    settings.refresh = refresh
    return settings
  }
}

extension Section<KeySetDraft> {
  static var keySet: Section<KeySetDraft> {
    Section(
      name: "keys", about: "Keys that signed verdicts are verified with, by the names of routes.",
      keys: [
        Key(
          optional: "jwks", \.jwks, .path,
          "A file with a JWK set (RFC 7517). It may hold a shared secret for HS256."),
        Key(
          optional: "jwks_url", \.address, .keyAddress,
          "Where a JWK set is published: fetched at the start, when it is old, and for a new key."),
        Key(list: "pem", \.pem, .oneOrMore(.path), "Files with a public key each."),
        Key(
          optional: "secret", \.secret, .path,
          "A file with a shared secret for HS256, 32 bytes or more: who verifies can also sign."),
        Key(
          "rsa", \.rsaAlgorithm, .words, "What RSA keys sign with that do not say it themselves."),
        Key(
          "tls", \.tls, Section<TLSClientSettings>.tlsClient.form,
          "TLS towards the server of 'jwks_url'."),
        Key(
          "refresh", \.refresh, .duration(Milliseconds(1_000), Milliseconds(86_400_000)),
          "How long fetched keys are current where their server does not say."),
      ],
      blank: { KeySetDraft() }, check: checkKeySet)
  }

  private static func checkKeySet(
    _ draft: inout KeySetDraft, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    let given = ["jwks", "jwks_url", "pem", "secret"].filter(places.has)
    if given.isEmpty {
      reading.error(
        "no-keys", "these keys come from nowhere", at: places.whole,
        help: "add 'jwks', 'jwks_url', 'pem' or 'secret'")
    } else if given.count > 1 {
      reading.error(
        "several-sources", "keys come from one place, not \(listed(given))",
        at: places.key(given[1]), help: "keep one")
    }
    guard places.has("jwks_url") else {
      let standard = KeySetDraft()
      if draft.tls != standard.tls {
        reading.error("wrong-key", "'tls' needs 'jwks_url'", at: places.key("tls"))
      }
      if draft.refresh != standard.refresh {
        reading.error("wrong-key", "'refresh' needs 'jwks_url'", at: places.key("refresh"))
      }
      return
    }
    if draft.address?.origin.scheme == .http {
      reading.warn(
        "open-keys", "whoever is on the path to these keys can put in his own",
        at: places.value("jwks_url"), help: "fetch them with https")
    }
  }
}

extension Form<KeyAddress> {
  static var keyAddress: Form<KeyAddress> {
    .parsed(
      "a URL", example: "https://auth.example/.well-known/jwks.json", pattern: "^https?://[^/?#]+/"
    ) { text in
      let scheme = text.prefix { $0 != "/" }
      guard scheme == "https:" || scheme == "http:",
        let slash = text.dropFirst(scheme.count + 2).firstIndex(of: "/")
      else { return .flaw("'\(text)' is no URL with a path") }
      let target = Array(text[slash...].utf8)
      guard target.allSatisfy({ $0 > ASCII.space && $0 < 0x7F && $0 != 0x23 }) else {
        return .flaw("a character in this URL must be percent-encoded")
      }
      return switch Form<OriginAddress>.internet(String(text[..<slash])) {
      case .value(let origin): .value(KeyAddress(origin: origin, target: target))
      case .flaw(let message, let help): .flaw(message, help: help)
      }
    } write: {
      $0.origin.description + $0.target.displayText
    }
  }
}

extension Section<AttestationSettings> {
  static var attestation: Section<AttestationSettings> {
    Section(
      name: "attestation",
      about: "How this program signs what it has verified, for routes with 'attest: true'.",
      keys: [
        Key(
          list: "keys", \.keys, .oneOrMore(.path), isRequired: true,
          "Files with a private key each (PEM): the first signs, all are published."),
        Key(
          "issuer", \.issuer, .partyName, isRequired: true, "Who signs: the claim 'iss'."),
        Key(
          optional: "audience", \.audience, .partyName,
          "For whom: the claim 'aud'. Without this key: for nobody in particular."),
        Key(
          "path", \.path, .requestTarget,
          "Where the public keys are served as a JWK set, on every listener."),
        Key(
          "lifetime", \.lifetime, .seconds(Seconds(1), JWTRule.maximumLifetime),
          "How long a signed verdict is valid."),
      ],
      blank: { AttestationSettings() })
  }
}

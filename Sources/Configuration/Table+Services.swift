internal import Primitives
internal import Verdict

// The keys of `services`.

extension Section<ServiceSettings> {
  static var service: Section<ServiceSettings> {
    Section(
      name: "services", about: "The services behind the proxy, by the names routes call them.",
      keys: [
        Key(
          "kind", \.kind, .choice([("auth", .auth), ("plain", .plain)]),
          "auth: what no rule declares and no shape explains is a decision. "
            + "plain: only declared routes and named protocol shapes are."),
        Key(
          "origins", \.origins, .oneOrMore(.origin), isRequired: true,
          "Its servers: http://HOST:PORT, https://HOST:PORT or unix:PATH."),
        Key(
          "tls", \.tls, Section<TLSClientSettings>.tlsClient.form,
          "TLS towards servers with https."),
        Key(
          "balance", \.balance, .words, "How a request chooses among several servers."),
        Key(
          "timeouts", \.timeouts, Section<OriginTimeouts>.originTimeouts.form,
          "How long the proxy waits for servers."),
        Key(
          "idle_connections", \.idleConnectionsPerLoop, .integer(0...10_000),
          "Unused connections kept to each server by each event loop."),
        Key(
          "retries", \.retries, .integer(0...10),
          "How often an idempotent request is tried again (RFC 9110 §9.2.2); a decision never is."),
        Key(
          optional: "health", \.health, Section<HealthSettings>.health.form,
          "Active probes. Without this key: none."),
        Key(
          "ejection", \.ejection, .orOff(Section<EjectionSettings>.ejection.form),
          "Leaving out a server that fails requests for a while."),
      ],
      blank: { ServiceSettings(name: "", origins: []) },
      check: checkService)
  }

  private static func checkService(
    _ service: inout ServiceSettings, _ places: KeyPlaces, _ reading: inout Reading
  ) {
    let isSecure = service.origins.contains { $0.scheme == .https }
    if service.tls != TLSClientSettings(), !service.origins.isEmpty, !isSecure {
      reading.warn(
        "unused-tls", "no server of this service has https, so 'tls' does nothing",
        at: places.key("tls"))
    }
    if !service.tls.verifies {
      reading.warn(
        "unverified-origin",
        "anybody on the path can answer for this service: its certificate is "
          + "not verified", at: places.key("tls"), help: "give its authority as 'ca' instead")
    }
    for (index, origin) in service.origins.enumerated()
    where service.origins[..<index].contains(origin) {
      reading.error(
        "repeated-origin", "the server \(origin) is given twice", at: places.value("origins"))
    }
  }
}

extension Section<TLSClientSettings> {
  static var tlsClient: Section<TLSClientSettings> {
    Section(
      name: "services.tls", about: "TLS towards servers.",
      keys: [
        Key(
          optional: "ca", \.authorities, .path,
          "The authorities to trust, PEM. Without this key: those of the system."),
        Key("verify", \.verifies, .boolean, "Whether certificates are verified."),
        Key(
          optional: "server_name", \.serverName,
          .parsed("a host name", example: "auth.internal") { text in
            isHostName(text[...]) ? .value(text) : .flaw("'\(text)' is no host name")
          } write: {
            $0
          },
          "The name asked for (SNI) and verified. Without this key: the host of the server."),
        Key(
          optional: "client_certificate", \.certificate, Section<CertificateFiles>.certificate.form,
          "What this proxy shows to servers."),
        Key("min_version", \.minimumVersion, .words, "The oldest TLS version that is spoken."),
      ],
      blank: { TLSClientSettings() })
  }
}

extension Section<OriginTimeouts> {
  static var originTimeouts: Section<OriginTimeouts> {
    Section(
      name: "services.timeouts", about: "How long the proxy waits for servers.",
      keys: [
        Key(
          "connect", \.connect, .duration(Milliseconds(1), Milliseconds(300_000)),
          "For a connection, its TLS handshake included."),
        Key(
          "first_byte", \.firstByte, .duration(Milliseconds(1), Milliseconds(3_600_000)),
          "For the head of a response, from the end of the request."),
        Key(
          "idle", \.idle, .duration(Milliseconds(1), Milliseconds(3_600_000)),
          "For further bytes in either direction."),
        Key(
          "keep_alive", \.keepAlive, .duration(Milliseconds(0), Milliseconds(3_600_000)),
          "How long an unused connection is kept."),
      ],
      blank: { OriginTimeouts() })
  }
}

extension Section<HealthSettings> {
  static var health: Section<HealthSettings> {
    Section(
      name: "services.health",
      about: "Active probes: a GET that a healthy server answers with 2xx.",
      keys: [
        Key("path", \.path, .requestTarget, isRequired: true, "What is asked for."),
        Key(
          "every", \.every, .duration(Milliseconds(100), Milliseconds(3_600_000)), "How often."),
        Key(
          "timeout", \.timeout, .duration(Milliseconds(10), Milliseconds(300_000)),
          "How long an answer may take, and never longer than 'every'."),
        Key(
          "healthy_after", \.healthyThreshold, .integer(1...100),
          "Successes in a row before a server that was out takes requests again."),
        Key(
          "unhealthy_after", \.unhealthyThreshold, .integer(1...100),
          "Failures in a row before a server is taken out."),
      ],
      blank: { HealthSettings(path: []) },
      check: { health, places, reading in
        if !places.has("timeout") { health.timeout = min(health.timeout, health.every) }
        if health.timeout > health.every {
          reading.error(
            "out-of-range", "a probe may not last longer than the time between two",
            at: places.value("timeout"),
            help: "at most \(Quantity.text(of: health.every)), or a longer 'every'")
        }
      })
  }
}

extension Section<EjectionSettings> {
  static var ejection: Section<EjectionSettings> {
    Section(
      name: "services.ejection", about: "Leaving out a server that fails requests.",
      keys: [
        Key(
          "failures", \.failures, .integer(1...1_000), "Failures in a row before it is left out."),
        Key(
          "for", \.duration, .duration(Milliseconds(100), Milliseconds(3_600_000)), "How long."),
      ],
      blank: { EjectionSettings() })
  }
}

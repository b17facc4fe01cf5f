package import Primitives
package import Verdict

/// Where one server of a service is.
package struct OriginAddress: Hashable, Sendable {
  package enum Scheme: String, Sendable { case http, https }

  package enum Endpoint: Hashable, Sendable {
    /// A name or an address literal without brackets.
    case host(String, port: UInt16)
    case unix(path: String)
  }

  package var scheme: Scheme
  package var endpoint: Endpoint

  package init(scheme: Scheme, endpoint: Endpoint) {
    self.scheme = scheme
    self.endpoint = endpoint
  }
}

extension OriginAddress: CustomStringConvertible {
  /// `http://10.0.0.7:9000`, `https://[::1]:9443` or `unix:/run/auth.sock`.
  package var description: String {
    switch endpoint {
    case .host(let host, let port):
      host.contains(":")
        ? "\(scheme.rawValue)://[\(host)]:\(port)" : "\(scheme.rawValue)://\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

/// TLS towards origins.
package struct TLSClientSettings: Sendable, Equatable {
  /// A file of authorities to trust; nil for those of the system.
  package var authorities: String?
  /// Whether the certificate is checked. Off only by an explicit word in the file.
  package var verifies = true
  /// The name asked for by SNI and checked in the certificate; nil for the origin's host.
  package var serverName: String?
  /// The certificate shown to the origin.
  package var certificate: CertificateFiles?
  package var minimumVersion = TLSVersion.tls12

  package init() {}
}

/// How a request chooses among the servers of a service.
package enum Balance: String, Sendable, CaseIterable {
  case roundRobin = "round_robin"
  case leastConnections = "least_connections"
}

/// How long the proxy waits for origins.
package struct OriginTimeouts: Sendable, Equatable {
  /// For a connection, its TLS handshake included.
  package var connect = Milliseconds(3_000)
  /// For the head of the response, from the end of the request.
  package var firstByte = Milliseconds(30_000)
  /// For further bytes in either direction.
  package var idle = Milliseconds(60_000)
  /// How long an unused connection is kept.
  package var keepAlive = Milliseconds(60_000)

  package init() {}
}

/// Active probes.
package struct HealthSettings: Sendable, Equatable {
  /// Requested with GET; a 2xx is healthy.
  package var path: [UInt8]
  package var every = Milliseconds(5_000)
  package var timeout = Milliseconds(2_000)
  /// Successes in a row before a server that was out takes requests again.
  package var healthyThreshold = 2
  /// Failures in a row before a server is taken out.
  package var unhealthyThreshold = 3

  package init(path: [UInt8]) { self.path = path }
}

/// Passive ejection: a server that fails real requests is left out for a while.
package struct EjectionSettings: Sendable, Equatable {
  /// Failures in a row before it is left out.
  package var failures = 5
  /// How long.
  package var duration = Milliseconds(10_000)

  package init() {}
}

/// One service and its servers.
package struct ServiceSettings: Sendable, Equatable {
  package var name: String
  package var kind = ServiceKind.auth
  /// At least one.
  package var origins: [OriginAddress]
  /// For origins with `https`.
  package var tls = TLSClientSettings()
  package var balance = Balance.roundRobin
  package var timeouts = OriginTimeouts()
  /// Unused connections kept to each server by each loop.
  // As many as a pool may open: an idle connection costs a few hundred bytes, and opening one costs
  // more than the request that needs it.
  package var idleConnectionsPerLoop = 256
  /// How often an idempotent request is tried again (RFC 9110 §9.2.2). A decision never is.
  package var retries = 1
  package var health: HealthSettings?
  /// Nil when passive ejection is off.
  package var ejection: EjectionSettings? = EjectionSettings()

  package init(name: String, origins: [OriginAddress]) {
    self.name = name
    self.origins = origins
  }
}

package import Primitives

/// Where a published key set is fetched from.
package struct KeyAddress: Hashable, Sendable {
  package var origin: OriginAddress
  /// Path and query.
  package var target: [UInt8]

  package init(origin: OriginAddress, target: [UInt8]) {
    self.origin = origin
    self.target = target
  }
}

/// What RSA keys sign with that do not say it themselves.
package enum RSAAlgorithm: String, Sendable, CaseIterable {
  case rs256 = "RS256"
  case ps256 = "PS256"
}

/// Keys that verdicts are verified with, by the name that routes call them.
package struct KeySetSettings: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    /// A file with a JWK set (RFC 7517), pinned by the operator.
    case jwks(path: String)
    /// A JWK set that is fetched, and fetched again.
    case published(KeyAddress)
    /// Files with a public key each.
    case pem(paths: [String])
    /// A file with a shared secret for HS256, of 32 bytes at least.
    case secret(path: String)
  }

  package var name: String
  package var source: Source
  package var rsaAlgorithm = RSAAlgorithm.rs256
  /// TLS towards the server of a published set.
  package var tls = TLSClientSettings()
  /// How long fetched keys are taken for current where the answer says nothing of it.
  package var refresh = Milliseconds(600_000)

  package init(name: String, source: Source) {
    self.name = name
    self.source = source
  }
}

/// How this program signs what it has verified.
package struct AttestationSettings: Sendable, Equatable {
  package static let standardPath = "/.well-known/countersign/jwks.json"

  /// Files with a private key each: the first signs, all are published.
  package var keys: [String] = []
  /// `iss` of what is signed.
  package var issuer: [UInt8] = []
  /// `aud` of what is signed; nil to name none.
  package var audience: [UInt8]?
  /// Where the public keys are served, on every listener.
  package var path = Array(standardPath.utf8)
  /// How long a signed verdict is valid.
  package var lifetime = Seconds(30)

  package init() {}
}

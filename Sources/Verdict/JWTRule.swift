package import HTTPModel
package import Primitives

/// Claims of a verdict that a rule may demand. What is there is compared, demanded or not.
package struct VerdictClaims: OptionSet, Hashable, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// `htm`: the request's method (the name is that of RFC 9449 §4.2).
  package static let method = VerdictClaims(rawValue: 1 << 0)
  /// `htu`: the request's target without query.
  package static let target = VerdictClaims(rawValue: 1 << 1)
  /// `ath`: the digest of the request's credentials, where it has some.
  package static let credentials = VerdictClaims(rawValue: 1 << 2)
  /// `rqd`: the digest of the request's content, where it has some.
  package static let requestDigest = VerdictClaims(rawValue: 1 << 3)
  /// `rsd`: the digest of the response's content.
  package static let responseDigest = VerdictClaims(rawValue: 1 << 4)
  /// `user`: an object about the user, which is not empty.
  package static let user = VerdictClaims(rawValue: 1 << 5)
  /// `jti`: the verdict's own identifier, which serves once.
  package static let identifier = VerdictClaims(rawValue: 1 << 6)
  /// `txn`: the identifier of the call chain.
  package static let transaction = VerdictClaims(rawValue: 1 << 7)
  /// `sub` or `preferred_username`.
  package static let subject = VerdictClaims(rawValue: 1 << 8)

  /// What is demanded unless the route says otherwise.
  package static let standard: VerdictClaims = [.method, .identifier]

  /// What an edge demands of the origin's attestation: all that binds it to the request.
  package static let attested: VerdictClaims = [
    .method, .target, .credentials, .requestDigest, .responseDigest, .identifier,
  ]

  /// Every claim that may be demanded, with its name.
  package static let names: [(StaticString, VerdictClaims)] = [
    ("htm", .method), ("htu", .target), ("ath", .credentials), ("rqd", .requestDigest),
    ("rsd", .responseDigest), ("user", .user), ("jti", .identifier), ("txn", .transaction),
    ("sub", .subject),
  ]
}

/// A claim that must say what the request says: `scope`, `resource`, `action`.
package struct ComparedClaim: Hashable, Sendable {
  /// Where the claim stands in the signed text.
  package let claim: JSONPointer
  package let request: RequestSource

  package init(claim: JSONPointer, request: RequestSource) {
    self.claim = claim
    self.request = request
  }
}

/// Mode `jwt`: the token goes out in a request field and comes back as the claim `nonce` of a
/// signed verdict, whose other claims say what was decided about whom, and for which request.
package struct JWTRule: Hashable, Sendable {
  /// The longest a verdict may be valid, and the most an operator may allow.
  package static let maximumLifetime = Seconds(60)

  /// The field that carries the token to the service.
  package let requestField: FieldName
  package let proof: ProofPlace
  /// The name of the key set.
  package let keys: String
  /// Who must have issued the verdict (`iss`); nil to let the keys tell.
  package let issuer: [UInt8]?
  /// For whom the verdict must be (`aud`). Without it a verdict that names an audience is refused
  /// (RFC 7519 §4.1.3).
  package let audience: [UInt8]?
  package let lifetime: Seconds
  package let demanded: VerdictClaims
  /// At most `maximumCompared`.
  package let compared: [ComparedClaim]
  /// Whether `htu` is compared by its path only: for hops that change the authority.
  package let comparesPathOnly: Bool

  /// How many claims of the operator's own may be compared.
  package static let maximumCompared = 8

  package init(
    requestField: FieldName = FieldName(.transactionToken), proof: ProofPlace = .verdictToken,
    keys: String, issuer: [UInt8]? = nil, audience: [UInt8]? = nil,
    lifetime: Seconds = maximumLifetime, demanded: VerdictClaims = .standard,
    compared: [ComparedClaim] = [], comparesPathOnly: Bool = false
  ) {
    self.requestField = requestField
    self.proof = proof
    self.keys = keys
    self.issuer = issuer
    self.audience = audience
    self.lifetime = min(lifetime, Self.maximumLifetime)
    self.demanded = demanded
    self.compared = Array(compared.prefix(Self.maximumCompared))
    self.comparesPathOnly = comparesPathOnly
  }

  /// Whether a comparison or a digest needs the request's content whole.
  var needsRequestBody: Bool {
    demanded.contains(.requestDigest) || compared.contains(where: \.request.needsBody)
  }
}

package import Primitives

/// What a verifier demands of a signature before it even looks at the signature's bytes: its
/// coverage, its nonce and its times. The key, its algorithm and the bytes are the caller's to
/// check.
package struct SignatureDemand: Sendable, Equatable {
  /// What must be covered; more may be.
  package let components: [ComponentIdentifier]
  /// The nonce that was sent for, or nil where none was.
  package let nonce: [UInt8]?
  /// No signature is older than the request it answers.
  package let sentAt: WallTime
  /// By how much the clocks of signer and verifier may differ.
  package let skew: Seconds

  package init(
    components: [ComponentIdentifier], nonce: [UInt8]?, sentAt: WallTime, skew: Seconds
  ) {
    self.components = components
    self.nonce = nonce
    self.sentAt = sentAt
    self.skew = skew
  }

  /// The first thing in which a signature falls short, or nil.
  package func fault(
    in parameters: SignatureParameters, at now: WallTime
  ) -> SignatureFault? {
    Self.coverageFault(in: parameters, components: components, nonce: nonce)
      ?? Self.timeFault(
        created: parameters.created, expires: parameters.expires, sentAt: sentAt, skew: skew,
        at: now)
  }

  /// The first demanded component that is not covered, or a nonce that is not the one, or nil.
  package static func coverageFault(
    in parameters: SignatureParameters, components: [ComponentIdentifier], nonce: [UInt8]?
  ) -> SignatureFault? {
    for demanded in components {
      guard parameters.components.contains(where: { $0.covers(demanded) }) else {
        return .coverageShort
      }
    }
    if let nonce {
      guard let given = parameters.nonce else { return .nonceMissing }
      guard equalsInConstantTime(given.span, nonce.span) else { return .nonceOther }
    }
    return nil
  }

  /// Whether the signature was not made between the sending of the request and now, or has
  /// expired. Times are whole seconds, rounded down by who made them: so is the moment of sending.
  package static func timeFault(
    created: Int64?, expires: Int64?, sentAt: WallTime, skew: Seconds, at now: WallTime
  ) -> SignatureFault? {
    guard let created else { return .createdMissing }
    // Integers of structured fields have 15 digits, and spans of seconds 32 bits: sums fit.
    let seconds = now.secondsSinceEpoch
    guard created >= sentAt.secondsSinceEpoch - skew.count else { return .createdTooEarly }
    guard created <= seconds + skew.count else { return .createdInFuture }
    if let expires {
      guard expires >= created, expires > seconds - skew.count else { return .expired }
    }
    return nil
  }
}

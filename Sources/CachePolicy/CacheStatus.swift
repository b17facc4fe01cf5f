package import HTTPModel
internal import Primitives

/// Why a request went to the origin: the values of `fwd` (RFC 9211 §2.2).
package enum ForwardCause: UInt8, Hashable, Sendable, CaseIterable {
  case bypass, method, uriMiss, varyMiss, miss, request, stale, partial

  package var token: StaticString {
    switch self {
    case .bypass: "bypass"
    case .method: "method"
    case .uriMiss: "uri-miss"
    case .varyMiss: "vary-miss"
    case .miss: "miss"
    case .request: "request"
    case .stale: "stale"
    case .partial: "partial"
    }
  }
}

extension CacheReason {
  /// The `fwd` that a forwarded request with this reason gets.
  package var forwardCause: ForwardCause {
    switch self {
    case .methodNotCacheable, .unsafeMethod: .method
    case .nothingStored: .uriMiss
    case .noMatchingVariant, .varyAny, .varyTooLarge: .varyMiss
    case .requestNoCache, .requestPragma, .requestMaxAge, .requestMinFresh: .request
    case .stale, .mustRevalidate, .responseNoCache, .validated, .staleTooLong: .stale
    case .partMissing, .partWithoutValidator, .partMismatch, .partNotAdjacent: .partial
    default: .bypass
    }
  }
}

/// This cache's member of `Cache-Status` (RFC 9211).
///
///     Countersign; hit; ttl=42; detail=fresh
///     Countersign; fwd=stale; fwd-status=304; ttl=60; stored; detail=validated
package struct CacheStatus: Sendable, Equatable {
  package enum Outcome: Sendable, Hashable {
    case hit
    case forwarded(ForwardCause)
  }

  package var outcome: Outcome
  /// The status that the origin answered with.
  package var forwardStatus: Status?
  /// Freshness left in whole seconds; negative when stale.
  package var ttl: Int64?
  package var isStored: Bool
  package var isCollapsed: Bool
  package var detail: CacheReason

  package init(
    _ outcome: Outcome, forwardStatus: Status? = nil, ttl: Int64? = nil, isStored: Bool = false,
    isCollapsed: Bool = false, detail: CacheReason
  ) {
    self.outcome = outcome
    self.forwardStatus = forwardStatus
    self.ttl = ttl
    self.isStored = isStored
    self.isCollapsed = isCollapsed
    self.detail = detail
  }

  /// The status of a forwarded request whose cause is the reason's own.
  package init(forwardedBecause reason: CacheReason, forwardStatus: Status? = nil) {
    self.init(
      .forwarded(reason.forwardCause), forwardStatus: forwardStatus, detail: reason)
  }

  /// Appends the list member, without name or line end.
  package func append(to output: inout [UInt8]) {
    switch outcome {
    case .hit: output.append(ascii: "Countersign; hit")
    case .forwarded(let cause):
      output.append(ascii: "Countersign; fwd=")
      output.append(ascii: cause.token)
    }
    if let forwardStatus {
      output.append(ascii: "; fwd-status=")
      output.append(decimal: UInt64(forwardStatus.code))
    }
    if let ttl { appendTTL(ttl, to: &output) }
    if isStored { output.append(ascii: "; stored") }
    if isCollapsed { output.append(ascii: "; collapsed") }
    output.append(ascii: "; detail=")
    output.append(ascii: detail.code)
  }

  /// Appends the list member with the `key` that the exchange had (RFC 9211 §2.8): scheme,
  /// authority and target. Extras of the key stay unsaid, secret or not.
  package func append(to output: inout [UInt8], key: Span<UInt8>) {
    append(to: &output)
    guard let layout = CacheKey.Layout(of: key) else { return }
    output.append(ascii: layout.scheme == .https ? "; key=\"https://" : "; key=\"http://")
    for index in layout.authority.lowerBound..<layout.target.upperBound {
      let byte = key[index]
      // A structured string holds visible ASCII; targets are that already, whoever built them.
      guard byte >= ASCII.space, byte < 0x7F else { continue }
      if byte == ASCII.quote || byte == ASCII.backslash { output.append(ASCII.backslash) }
      output.append(byte)
    }
    output.append(ASCII.quote)
  }

  private func appendTTL(_ ttl: Int64, to output: inout [UInt8]) {
    output.append(ascii: ttl < 0 ? "; ttl=-" : "; ttl=")
    output.append(decimal: ttl.magnitude)
  }

  /// Appends a whole field line with its line end.
  package func appendLine(to output: inout [UInt8]) {
    output.append(ascii: "Cache-Status: ")
    append(to: &output)
    output.append(ascii: "\r\n")
  }
}

extension StoredAge {
  /// Appends `Age` and this cache's `Cache-Status` for an answer from the store, each with its line
  /// end.
  package func appendHitLines(detail: CacheReason = .fresh, to output: inout [UInt8]) {
    output.append(ascii: "Age: ")
    output.append(decimal: UInt64(age.count.magnitude))
    // Written in as few pieces as possible: this is on the way of every hit.
    output.append(
      ascii: ttl < 0
        ? "\r\nCache-Status: Countersign; hit; ttl=-" : "\r\nCache-Status: Countersign; hit; ttl=")
    output.append(decimal: ttl.magnitude)
    guard detail != .fresh else { return output.append(ascii: "; detail=fresh\r\n") }
    output.append(ascii: "; detail=")
    output.append(ascii: detail.code)
    output.append(ascii: "\r\n")
  }
}

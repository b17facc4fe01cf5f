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

/// What this cache is called in `Cache-Status` (RFC 9211 §2), in the forms that are written:
/// serialised once, not for every answer.
package struct CacheStatusName: Sendable, Equatable {
  /// A token where the name is one (RFC 9651 §3.3.4), otherwise a string.
  package let item: [UInt8]
  /// Whether the key of an exchange is told.
  package let showsKey: Bool
  fileprivate let lineOfHit: [UInt8]
  fileprivate let lineOfForward: [UInt8]

  /// `name` is visible ASCII; what is not stays out.
  package init(_ name: [UInt8], showsKey: Bool = false) {
    var item: [UInt8] = []
    if Self.isToken(name) {
      item = name
    } else {
      item.append(ASCII.quote)
      CacheStatus.append(quotable: name.span, 0..<name.count, to: &item)
      item.append(ASCII.quote)
    }
    self.item = item
    self.showsKey = showsKey
    lineOfHit = [UInt8](ascii: "Cache-Status: ") + item + [UInt8](ascii: "; hit")
    lineOfForward = [UInt8](ascii: "Cache-Status: ") + item + [UInt8](ascii: "; fwd=")
  }

  private static func isToken(_ name: [UInt8]) -> Bool {
    guard let first = name.first, ASCII.isAlpha(first) || first == 0x2A else { return false }
    return name.allSatisfy {
      ASCII.isTokenCharacter($0) || $0 == ASCII.colon || $0 == ASCII.slash
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

  /// Appends the list member, without name of the field or line end.
  ///
  /// - Parameter key: That of the exchange, empty where it had none. Where the name says so, its
  ///   scheme, authority and target are told (RFC 9211 §2.8); extras of the key stay unsaid, secret
  ///   or not.
  package func append(to output: inout [UInt8], as name: CacheStatusName, key: Span<UInt8>) {
    output.append(contentsOf: name.item)
    switch outcome {
    case .hit: output.append(ascii: "; hit")
    case .forwarded(let cause):
      output.append(ascii: "; fwd=")
      output.append(ascii: cause.token)
    }
    appendParameters(to: &output)
    if name.showsKey { Self.append(key: key, to: &output) }
  }

  /// Appends a whole field line with its line end.
  package func appendLine(to output: inout [UInt8], as name: CacheStatusName, key: Span<UInt8>) {
    switch outcome {
    case .hit: output.append(contentsOf: name.lineOfHit)
    case .forwarded(let cause):
      output.append(contentsOf: name.lineOfForward)
      output.append(ascii: cause.token)
    }
    appendParameters(to: &output)
    if name.showsKey { Self.append(key: key, to: &output) }
    output.append(ascii: "\r\n")
  }

  private func appendParameters(to output: inout [UInt8]) {
    if let forwardStatus {
      output.append(ascii: "; fwd-status=")
      output.append(decimal: UInt64(forwardStatus.code))
    }
    if let ttl {
      output.append(ascii: ttl < 0 ? "; ttl=-" : "; ttl=")
      output.append(decimal: ttl.magnitude)
    }
    if isStored { output.append(ascii: "; stored") }
    if isCollapsed { output.append(ascii: "; collapsed") }
    output.append(ascii: "; detail=")
    output.append(ascii: detail.code)
  }

  private static func append(key: Span<UInt8>, to output: inout [UInt8]) {
    guard let layout = CacheKey.Layout(of: key) else { return }
    output.append(ascii: layout.scheme == .https ? "; key=\"https://" : "; key=\"http://")
    append(quotable: key, layout.authority.lowerBound..<layout.target.upperBound, to: &output)
    output.append(ASCII.quote)
  }

  /// Appends what may stand in a structured string (RFC 9651 §3.3.3), which is visible ASCII;
  /// targets and names are that already, whoever built them.
  fileprivate static func append(
    quotable bytes: Span<UInt8>, _ range: Range<Int>, to output: inout [UInt8]
  ) {
    for index in range {
      let byte = bytes[index]
      guard byte >= ASCII.space, byte < 0x7F else { continue }
      if byte == ASCII.quote || byte == ASCII.backslash { output.append(ASCII.backslash) }
      output.append(byte)
    }
  }
}

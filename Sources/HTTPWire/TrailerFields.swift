package import HTTPModel

/// Which fields may stand in a trailer section (RFC 9110 §6.5.1).
///
/// A trailer that frames, routes, authenticates or says how to read content comes too late to be
/// obeyed and in time to be merged by somebody into the head. It is refused, not dropped: no honest
/// sender makes one, and what makes one is probing for a hop that merges. Fields this program does
/// not know are kept, apart from the head's fields; whether they mean anything there is for their
/// definition to say.
package enum TrailerFields {
  package static func check(_ trailers: FieldSection) throws(ProtocolViolation) {
    for line in trailers.lines {
      guard let field = line.known, !isAllowed(field) else { continue }
      throw ProtocolViolation(.forbiddenTrailer, field: field)
    }
  }

  /// Whether a field this program knows may be a trailer field: digests and signatures of what went
  /// before, and what only informs.
  static func isAllowed(_ field: KnownField) -> Bool {
    switch field {
    case .contentDigest, .reprDigest, .signature, .signatureInput, .etag, .link, .server,
      .serverTiming, .proxyStatus, .cacheStatus, .cfCacheStatus, .cfRay, .via, .warning, .xCache,
      .xCacheHits, .xCacheStatus, .xProxyCache, .xRequestID, .xServedBy, .xVarnish:
      true
    // Every other name: framing, routing, credentials, conditions, control of caches, form of the
    // content.
    default: false
    }
  }
}

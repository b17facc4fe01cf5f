internal import Primitives

/// A field name this program has something to do with. The raw value is its bit in
/// `FieldSection.presence`; at most 128 names.
@usableFromInline package enum KnownField: UInt8, CaseIterable, Sendable {
  case accept, acceptEncoding, acceptLanguage, acceptRanges, acceptSignature, age, allow
  case altSvc, authorization
  case cacheControl, cacheGroups, cacheGroupInvalidation, cacheStatus, cdnCacheControl, cdnLoop
  case cfCacheStatus, cfRay, clearSiteData, connection
  case contentDigest, contentDisposition, contentEncoding, contentLanguage, contentLength
  case contentLocation, contentRange, contentType, cookie
  case date, earlyData, edgeControl, etag, expect, expires
  case forwarded, from, host
  case ifMatch, ifModifiedSince, ifNoneMatch, ifRange, ifUnmodifiedSince
  case keepAlive, lastModified, link, location, maxForwards, noVarySearch, origin
  case pragma, proxyAuthenticate, proxyAuthenticationInfo, proxyAuthorization, proxyConnection
  case proxyStatus
  case range, referer, retryAfter
  case secWebSocketKey, secWebSocketAccept, secWebSocketVersion, secWebSocketProtocol
  case server, serverTiming, setCookie, signature, signatureInput, strictTransportSecurity
  case surrogateControl
  case te, trailer, transferEncoding, transactionToken, txnToken, upgrade, userAgent
  case vary, verdictToken, via, warning, wwwAuthenticate
  case xAccelExpires, xCache, xCacheHits, xCacheStatus, xForwardedFor, xForwardedHost
  case xForwardedProto, xForwardedPort, xOriginalMethod, xOriginalURI, xProxyCache, xRealIP
  case xRequestID, xServedBy, xVarnish
  case wantContentDigest, reprDigest
  case xHTTPMethod, xHTTPMethodOverride, xMethodOverride, surrogateKey, cacheTag

  /// The name in its customary spelling, as this program writes it.
  package var name: StaticString {
    switch self {
    case .accept: "Accept"
    case .acceptEncoding: "Accept-Encoding"
    case .acceptLanguage: "Accept-Language"
    case .acceptRanges: "Accept-Ranges"
    case .acceptSignature: "Accept-Signature"
    case .age: "Age"
    case .allow: "Allow"
    case .altSvc: "Alt-Svc"
    case .authorization: "Authorization"
    case .cacheControl: "Cache-Control"
    case .cacheGroups: "Cache-Groups"
    case .cacheGroupInvalidation: "Cache-Group-Invalidation"
    case .cacheStatus: "Cache-Status"
    case .cdnCacheControl: "CDN-Cache-Control"
    case .cdnLoop: "CDN-Loop"
    case .cfCacheStatus: "CF-Cache-Status"
    case .cfRay: "CF-RAY"
    case .clearSiteData: "Clear-Site-Data"
    case .connection: "Connection"
    case .contentDigest: "Content-Digest"
    case .contentDisposition: "Content-Disposition"
    case .contentEncoding: "Content-Encoding"
    case .contentLanguage: "Content-Language"
    case .contentLength: "Content-Length"
    case .contentLocation: "Content-Location"
    case .contentRange: "Content-Range"
    case .contentType: "Content-Type"
    case .cookie: "Cookie"
    case .date: "Date"
    case .earlyData: "Early-Data"
    case .edgeControl: "Edge-Control"
    case .etag: "ETag"
    case .expect: "Expect"
    case .expires: "Expires"
    case .forwarded: "Forwarded"
    case .from: "From"
    case .host: "Host"
    case .ifMatch: "If-Match"
    case .ifModifiedSince: "If-Modified-Since"
    case .ifNoneMatch: "If-None-Match"
    case .ifRange: "If-Range"
    case .ifUnmodifiedSince: "If-Unmodified-Since"
    case .keepAlive: "Keep-Alive"
    case .lastModified: "Last-Modified"
    case .link: "Link"
    case .location: "Location"
    case .maxForwards: "Max-Forwards"
    case .noVarySearch: "No-Vary-Search"
    case .origin: "Origin"
    case .pragma: "Pragma"
    case .proxyAuthenticate: "Proxy-Authenticate"
    case .proxyAuthenticationInfo: "Proxy-Authentication-Info"
    case .proxyAuthorization: "Proxy-Authorization"
    case .proxyConnection: "Proxy-Connection"
    case .proxyStatus: "Proxy-Status"
    case .range: "Range"
    case .referer: "Referer"
    case .retryAfter: "Retry-After"
    case .secWebSocketKey: "Sec-WebSocket-Key"
    case .secWebSocketAccept: "Sec-WebSocket-Accept"
    case .secWebSocketVersion: "Sec-WebSocket-Version"
    case .secWebSocketProtocol: "Sec-WebSocket-Protocol"
    case .server: "Server"
    case .serverTiming: "Server-Timing"
    case .setCookie: "Set-Cookie"
    case .signature: "Signature"
    case .signatureInput: "Signature-Input"
    case .strictTransportSecurity: "Strict-Transport-Security"
    case .surrogateControl: "Surrogate-Control"
    case .te: "TE"
    case .trailer: "Trailer"
    case .transferEncoding: "Transfer-Encoding"
    case .transactionToken: "Transaction-Token"
    case .txnToken: "Txn-Token"
    case .upgrade: "Upgrade"
    case .userAgent: "User-Agent"
    case .vary: "Vary"
    case .verdictToken: "Verdict-Token"
    case .via: "Via"
    case .warning: "Warning"
    case .wwwAuthenticate: "WWW-Authenticate"
    case .xAccelExpires: "X-Accel-Expires"
    case .xCache: "X-Cache"
    case .xCacheHits: "X-Cache-Hits"
    case .xCacheStatus: "X-Cache-Status"
    case .xForwardedFor: "X-Forwarded-For"
    case .xForwardedHost: "X-Forwarded-Host"
    case .xForwardedProto: "X-Forwarded-Proto"
    case .xForwardedPort: "X-Forwarded-Port"
    case .xOriginalMethod: "X-Original-Method"
    case .xOriginalURI: "X-Original-URI"
    case .xProxyCache: "X-Proxy-Cache"
    case .xRealIP: "X-Real-IP"
    case .xRequestID: "X-Request-ID"
    case .xServedBy: "X-Served-By"
    case .xVarnish: "X-Varnish"
    case .wantContentDigest: "Want-Content-Digest"
    case .reprDigest: "Repr-Digest"
    case .xHTTPMethod: "X-HTTP-Method"
    case .xHTTPMethodOverride: "X-HTTP-Method-Override"
    case .xMethodOverride: "X-Method-Override"
    case .surrogateKey: "Surrogate-Key"
    case .cacheTag: "Cache-Tag"
    }
  }
}

extension KnownField {
  /// The known field of this name in any case, or nil.
  package init?(name: Span<UInt8>) {
    guard let found = KnownFieldTable.shared.find(name) else { return nil }
    self = found
  }

  /// The known field of this name in any case, or nil.
  package init?(name: some Collection<UInt8>) {
    let copy = Array(name)
    guard let found = KnownFieldTable.shared.find(copy.span) else { return nil }
    self = found
  }
}

/// The known names, found by a perfect-enough hash of length, first, middle and last byte.
struct KnownFieldTable: Sendable {
  static let shared = KnownFieldTable()

  private static let slotCount = 512

  /// For each slot the raw value of the first name there, or 255.
  private let slots: [UInt8]
  /// For each name the next one in the same slot, or 255.
  private let next: [UInt8]
  private let names: [[UInt8]]

  private init() {
    var slots = [UInt8](repeating: 255, count: Self.slotCount)
    var next = [UInt8](repeating: 255, count: KnownField.allCases.count)
    let names = KnownField.allCases.map { [UInt8](ascii: $0.name).asciiLowercased() }
    for field in KnownField.allCases {
      let name = names[Int(field.rawValue)]
      let slot = Self.slot(of: name.span)
      next[Int(field.rawValue)] = slots[slot]
      slots[slot] = field.rawValue
    }
    self.slots = slots
    self.next = next
    self.names = names
  }

  private static func slot(of name: Span<UInt8>) -> Int {
    let count = name.count
    let first = Int(name[0] | 0x20)
    let middle = Int(name[count / 2] | 0x20)
    let last = Int(name[count - 1] | 0x20)
    return (count &* 37 &+ first &* 11 &+ middle &* 59 &+ last &* 5) & (slotCount - 1)
  }

  func find(_ name: Span<UInt8>) -> KnownField? {
    guard name.count > 0, name.count <= 32 else { return nil }
    var candidate = slots[Self.slot(of: name)]
    while candidate != 255 {
      if matches(name, names[Int(candidate)]) { return KnownField(rawValue: candidate) }
      candidate = next[Int(candidate)]
    }
    return nil
  }

  private func matches(_ name: Span<UInt8>, _ lowercased: [UInt8]) -> Bool {
    guard name.count == lowercased.count else { return false }
    for index in name.indices where ASCII.lowercased(name[index]) != lowercased[index] {
      return false
    }
    return true
  }
}

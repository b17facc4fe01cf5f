internal import Primitives

/// Where a request is directed (RFC 9112 §3.2).
@usableFromInline package enum TargetForm: Hashable, Sendable {
  /// `/path?query`.
  case origin
  /// `scheme://authority/path?query`.
  case absolute
  /// `*`, for OPTIONS only.
  case asterisk
  /// `host:port`, for CONNECT only.
  case authority
}

/// The head of a request: a checked thing, made by the parser (or by the program itself).
@usableFromInline package struct RequestHead: Sendable, Equatable {
  @usableFromInline package var method: Method
  @usableFromInline package var version: HTTPVersion
  @usableFromInline package var targetForm: TargetForm
  /// The request target as it came, byte for byte: visible ASCII only.
  @usableFromInline package var target: [UInt8]
  /// The path part of the target in its normal form (`NormalPath`), query excluded; `/` where an
  /// absolute form has none. Empty for asterisk and authority forms.
  ///
  /// What everything in this program compares. The bytes that came are `spelledPath`.
  package private(set) var path: ArraySlice<UInt8>
  /// How the path was spelled.
  package private(set) var pathTraits: PathTraits
  /// The query after `?`, or nil where there is no `?`.
  @usableFromInline package var query: ArraySlice<UInt8>?
  /// The authority the request is for: from `Host`, equal to that of an absolute form, or empty
  /// (HTTP/1.0 without Host). Case as it came.
  @usableFromInline package var authority: [UInt8]
  @usableFromInline package var fields: FieldSection

  /// - Parameter path: As it stands in the target.
  package init(
    method: Method, version: HTTPVersion = .http11, targetForm: TargetForm = .origin,
    target: [UInt8], path: ArraySlice<UInt8>, query: ArraySlice<UInt8>?, authority: [UInt8],
    fields: FieldSection
  ) {
    self.method = method
    self.version = version
    self.targetForm = targetForm
    self.target = target
    pathTraits = PathTraits(of: path)
    self.path = pathTraits.contains(.respelled) ? NormalPath.respelling(path) : path
    self.query = query
    self.authority = authority
    self.fields = fields
  }

  /// A head in origin form, its target split at the first `?`. For the program's own requests and
  /// tests.
  package init(
    method: Method, target: [UInt8], authority: [UInt8] = [], fields: FieldSection = FieldSection()
  ) {
    let mark = target.firstIndex(of: ASCII.questionMark)
    self.init(
      method: method, target: target, path: target[..<(mark ?? target.endIndex)],
      query: mark.map { target[($0 + 1)...] }, authority: authority, fields: fields)
  }
}

extension RequestHead {
  /// The path as it came, for logs and findings.
  package var spelledPath: ArraySlice<UInt8> {
    guard pathTraits.contains(.respelled) else { return path }
    var start = target.startIndex
    if targetForm == .absolute, let slash = target.firstIndex(of: ASCII.slash) {
      // A path with an escape begins with the slash after the authority.
      let authority = target[slash...].dropFirst(2)
      start = authority.firstIndex(of: ASCII.slash) ?? target.endIndex
    }
    return target[start...].prefix { $0 != ASCII.questionMark }
  }
}

/// The head of a response: a checked thing, made by the parser (or by the program itself).
@usableFromInline package struct ResponseHead: Sendable, Equatable {
  @usableFromInline package var status: Status
  @usableFromInline package var version: HTTPVersion
  /// The reason phrase as it came; empty where the program's own answer uses the customary one.
  @usableFromInline package var reason: [UInt8]
  @usableFromInline package var fields: FieldSection

  @inlinable package init(
    status: Status, version: HTTPVersion = .http11, reason: [UInt8] = [],
    fields: FieldSection = FieldSection()
  ) {
    self.status = status
    self.version = version
    self.reason = reason
    self.fields = fields
  }
}

/// How the length of a message's content is told (RFC 9112 §6.3).
@usableFromInline package enum BodyFraming: Hashable, Sendable {
  /// No content follows the head.
  case none
  /// Exactly this many bytes follow; 0 is possible.
  case length(Int64)
  /// The chunked transfer coding, and nothing else.
  case chunked
  /// All bytes until the connection closes. Responses only.
  case untilClose
}

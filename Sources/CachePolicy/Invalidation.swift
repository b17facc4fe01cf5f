package import HTTPModel
internal import Primitives

/// A path in its normal form and a query: what stored responses are for.
package struct InvalidTarget: Sendable, Hashable {
  package let path: [UInt8]
  package let query: [UInt8]?

  init(path: [UInt8], query: [UInt8]?) {
    self.path = path
    self.query = query
  }

  /// What a request is for.
  package init(_ request: RequestHead) {
    self.init(path: Array(request.path), query: request.query.map { Array($0) })
  }
}

/// What a response to an unsafe request makes invalid (RFC 9111 §4.4): the target, and those of
/// `Location` and `Content-Location` on the same origin. Empty for safe methods and errors.
///
/// Where the path is ambiguous the service may have changed what it is when all is resolved: that
/// falls, too.
package func invalidTargets(
  of request: RequestHead, scheme: Scheme, response: ResponseHead
) -> [InvalidTarget] {
  guard invalidates(request, response) else { return [] }
  var targets: [InvalidTarget] = []
  func add(_ path: [UInt8], _ query: ArraySlice<UInt8>?) {
    let target = InvalidTarget(path: path, query: query.map { Array($0) })
    if !targets.contains(target) { targets.append(target) }
  }
  add(Array(request.path), request.query)
  if request.pathTraits.areAmbiguous { add(NormalPath.resolved(request.path), request.query) }
  let base = URIReference.Base(scheme: scheme, authority: request.authority, path: request.path)
  for field in [KnownField.location, .contentLocation] {
    guard let reference = response.fields.only(field),
      let target = URIReference.targetOnSameOrigin(reference, base: base)
    else { continue }
    let path = target.prefix { $0 != ASCII.questionMark }
    let query = target[path.endIndex...]
    add(Array(path), query.isEmpty ? nil : query.dropFirst())
  }
  return targets
}

/// The keys that a response to an unsafe request makes invalid.
///
/// They are bases (`CacheKey.base`): what is stored under them with any extras is invalid, too.
package func invalidationKeys(
  for request: RequestHead, scheme: Scheme, response: ResponseHead, partition: UInt32 = 0,
  rules: KeyRules = KeyRules()
) -> [[UInt8]] {
  var keys: [[UInt8]] = []
  for target in invalidTargets(of: request, scheme: scheme, response: response) {
    let key = CacheKey.base(
      of: target, authority: request.authority, scheme: scheme, partition: partition, rules: rules)
    if !keys.contains(key) { keys.append(key) }
  }
  return keys
}

/// Whether a response says that what is stored may have changed: an unsafe request succeeded.
package func invalidates(_ request: RequestHead, _ response: ResponseHead) -> Bool {
  !request.method.isSafe && (200..<400).contains(response.status.code)
}

/// Resolves a URI reference against a target URI (RFC 3986 §5.2), as far as the cache needs it.
enum URIReference {
  struct Base {
    let scheme: Scheme
    let authority: [UInt8]
    let path: ArraySlice<UInt8>
  }

  /// Path and query of the reference when it is on the base's origin; nil when it is elsewhere.
  static func targetOnSameOrigin(_ reference: ArraySlice<UInt8>, base: Base) -> [UInt8]? {
    var rest = reference.prefix { $0 != 0x23 }
    if let end = schemeEnd(rest) {
      let name: StaticString = base.scheme == .http ? "http" : "https"
      guard rest[..<end].equalsIgnoringASCIICase(name) else { return nil }
      rest = rest[(end + 1)...]
      guard rest.starts(with: [ASCII.slash, ASCII.slash]) else { return nil }
    }
    if rest.starts(with: [ASCII.slash, ASCII.slash]) {
      rest = rest.dropFirst(2)
      let authority = rest.prefix { $0 != ASCII.slash && $0 != ASCII.questionMark }
      guard isSame(Array(authority), base) else { return nil }
      return normalised(rest[authority.endIndex...])
    }
    if rest.isEmpty { return nil }
    if rest.first == ASCII.slash { return normalised(rest) }
    if rest.first == ASCII.questionMark { return normalised(base.path + rest) }
    let directory = base.path.lastIndex(of: ASCII.slash).map { base.path[...$0] } ?? []
    return normalised(directory + rest)
  }

  /// Where the colon after a scheme is; nil when the reference is relative (RFC 3986 §3.1).
  private static func schemeEnd(_ reference: ArraySlice<UInt8>) -> Int? {
    guard let first = reference.first, ASCII.isAlpha(first) else { return nil }
    let end = reference.firstIndex {
      !(ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E)
    }
    guard let end, reference[end] == ASCII.colon else { return nil }
    return end
  }

  private static func isSame(_ authority: [UInt8], _ base: Base) -> Bool {
    let count = CacheKey.countWithoutDefaultPort(authority, scheme: base.scheme)
    let baseCount = CacheKey.countWithoutDefaultPort(base.authority, scheme: base.scheme)
    return authority[..<count].equalsIgnoringASCIICase(base.authority[..<baseCount])
  }

  /// Path and query with dot segments removed from the path (RFC 3986 §5.2.4), which is brought
  /// into its normal form; `/` for an empty path.
  private static func normalised(_ target: ArraySlice<UInt8>) -> [UInt8] {
    let path = target.prefix { $0 != ASCII.questionMark }
    let query = target[path.endIndex...]
    var segments: [ArraySlice<UInt8>] = []
    let parts = path.split(separator: ASCII.slash, omittingEmptySubsequences: false).dropFirst()
    for (offset, part) in parts.enumerated() {
      let isLast = offset == parts.count - 1
      if part.equals(".") || part.equals("..") {
        if part.equals("..") { _ = segments.popLast() }
        if isLast { segments.append([]) }
      } else {
        segments.append(part)
      }
    }
    var result: [UInt8] = segments.isEmpty ? [ASCII.slash] : []
    for segment in segments {
      result.append(ASCII.slash)
      result.append(contentsOf: segment)
    }
    return Array(NormalPath.of(result[...])) + query
  }
}

internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import HTTPModel
internal import HTTPWire
internal import Primitives

/// What an operator asks to be purged.
package struct PurgeRequest: Sendable, Equatable {
  package enum Subject: Sendable, Equatable {
    /// One target, as an absolute URL: every partition, key part and variant of it.
    case url([UInt8])
    /// Every target whose URL begins so.
    case prefix([UInt8])
    /// Every target of a host; with a port, of that one only.
    case host([UInt8])
    /// What carries this word in `Surrogate-Key` or `Cache-Tag`.
    case tag([UInt8])
    /// What carries this word in `Cache-Groups` (RFC 9875), on whatever origin.
    case group([UInt8])
  }

  package var subject: Subject
  /// Whether what is named stays and is validated before its next use, rather than removed.
  package var isSoft: Bool
  /// The name of the only service that is concerned; nil for all.
  package var service: String?

  package init(_ subject: Subject, isSoft: Bool = false, service: String? = nil) {
    self.subject = subject
    self.isSoft = isSoft
    self.service = service
  }
}

/// What became of a purge.
package enum PurgeAnswer: Sendable, Equatable {
  /// So many stored responses were removed, or must be validated before their next use.
  case done(removed: Int, staled: Int)
  /// Nothing was purged; the reason as a sentence.
  case refused(String)
}

/// An absolute URL as requests for it are read: by the parser of requests, so that no two readers
/// of a URL can disagree.
struct TargetURL {
  /// The longest that is taken, in bytes.
  static let limit = 8_192

  let scheme: Scheme
  let request: RequestHead

  /// Path and query as they stand in the URL.
  var target: [UInt8] {
    Array(request.path) + (request.query.map { [ASCII.questionMark] + $0 } ?? [])
  }

  /// The authority as keys have it.
  var authority: [UInt8] { CacheKey.authority(of: request, scheme: scheme) }

  /// Nil where no request could be for this URL.
  init?(_ url: [UInt8], method: Method = .get, fields: FieldSection = FieldSection()) {
    guard let colon = Self.endOfScheme(in: url) else { return nil }
    scheme = url[..<colon].equalsIgnoringASCIICase("https") ? .https : .http
    do throws(ProtocolViolation) {
      var head = try Self.head(for: url, authorityAt: colon + 3)
      head.method = method
      var all = head.fields
      for line in fields.lines where line.known != .host {
        all.append(name: fields.name(of: line), value: fields.value(of: line))
      }
      head.fields = all
      request = head
    } catch {
      return nil
    }
  }

  /// Why a request for what looks like a URL is refused; nil where it is not, or where it is none.
  static func refusal(of url: [UInt8]) -> ProtocolViolation? {
    guard let colon = endOfScheme(in: url) else { return nil }
    do throws(ProtocolViolation) {
      _ = try head(for: url, authorityAt: colon + 3)
      return nil
    } catch {
      return error
    }
  }

  private static func endOfScheme(in url: [UInt8]) -> Int? {
    guard url.count <= limit,
      url.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }),
      let colon = url.firstIndex(of: ASCII.colon), url[colon...].starts(with: "://".utf8)
    else { return nil }
    return colon
  }

  private static func head(for url: [UInt8], authorityAt start: Int) throws(ProtocolViolation)
    -> RequestHead
  {
    let authority = url[start...].prefix { $0 != ASCII.slash && $0 != ASCII.questionMark }
    let text =
      [UInt8](ascii: "GET ") + url + [UInt8](ascii: " HTTP/1.1\r\nHost: ") + authority
      + [UInt8](ascii: "\r\n\r\n")
    return try RequestHeadParser.parse(text.span)
  }
}

extension Plan {
  /// What the store is asked to purge; nil where the request cannot be understood.
  func selectors(of subject: PurgeRequest.Subject, in store: CacheStore) -> [PurgeSelector]? {
    switch subject {
    case .url(let text):
      return TargetURL(text).map { selectors(of: $0) + searchSelectors(of: $0, in: store) }
    case .prefix(let text):
      return TargetURL(text).map {
        [.prefix(scheme: $0.scheme, authority: $0.authority, path: $0.target)]
      }
    case .host(let name):
      // Whatever a URL could not name is no host.
      let url = TargetURL([UInt8](ascii: "http://") + name + [ASCII.slash])
      guard let url, url.request.path.count == 1, url.request.authority == name else { return nil }
      return [.host(name.asciiLowercased())]
    case .tag(let name):
      return [.label(CacheLabel(kind: .tag, name: name), originOf: nil)]
    case .group(let name):
      return [.label(CacheLabel(kind: .group, name: name), originOf: nil)]
    }
  }

  /// Has what is on its way for any query of a purged URL held against the purge, in case it turns
  /// out to answer for that one. Call before `selectors`.
  func notePathChange(by subject: PurgeRequest.Subject, in store: CacheStore) {
    guard usesNoVarySearch, case .url(let text) = subject, let url = TargetURL(text) else { return }
    var path: [UInt8] = []
    CacheKey.writePathKey(
      path: url.request.path, authority: url.request.authority, scheme: url.scheme, into: &path)
    store.notePathChange(path.span)
  }

  /// One target, under every rule of a route that makes keys of queries.
  private func selectors(of url: TargetURL) -> [PurgeSelector] {
    var rules = [KeyRules()]
    for route in routes {
      if let keys = route.cache?.keys, !rules.contains(keys) { rules.append(keys) }
    }
    var found: [PurgeSelector] = []
    for rule in rules {
      var key: [UInt8] = []
      CacheKey.write(
        for: url.request, scheme: url.scheme, rules: rule, digest: { _ in [] }, into: &key)
      // What comes from fields is no part of what is purged.
      let selector = PurgeSelector.target(key: Array(key[CacheKey.base(of: key.span)]))
      if !found.contains(selector) { found.append(selector) }
    }
    return found
  }

  private func searchSelectors(of url: TargetURL, in store: CacheStore) -> [PurgeSelector] {
    searchTargets(
      of: InvalidTarget(url.request), authority: url.request.authority, scheme: url.scheme,
      in: store
    ).map { .target(key: $0) }
  }

  /// The same target where what is stored says by `No-Vary-Search` that it answers other queries,
  /// too: under its query as that rule brings it together, whatever the route it was stored for.
  func searchTargets(
    of target: InvalidTarget, authority: [UInt8], scheme: Scheme, in store: CacheStore
  ) -> [[UInt8]] {
    guard store.hasSearchRules else { return [] }
    var found: [[UInt8]] = []
    for route in routes {
      guard let rules = route.cache else { continue }
      var path: [UInt8] = []
      CacheKey.writePathKey(
        path: target.path[...], authority: authority, scheme: scheme, partition: route.partition,
        into: &path)
      guard let rule = store.searchRule(of: path.span),
        let search = NoVarySearch(encoded: rule.encoded)
      else { continue }
      let key = CacheKey.searchBase(
        of: target, authority: authority, scheme: scheme, rules: rules.keys, search: search)
      if !found.contains(key) { found.append(key) }
    }
    return found
  }

  /// The parts of the store that belong to a service; nil where there is no such service.
  func partitions(of service: String) -> [UInt32]? {
    let named = services.filter { $0.settings.name == service }
    guard !named.isEmpty else { return nil }
    let own = routes.filter { $0.service.settings.name == service }.map(\.partition)
    return Array(Set(named.map(\.partition) + own)).sorted()
  }
}

extension PurgeRequest {
  /// What the operational log says was purged: no query, since that may hold secrets.
  var loggedSubject: String {
    let (kind, text): (String, [UInt8]) =
      switch subject {
      case .url(let text): ("url", Self.withoutQuery(text))
      case .prefix(let text): ("prefix", Self.withoutQuery(text))
      case .host(let text): ("host", text)
      case .tag(let text): ("tag", text)
      case .group(let text): ("group", text)
      }
    return "\(kind) \(String(decoding: text, as: UTF8.self))"
  }

  private static func withoutQuery(_ url: [UInt8]) -> [UInt8] {
    Array(url.prefix { $0 != ASCII.questionMark })
  }
}

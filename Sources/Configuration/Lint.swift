internal import CachePolicy
internal import HTTPModel
internal import Primitives
internal import Verdict

/// What is allowed and is probably not meant: warnings about settings without errors.
struct Lint {
  private let draft: Draft

  init(_ draft: Draft) { self.draft = draft }

  func report(_ reading: inout Reading) {
    for index in draft.routes.indices {
      reportShadow(of: index, &reading)
      reportCache(of: draft.routes[index], &reading)
      reportConditions(of: draft.routes[index], &reading)
    }
    reportUnusedServices(&reading)
  }

  // MARK: Shadows

  /// A route whose every request an earlier one takes (CFG-10).
  private func reportShadow(of index: Int, _ reading: inout Reading) {
    let route = draft.routes[index]
    guard let earlier = draft.routes[..<index].first(where: { $0.covers(route) }) else { return }
    reading.warn(
      "CFG-10", "this route never matches: an earlier one takes all of its requests",
      at: route.places?.value("match"), help: "put it before the earlier one",
      note: "this one", noted: earlier.places?.value("match"))
  }

  // MARK: Caches

  private func reportCache(of route: RouteDraft, _ reading: inout Reading) {
    guard case .some(.some(let rule)) = route.cache, let places = route.places else { return }
    let storesPost = rule.rules(draft.cache.profile).storesPost
    let unsafe = route.match.methods.filter { !$0.isSafe && !(storesPost && $0 == .post) }
    if let method = unsafe.first {
      reading.warn(
        "CFG-02", "a response to \(method.bytes.displayText) is not stored, whatever 'cache' says",
        at: places.key("cache"), help: "match GET, or declare a 'decision'")
    }
    for path in route.match.paths where DecisionEndpoints.isLikely(path) {
      reading.warn(
        "CFG-01", "'\(path)' looks like an endpoint that gives decisions, which are never stored",
        at: places.key("cache"), help: "declare a 'decision' instead")
    }
  }

  // MARK: Conditions that never hold

  private func reportConditions(of route: RouteDraft, _ reading: inout Reading) {
    let asksForCertificates = draft.listeners.contains {
      $0.tls.map { $0.clientCertificates != .off } ?? false
    }
    guard !asksForCertificates, let places = route.places else { return }
    if route.match.clientCertificate != nil {
      reading.warn(
        "CFG-10", "this route never matches: no listener asks for client certificates",
        at: places.value("match"), help: "add 'client_certificates' to the listener's 'tls'")
    }
    if case .clientCertificate = route.decision?.subject?.request {
      reading.warn(
        "no-certificate", "every verdict is refused: no listener asks for client certificates",
        at: places.key("decision"), help: "add 'client_certificates' to the listener's 'tls'")
    }
  }

  private func reportUnusedServices(_ reading: inout Reading) {
    let used = Set(draft.routes.map(\.service))
    for named in draft.services where !used.contains(named.name) {
      reading.warn(
        "unused-service", "no route leads to the service '\(named.name)'", at: named.place)
    }
  }
}

extension RouteDraft {
  /// Whether every request that `other` takes is surely taken by this route. False where unsure.
  func covers(_ other: RouteDraft) -> Bool {
    // A cache route leaves ambiguous paths to those after it.
    if case .some(.some) = cache { return false }
    let mine = match
    let theirs = other.match
    guard mine.clientCertificate == nil || mine.clientCertificate == theirs.clientCertificate else {
      return false
    }
    return Set(mine.fields).isSubset(of: theirs.fields)
      && Self.covers(mine.methods, theirs.methods, by: Self.covers)
      && Self.covers(mine.hosts, theirs.hosts, by: Self.covers)
      && Self.covers(mine.paths, theirs.paths) { $0.covers($1) }
  }

  /// An empty list takes everything; otherwise each of theirs must be covered by one of mine.
  private static func covers<Element>(
    _ mine: [Element], _ theirs: [Element], by covers: (Element, Element) -> Bool
  ) -> Bool {
    mine.isEmpty
      || !theirs.isEmpty && theirs.allSatisfy { their in mine.contains { covers($0, their) } }
  }

  private static func covers(_ one: Method, _ other: Method) -> Bool {
    one == other || one == .get && other == .head
  }

  private static func covers(_ one: HostPattern, _ other: HostPattern) -> Bool {
    guard one != other, one.text.first == UInt8(ascii: "*") else { return one == other }
    let suffix = one.text.dropFirst()
    return other.text.count > suffix.count && other.text.suffix(suffix.count).elementsEqual(suffix)
  }
}

/// Paths by which people and protocols call endpoints that give decisions.
private enum DecisionEndpoints {
  private static let names: Set<String> = [
    "login", "signin", "logon", "authenticate", "authorize", "auth", "check", "verify", "validate",
    "token", "introspect", "introspection", "userinfo", "evaluation", "evaluations", "session",
    "sessions", "password-reset", "acs", "callback", "tokenreviews", "subjectaccessreviews",
  ]

  /// Whether the last segment that is no wildcard is such a name.
  static func isLikely(_ pattern: PathPattern) -> Bool {
    let last = pattern.description.split(separator: "/").last { !$0.contains("*") }
    return last.map { names.contains($0.lowercased()) } ?? false
  }
}

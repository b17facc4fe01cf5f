internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Verdict

/// A response on its way into a store of its own.
struct ExplainedStoring {
  let request: RequestHead
  let response: ResponseHead
  let content: [UInt8]?
  let route: RoutePlan
  let rules: CacheRules
  let permit: LookupPermit
  let key: [UInt8]
  let time: WallTime
  let settings: Settings

  /// The store with the response in it; nil where it was not stored.
  private(set) var store: CacheStore?

  init(
    request: RequestHead, response: ResponseHead, content: [UInt8]?, route: RoutePlan,
    rules: CacheRules, permit: LookupPermit, key: [UInt8], time: WallTime, settings: Settings
  ) {
    self.request = request
    self.response = response
    self.content = content
    self.route = route
    self.rules = rules
    self.permit = permit
    self.key = key
    self.time = time
    self.settings = settings
  }

  mutating func explain(_ explanation: inout Explanation) {
    let framing: BodyFraming
    do throws(ProtocolViolation) {
      framing = try responseFraming(of: response, toMethod: request.method)
    } catch {
      return explanation.add("response", "refused: \(error.code.rawValue)")
    }
    if case .decision(let sign) = classify(response, kind: route.service.settings.kind) {
      return addDecision(sign, &explanation)
    }
    let withheld = ResponseLook.withheld(response, route: route)
    let look = ResponseLook(at: response, framing: framing, to: request, route: route) {
      storageDecision(Self.exchange(withheld), framing).reason == .stored
    }
    switch look {
    case .plain(let reason): decide(withheld: reason ?? withheld, framing, &explanation)
    case .unclear(let inspection):
      guard let content else {
        explanation.add(
          "response", "no decision by its head",
          details: ["its content would be looked at, too: give it to have that explained"])
        return decideStorage(withheld: withheld, framing, &explanation)
      }
      switch inspection.finding(in: content.span, isWhole: true) {
      case .decision(let sign): addDecision(sign, &explanation)
      case .withheld(let reason): decide(withheld: reason, framing, &explanation)
      case .needsMore, .nothing: decide(withheld: withheld, framing, &explanation)
      }
    }
  }

  private func addDecision(_ sign: DecisionSign, _ explanation: inout Explanation) {
    explanation.add(
      "response", "decision: \(sign.code)",
      details: ["on_decision: \(route.settings.onDecision.name)"])
    explanation.add("store", "no", .decision)
  }

  private mutating func decide(
    withheld: WithholdingReason?, _ framing: BodyFraming, _ explanation: inout Explanation
  ) {
    explanation.add("response", "\(response.status.code), no decision")
    decideStorage(withheld: withheld, framing, &explanation)
  }

  // MARK: Storing

  private static func exchange(_ withheld: WithholdingReason?) -> ExchangeClass {
    withheld.map { .withheld(CacheReason($0)) } ?? .other
  }

  private func storageDecision(_ exchange: ExchangeClass, _ framing: BodyFraming)
    -> StorageDecision
  {
    CachePolicy.storageDecision(
      for: response, to: request, exchange: exchange, requestedAt: time, receivedAt: time,
      contentLength: framing.knownLength, rules: rules)
  }

  private mutating func decideStorage(
    withheld: WithholdingReason?, _ framing: BodyFraming, _ explanation: inout Explanation
  ) {
    guard request.method == .get || request.method == .post else {
      return explanation.add("store", "no", .methodNotCacheable)
    }
    let refusal = withheld.map { CacheReason($0) } ?? deceptionRefusal(of: response, to: request)
    switch storageDecision(refusal.map { .withheld($0) } ?? .other, framing) {
    case .refuse(let reason): explanation.add("store", "no", reason)
    case .store(let storable):
      if let reason = keep(storable, length: framing.knownLength) {
        return explanation.add("store", "no", reason)
      }
      explanation.add("store", "yes", .stored)
      addFreshness(storable.metadata, &explanation)
      addSelection(storable, &explanation)
    }
  }

  /// Stores the response; the reason why it is not stored, or nil.
  private mutating func keep(_ storable: StorableResponse, length: Int64?) -> CacheReason? {
    var limits = CacheStoreLimits(
      budget: settings.cache.memoryBytes, objectLimit: settings.cache.objectBytes)
    limits.shardCount = 1
    let store = CacheStore(limits: limits)
    // Without the content its length is believed, and the store gets none.
    if let length, length > Int64(limits.objectLimit) { return .objectTooLarge }
    let opening = store.open(
      storable, key: key, request: request, length: content.map { Int64($0.count) })
    switch opening {
    case .refused(let reason): return reason
    case .writer(let writer):
      writer.append(content ?? [])
      let outcome = writer.finish()
      guard outcome.reason == .stored else { return outcome.reason }
      self.store = store
      return nil
    }
  }

  // MARK: What was stored

  private func addFreshness(_ stored: StoredMetadata, _ explanation: inout Explanation) {
    var details: [String] = []
    let age = StoredAge(of: stored, at: time)
    if age.age > .zero { details.append("\(age.age.count) s old on arrival") }
    if stored.flags.contains(.noCache) { details.append("validated before each use: no-cache") }
    if stored.flags.contains(.mustRevalidate) { details.append("never served stale") }
    if stored.staleWhileRevalidate > .zero {
      details.append("stale while it is validated: \(stored.staleWhileRevalidate.count) s more")
    }
    if stored.staleIfError > .zero {
      details.append("stale when the origin fails: \(stored.staleIfError.count) s more")
    }
    if !stored.hasValidator { details.append("no validator: fetched whole when it is stale") }
    explanation.add(
      "fresh", "for \(stored.lifetime.count) s, by \(source(stored))", details: details)
  }

  private func source(_ stored: StoredMetadata) -> String {
    let isTargeted = ResponseDirectives(response.fields, rules: rules).isTargeted
    let field = isTargeted ? " in a targeted field (RFC 9213 §2.2)" : ""
    let words =
      switch stored.freshnessSource {
      case .sharedMaxAge: "s-maxage\(field) (RFC 9111 §5.2.2.10)"
      case .maxAge: "max-age\(field) (RFC 9111 §5.2.2.1)"
      case .expires: "Expires (RFC 9111 §5.3)"
      case .operatorDefault: "the default_ttl of the rules"
      case .heuristic: "a tenth of the time since Last-Modified (RFC 9111 §4.2.2)"
      case .none: "nothing: it states no lifetime and none may be assumed"
      }
    let isCut = stored.lifetime == rules.maximumTTL && stored.freshnessSource != .none
    return isCut ? words + ", and no longer than max_ttl" : words
  }

  private func addSelection(_ storable: StorableResponse, _ explanation: inout Explanation) {
    if !storable.vary.isEmpty {
      let names = response.fields.listMembers(of: .vary).map { Array($0).displayText }
      explanation.add(
        "vary", names.joined(separator: ", "),
        details: ["only requests with the same values are answered with it"])
    }
    let labels = StoredAnnex.labels(in: storable.annex.bytes.span)
    guard !labels.isEmpty else { return }
    explanation.add(
      "labels", labels.map { "\($0.kind) \($0.name.displayText)" }.joined(separator: ", "),
      details: ["purged by any of them"])
  }
}

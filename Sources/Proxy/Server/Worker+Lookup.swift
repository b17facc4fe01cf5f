internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import Cryptography
internal import EventLoop
internal import HTTPModel
internal import Primitives

// From a request of the cache lane to a stored answer, or to an exchange that asks the origin.
extension Worker {
  func beginCacheLane(
    _ incoming: IncomingRequest, on client: ClientConnection, route: RoutePlan
  ) {
    guard let rules = route.cache else {
      return pass(incoming, on: client, route: route, reason: .cacheDisabled)
    }
    guard route.normalises(incoming.head) else {
      return decide(incoming, on: client, route: route, rules: rules)
    }
    // What is looked up is what the origin gets to see.
    var incoming = incoming
    rules.vary.normalise(&incoming.head.fields)
    decide(incoming, on: client, route: route, rules: rules)
  }

  private func decide(
    _ incoming: IncomingRequest, on client: ClientConnection, route: RoutePlan, rules: CacheRules
  ) {
    switch route.lookup(of: incoming.head, rules: rules) {
    case .bypass(let reason):
      pass(incoming, on: client, route: route, reason: reason)
    case .lookUp(let permit):
      guard writeKey(for: incoming.head, of: client, route: route, rules: rules) else {
        return pass(incoming, on: client, route: route, reason: .cacheDisabled)
      }
      lookUp(incoming, on: client, route: route, rules: rules, permit: permit)
    case .fetchOnly(let permit, let reason):
      guard writeKey(for: incoming.head, of: client, route: route, rules: rules) else {
        return pass(incoming, on: client, route: route, reason: .cacheDisabled)
      }
      let lookup = CacheLookup(reason: reason, permit: permit, key: keyBuffer)
      ask(incoming, for: client, route: route, rules: rules, lookup: lookup)
    }
  }

  private func pass(
    _ incoming: IncomingRequest, on client: ClientConnection, route: RoutePlan, reason: CacheReason
  ) {
    start(
      CacheExchange(
        incoming, id: nextExchangeID(), on: self, for: client, route: route,
        rules: route.cache ?? CacheRules(isEnabled: false), lookup: CacheLookup(reason: reason)),
      on: client)
  }

  private func lookUp(
    _ incoming: IncomingRequest, on client: ClientConnection, route: RoutePlan, rules: CacheRules,
    permit: LookupPermit
  ) {
    // A local: a span of a stored property is refused where exclusivity is not checked at run time.
    let key = keyBuffer
    var found = shared.store.lookup(permit, key: key.span, request: incoming.head)
    if case .miss = found, rules.usesNoVarySearch {
      let scheme: Scheme = client.facts.isSecure ? .https : .http
      if let other = searchKey(for: incoming.head, scheme: scheme, route: route, rules: rules),
        case .found(let stored) = shared.store.lookup(
          permit, key: other.span, request: incoming.head)
      {
        found = .found(stored)
      }
    }
    var lookup = CacheLookup(reason: .nothingStored, permit: permit)
    let decision: ReuseDecision
    switch found {
    case .found(let stored):
      lookup.stored = stored
      decision = reuseDecision(
        for: incoming.head, stored: stored.metadata, now: loop.wallNow, rules: rules)
      lookup.form = StoredForm.of(
        stored, for: incoming.head, now: loop.wallNow, rules: rules)
    case .miss(let reason):
      decision = missDecision(for: incoming.head, miss: reason, rules: rules)
    }
    lookup.reason = decision.reason
    var refreshes = false
    switch decision {
    case .fresh(let age):
      if hit(incoming, lookup, age: age, on: client, route: route) { return }
    case .staleAllowed(let age, let reason):
      if reason == .staleWhileRevalidate {
        refreshes = true
      } else if hit(incoming, lookup, age: age, on: client, route: route) {
        return
      }
    case .mustNot:
      guard lookup.stored == nil, shared.store.mayBeBehind(key.span) else {
        return refuse(incoming, .onlyIfCached, on: client, route: route)
      }
      lookup.isLocalOnly = true
    case .validate: lookup.form = .usual
    }
    lookup.key = keyBuffer
    lookup.moment = shared.store.moment(of: key.span)
    lookup.pathChanges = shared.store.pathChanges
    if refreshes, case .staleAllowed(let age, _) = decision, lookup.form.isAnswer {
      // The validation first: the client's next request may be begun by the answer.
      refresh(
        ownHost(incoming, client).head, for: client, route: route, rules: rules, lookup: lookup)
      if hit(incoming, lookup, age: age, on: client, route: route) { return }
    }
    if asksInVain(incoming.head, lookup, rules: rules) {
      return refuse(incoming, .onlyIfCached, on: client, route: route)
    }
    ask(incoming, for: client, route: route, rules: rules, lookup: lookup)
  }

  /// Whether what is stored is not enough and the request forbids to ask for the rest.
  private func asksInVain(_ request: RequestHead, _ lookup: CacheLookup, rules: CacheRules) -> Bool
  {
    guard case .fetch = lookup.form, rules.honoursRequestDirectives,
      request.fields.contains(.cacheControl)
    else { return false }
    return RequestDirectives(request.fields).onlyIfCached
  }

  private func ask(
    _ incoming: IncomingRequest, for client: ClientConnection, route: RoutePlan, rules: CacheRules,
    lookup: CacheLookup
  ) {
    start(
      CacheExchange(
        ownHost(incoming, client), id: nextExchangeID(), on: self, for: client, route: route,
        rules: rules, lookup: lookup),
      on: client)
  }

  /// The origin is told what the key says: an answer that names its host is for all who share it.
  private func ownHost(_ incoming: IncomingRequest, _ client: ClientConnection) -> IncomingRequest {
    var incoming = incoming
    incoming.head.authority = CacheKey.authority(
      of: incoming.head, scheme: client.facts.isSecure ? .https : .http)
    return incoming
  }

  /// Answers from the store: no exchange, no allocation. False where what is stored is not enough.
  private func hit(
    _ incoming: IncomingRequest, _ lookup: CacheLookup, age: StoredAge,
    on client: ClientConnection, route: RoutePlan
  ) -> Bool {
    guard let stored = lookup.stored else { return false }
    var record = ExchangeRecord()
    record.lane = .cache
    record.outcome = .hit
    record.status = stored.metadata.status
    record.cacheReason = lookup.reason
    var answer = StoredAnswer(
      stored, age: age, status: CacheStatus(.hit, ttl: age.ttl, detail: lookup.reason))
    switch lookup.form {
    case .usual:
      record.bytesSent = client.sendStored(answer, to: incoming.head, route: route)
    case .range(let range, let reason):
      answer.status.detail = reason
      record.status = range.status
      record.cacheReason = reason
      record.bytesSent = client.sendStored(answer, as: range, route: route)
    case .fetch: return false
    }
    self.record(
      record, id: nextExchangeID(), request: incoming.head, route: route, facts: client.facts,
      beganAt: loop.now)
    client.responseEnded()
    return true
  }

  // MARK: Keys

  /// Writes the key of a request into `keyBuffer`; false where there is none to be had.
  private func writeKey(
    for request: RequestHead, of client: ClientConnection, route: RoutePlan, rules: CacheRules
  ) -> Bool {
    let scheme: Scheme = client.facts.isSecure ? .https : .http
    guard !rules.hasRareRules || rules.keys.isPlain else {
      return writeRuledKey(for: request, scheme: scheme, route: route, rules: rules.keys)
    }
    CacheKey.write(for: request, scheme: scheme, partition: route.partition, into: &keyBuffer)
    return true
  }

  /// The key as the operator's rules want it. Secrets stand in it as digests with a key of this
  /// process; without a digest there is no key.
  private func writeRuledKey(
    for request: RequestHead, scheme: Scheme, route: RoutePlan, rules: KeyRules
  ) -> Bool {
    var digester = KeyDigester(secret: shared.keySecret)
    CacheKey.write(
      for: request, scheme: scheme, partition: route.partition, rules: rules,
      digest: { digester.digest($0) }, into: &keyBuffer)
    return !digester.hasFailed
  }

  /// The key under which what answers any query like the request's is stored, by the newest
  /// `No-Vary-Search` rule of its path; nil where none is known.
  func searchKey(
    for request: RequestHead, scheme: Scheme, route: RoutePlan, rules: CacheRules
  ) -> [UInt8]? {
    // Nearly nobody has one: no key is written to find that out.
    guard shared.store.hasSearchRules else { return nil }
    let path = pathKey(of: request, scheme: scheme, partition: route.partition)
    guard let rule = shared.store.searchRule(of: path.span) else { return nil }
    return searchKey(for: request, scheme: scheme, route: route, rules: rules, rule: rule)
  }

  /// The key by a rule that came with a response; the rule is remembered for the path.
  func rememberedSearchKey(
    for request: RequestHead, scheme: Scheme, route: RoutePlan, rules: CacheRules,
    encoded: [UInt8]
  ) -> [UInt8]? {
    let path = pathKey(of: request, scheme: scheme, partition: route.partition)
    let rule = shared.store.rememberSearchRule(encoded, of: path)
    return searchKey(for: request, scheme: scheme, route: route, rules: rules, rule: rule)
  }

  /// The key of a path without its query.
  func pathKey(of request: RequestHead, scheme: Scheme, partition: UInt32 = 0) -> [UInt8] {
    var path: [UInt8] = []
    CacheKey.writePathKey(
      path: request.path, authority: request.authority, scheme: scheme, partition: partition,
      into: &path)
    return path
  }

  private func searchKey(
    for request: RequestHead, scheme: Scheme, route: RoutePlan, rules: CacheRules,
    rule: SearchRule
  ) -> [UInt8]? {
    guard let search = NoVarySearch(encoded: rule.encoded) else { return nil }
    var digester = KeyDigester(secret: shared.keySecret)
    var key: [UInt8] = []
    CacheKey.writeSearchKey(
      for: request, scheme: scheme, partition: route.partition, rules: rules.keys,
      digest: { digester.digest($0) }, search: search, generation: rule.generation, into: &key)
    return digester.hasFailed ? nil : key
  }
}

/// Makes digests of the secret parts of a key; without a digest there is no key.
private struct KeyDigester {
  let secret: HMACSHA256Key
  private(set) var hasFailed = false

  init(secret: HMACSHA256Key) { self.secret = secret }

  mutating func digest(_ part: ArraySlice<UInt8>) -> [UInt8] {
    do throws(CryptographyError) {
      return Array(try secret.code(of: Array(part)).bytes)
    } catch {
      hasFailed = true
      return []
    }
  }
}

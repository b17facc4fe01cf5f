internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import Cryptography
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport
internal import Verdict

// From a request to its lane.
extension Worker {
  /// Decides what becomes of a request and starts it. A hit is answered here and needs no exchange.
  func begin(_ incoming: IncomingRequest, on client: ClientConnection) {
    if let responder = client.responder {
      return answerLocally(incoming, by: responder, on: client)
    }
    guard let route = plan.route(for: incoming.head, client: client.facts.certificate) else {
      return refuse(incoming, .noRoute, on: client)
    }
    if let failure = refusal(of: incoming, route: route) {
      return refuse(incoming, failure, on: client, route: route)
    }
    if let rule = route.decision {
      return start(
        DecisionExchange(incoming, id: nextExchangeID(), on: client, route: route, rule: rule),
        on: client)
    }
    if plan.spellings.mayMeanDecision(incoming.head, client: client.facts.certificate) {
      return start(
        UndeclaredExchange(
          incoming, id: nextExchangeID(), on: client, route: route, sign: .otherSpelling),
        on: client)
    }
    switch classify(
      incoming.head, declaration: route.isDeclaredHarmless ? .cacheable : .nothing,
      kind: route.service.settings.kind,
      hasClientCertificate: client.facts.certificate != nil)
    {
    case .decision(let sign):
      start(
        UndeclaredExchange(
          incoming, id: nextExchangeID(), on: client, route: route, sign: sign),
        on: client)
    case .other: beginCacheLane(incoming, on: client, route: route)
    }
  }

  /// Why a request is refused before anything else is looked at; nil to go on.
  private func refusal(of incoming: IncomingRequest, route: RoutePlan) -> ProxyFailure? {
    switch incoming.head.method {
    case .connect: return .connectRefused
    case .trace: return .traceRefused
    default: break
    }
    if case .length(let count) = incoming.framing, let limit = route.requestBodyBytes, count > limit
    {
      return .requestBodyTooLarge
    }
    return nil
  }

  // MARK: The cache lane

  private func beginCacheLane(
    _ incoming: IncomingRequest, on client: ClientConnection, route: RoutePlan
  ) {
    let request = incoming.head
    // A change of protocol is the origin's to answer.
    if !route.settings.upgrades.isEmpty, request.fields.contains(.upgrade) {
      return pass(incoming, on: client, route: route, reason: .methodNotCacheable)
    }
    guard let rules = route.cache else {
      return pass(incoming, on: client, route: route, reason: .cacheDisabled)
    }
    switch lookupDecision(for: request, exchange: .other, rules: rules) {
    case .bypass(let reason), .fetchOnly(_, let reason):
      pass(incoming, on: client, route: route, reason: reason)
    case .lookUp(let permit):
      lookUp(incoming, on: client, route: route, rules: rules, permit: permit)
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
    let request = incoming.head
    CacheKey.write(
      for: request, scheme: client.facts.isSecure ? .https : .http, partition: route.partition,
      into: &keyBuffer)
    // A local: a span of a stored property is refused where exclusivity is not checked at run time.
    let key = keyBuffer
    let found = shared.store.lookup(permit, key: key.span, request: request)
    var lookup = CacheLookup(reason: .nothingStored, permit: permit)
    let decision: ReuseDecision
    switch found {
    case .found(let stored):
      lookup.stored = stored
      decision = reuseDecision(
        for: request, stored: stored.metadata, now: loop.wallNow, rules: rules)
    case .miss(let reason):
      decision = missDecision(for: request, miss: reason, rules: rules)
    }
    lookup.reason = decision.reason
    switch decision {
    case .fresh(let age):
      if let stored = lookup.stored {
        lookup.form = StoredForm(of: stored, for: request, now: loop.wallNow, rules: rules)
        if hit(incoming, lookup, age: age, on: client, route: route) { return }
      }
    case .staleAllowed(let age, let reason) where reason != .staleWhileRevalidate:
      if let stored = lookup.stored {
        lookup.form = StoredForm(of: stored, for: request, now: loop.wallNow, rules: rules)
        if hit(incoming, lookup, age: age, on: client, route: route) { return }
      }
    case .mustNot: return refuse(incoming, .onlyIfCached, on: client, route: route)
    case .staleAllowed, .validate: break
    }
    lookup.key = keyBuffer
    lookup.moment = shared.store.moment(of: key.span)
    var incoming = incoming
    if case .staleAllowed(let age, .staleWhileRevalidate) = decision, let stored = lookup.stored {
      lookup.form = StoredForm(of: stored, for: request, now: loop.wallNow, rules: rules)
      if case .fetch = lookup.form {
      } else {
        // The validation first: the client's next request may be begun by the answer.
        refresh(incoming.head, for: client, route: route, rules: rules, lookup: lookup)
        if hit(incoming, lookup, age: age, on: client, route: route) { return }
      }
    }
    // The origin is told what the key says: an answer that names its host is for all who share it.
    incoming.head.authority = CacheKey.authority(
      of: incoming.head, scheme: client.facts.isSecure ? .https : .http)
    start(
      CacheExchange(
        incoming, id: nextExchangeID(), on: self, for: client, route: route, rules: rules,
        lookup: lookup),
      on: client)
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

  // MARK: Starting and refusing

  private func start(_ exchange: Exchange, on client: ClientConnection) {
    client.exchange = exchange
    counters.exchangesChanged(by: 1)
    exchange.start()
  }

  /// Answers a request that no lane takes.
  private func refuse(
    _ incoming: IncomingRequest, _ failure: ProxyFailure, on client: ClientConnection,
    route: RoutePlan? = nil
  ) {
    let id = nextExchangeID()
    let answer = LocalAnswer.failure(
      failure, proxyName: plan.settings.name, exchange: id.text)
    finishLocally(incoming, answer, id: id, reason: failure.rawValue, on: client, route: route)
  }

  private func answerLocally(
    _ incoming: IncomingRequest, by responder: any LocalResponder, on client: ClientConnection
  ) {
    if incoming.framing != .none { client.response.closeAfterResponse() }
    switch responder.reply(to: incoming.head) {
    case .now(let answer):
      client.send(answer)
      client.responseEnded()
    case .later(let queue, let work): answerLater(client, on: queue, work)
    }
  }

  private func finishLocally(
    _ incoming: IncomingRequest, _ answer: LocalAnswer, id: ExchangeID, reason: String,
    on client: ClientConnection, route: RoutePlan?
  ) {
    if incoming.framing != .none { client.response.closeAfterResponse() }
    client.send(answer)
    var record = ExchangeRecord()
    record.lane = .local
    record.outcome = .failed
    record.status = answer.head.status
    record.bytesSent = Int64(answer.content.count)
    record.reason = reason
    self.record(
      record, id: id, request: incoming.head, route: route, facts: client.facts, beganAt: loop.now)
    client.responseEnded()
  }

  /// A fresh transaction token; nil when no randomness is to be had, and then nothing may be sent.
  func nextToken() -> [UInt8]? {
    do throws(CryptographyError) {
      return try tokens.mint()
    } catch {
      log.randomnessFailed()
      return nil
    }
  }
}

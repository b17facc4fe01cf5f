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
    if incoming.head.method == .connect {
      // What follows is meant for the tunnel that there is not: it may not be read as requests.
      client.response.closeAfterResponse()
      return refuse(incoming, .connectRefused, on: client)
    }
    if let attestor = plan.attestor, attestor.publishes(incoming.head) {
      return finishLocally(
        incoming, attestor.answer, id: nextExchangeID(), outcome: .delivered, on: client)
    }
    switch plan.course(
      of: incoming.head, framing: incoming.framing, client: client.facts.certificate)
    {
    case .noRoute: refuse(incoming, .noRoute, on: client)
    case .refused(let failure, let route): refuse(incoming, failure, on: client, route: route)
    case .decision(let route):
      guard let rule = route.decision else { return refuse(incoming, .noRoute, on: client) }
      start(
        DecisionExchange(incoming, id: nextExchangeID(), on: client, route: route, rule: rule),
        on: client)
    case .otherSpelling(let meant): beginOtherSpelling(incoming, of: meant, on: client)
    case .undeclared(let sign, let route):
      start(
        UndeclaredExchange(
          incoming, id: nextExchangeID(), on: client, route: route, sign: sign),
        on: client)
    case .cache(_, let route): beginCacheLane(incoming, on: client, route: route)
    }
  }

  /// The path is that of a decision route to a server, or a cache before it, that reads paths
  /// forgivingly: what comes back is verified like that route's answers, or a verdict would get
  /// past by another spelling.
  private func beginOtherSpelling(
    _ incoming: IncomingRequest, of meant: RoutePlan, on client: ClientConnection
  ) {
    guard let rule = meant.decision else { return refuse(incoming, .noRoute, on: client) }
    let exchange = DecisionExchange(
      incoming, id: nextExchangeID(), on: client, route: meant, rule: rule)
    reportSpelling(of: exchange)
    start(exchange, on: client)
  }

  // MARK: Starting and refusing

  func start(_ exchange: Exchange, on client: ClientConnection) {
    client.exchange = exchange
    counters.exchangesChanged(by: 1)
    exchange.start()
  }

  /// Answers a request that no lane takes.
  func refuse(
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
    let reply = responder.reply(to: incoming.head)
    if case .reading(let limit, let queue, let work) = reply {
      return awaitContent(of: incoming, upTo: limit, on: client, queue, work)
    }
    if incoming.framing != .none { client.response.closeAfterResponse() }
    switch reply {
    case .now(let answer):
      client.send(answer)
      client.responseEnded()
    case .later(let queue, let work): answerLater(client, on: queue, work)
    case .reading: break
    }
  }

  private func finishLocally(
    _ incoming: IncomingRequest, _ answer: LocalAnswer, id: ExchangeID,
    outcome: ExchangeRecord.Outcome = .failed, reason: String? = nil, on client: ClientConnection,
    route: RoutePlan? = nil
  ) {
    if incoming.framing != .none { client.response.closeAfterResponse() }
    client.send(answer)
    var record = ExchangeRecord()
    record.lane = .local
    record.outcome = outcome
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

internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import Primitives
internal import Transport

// One fetch for many: leading one, waiting for one. What is read of it: `CacheExchange+Reading`.
//
//     join ─┬▶ leads ─▶ fetch ─▶ head ─┬▶ shareable: opened, followers read as it comes
//           │                         └▶ not shareable: landed, everybody goes alone
//           ├▶ waits ─▶ told ─┬▶ follow, look again, or fetch
//           └▶ goes alone     └▶ the leader is gone: fetch for all
extension CacheExchange {
  /// How long an exchange waits for another's response to begin before it asks for itself, so that
  /// nobody is held up by a leader whose origin dawdles.
  static let flightWait = Milliseconds(5_000)
  /// How far beyond what has come of another's fetch a range may begin that is waited for, in
  /// bytes: who skips ahead in what comes slowly asks for itself.
  static let rangeAheadBytes: Int64 = 1_048_576

  /// What of the request says which part is fetched; empty where that is the whole.
  private var partAsked: [UInt8] {
    guard request.method == .get, stored == nil, let range = request.fields.first(.range) else {
      return []
    }
    var part: [UInt8] = []
    part.append(decimal: UInt64(range.count))
    part.append(ASCII.colon)
    part.append(contentsOf: range)
    part.append(contentsOf: request.fields.first(.ifRange) ?? [])
    return part
  }

  // MARK: Joining

  func join() {
    guard let permit, let moment else { return fetch() }
    let decision = worker.shared.flights.join(
      permit, key: key, part: partAsked, request: request,
      waiter: FetchWaiter(loop: worker.loop.handle, exchange: id.number), moment: moment,
      now: worker.loop.now)
    switch decision {
    case .leads(let lease): leads(lease)
    case .waits(let ticket):
      flight = .waiting(
        ticket, ExchangeDeadline(of: self, on: worker.loop, for: Self.flightWait))
      course.waits()
      worker.joinsSharing(self)
    case .follows(let response):
      course.waits()
      consider(response)
    case .goesAlone: fetch()
    }
  }

  /// The duty to fetch for others is handed on where this exchange fetches less than they want.
  private func leads(_ lease: FlightLease<FetchWaiter>) {
    let mayLead = request.method == .get && (lease.isPart || partAsked.isEmpty)
    if mayLead { flight = .leading(lease) } else { lease.land(.abandoned, now: worker.loop.now) }
    fetch()
  }

  /// It took the other one too long to get anything.
  func outOfPatience() {
    guard case .waiting(let ticket, _) = flight else { return }
    // Not found any more: the news is on its way.
    guard worker.shared.flights.leave(ticket) else { return }
    goOn(after: .notShared)
  }

  /// What another loop tells.
  func flightTold(_ news: FlightNews<FetchWaiter>) {
    guard !isEnded, case .waiting = flight else { return }
    switch news {
    case .opened(let response): consider(response)
    case .landed(.stored): goOn(after: .stored)
    case .landed(.failed): if !answerStaleForAll() { goOn(after: .notShared) }
    case .landed: goOn(after: .notShared)
    case .leads(let lease):
      leavesFlight()
      guard course.flightEnded(.handedOver) == .fetch else { return }
      leads(lease)
    }
  }

  private func goOn(after news: CacheCourse.FlightNews) {
    leavesFlight()
    switch course.flightEnded(news) {
    case .lookAgain: if !answerFromStore() { fetch() }
    case .join: join()
    case .fetch: fetch()
    case .follow, .nothing: break
    }
  }

  /// The origin failed others: who may be answered with what is stored does not ask, too.
  private func answerStaleForAll() -> Bool {
    guard let stored, mayAnswerStale(stored, because: .unreachable) else { return false }
    leavesFlight()
    _ = course.flightEnded(.stored)
    return answerStale(stored, because: .unreachable)
  }

  /// Forgets the flight; whoever is still waited for is told.
  func leavesFlight() {
    if case .waiting(let ticket, _) = flight { worker.shared.flights.leave(ticket) }
    flight = .none
    if reading == nil { worker.leavesSharing(self) }
  }

  /// A response comes in that this request may be answered with, as if it were stored.
  private func consider(_ response: SharedResponse) {
    let storable = response.storable
    guard response.isSelected(by: request) else { return goOn(after: .otherVariant) }
    let decision = reuseDecision(
      for: request, stored: storable.metadata, now: worker.loop.wallNow, rules: rules)
    let form = ArrivingForm(of: response, for: request, now: worker.loop.wallNow, rules: rules)
    guard case .fresh(let age) = decision, form.isAnswer, isNear(form, in: response) else {
      return goOn(after: .notShared)
    }
    var status = CacheStatus(
      forwardedBecause: cause, forwardStatus: storable.metadata.status)
    status.ttl = age.ttl
    status.isCollapsed = true
    if clientHolds(storable) {
      leavesFlight()
      _ = course.flightEnded(.stored)
      course.answered()
      record.isCollapsed = true
      record.status = .notModified
      let key = key
      client?.sendNotModified(storable.head[...], age: age, status: status, key: key.span)
      return finish()
    }
    guard let reader = response.body.reader(wake: wake) else { return goOn(after: .notShared) }
    reading = SharedReading(
      reader, of: ArrivingAnswer(response: response, age: age, status: status, form: form))
    leavesFlight()
    worker.joinsSharing(self)
    guard course.flightEnded(.arriving) == .follow else { return }
    record.isCollapsed = true
    moreArrived()
  }

  /// Whether what the request wants comes soon enough to be waited for.
  private func isNear(_ form: ArrivingForm, in response: SharedResponse) -> Bool {
    Int64(response.body.count) + Self.rangeAheadBytes >= form.firstPosition(in: response)
  }

  // MARK: Leading

  /// The response may be stored: others may have it if it would answer this request, too.
  func open(_ storable: StorableResponse) {
    guard case .leading(let lease) = flight, let writer else { return }
    let decision = reuseDecision(
      for: request, stored: storable.metadata, now: worker.loop.wallNow, rules: rules)
    guard case .fresh = decision else { return land(.notShared) }
    lease.open(writer.shared)
  }

  /// The own client is slow. Alone it slows the origin down; once others follow the fetch goes on,
  /// and the client reads from what is being stored as it can.
  func holdUp(_ client: ClientConnection, whileStoring writer: StoreWriter) {
    guard writer.hasReaders,
      let reader = writer.shared.body.reader(
        from: Int(clamping: record.bytesSent), isOwn: true, wake: wake)
    else { return slowDown(writer) }
    reading = SharedReading(continuing: reader)
    worker.joinsSharing(self)
    course.trails()
  }

  /// The origin sends no more until the client takes more, or somebody else follows.
  func slowDown(_ writer: StoreWriter) {
    origin?.pause()
    let waiter = FetchWaiter(loop: worker.loop.handle, exchange: id.number)
    worker.joinsSharing(self)
    writer.shared.body.onReader { waiter.post { $0.followersCame() } }
  }

  /// What is too long to be kept comes as fast as the fastest takes it, so that one at least gets
  /// all of it.
  func keepPace() {
    guard let writer, writer.isAheadOfReaders else { return }
    origin?.pause()
    let waiter = FetchWaiter(loop: worker.loop.handle, exchange: id.number)
    worker.joinsSharing(self)
    writer.shared.body.onCatchUp { waiter.post { $0.followersCame() } }
  }

  private func followersCame() { origin?.resume() }

  /// Says how the fetch ended, where this exchange leads.
  func land(_ outcome: FlightOutcome) {
    guard case .leading(let lease) = flight else { return }
    leavesFlight()
    lease.land(outcome, now: worker.loop.now)
  }
}

/// What an exchange has to do with the fetches of others.
enum FlightPart {
  case none
  case leading(FlightLease<FetchWaiter>)
  case waiting(FlightTicket, ExchangeDeadline)
}

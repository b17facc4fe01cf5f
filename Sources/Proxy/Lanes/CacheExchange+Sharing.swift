internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

// One fetch for many: leading one, waiting for one, following one.
//
//     join ─┬▶ leads ─▶ fetch ─▶ head ─┬▶ shareable: opened, followers read as it comes
//           │                         └▶ not shareable: landed, everybody goes alone
//           ├▶ waits ─▶ told ─┬▶ follow, look again, or fetch
//           └▶ goes alone     └▶ the leader is gone: fetch for all
extension CacheExchange {
  /// How long an exchange waits for another's response to begin before it asks for itself, so that
  /// nobody is held up by a leader whose origin dawdles.
  static let flightWait = Milliseconds(5_000)
  /// How far the client of a fetch that others follow may lag behind it, in bytes.
  static let leaderBacklogBytes = 1_048_576

  /// Whether what this exchange fetches may do for others: the whole of a GET.
  private var mayLead: Bool { request.method == .get && !request.fields.contains(.range) }

  // MARK: Joining

  func join() {
    guard let permit, let moment else { return fetch() }
    let decision = worker.shared.flights.join(
      permit, key: key, request: request,
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
    switch flight {
    case .none: break
    case .leading: worker.leavesSharing(self)
    case .waiting(let ticket, _):
      worker.shared.flights.leave(ticket)
      worker.leavesSharing(self)
    case .following: worker.leavesSharing(self)
    }
    flight = .none
  }

  // MARK: Following

  /// A response comes in that this request may be answered with, as if it were stored.
  private func consider(_ response: SharedResponse) {
    let storable = response.storable
    guard response.isSelected(by: request) else { return goOn(after: .otherVariant) }
    let decision = reuseDecision(
      for: request, stored: storable.metadata, now: worker.loop.wallNow, rules: rules)
    guard case .fresh(let age) = decision, !request.fields.contains(.range) else {
      return goOn(after: .notShared)
    }
    record.isCollapsed = true
    var status = CacheStatus(
      forwardedBecause: cause, forwardStatus: storable.metadata.status)
    status.ttl = age.ttl
    status.isCollapsed = true
    if clientHolds(storable) {
      leavesFlight()
      _ = course.flightEnded(.stored)
      course.answered()
      record.status = .notModified
      client?.sendNotModified(storable.head[...], age: age, status: status)
      return finish()
    }
    let handle = FetchWaiter(loop: worker.loop.handle, exchange: id.number)
    guard
      let reader = response.body.reader(wake: { handle.post { $0.moreArrived() } })
    else { return goOn(after: .notShared) }
    leavesFlight()
    flight = .following(reader)
    worker.joinsSharing(self)
    guard course.flightEnded(.arriving) == .follow else { return }
    beginFollowing(response, age: age, status: status)
  }

  private func beginFollowing(_ response: SharedResponse, age: StoredAge, status: CacheStatus) {
    let storable = response.storable
    var head = ResponseHead(
      status: storable.metadata.status, fields: StoredHead.fields(of: storable.head[...]))
    var seconds: [UInt8] = []
    seconds.append(decimal: UInt64(age.age.count.magnitude))
    head.fields.set(.age, seconds)
    var line: [UInt8] = []
    status.append(to: &line)
    head.fields.append(.cacheStatus, line)
    if request.method == .head, let length = response.length {
      var digits: [UInt8] = []
      digits.append(decimal: UInt64(length))
      head.fields.set(.contentLength, digits)
    }
    deliver(head, framing: response.length.map { .length(Int64($0)) } ?? .chunked)
    guard request.method != .head, storable.metadata.status != .noContent else {
      return followingEnded()
    }
    moreArrived()
  }

  /// Passes on what there is, as fast as the client takes it.
  func moreArrived() {
    guard !isEnded, case .following(let reader) = flight, let client else { return }
    worker.withFollowBuffer { buffer in
      while !isEnded, !client.stream.isSaturated {
        buffer.removeAll(keepingCapacity: true)
        switch reader.read(into: &buffer) {
        case .bytes: unsafe buffer.withUnsafeBytes { unsafe deliver(content: $0) }
        case .nothingYet: return
        case .ended: return followingEnded()
        case .broken: return fail(.originClosed)
        }
      }
    }
  }

  private func followingEnded() {
    leavesFlight()
    course.answered()
    deliverEnd(trailers: FieldSection())
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

  /// The own client is slow. Alone it slows the origin down; once others follow it may lag by no
  /// more than the limit, and is left behind then.
  func holdUp(_ client: ClientConnection, whileStoring writer: StoreWriter) {
    guard writer.hasReaders else {
      origin?.pause()
      let waiter = FetchWaiter(loop: worker.loop.handle, exchange: id.number)
      worker.joinsSharing(self)
      writer.shared.body.onReader { waiter.post { $0.followersCame() } }
      return
    }
    if client.stream.pendingOutputBytes > Self.leaderBacklogBytes { client.stream.abort() }
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
  case following(SharedReader)
}

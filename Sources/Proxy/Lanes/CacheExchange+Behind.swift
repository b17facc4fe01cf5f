internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import Primitives

// What the memory store has not, the place behind it may have: asked off the loop, before the
// origin, by whoever fetches for all who want the same.
//
//     fetch ─▶ asking behind ─┬▶ found, fresh ─▶ answered; those who wait look again
//                             ├▶ found, to be validated ─▶ the origin, with its validators
//                             └▶ nothing, or too late ─▶ the origin
extension CacheExchange {
  /// How long the place behind may take before the origin is asked.
  static let behindWait = Milliseconds(500)

  /// Whether the place behind is worth a question: the memory store was looked up for this request
  /// and had nothing at all.
  var mayBeBehind: Bool {
    guard permit != nil, moment != nil, stored == nil, framing == .none,
      case .usual = fetchPlan
    else { return false }
    let key = key
    return worker.shared.store.mayBeBehind(key.span)
  }

  func askBehind() {
    guard let permit, let moment else { return fetchFromOrigin() }
    behindDeadline = ExchangeDeadline(of: self, on: worker.loop, for: Self.behindWait)
    worker.joinsSharing(self)
    let waiter = FetchWaiter(loop: worker.loop.handle, exchange: id.number)
    worker.shared.store.fetchFromBehind(permit, key: key, request: request, since: moment) {
      found in
      waiter.post { $0.behindTold(found) }
    }
  }

  /// Nobody waits for the place behind any more.
  func leavesBehind() {
    guard behindDeadline != nil else { return }
    behindDeadline = nil
    worker.leavesSharing(self)
  }

  /// What the place behind had, or nil; also when it took too long.
  func behindTold(_ found: StoredResponse?) {
    guard !isEnded, course.isAskingBehind else { return }
    leavesBehind()
    // What is fetched from here on is held against what happens from here on.
    let key = key
    moment = worker.shared.store.moment(of: key.span)
    guard let found else { return goOn(afterBehind: .nothing, nil) }
    let decision = reuseDecision(
      for: request, stored: found.metadata, now: worker.loop.wallNow, rules: rules)
    switch decision {
    case .fresh(let age):
      goOn(afterBehind: .usable, BehindFind(found, age: age, reason: .fromDisk))
    case .staleAllowed(let age, let reason):
      goOn(afterBehind: .usable, BehindFind(found, age: age, reason: reason))
    case .validate, .mustNot:
      stored = found
      cause = decision.reason
      goOn(afterBehind: .mustBeValidated, nil)
    }
  }

  private func goOn(afterBehind news: CacheCourse.BehindNews, _ find: BehindFind?) {
    switch course.behindAnswered(news) {
    case .answer: if let find { answer(with: find) }
    case .validate, .fetch: fetchFromOrigin()
    case .refuse: fail(.onlyIfCached)
    case .drop: break
    }
  }

  private func answer(with find: BehindFind) {
    // Those who wait find it in the memory store now.
    land(.stored)
    if find.reason == .staleWhileRevalidate { refresh(find.response) }
    record.cacheReason = find.reason
    sendStored(
      find.response, age: find.age,
      status: CacheStatus(.hit, ttl: find.age.ttl, detail: find.reason))
  }

  private func refresh(_ response: StoredResponse) {
    guard let client, let permit else { return }
    var lookup = CacheLookup(reason: .staleWhileRevalidate, permit: permit)
    lookup.key = key
    lookup.stored = response
    lookup.moment = moment
    worker.refresh(request, for: client, route: route, rules: rules, lookup: lookup)
  }
}

/// What the place behind had for a request that it may answer.
private struct BehindFind {
  let response: StoredResponse
  let age: StoredAge
  let reason: CacheReason

  init(_ response: StoredResponse, age: StoredAge, reason: CacheReason) {
    self.response = response
    self.age = age
    self.reason = reason
  }
}

internal import CachePolicy
internal import CacheStore
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives

/// A validation in the background: a client was answered with a stale response that may be served
/// while it is validated (RFC 5861 §3). Nobody waits for what comes of it.
final class RefreshExchange: CacheExchange {
  /// What became of a refresh: the value of a label.
  enum Result: String, CaseIterable {
    /// The origin confirmed what is stored.
    case confirmed
    /// A new response took its place.
    case replaced
    /// What came may not be stored; what was stored is gone.
    case dropped
    case failed
    /// Not begun: as many as may be are under way.
    case skipped

    /// The place among all cases: for tables of counters.
    var index: Int {
      switch self {
      case .confirmed: 0
      case .replaced: 1
      case .dropped: 2
      case .failed: 3
      case .skipped: 4
      }
    }
  }

  /// How long one may take, from the first step to the last byte.
  static let timeLimit = Milliseconds(30_000)

  private let facts: ClientFacts
  private var deadline: ExchangeDeadline?

  init(
    _ request: RequestHead, id: ExchangeID, on worker: Worker, facts: ClientFacts,
    route: RoutePlan, rules: CacheRules, lookup: CacheLookup
  ) {
    self.facts = facts
    super.init(
      IncomingRequest(head: Self.own(request), framing: .none, expectsContinue: false), id: id,
      on: worker, for: nil, route: route, rules: rules, lookup: lookup)
    deadline = ExchangeDeadline(of: self, on: worker.loop, for: Self.timeLimit)
  }

  /// The request as this program's own: for the whole, without the client's wishes.
  private static func own(_ request: RequestHead) -> RequestHead {
    var request = request
    request.method = .get
    removeConditions(from: &request.fields)
    request.fields.removeAll(.cacheControl)
    request.fields.removeAll(.pragma)
    return request
  }

  override var clientFacts: ClientFacts { facts }
  // Nobody joins it: whoever asks meanwhile is answered from the store.
  override var mayShare: Bool { false }
  override var allowedUpgrades: [[UInt8]] { [] }

  override func start() {
    // The request was complete before this began.
    requestEnded(trailers: FieldSection())
    super.start()
  }

  override func deadlinePassed() { fail(.originTimeout) }

  override func recordEnd() {
    deadline = nil
    let result = result
    worker.shared.refreshes.end(key, failed: result == .failed, now: worker.loop.now)
    worker.counters.countRefresh(result)
  }

  private var result: Result {
    switch record.cacheReason {
    case .validated: .confirmed
    case .stored: .replaced
    default: record.outcome == .failed || record.status.code == 0 ? .failed : .dropped
    }
  }
}

extension Worker {
  /// Validates in the background what a client was just given, unless that is going on already.
  func refresh(
    _ request: RequestHead, for client: ClientConnection, route: RoutePlan, rules: CacheRules,
    lookup: CacheLookup
  ) {
    guard !RequestDirectives(request.fields).noStore else { return }
    switch shared.refreshes.begin(lookup.key, now: loop.now) {
    case .begins: break
    case .isUnderWay: return
    case .tooMany: return counters.countRefresh(.skipped)
    }
    let exchange = RefreshExchange(
      request, id: nextExchangeID(), on: self, facts: client.facts, route: route, rules: rules,
      lookup: lookup)
    counters.exchangesChanged(by: 1)
    exchange.start()
  }
}

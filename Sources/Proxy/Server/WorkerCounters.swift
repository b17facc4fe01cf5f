internal import CachePolicy
internal import HTTPModel
internal import Primitives
internal import TLS
internal import Telemetry

/// Which side of the proxy something happened on: the value of a label.
enum Side: String, CaseIterable {
  case client
  case origin

  /// The place among all cases: for tables of counters.
  var index: Int { self == .client ? 0 : 1 }
}

/// The series one loop counts on, looked up once: counting is an addition.
///
/// A class, so that whoever counts borrows one reference and not every array in here. Belongs to
/// one loop; not `Sendable`.
final class WorkerCounters {
  let sheet: MetricSheet
  private let metrics: Metrics
  private let requests: [[Counter]]
  private let responses: [Counter]
  private let durations: [Histogram]
  private let hit: Counter
  private let miss: Counter
  private let collapsed: Counter
  private let bypass: Counter
  private let clients: Gauge
  private let inFlight: Gauge
  private let retired: Gauge
  private let received: InlineArray<2, Counter>
  private let sent: InlineArray<2, Counter>
  private let stores: [Counter]
  /// By reason; those that have not come up yet have no series.
  private var outcomes = [Counter?](repeating: nil, count: CacheReason.allCases.count)
  private let refreshes: [Counter]
  private let fullHandshakes: InlineArray<2, Counter>
  private let resumedHandshakes: InlineArray<2, Counter>
  private let failedHandshakes: InlineArray<2, Counter>
  let turnedAway: Counter

  init(_ metrics: Metrics, loop: Int) {
    self.metrics = metrics
    sheet = metrics.sheet(loop)
    requests = ExchangeRecord.Lane.allCases.map { lane in
      ExchangeRecord.Outcome.allCases.map {
        metrics.counter(.requests, [lane.rawValue, $0.rawValue])
      }
    }
    responses = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"].map {
      metrics.counter(.responses, [$0])
    }
    durations = ExchangeRecord.Lane.allCases.map {
      metrics.histogram(.requestDuration, [$0.rawValue])
    }
    hit = metrics.counter(.cacheLookups, ["hit"])
    miss = metrics.counter(.cacheLookups, ["miss"])
    collapsed = metrics.counter(.cacheLookups, ["collapsed"])
    bypass = metrics.counter(.cacheLookups, ["bypass"])
    clients = metrics.gauge(.clientConnections)
    turnedAway = metrics.counter(.connectionsRefused, ["overloaded"])
    inFlight = metrics.gauge(.exchangesInFlight)
    retired = metrics.gauge(.retiredServices)
    received = Self.bySide { metrics.counter(.bytesReceived, [$0]) }
    sent = Self.bySide { metrics.counter(.bytesSent, [$0]) }
    stores = Self.storeReasons.map { metrics.counter(.cacheStores, ["\($0.code)"]) }
    for reason in [CacheReason.fresh, .stored, .decision] {
      outcomes[Int(reason.rawValue)] = metrics.counter(.cacheOutcomes, ["\(reason.code)"])
    }
    refreshes = RefreshExchange.Result.allCases.map {
      metrics.counter(.cacheRefreshes, [$0.rawValue])
    }
    fullHandshakes = Self.bySide { metrics.counter(.tlsHandshakes, [$0, "full"]) }
    resumedHandshakes = Self.bySide { metrics.counter(.tlsHandshakes, [$0, "resumed"]) }
    failedHandshakes = Self.bySide { metrics.counter(.tlsHandshakes, [$0, "failed"]) }
  }

  /// A series for each side, given the value of its label.
  private static func bySide(_ series: (String) -> Counter) -> InlineArray<2, Counter> {
    [series(Side.client.rawValue), series(Side.origin.rawValue)]
  }

  /// The series of one service.
  func service(_ name: String, loop: Int) -> ServiceCounters {
    ServiceCounters(metrics, loop: loop, service: name)
  }

  /// Counts one exchange that ended.
  func count(_ record: ExchangeRecord, nanoseconds: UInt64) {
    sheet.add(to: requests[record.lane.index][record.outcome.index])
    let group = Int(record.status.code / 100)
    sheet.add(to: responses[group < responses.count ? group : 0])
    sheet.observe(nanoseconds, in: durations[record.lane.index])
    if let reason = record.cacheReason { countOutcome(reason) }
    if record.lane == .cache {
      let answered = record.outcome == .hit ? hit : miss
      sheet.add(to: record.isCollapsed ? collapsed : answered)
    } else if record.lane == .pass {
      sheet.add(to: bypass)
    }
  }

  private func countOutcome(_ reason: CacheReason) {
    let place = Int(reason.rawValue)
    guard outcomes.indices.contains(place) else { return }
    let counter = outcomes[place] ?? metrics.counter(.cacheOutcomes, ["\(reason.code)"])
    outcomes[place] = counter
    sheet.add(to: counter)
  }

  func clientsChanged(by difference: Int64) { sheet.adjust(clients, by: difference) }
  func retiredChanged(by difference: Int64) { sheet.adjust(retired, by: difference) }
  func exchangesChanged(by difference: Int64) { sheet.adjust(inFlight, by: difference) }

  func countReceived(_ side: Side, _ bytes: Int) {
    sheet.add(UInt64(clamping: bytes), to: received[side.index])
  }

  func countSent(_ side: Side, _ bytes: Int) {
    sheet.add(UInt64(clamping: bytes), to: sent[side.index])
  }

  /// What becomes of a response that was being stored. Others are counted with the last.
  private static let storeReasons: [CacheReason] = [
    .stored, .objectTooLarge, .incomplete, .storeFull, .invalidated, .storeCancelled,
  ]

  func countStore(_ reason: CacheReason) {
    let place = Self.storeReasons.firstIndex(of: reason) ?? Self.storeReasons.count - 1
    sheet.add(to: stores[place])
  }

  func countRefresh(_ result: RefreshExchange.Result) {
    sheet.add(to: refreshes[result.index])
  }

  func countHandshake(_ side: Side, _ session: TLSSession) {
    let list = session.isResumed ? resumedHandshakes : fullHandshakes
    sheet.add(to: list[side.index])
  }

  func countFailedHandshake(_ side: Side) { sheet.add(to: failedHandshakes[side.index]) }

  /// The series of connections accepted by one listener.
  func accepted(by listener: String) -> Counter {
    metrics.counter(.connectionsAccepted, [listener])
  }

  /// The series of pauses of one listener.
  func acceptPauses(of listener: String) -> Counter {
    metrics.counter(.acceptPauses, [listener])
  }

  // The series of what happens seldom are looked up when it happens.

  func countRefusal(_ reason: String) { sheet.add(to: metrics.counter(.refusals, [reason])) }

  func countDecision(_ outcome: ExchangeRecord.Outcome, route: RoutePlan) {
    guard route.decisions.indices.contains(outcome.index) else { return }
    sheet.add(to: route.decisions[outcome.index])
  }

  func countFinding(check: String, severity: String) {
    sheet.add(to: metrics.counter(.findings, [check, severity]))
  }

  func countProbe(service: String, result: String) {
    sheet.add(to: metrics.counter(.originProbes, [service, result]))
  }

  func countRejectedMessage(_ side: Side, _ reason: String) {
    sheet.add(to: metrics.counter(.messagesRejected, [side.rawValue, reason]))
  }
}

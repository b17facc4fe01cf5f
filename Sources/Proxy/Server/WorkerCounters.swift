internal import CachePolicy
internal import HTTPModel
internal import Primitives
internal import Telemetry

/// The series one loop counts on, looked up once: counting is an addition.
struct WorkerCounters {
  let sheet: MetricSheet
  private let metrics: Metrics
  private let requests: [[Counter]]
  private let responses: [Counter]
  private let durations: [Histogram]
  private let hit: Counter
  private let miss: Counter
  private let bypass: Counter
  private let clients: Gauge
  let accepted: Counter
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
    bypass = metrics.counter(.cacheLookups, ["bypass"])
    clients = metrics.gauge(.clientConnections)
    accepted = metrics.counter(.connectionsAccepted, ["all"])
    turnedAway = metrics.counter(.connectionsRefused, ["overloaded"])
  }

  /// Counts one exchange that ended.
  func count(_ record: ExchangeRecord, nanoseconds: UInt64) {
    sheet.add(to: requests[record.lane.index][record.outcome.index])
    let group = Int(record.status.code / 100)
    sheet.add(to: responses[group < responses.count ? group : 0])
    sheet.observe(nanoseconds, in: durations[record.lane.index])
    if record.lane == .cache {
      sheet.add(to: record.outcome == .hit ? hit : miss)
    } else if record.lane == .pass {
      sheet.add(to: bypass)
    }
  }

  func clientsChanged(by difference: Int64) { sheet.adjust(clients, by: difference) }

  // The series of what happens seldom are looked up when it happens.

  func countRefusal(_ reason: String) { sheet.add(to: metrics.counter(.refusals, [reason])) }

  func countDecision(route: String, result: String) {
    sheet.add(to: metrics.counter(.decisions, [route, result]))
  }

  func countFinding(check: String, severity: String) {
    sheet.add(to: metrics.counter(.findings, [check, severity]))
  }

  func countRejectedMessage(side: String, reason: String) {
    sheet.add(to: metrics.counter(.messagesRejected, [side, reason]))
  }
}

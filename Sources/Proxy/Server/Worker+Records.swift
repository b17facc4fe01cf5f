internal import CachePolicy
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import Primitives
internal import Telemetry

// What the logs and counters are told.
extension Worker {
  /// An exchange ended.
  func record(_ exchange: Exchange) {
    record(
      exchange.record, id: exchange.id, request: exchange.request, route: exchange.route,
      facts: exchange.clientFacts, beganAt: exchange.beganAt)
  }

  /// Bytes were refused that are no request.
  func recordRefusedBytes(id: ExchangeID, reason: String, answer: LocalAnswer, facts: ClientFacts) {
    var record = ExchangeRecord()
    record.lane = .local
    record.outcome = .failed
    record.status = answer.head.status
    record.bytesSent = Int64(answer.content.count)
    record.reason = reason
    counters.countRejectedMessage(.client, reason)
    self.record(
      record, id: id, request: RequestHead(method: .other([]), target: []), route: nil,
      facts: facts, beganAt: loop.now)
  }

  func record(
    _ record: ExchangeRecord, id: ExchangeID, request: borrowing RequestHead, route: RoutePlan?,
    facts: ClientFacts, beganAt: MonotonicTime
  ) {
    let nanoseconds = loop.now.nanoseconds(since: beganAt)
    counters.count(record, nanoseconds: nanoseconds)
    if record.lane == .decision, let route {
      counters.countDecision(record.outcome, route: route)
    }
    if record.outcome == .refused || record.outcome == .failed, let reason = record.reason {
      counters.countRefusal(reason)
    }
    guard let accessLog else { return }
    let lineFormat = lineFormat
    let line = AccessRecord(
      time: WallTime(milliseconds: loop.wallNow.milliseconds - Int64(nanoseconds / 1_000_000)),
      exchange: id.number, client: facts.address, method: request.method, host: request.authority,
      path: loggedPath(request, route), status: record.status.code == 0 ? nil : record.status,
      requestBytes: UInt64(max(record.bytesReceived, 0)),
      responseBytes: UInt64(max(record.bytesSent, 0)),
      durationMicroseconds: nanoseconds / 1000, lane: record.lane.rawValue,
      outcome: record.outcome.rawValue, cache: record.cacheReason.map { "\($0.code)" },
      reason: record.reason, route: route?.settings.name, origin: record.origin,
      originMicroseconds: record.originMicroseconds)
    accessLog.append { bytes in lineFormat.append(line, to: &bytes) }
  }

  /// The path as it came, or the pattern that stands for it where the operator says that paths are
  /// secret.
  private func loggedPath(_ request: borrowing RequestHead, _ route: RoutePlan?)
    -> ArraySlice<UInt8>
  {
    guard let settings = route?.settings, settings.loggedPath == .pattern else {
      return request.spelledPath
    }
    let path = request.path
    let pattern = settings.match.paths.first { $0.matches(path) } ?? settings.match.paths.first
    return pattern?.text[...] ?? [UInt8](ascii: "/**")[...]
  }
}

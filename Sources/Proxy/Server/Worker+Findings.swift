internal import Audit
internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Telemetry
internal import Verdict

// What the audit log is told.
extension Worker {
  /// A declared decision was judged.
  ///
  /// - Parameters:
  ///   - head: The response as it came.
  ///   - bodyBytes: How long its body is; nil where that is not known.
  func report(
    _ outcome: VerificationOutcome, head: ResponseHead, bodyBytes: Int?, of exchange: Exchange,
    rule: DecisionRule, facts: RequestFacts
  ) {
    var audited = audited(exchange, head, bodyBytes: bodyBytes, isDecision: true)
    audited.comparesSubject = rule.subject != nil
    audited.clockSkew = rule.clockSkew
    audited.wasConditional = facts.wasConditional
    audited.askedForIdentity = rule.mode != .audit
    let found = detections(in: audited, judged: outcome, under: rule)
    let action: FindingAction =
      switch outcome.delivery(in: rule.mode) {
      case .untouched: .observed
      case .allow, .denial, .hardened: .hardened
      case .refuse: .refused
      }
    write(found, of: exchange, action: action)
  }

  /// There was no room to remember what of a verdict serves once, and it went out all the same.
  func report(untestedReplayOf exchange: Exchange) {
    write(
      [Detection(.rep01, "replay-not-tested", severity: .medium)], of: exchange, action: .observed)
  }

  /// A decision came on a route that declares none.
  func report(undeclared head: ResponseHead, sign: DecisionSign, of exchange: Exchange) {
    var found = detections(in: audited(exchange, head, bodyBytes: nil, isDecision: true))
    found.append(
      Detection(
        RefusalReason.undeclaredDecision.check, ReasonCode(RefusalReason.undeclaredDecision.code),
        severity: .low, [Evidence("sign", .published(sign.code))]))
    let isDelivered = exchange.route.settings.onDecision == .deliver
    write(found, of: exchange, action: isDelivered ? .hardened : .refused)
  }

  /// A request came for a decision route by another spelling of its path.
  func reportSpelling(of exchange: Exchange) {
    write([Detection(spelling: exchange.request)], of: exchange, action: .observed)
  }

  /// A response goes into the store: what it should not depend on is looked for once.
  func reportStored(_ head: ResponseHead, of exchange: Exchange) {
    write(
      detections(in: audited(exchange, head, bodyBytes: nil, isDecision: false)), of: exchange,
      action: .observed)
  }

  /// A response was kept out of the store for what may have been somebody's intention.
  func reportWithheld(_ head: ResponseHead, of exchange: Exchange) {
    write(
      detections(in: audited(exchange, head, bodyBytes: nil, isDecision: false)), of: exchange,
      action: .withheld)
  }

  /// Storing a response pushed out older variants of its key.
  func reportDisplaced(by response: StoredResponse, of exchange: Exchange) {
    var audited = audited(
      exchange, ResponseHead(status: response.metadata.status), bodyBytes: nil, isDecision: false)
    audited.displacesVariants = true
    write(detections(in: audited).filter { $0.check == .key10 }, of: exchange, action: .observed)
  }

  private func audited(
    _ exchange: Exchange, _ head: ResponseHead, bodyBytes: Int?, isDecision: Bool
  ) -> AuditedExchange {
    var audited = AuditedExchange(
      request: exchange.request, requestHasBody: exchange.framing != .none,
      peerIsTrusted: exchange.clientFacts.isTrusted,
      hasClientCertificate: exchange.clientFacts.certificate != nil, response: head,
      responseBodyBytes: bodyBytes, isDecision: isDecision, sentAt: exchange.sentWall,
      receivedAt: loop.wallNow)
    audited.dropsPeerClaims = !exchange.route.isAudit && !exchange.clientFacts.isTrusted
    return audited
  }

  /// A request was refused before any route was asked.
  func reportRefused(_ violation: ProtocolViolation, id: ExchangeID, facts: ClientFacts) {
    guard let detection = Detection(refusedMessage: violation.code.rawValue) else { return }
    write(
      [detection],
      in: FindingContext(
        time: loop.wallNow, route: [], consumer: .published(facts.address), exchange: id.text,
        action: .refused))
  }

  /// A request was refused by what its `Connection` field names, or by disguised names.
  func reportRefused(_ violation: ProtocolViolation, of exchange: Exchange) {
    guard let detection = Detection(refusedMessage: violation.code.rawValue) else { return }
    write([detection], of: exchange, action: .refused)
  }

  private func write(_ found: [Detection], of exchange: Exchange, action: FindingAction) {
    guard !found.isEmpty else { return }
    write(
      found,
      in: FindingContext(
        time: loop.wallNow, route: Array(exchange.route.settings.name.utf8),
        consumer: .published(exchange.clientFacts.address), exchange: exchange.id.text,
        action: action))
  }

  private func write(_ found: [Detection], in common: FindingContext) {
    for detection in found {
      var context = common
      if let action = detection.action { context.action = action }
      counters.countFinding(
        check: detection.check.rawValue, severity: "\(detection.severity.name)")
      guard let findingsLog else { continue }
      let finding = Finding(detection, in: context)
      findingsLog.append { line in
        finding.json(into: &line)
        // The log ends lines itself.
        if line.last == ASCII.lineFeed { line.removeLast() }
      }
      // A critical finding is worth a write of its own.
      if detection.severity == .critical { findingsLog.flush() }
    }
  }
}

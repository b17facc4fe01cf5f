internal import Configuration
internal import DiskTier
internal import HTTPWire
internal import JOSE
package import Logging
internal import Primitives
internal import Transport

/// What operators are told of, beside findings and exchanges: constant messages, facts as fields.
package struct ProxyLog: Sendable {
  private let logger: Logger

  package init(_ logger: Logger) { self.logger = logger }

  func originUnreachable(_ origin: OriginAddress, _ failure: StreamFailure?) {
    logger.warning(
      "No connection to an origin.",
      metadata: ["origin": "\(origin)", "cause": "\(failure.map(String.init(describing:)) ?? "-")"])
  }

  func notResolved(_ origin: OriginAddress, _ cause: String) {
    logger.warning(
      "The name of an origin could not be resolved.",
      metadata: ["origin": "\(origin)", "cause": "\(cause)"])
  }

  func healthChanged(_ service: ServiceSettings, _ change: OriginHealthChange) {
    func name(_ origin: Int) -> String {
      service.origins.indices.contains(origin) ? service.origins[origin].description : "-"
    }
    switch change {
    case .ejected(let origin, let fault, _):
      logger.warning(
        "An origin is left out for its failures.",
        metadata: ["origin": "\(name(origin))", "cause": "\(fault.rawValue)"])
    case .returned(let origin):
      logger.notice("An origin takes requests again.", metadata: ["origin": "\(name(origin))"])
    case .down(let origin, let failure):
      logger.warning(
        "The probes of an origin fail.",
        metadata: ["origin": "\(name(origin))", "cause": "\(failure.rawValue)"])
    case .up(let origin):
      logger.notice("The probes of an origin succeed.", metadata: ["origin": "\(name(origin))"])
    }
  }

  func acceptingPaused(_ listener: String, _ cause: String) {
    logger.error(
      "Connections cannot be accepted and wait.",
      metadata: ["listener": "\(listener)", "cause": "\(cause)"])
  }

  func acceptingResumed(_ listener: String) {
    logger.notice("Connections are accepted again.", metadata: ["listener": "\(listener)"])
  }

  func acceptingFailed(_ listener: String, _ cause: String) {
    logger.critical(
      "A listener failed for good.", metadata: ["listener": "\(listener)", "cause": "\(cause)"])
  }

  func unsendable(_ violation: ProtocolViolation) {
    logger.error(
      "A response could not be sent.", metadata: ["reason": "\(violation.code.rawValue)"])
  }

  func keysFetched(_ name: String, _ set: JWKSet) {
    logger.info(
      "Keys were fetched.",
      metadata: ["keys": "\(name)", "count": "\(set.keys.entries.count)"])
    for note in set.notes where note.refusal.isAlarming {
      logger.warning(
        "A published key is not used.",
        metadata: [
          "keys": "\(name)", "number": "\(note.index + 1)", "reason": "\(note.refusal.code)",
        ])
    }
  }

  func keysNotFetched(_ name: String, _ cause: String) {
    logger.warning(
      "Keys could not be fetched.", metadata: ["keys": "\(name)", "cause": "\(cause)"])
  }

  func purged(_ request: PurgeRequest, removed: Int, staled: Int) {
    logger.notice(
      "Stored responses were purged.",
      metadata: [
        "what": "\(request.loggedSubject)", "service": "\(request.service ?? "-")",
        "removed": "\(removed)", "staled": "\(staled)",
      ])
  }

  // MARK: The disk of the cache

  func diskOpened(_ directory: String, _ counters: DiskTierCounters) {
    logger.notice(
      "The cache is kept on a disk.",
      metadata: [
        "directory": "\(directory)", "responses": "\(counters.responses)",
        "bytes": "\(counters.bytes)", "milliseconds": "\(counters.recoveryMilliseconds)",
      ])
  }

  func diskUnusable(_ directory: String, _ cause: String) {
    logger.error(
      "The cache is kept in memory only: its directory cannot be used.",
      metadata: ["directory": "\(directory)", "cause": "\(cause)"])
  }

  func diskNotClosed(_ directory: String) {
    logger.warning(
      "The disk of the cache took too long: what is on it is validated after the next start.",
      metadata: ["directory": "\(directory)"])
  }

  func disk(_ directory: String, _ news: DiskTierNews) {
    var facts: Logger.Metadata = ["directory": "\(directory)"]
    switch news {
    case .reading(let read, let all):
      facts["read"] = "\(read)"
      facts["segments"] = "\(all)"
      logger.notice("The disk of the cache is being read.", metadata: facts)
    case .emptied:
      logger.notice(
        "The disk of the cache was emptied: another version or other services wrote it.",
        metadata: facts)
    case .cannotWrite(let error):
      facts["cause"] = "\(error)"
      logger.error(
        "The disk of the cache cannot be written: the memory goes on without.", metadata: facts)
    case .shrunk(let bytes):
      facts["bytes"] = "\(bytes)"
      logger.warning(
        "The disk of the cache is full: it makes do with less until a restart.", metadata: facts)
    case .writes: logger.notice("The disk of the cache is written again.", metadata: facts)
    case .cannotRead(let error):
      facts["cause"] = "\(error)"
      logger.error("The disk of the cache cannot be read: origins are asked.", metadata: facts)
    case .givenUp(let error):
      facts["cause"] = "\(error)"
      logger.error(
        "The disk of the cache is not used any more until a restart.", metadata: facts)
    }
  }

  func ticketKeysKept(_ cause: String) {
    logger.error("The keys of session tickets were not rotated.", metadata: ["cause": "\(cause)"])
  }

  func userKept(instead user: String) {
    logger.warning(
      "Only root can become another user: the one who started the program is kept.",
      metadata: ["user": "\(user)"])
  }

  func randomnessFailed() {
    logger.critical("No randomness for transaction tokens: decisions are refused.")
  }

  func loopFailed(_ cause: String) {
    logger.critical("An event loop ended early.", metadata: ["cause": "\(cause)"])
  }

  func linesLost(_ name: String, _ count: UInt64) {
    logger.error("Lines of a log were lost.", metadata: ["log": "\(name)", "lines": "\(count)"])
  }

  func logRecovered(_ name: String) {
    logger.notice("A log is written again.", metadata: ["log": "\(name)"])
  }

  func logTrouble(_ name: String, _ cause: String) {
    logger.error("A log cannot be written.", metadata: ["log": "\(name)", "cause": "\(cause)"])
  }
}

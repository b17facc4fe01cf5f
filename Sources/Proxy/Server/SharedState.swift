internal import CacheStore
internal import Configuration
internal import Cryptography
internal import DiskTier
internal import Platform
internal import Primitives
internal import Synchronization
internal import Telemetry
internal import Transport

/// What all loops share: the store, the logs, the counters. Made once; outlives every plan.
final class SharedState: Sendable {
  /// How long a stop waits for the last lines to be written.
  static let logDeadline = Milliseconds(2_000)

  /// How long a stop waits for the disk to take what waits for it.
  static let diskDeadline = Milliseconds(5_000)

  let store: CacheStore
  private let attachedDisk = AtomicLazyReference<DiskTier>()
  /// The fetches under way that others may have a part in.
  let flights = FlightTable.overLoops()
  /// What secret parts of keys are digested with.
  let keySecret: HMACSHA256Key
  /// What of verdicts serves once.
  let replays: SharedReplayMemory
  /// The validations in the background.
  let refreshes = RefreshTable()
  /// Where signatures are checked that cost too much for a loop's turn.
  let proofPool = ProofPool()
  /// Nil when there is none.
  let accessLog: LineLog?
  /// Nil when there is none.
  let findingsLog: LineLog?
  let log: ProxyLog
  let metrics: Metrics
  private let failedLoops = Atomic<Int>(0)

  /// How many loops ended although nobody stopped them.
  var loopFailures: Int { failedLoops.load(ordering: .relaxed) }

  func loopFailed(_ error: SystemError) {
    failedLoops.wrappingAdd(1, ordering: .relaxed)
    log.loopFailed(error.description)
  }

  /// Opens the logs. A findings log that cannot be opened is an error, unless the operator allows
  /// to run without.
  init(_ settings: Settings, loops: Int, log: ProxyLog) throws(StartError) {
    var limits = CacheStoreLimits(
      budget: settings.cache.memoryBytes, objectLimit: settings.cache.objectBytes)
    limits.variantLimit = settings.cache.variants
    store = CacheStore(limits: limits)
    do throws(CryptographyError) {
      keySecret = try HMACSHA256Key()
      replays = SharedReplayMemory(
        capacity: settings.replay.entries, key: try HMACSHA256Key())
    } catch {
      throw StartError(.cannotCreate, "no key for the cache could be made: \(error)")
    }
    self.log = log
    metrics = Metrics(loops: loops, version: ProxyVersion.text)
    accessLog = try Self.open(
      settings.accessLog.destination, name: "access log", isRequired: true, loops: loops, log: log)
    findingsLog = try Self.open(
      settings.audit.log, name: "audit log", isRequired: settings.audit.isRequired, loops: loops,
      log: log)
  }

  private static func open(
    _ destination: LogDestination, name: String, isRequired: Bool, loops: Int, log: ProxyLog
  ) throws(StartError) -> LineLog? {
    let target: LogTarget
    switch destination {
    case .off: return nil
    case .standardError: target = .standardError
    case .file(let path): target = .file(path: path)
    }
    do throws(SystemError) {
      return try LineLog(
        target, feeders: loops,
        onTrouble: { trouble in
          switch trouble {
          case .writing(let error), .reopening(let error): log.logTrouble(name, error.description)
          case .over: log.logRecovered(name)
          }
        })
    } catch {
      guard isRequired else {
        log.logTrouble(name, error.description)
        return nil
      }
      throw .cannotOpen(name, target, error)
    }
  }

  // MARK: The disk

  /// Nil where responses are kept in memory only.
  var disk: DiskTier? { attachedDisk.load() }

  /// Opens the directory that the settings name and puts it behind the store: before the first loop
  /// runs, as the user who serves. A directory that cannot be used costs what it would have held.
  func openDisk(_ settings: Settings, parts: [UInt32: String]) {
    guard let disk = settings.cache.disk else { return }
    var tierSettings = DiskTierSettings(directory: disk.directory)
    tierSettings.budget = disk.bytes
    tierSettings.segmentBytes = disk.segmentBytes(forObjectsOf: settings.cache.objectBytes)
    tierSettings.queueBytes = max(tierSettings.queueBytes, tierSettings.segmentBytes)
    tierSettings.responseLimit = disk.responses
    tierSettings.judge = Self.judge(by: settings)
    tierSettings.parts = parts
    do throws(DiskTierError) {
      let tier = try DiskTier(tierSettings) { [log] in log.disk(disk.directory, $0) }
      store.attach(tier)
      _ = attachedDisk.storeIfNil(tier)
      log.diskOpened(disk.directory, tier.counters)
    } catch {
      log.diskUnusable(disk.directory, error.description)
    }
  }

  /// Tells the disk, if there is one, of the settings of a reload. May wait for it: not for a loop.
  func declareToDisk(_ settings: Settings, parts: [UInt32: String]) {
    disk?.declare(parts, judge: Self.judge(by: settings))
  }

  /// Who says what may be stored: this version, by these rules. What was stored by others is not
  /// taken over at a start: they may have let pass what is a decision now.
  private static func judge(by settings: Settings) -> String {
    let rules = Array(settings.storingRules.utf8)
    let digest = ByteHash.hash(rules.span, seed: HashSeed(low: 0x7275_6C65, high: 0x7374_6F72))
    return "\(ProxyVersion.text) \(digest)"
  }

  private func registerDiskReadings() {
    func read(_ value: @escaping @Sendable (DiskTierCounters) -> UInt64) -> @Sendable () -> Int64 {
      { [weak self] in Int64(clamping: (self?.disk).map { value($0.counters) } ?? 0) }
    }
    metrics.read(.cacheDiskReads, ["hit"], read { $0.hits })
    metrics.read(.cacheDiskReads, ["miss"], read { $0.reads - min($0.hits, $0.reads) })
    metrics.read(.cacheDiskWrites, ["written"], read { $0.writes })
    metrics.read(.cacheDiskWrites, ["skipped"], read { $0.skipped })
    metrics.read(.cacheDiskErrors, ["failed"], read { $0.failures })
    metrics.read(.cacheDiskErrors, ["corrupt"], read { $0.corrupt })
    metrics.read(.cacheDiskBytes, [], read { UInt64(clamping: $0.bytes) })
    metrics.read(.cacheDiskResponses, [], read { UInt64(clamping: $0.responses) })
    metrics.read(.cacheDiskRecovered, [], read { UInt64(clamping: $0.recovered) })
    metrics.read(.cacheDiskRecoveryTime, [], read { $0.recoveryMilliseconds &* 1_000_000 })
    metrics.read(.cacheDiskWorks, [], read { $0.works ? 1 : 0 })
  }

  /// Writes down what waits for the disk, and that this is the end.
  func closeDisk() {
    guard let disk, !disk.close(within: Self.diskDeadline) else { return }
    log.diskNotClosed(disk.settings.directory)
  }

  // MARK: Numbers

  /// Has the numbers that are kept elsewhere asked for at each scrape.
  func registerReadings() {
    let store = store
    for kind in ["hard", "soft"] { _ = metrics.counter(.cachePurges, [kind]) }
    metrics.read(.cacheStoredBytes) { Int64(store.counters.bytes) }
    metrics.read(.cacheStoredResponses) { Int64(store.counters.objects) }
    registerDiskReadings()
    metrics.read(.cacheEvictions) { Int64(clamping: store.counters.evictions) }
    let replays = replays
    metrics.read(.replayEntries) { Int64(replays.count) }
    if let accessLog {
      metrics.read(.logLinesLost, ["access"]) { Int64(clamping: accessLog.linesLost) }
    }
    if let findingsLog {
      metrics.read(.logLinesLost, ["audit"]) { Int64(clamping: findingsLog.linesLost) }
    }
  }

  /// Has the numbers of a plan asked for at each scrape instead of those of the plan before.
  func registerReadings(of plan: Plan, after previous: Plan?) {
    let gone = (previous?.services ?? []).filter { old in
      !plan.services.contains { $0.settings.name == old.settings.name }
    }
    for service in gone { metrics.stopReading(.originsInService, [service.settings.name]) }
    for service in plan.services {
      metrics.read(.originsInService, [service.settings.name]) { [health = service.health] in
        Int64(health.inService.count)
      }
    }
    for route in previous?.settings.grades ?? [] {
      metrics.stopReading(.routeGrade, [route.route, route.grade])
    }
    for route in plan.settings.grades {
      metrics.read(.routeGrade, [route.route, route.grade]) { 1 }
    }
    let loadedAt = Clock.wall.milliseconds &* 1_000_000
    metrics.read(.configurationLoadTime) { loadedAt }
  }

  func countReload(succeeded: Bool) {
    metrics.sharedSheet.add(
      to: metrics.counter(.configurationReloads, [succeeded ? "success" : "failure"]))
  }

  func stopLogs() {
    for (name, file) in [("access log", accessLog), ("audit log", findingsLog)] {
      guard let end = file?.stop(within: Self.logDeadline), end.linesLost > 0 else { continue }
      log.linesLost(name, end.linesLost)
    }
  }
}

internal import CacheStore
package import Configuration
internal import Dispatch
internal import EventLoop
package import Logging
internal import Platform
package import Primitives
internal import Synchronization
internal import TLS
internal import Telemetry
internal import Transport

/// The proxy as a whole: started from settings, reloaded, stopped.
///
/// Every method may be called from any thread but a loop's.
package final class ProxyServer: Sendable {
  private struct State {
    var plan: Plan
    var listeners: [ListenerPlan]
    /// Nil where there is none.
    let adminListener: ListenerPlan?
    var isStopping = false
  }

  private let state: Mutex<State>
  /// Held for the whole of a reload: what one found, the next must find changed.
  private let reloading = Mutex<Void>(())
  private let builder: PlanBuilder
  private let shared: SharedState
  private let workers: WorkerTable
  private let group: LoopGroup
  private let housekeeping: Housekeeping

  /// Binds every listener, drops privileges, and serves when this returns. Nothing stays open when
  /// it throws.
  ///
  /// - Parameters:
  ///   - log: The operational log.
  ///   - admin: Makes the responder of the admin listener; nil for none.
  package init(
    _ settings: Settings, log logger: Logger,
    admin: ((ProxyView) -> any LocalResponder)? = nil
  ) throws(StartError) {
    let log = ProxyLog(logger)
    let loops = settings.process.loops ?? LoopGroup.coreCount
    let shared = try SharedState(settings, loops: loops, log: log)
    shared.registerReadings()
    let builder = PlanBuilder(log: log, metrics: shared.metrics)
    let workers = WorkerTable()
    let plan = try builder.plan(settings, previous: nil) { workers.addressesChanged(of: $0) }
    shared.registerReadings(of: plan, after: nil)
    let claimed: Claimed
    do throws(StartError) {
      claimed = try Self.claim(
        settings, parts: builder.parts, shared: shared, loops: loops, hasAdmin: admin != nil)
    } catch {
      // In good order, so that the next start need not doubt what is there.
      shared.closeDisk()
      throw error
    }
    let bound = claimed.listeners
    let adminListener = claimed.admin
    let view = ProxyView(shared: shared, loops: loops)
    let responder = admin?(view)
    let ready = DispatchGroup()
    for _ in 0..<loops { ready.enter() }
    do throws(SystemError) {
      group = try LoopGroup(count: loops) { loop in
        let worker = Worker(loop: loop, shared: shared, plan: plan, workers: loops)
        loop.attachment = worker
        for listener in bound { worker.listen(on: listener) }
        if loop.handle.index == 0, let adminListener {
          worker.listen(on: adminListener, responder: responder)
        }
        workers.add(loop.handle)
        ready.leave()
      } failed: { error in
        shared.loopFailed(error)
      }
    } catch {
      shared.closeDisk()
      throw StartError(.system, "\(error)")
    }
    self.builder = builder
    self.shared = shared
    self.workers = workers
    state = Mutex(State(plan: plan, listeners: bound, adminListener: adminListener))
    housekeeping = Housekeeping(shared: shared)
    ready.wait()
    view.observe { [weak self] in
      self?.standing
    }
    housekeeping.start { [weak self] in
      self?.state.withLock { ($0.plan, $0.listeners) }
    }
  }

  /// What would keep these settings from working although they are well formed: certificates, keys
  /// and authorities that cannot be loaded. Reads files; starts nothing.
  package static func problems(in settings: Settings) -> [FileProblem] {
    var problems: [FileProblem] = []
    for listener in settings.listeners {
      guard let tls = listener.tls else { continue }
      problems += TLSServerContext.problems(in: TLS.TLSServerSettings(tls), at: Clock.wall).map {
        FileProblem(
          owner: "listener \(listener.address)",
          path: $0.path ?? tls.certificates.first?.certificate,
          message: $0.description)
      }
    }
    for service in settings.services where service.origins.contains(where: { $0.scheme == .https })
    {
      do throws(TLSLoadError) {
        _ = try PlanBuilder.clientContext(service)
      } catch {
        problems.append(
          FileProblem(
            owner: "service \(service.name)", path: error.path ?? service.tls.authorities,
            message: error.description))
      }
    }
    return problems + keyProblems(in: settings)
  }

  private static func keyProblems(in settings: Settings) -> [FileProblem] {
    var problems: [FileProblem] = []
    for set in settings.keySets {
      do throws(KeyProblem) {
        _ = try KeyLoading.keys(of: set)
      } catch {
        problems.append(
          FileProblem(owner: "keys \(set.name)", path: error.path, message: error.message))
      }
      guard let server = set.server, server.origins.contains(where: { $0.scheme == .https }) else {
        continue
      }
      do throws(TLSLoadError) {
        _ = try PlanBuilder.clientContext(server)
      } catch {
        problems.append(
          FileProblem(
            owner: "keys \(set.name)", path: error.path ?? set.tls.authorities,
            message: error.description))
      }
    }
    if let attestation = settings.attestation {
      do throws(KeyProblem) {
        _ = try Attestor(attestation)
      } catch {
        problems.append(
          FileProblem(owner: "attestation", path: error.path, message: error.message))
      }
    }
    return problems
  }

  private var standing: ProxyView.Standing {
    state.withLock { state in
      ProxyView.Standing(
        plan: state.plan, isStopping: state.isStopping,
        failedListeners: state.listeners.filter(\.hasFailed).map(\.name))
    }
  }

  /// The addresses that are listened on, with the ports the system chose.
  package var addresses: [String] {
    state.withLock { $0.listeners.map { $0.bound.address.description } }
  }

  /// The address of the admin listener; nil where there is none.
  package var adminAddress: String? {
    state.withLock { $0.adminListener?.bound.address.description }
  }

  // MARK: Reloading

  /// Takes over new settings whole, or none of them: on a throw everything goes on as before.
  ///
  /// No connection is dropped: exchanges that began end under the settings they began with. What
  /// belongs to the process (loops, user, logs, store size, admin listener) stays until a restart.
  /// One after the other, from whatever thread; a reload that comes after a stop began is refused.
  package func reload(_ settings: Settings) throws(StartError) {
    try reloading.withLock { _ throws(StartError) in try reloadAlone(settings) }
  }

  private func reloadAlone(_ settings: Settings) throws(StartError) {
    let before = state.withLock { $0 }
    let workers = workers
    let plan = try builder.plan(settings, previous: before.plan) {
      workers.addressesChanged(of: $0)
    }
    // Known on the disk before the first response is stored under them.
    shared.declareToDisk(settings, parts: builder.parts)
    var kept: [(ListenerPlan, TLSServerContext?, [AddressBlock])] = []
    var added: [ListenerSettings] = []
    for listener in settings.listeners {
      guard let same = before.listeners.first(where: { $0.address == listener.address }) else {
        added.append(listener)
        continue
      }
      guard (same.tls != nil) == (listener.tls != nil) else {
        throw StartError(
          .configuration,
          "listener \(listener.address) would change between plain and TLS: restart for that")
      }
      kept.append(
        (
          same, try PlanBuilder.context(listener, previous: same.tls?.current),
          listener.trustedPeers
        ))
    }
    let fresh = try Self.bind(added, shares: group.handles.count)
    let listeners = kept.map(\.0) + fresh
    let isTaken = state.withLock { state in
      guard !state.isStopping else { return false }
      state.plan = plan
      state.listeners = listeners
      return true
    }
    guard isTaken else { throw StartError(.unavailable, "the proxy is stopping") }
    // Nothing can fail from here on.
    for (listener, context, peers) in kept { listener.replace(tls: context, trustedPeers: peers) }
    shared.registerReadings(of: plan, after: before.plan)
    shared.countReload(succeeded: true)
    let gone = before.listeners.filter { old in !listeners.contains { $0 === old } }
    adopt(plan, closing: gone, opening: fresh)
    for listener in gone { listener.bound.removeFile() }
  }

  /// Has every loop take over the plan. Returns when addresses that were given up are free again:
  /// the next reload may want them.
  private func adopt(_ plan: Plan, closing gone: [ListenerPlan], opening fresh: [ListenerPlan]) {
    let done = DispatchGroup()
    for handle in group.handles {
      done.enter()
      let isTaken = handle.post { loop in
        defer { done.leave() }
        guard let worker = loop.attachment as? Worker else { return }
        worker.adopt(plan)
        for listener in gone { worker.stopListening(on: listener) }
        for listener in fresh { worker.listen(on: listener) }
      }
      if !isTaken { done.leave() }
    }
    if !gone.isEmpty { _ = done.wait(timeout: .now() + Self.abandonWait) }
  }

  /// A reload was refused before it came here: counted.
  package func reloadFailed() { shared.countReload(succeeded: false) }

  /// Breaks off what is still open, for a stop that may not wait.
  package func abandon() {
    group.postToAll { loop in _ = (loop.attachment as? Worker)?.abandon() }
  }

  /// Breaks off what is still open. Returns whether nothing was lost by that.
  private func abandonAll() -> Bool {
    let busy = Tally()
    let done = DispatchGroup()
    for handle in group.handles {
      done.enter()
      let isTaken = handle.post { loop in
        busy.add((loop.attachment as? Worker)?.abandon() ?? 0)
        done.leave()
      }
      if !isTaken { done.leave() }
    }
    return done.wait(timeout: .now() + Self.abandonWait) == .success && busy.isZero
  }

  /// How long a stop or a reload waits for what loops do at once: they are held up by nothing.
  private static let abandonWait = DispatchTimeInterval.seconds(2)

  /// Opens the log files anew by their paths (`SIGUSR1`).
  package func reopenLogs() {
    shared.accessLog?.reopen()
    shared.findingsLog?.reopen()
  }

  // MARK: Stopping

  /// Stops: accepts nothing more, lets exchanges finish until the grace is over, closes. Returns
  /// whether all exchanges finished.
  package func stop(grace: Milliseconds) -> Bool {
    let isFirst = state.withLock { state in
      defer { state.isStopping = true }
      return !state.isStopping
    }
    guard isFirst else { return true }
    housekeeping.stop()
    let drained = DispatchGroup()
    for _ in group.handles { drained.enter() }
    group.postToAll { loop in
      guard let worker = loop.attachment as? Worker else { return drained.leave() }
      worker.drain { drained.leave() }
    }
    let deadline = DispatchTime.now() + .milliseconds(Int(grace.count))
    // Connections without an exchange may be left: only their clients can end them orderly.
    let isComplete = drained.wait(timeout: deadline) == .success || abandonAll()
    for listener in state.withLock({ $0.listeners }) { listener.bound.removeFile() }
    group.stop()
    state.withLock { $0.adminListener }?.bound.removeFile()
    _ = group.wait()
    shared.closeDisk()
    shared.stopLogs()
    return isComplete
  }

  // MARK: Starting

  /// What a start takes hold of that others could want.
  private struct Claimed {
    let listeners: [ListenerPlan]
    let admin: ListenerPlan?
  }

  /// Reads the disk, listens, and gives up the rights of root. The disk comes first, so that nobody
  /// connects who would have to wait for it; but as the user who serves.
  private static func claim(
    _ settings: Settings, parts: [UInt32: String], shared: SharedState, loops: Int, hasAdmin: Bool
  ) throws(StartError) -> Claimed {
    let changesUser = settings.process.user != nil && Privileges.isRoot
    if !changesUser { shared.openDisk(settings, parts: parts) }
    let claimed = Claimed(
      listeners: try bind(settings.listeners, shares: loops),
      admin: hasAdmin ? try bindAdmin(settings) : nil)
    if changesUser { try prepareDirectories(settings) }
    try dropPrivileges(settings.process, log: shared.log)
    if changesUser { shared.openDisk(settings, parts: parts) }
    return claimed
  }

  private static func bind(
    _ listeners: [ListenerSettings], shares: Int
  ) throws(StartError) -> [ListenerPlan] {
    var bound: [ListenerPlan] = []
    for listener in listeners {
      let context = try PlanBuilder.context(listener)
      bound.append(
        ListenerPlan(
          address: listener.address,
          bound: try bind(listener.address, shares: shares, setting: "listeners"),
          tls: context, trustedPeers: listener.trustedPeers))
    }
    return bound
  }

  private static func bindAdmin(_ settings: Settings) throws(StartError) -> ListenerPlan? {
    guard let admin = settings.admin else { return nil }
    return ListenerPlan(
      address: admin.address,
      bound: try bind(admin.address, shares: 1, setting: "admin: { address: … }"), tls: nil,
      isLocal: true)
  }

  /// - Parameter setting: the key that says where to listen, for the sentence of a failure.
  private static func bind(
    _ address: ListenAddress, shares: Int, setting: String
  ) throws(StartError) -> BoundAddress {
    guard let socket = SocketAddress(address.description) else {
      throw StartError(.configuration, "\(address) is not an address to listen on")
    }
    do throws(SystemError) {
      return try BoundAddress(socket, shares: shares)
    } catch {
      throw .cannotListen(on: address, setting: setting, error)
    }
  }

  /// Makes, while that is allowed, the directory of the cache for the user who serves. Whether it
  /// can be used shows when it is opened.
  private static func prepareDirectories(_ settings: Settings) throws(StartError) {
    guard let disk = settings.cache.disk, let user = settings.process.user else { return }
    do throws(SystemError) {
      try Privileges.makeDirectory(disk.directory, forUser: user)
    } catch {
      throw .cannotBecome(user, error)
    }
  }

  private static func dropPrivileges(
    _ settings: ProcessSettings, log: ProxyLog
  ) throws(StartError) {
    guard let user = settings.user else { return }
    guard Privileges.isRoot else { return log.userKept(instead: user) }
    do throws(SystemError) {
      try Privileges.drop(toUser: user, group: settings.group)
    } catch {
      throw .cannotBecome(user, error)
    }
  }
}

/// A number that several loops add to.
private final class Tally: Sendable {
  private let count = Atomic<Int>(0)

  func add(_ number: Int) { count.wrappingAdd(number, ordering: .relaxed) }
  var isZero: Bool { count.load(ordering: .relaxed) == 0 }
}

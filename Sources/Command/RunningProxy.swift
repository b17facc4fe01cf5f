internal import Admin
package import Configuration
internal import Dispatch
internal import EventLoop
package import Logging
internal import Platform
internal import Primitives
package import Proxy
internal import Synchronization

/// The proxy as a process: started, told by signals, stopped.
///
///     SIGHUP   reads the settings again: all or nothing
///     SIGUSR1  opens the log files anew
///     SIGTERM  stops: no new connections, exchanges finish within the grace; a second stops now
///     SIGINT   as SIGTERM
package final class RunningProxy: Sendable {
  /// Reads the settings again. Nil where there is no file; an error holds the diagnostics as text.
  package typealias Reload = @Sendable () -> Result<Settings, ReloadFailure>

  /// Settings that could not be read again.
  package struct ReloadFailure: Error {
    package let diagnostics: String

    package init(diagnostics: String) { self.diagnostics = diagnostics }
  }

  private let server: ProxyServer
  private let log: Logger
  private let reloadSettings: Reload?
  private let grace: Mutex<Milliseconds>
  /// One thing at a time: a reload does not run into a stop.
  private let control = SerialWorker(name: "control")
  private let stopped = DispatchSemaphore(value: 0)
  private let isStopping = Atomic<Bool>(false)
  private let finishedInTime = Atomic<Bool>(true)

  private init(server: ProxyServer, settings: Settings, log: Logger, reload: Reload?) {
    self.server = server
    self.log = log
    reloadSettings = reload
    grace = Mutex(settings.process.shutdownGrace)
  }

  /// Starts the proxy and serves until it is told to stop. Returns whether every exchange finished.
  ///
  /// - Parameters:
  ///   - started: Told the addresses that are listened on, once they are.
  ///   - log: The program's own log.
  package static func run(
    _ settings: Settings, reload: Reload?, log: Logger, started: ([String]) -> Void
  ) throws(StartError) -> Bool {
    prepareProcess(log)
    // Watched before anything is served: by its usual effect a signal would end the program.
    let entrance = Entrance()
    let watchers = Entrance.signals.map { signal in
      SignalWatcher(signal) { entrance.arrived(signal) }
    }
    let admin = try AdminResponder.make(settings) { entrance.reload() }
    let server = try ProxyServer(settings, log: log, admin: admin)
    let running = RunningProxy(server: server, settings: settings, log: log, reload: reload)
    keepMemoryPrivate(log)
    entrance.open(to: running)
    started(server.addresses)
    running.notify(.ready)
    running.stopped.wait()
    withExtendedLifetime(watchers) {}
    return running.finishedInTime.load(ordering: .acquiring)
  }

  /// Raises what may be raised and shuts what could tell secrets.
  private static func prepareProcess(_ log: Logger) {
    ProcessLimits.ignoreFailingWrites()
    do throws(SystemError) {
      _ = try ProcessLimits.raiseDescriptorLimit()
    } catch {
      log.warning("A limit of the process could not be set.", metadata: ["cause": "\(error)"])
    }
    keepMemoryPrivate(log)
  }

  /// Keeps keys, tokens and passwords out of core dumps. Before anything is loaded, and again after
  /// the rights of root were given up: the kernel forgets it with the change of user.
  private static func keepMemoryPrivate(_ log: Logger) {
    do throws(SystemError) {
      try ProcessLimits.disableCoreDumps()
    } catch {
      log.warning("Core dumps could not be turned off.", metadata: ["cause": "\(error)"])
    }
  }

  // MARK: Signals

  fileprivate func take(_ signal: ProcessSignal) {
    switch signal {
    case .hangUp: control.submit { [self] in _ = reloadNow() }
    case .user1: control.submit { [self] in server.reopenLogs() }
    case .terminate, .interrupt: stop()
    case .user2, .brokenPipe, .fileSize: break
    }
  }

  private func stop() {
    let isSecond = isStopping.exchange(true, ordering: .acquiringAndReleasing)
    guard isSecond else { return control.submit { [self] in stopNow() } }
    finishedInTime.store(false, ordering: .releasing)
    server.abandon()
  }

  private func stopNow() {
    notify(.stopping)
    log.notice("Stopping.")
    let isComplete = server.stop(grace: grace.withLock { $0 })
    if !isComplete { log.warning("Exchanges were broken off at the end of the grace.") }
    if !isComplete { finishedInTime.store(false, ordering: .releasing) }
    stopped.signal()
  }

  // MARK: Reloading

  /// Reloads after whatever else is under way, and waits for it. Not for a loop's thread.
  fileprivate func reloadInTurn() -> String? {
    let answer = Mutex<String?>(nil)
    control.finish { [self] in
      let problem = reloadNow()
      answer.withLock { $0 = problem }
    }
    return answer.withLock { $0 }
  }

  /// Takes over the settings of the file. Returns what kept it from that, or nil.
  private func reloadNow() -> String? {
    guard let reloadSettings else { return "This proxy was started without a file of settings." }
    notify(.reloading(sinceMicroseconds: Clock.monotonic.nanoseconds / 1000))
    defer { notify(.ready) }
    switch reloadSettings() {
    case .failure(let failure):
      log.error("The settings were not taken over.", metadata: ["cause": "\(failure.diagnostics)"])
      server.reloadFailed()
      return failure.diagnostics
    case .success(let settings): return takeOver(settings)
    }
  }

  private func takeOver(_ settings: Settings) -> String? {
    do throws(StartError) {
      try server.reload(settings)
      grace.withLock { $0 = settings.process.shutdownGrace }
      log.notice("The settings were taken over.")
      return nil
    } catch {
      log.error("The settings were not taken over.", metadata: ["cause": "\(error)"])
      server.reloadFailed()
      return error.description
    }
  }

  /// Tells the service manager, where there is one. Without one nothing is lost.
  private func notify(_ notification: ServiceNotification) {
    do throws(SystemError) {
      _ = try notification.send()
    } catch {
      log.warning("The service manager could not be told.", metadata: ["cause": "\(error)"])
    }
  }
}

/// The way from signals and the admin listener to the running proxy, which comes about after them.
private final class Entrance: Sendable {
  static let signals: [ProcessSignal] = [.hangUp, .user1, .terminate, .interrupt]

  private struct State {
    var running: RunningProxy?
    /// What arrived while the proxy was starting.
    var early: [ProcessSignal] = []
  }

  private let state = Mutex(State())

  func open(to proxy: RunningProxy) {
    let early = state.withLock { state in
      state.running = proxy
      return state.early
    }
    for signal in early { proxy.take(signal) }
  }

  func arrived(_ signal: ProcessSignal) {
    let running = state.withLock { state in
      if state.running == nil { state.early.append(signal) }
      return state.running
    }
    running?.take(signal)
  }

  func reload() -> String? {
    guard let proxy = state.withLock({ $0.running }) else { return "The proxy is still starting." }
    return proxy.reloadInTurn()
  }
}

internal import CachePolicy
internal import CacheStore
internal import Configuration
internal import Dispatch
internal import EventLoop
internal import HTTPModel
internal import Platform
internal import Primitives
internal import Synchronization
internal import TLS
internal import Telemetry
internal import Transport
internal import Verdict

/// Makes plans of settings: loads certificates, keeps what did not change, watches names.
///
/// Reads files and may wait for a name server: not for a loop's thread.
final class PlanBuilder: Sendable {
  /// How long the start waits for names to be resolved; afterwards requests to an origin without an
  /// address are refused until it has one.
  static let resolutionWait = DispatchTimeInterval.seconds(5)
  /// How often names are looked up again.
  static let resolutionInterval = Seconds(30)

  private let resolver: Resolver
  private let partitions = Mutex<[UInt32: String]>([:])
  private let log: ProxyLog
  private let metrics: Metrics
  private let resolutionWait: DispatchTimeInterval

  /// - Parameters:
  ///   - resolver: Looks names up; replaced in tests, as is the wait.
  init(
    log: ProxyLog, metrics: Metrics, resolver: Resolver = Resolver(),
    resolutionWait: DispatchTimeInterval = PlanBuilder.resolutionWait
  ) {
    self.log = log
    self.metrics = metrics
    self.resolver = resolver
    self.resolutionWait = resolutionWait
  }

  /// The plan of `settings`; services that are the same as in `previous` are carried over with the
  /// health of their origins.
  ///
  /// - Parameter changed: Called off the loops when a service's names lead elsewhere.
  func plan(
    _ settings: Settings, previous: Plan?, changed: @escaping @Sendable (ServicePlan) -> Void
  ) throws(StartError) -> Plan {
    var services: [ServicePlan] = []
    let resolved = DispatchSemaphore(value: 0)
    var awaited = 0
    for service in settings.services {
      let same = previous?.services.first { $0.settings == service }
      if let same, same.tls == nil {
        services.append(same)
      } else {
        // A service with TLS is always made anew: its files may have changed.
        services.append(
          try make(service, health: same?.health, resolved: resolved, changed: changed))
        awaited += service.origins.count(where: \.hasName)
      }
    }
    var keySets: [KeySetPlan] = []
    for set in settings.keySets {
      let same = previous?.keySets.first { $0.settings == set && $0.service != nil }
      if let same {
        keySets.append(same)
      } else {
        let made = try make(set, resolved: resolved, changed: changed)
        keySets.append(made)
        awaited += made.service?.settings.origins.count(where: \.hasName) ?? 0
      }
    }
    let attestor = try Self.attestor(settings)
    // All names are looked up by now: the slowest is waited for, not one after the other.
    let deadline = DispatchTime.now() + resolutionWait
    for _ in 0..<awaited { _ = resolved.wait(timeout: deadline) }
    return Plan(
      settings: settings, services: services, keySets: keySets, attestor: attestor,
      metrics: metrics, partition: partition)
  }

  // A key set in files is read anew each time: its files may have changed.
  private func make(
    _ set: KeySetSettings, resolved: DispatchSemaphore,
    changed: @escaping @Sendable (ServicePlan) -> Void
  ) throws(StartError) -> KeySetPlan {
    do throws(KeyProblem) {
      if let keys = try KeyLoading.keys(of: set) { return KeySetPlan(set, keys: keys) }
    } catch {
      throw StartError(.configuration, "keys \(set.name): \(error.path): \(error.message)")
    }
    guard let server = set.server else {
      throw StartError(.configuration, "keys \(set.name): there is no server to ask")
    }
    return KeySetPlan(
      set,
      service: try make(server, health: nil, resolved: resolved, changed: changed))
  }

  private static func attestor(_ settings: Settings) throws(StartError) -> Attestor? {
    guard let attestation = settings.attestation else { return nil }
    do throws(KeyProblem) {
      return try Attestor(attestation)
    } catch {
      throw StartError(.configuration, "attestation: \(error.path): \(error.message)")
    }
  }

  /// What keeps the stored responses of a service or route apart from those of others: the same for
  /// the same name and kind, in whatever order settings list them, and never that of another. From
  /// the words alone, so that a restart finds what is on a disk; where two have one number, the
  /// later takes the next that is free.
  private func partition(of words: String) -> UInt32 {
    partitions.withLock { known in
      var number = Self.number(of: words)
      while let other = known[number], other != words { number &+= 1 }
      known[number] = words
      return number
    }
  }

  /// The parts of the store so far, with what each number stands for.
  var parts: [UInt32: String] { partitions.withLock { $0 } }

  private static func number(of words: String) -> UInt32 {
    let bytes = Array(words.utf8)
    return UInt32(truncatingIfNeeded: ByteHash.hash(bytes.span, seed: numberSeed))
  }

  /// Fixed: numbers outlive the process.
  private static let numberSeed = HashSeed(low: 0x7061_7274, high: 0x6E75_6D62)

  private func make(
    _ service: ServiceSettings, health: OriginHealth?, resolved: DispatchSemaphore,
    changed: @escaping @Sendable (ServicePlan) -> Void
  ) throws(StartError) -> ServicePlan {
    let needsTLS = service.origins.contains { $0.scheme == .https }
    let tls = needsTLS ? try Self.context(service) : nil
    let plan = ServicePlan(
      settings: service, partition: partition(of: "service \(service.kind) \(service.name)"),
      addresses: OriginAddresses(count: service.origins.count), tls: tls, health: health)
    for (number, origin) in service.origins.enumerated() {
      switch origin.endpoint {
      case .unix(let path): plan.addresses.set([.unix(path: path)], for: number)
      case .host(let host, let port):
        plan.addresses.keep(
          watch(HostAndPort(host: host, port: port), of: origin, number, plan, changed: changed) {
            resolved.signal()
          })
      }
    }
    return plan
  }

  /// - Parameter told: Called after each look-up that told something, on whatever thread.
  private func watch(
    _ name: HostAndPort, of origin: OriginAddress, _ number: Int, _ plan: ServicePlan,
    changed: @escaping @Sendable (ServicePlan) -> Void, told: @escaping @Sendable () -> Void
  ) -> Resolver.Watch {
    // The plan holds the watch: it ends with the plan.
    resolver.watch(name, every: Self.resolutionInterval) { [log, weak plan] resolution in
      if let plan {
        plan.addresses.set(resolution.addresses, for: number)
        // Also the first time: it may come after the loops began to use the plan.
        changed(plan)
      }
      if let failure = resolution.failure { log.notResolved(origin, failure.description) }
      told()
    }
  }

  /// The TLS towards a service's origins.
  static func context(_ service: ServiceSettings) throws(StartError) -> TLSClientContext {
    do throws(TLSLoadError) {
      return try clientContext(service)
    } catch {
      throw StartError(.configuration, "service \(service.name): \(error.description)")
    }
  }

  static func clientContext(_ service: ServiceSettings) throws(TLSLoadError) -> TLSClientContext {
    var settings = TLS.TLSClientSettings()
    if !service.tls.verifies {
      settings.verification = .dangerouslyAcceptsAnyCertificate
    } else if let bundle = service.tls.authorities {
      settings.verification = .authorities(bundle: bundle)
    }
    settings.certificate = service.tls.certificate.map {
      TLSCertificateFiles(chain: $0.certificate, key: $0.key)
    }
    settings.minimumVersion = service.tls.minimumVersion == .tls13 ? .tls13 : .tls12
    return try TLSClientContext(settings, at: Clock.wall)
  }

  /// The TLS of a listener; nil for plain HTTP.
  ///
  /// - Parameter previous: What serves now, at a reload: sessions of clients stay resumable, and a
  ///   certificate out of its dates is let pass, since refusing it would keep an older one in use.
  static func context(
    _ listener: ListenerSettings, previous: TLSServerContext? = nil
  ) throws(StartError) -> TLSServerContext? {
    guard let tls = listener.tls else { return nil }
    do throws(TLSLoadError) {
      return try TLSServerContext(
        TLS.TLSServerSettings(tls), at: Clock.wall, dates: previous == nil ? .refuse : .warn,
        ticketKeys: previous?.ticketKeys)
    } catch {
      throw StartError(.configuration, "listener \(listener.address): \(error.description)")
    }
  }
}

extension TLS.TLSServerSettings {
  /// The operator's settings as the TLS edge takes them.
  init(_ settings: Configuration.TLSServerSettings) {
    self.init(
      certificates: settings.certificates.map {
        TLSCertificateFiles(chain: $0.certificate, key: $0.key)
      })
    minimumVersion = settings.minimumVersion == .tls13 ? .tls13 : .tls12
    applicationProtocols = settings.protocols.map { Array($0.utf8) }
    switch settings.clientCertificates {
    case .off: clientCertificates = .none
    case .optional(let file): clientCertificates = .optional(TLSClientAuthorities(bundle: file))
    case .required(let file): clientCertificates = .required(TLSClientAuthorities(bundle: file))
    }
  }
}

extension KeySetSettings {
  /// The server of a published set, as a service of its own; nil for a set in files.
  var server: ServiceSettings? {
    guard case .published(let address) = source else { return nil }
    var server = ServiceSettings(name: "keys \(name)", origins: [address.origin])
    server.kind = .plain
    server.tls = tls
    return server
  }
}

extension OriginAddress {
  /// Whether there is something to look up.
  fileprivate var hasName: Bool { if case .host = endpoint { true } else { false } }
}

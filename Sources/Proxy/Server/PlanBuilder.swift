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
internal import Transport

/// Makes plans of settings: loads certificates, keeps what did not change, watches names.
///
/// Reads files and may wait for a name server: not for a loop's thread.
final class PlanBuilder: Sendable {
  /// How long the start waits for names to be resolved; afterwards requests to an origin without an
  /// address are refused until it has one.
  static let resolutionWait = DispatchTimeInterval.seconds(5)
  /// How often names are looked up again.
  static let resolutionInterval = Seconds(30)

  private let resolver = Resolver()
  private let watches = Mutex<[Resolver.Watch]>([])
  private let partitions = Mutex<[String: UInt32]>([:])
  private let log: ProxyLog

  init(log: ProxyLog) { self.log = log }

  /// The plan of `settings`; services that are the same as in `previous` are carried over with the
  /// health of their origins.
  ///
  /// - Parameter changed: Called off the loops when a service's names lead elsewhere.
  func plan(
    _ settings: Settings, previous: Plan?, changed: @escaping @Sendable (ServicePlan) -> Void
  ) throws(StartError) -> Plan {
    var services: [ServicePlan] = []
    for service in settings.services {
      // A service with TLS is always made anew: its files may have changed.
      if let same = previous?.services.first(where: { $0.settings == service && $0.tls == nil }) {
        services.append(same)
      } else {
        services.append(try make(service, changed: changed))
      }
    }
    return Plan(settings: settings, services: services)
  }

  /// What keeps the stored responses of a service apart from those of others: the same for the same
  /// name, in whatever order a reload lists services, and never that of another name.
  private func partition(of service: String) -> UInt32 {
    partitions.withLock { known in
      if let number = known[service] { return number }
      let number = UInt32(clamping: known.count)
      known[service] = number
      return number
    }
  }

  private func make(
    _ service: ServiceSettings, changed: @escaping @Sendable (ServicePlan) -> Void
  ) throws(StartError) -> ServicePlan {
    let needsTLS = service.origins.contains { $0.scheme == .https }
    let tls = needsTLS ? try Self.context(service) : nil
    let plan = ServicePlan(
      settings: service, partition: partition(of: service.name),
      addresses: OriginAddresses(count: service.origins.count), tls: tls)
    let resolving = DispatchGroup()
    for (number, origin) in service.origins.enumerated() {
      watch(origin, number: number, of: plan, resolving: resolving, changed: changed)
    }
    _ = resolving.wait(timeout: .now() + Self.resolutionWait)
    return plan
  }

  private func watch(
    _ origin: OriginAddress, number: Int, of plan: ServicePlan, resolving: DispatchGroup,
    changed: @escaping @Sendable (ServicePlan) -> Void
  ) {
    switch origin.endpoint {
    case .unix(let path): plan.addresses.set([.unix(path: path)], for: number)
    case .host(let host, let port):
      resolving.enter()
      let first = FirstCall()
      let watch = resolver.watch(
        HostAndPort(host: host, port: port), every: Self.resolutionInterval
      ) { [log] resolution in
        plan.addresses.set(resolution.addresses, for: number)
        if let failure = resolution.failure { log.notResolved(origin, failure.description) }
        if first.take() { resolving.leave() } else { changed(plan) }
      }
      watches.withLock { $0.append(watch) }
    }
  }

  /// The TLS towards a service's origins.
  static func context(_ service: ServiceSettings) throws(StartError) -> TLSClientContext {
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
    do throws(TLSLoadError) {
      return try TLSClientContext(settings, at: Clock.wall)
    } catch {
      throw StartError(.configuration, "service \(service.name): \(error.description)")
    }
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

/// Tells the first call from later ones, on whatever thread they come.
private final class FirstCall: Sendable {
  private let isOpen = Atomic<Bool>(true)

  func take() -> Bool { isOpen.exchange(false, ordering: .acquiringAndReleasing) }
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

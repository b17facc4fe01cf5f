internal import CachePolicy
internal import Configuration
internal import HTTPModel
internal import HTTPWire
internal import Platform
internal import Primitives
internal import Synchronization
internal import TLS
internal import Telemetry
internal import Transport
internal import Verdict

/// The settings made ready for the loops: one snapshot, immutable, replaced whole by a reload.
package final class Plan: Sendable {
  let settings: Settings
  let services: [ServicePlan]
  let routes: [RoutePlan]
  let wireLimits: WireLimits
  /// Tells requests that only another spelling of the path keeps from a decision route.
  let spellings: DecisionSpellings
  let keySets: [KeySetPlan]
  /// Signs what was verified; nil where nothing is signed.
  let attestor: Attestor?
  /// The ways in which routes write their keys, each once: what one route is asked to change may be
  /// stored by another. At least one.
  let keyRules: [KeyRules]
  /// Whether any route stores what answers for many queries.
  let usesNoVarySearch: Bool
  /// What the cache calls itself.
  let cacheStatusName: CacheStatusName

  /// - Parameters:
  ///   - metrics: Where the series of the routes are registered.
  ///   - partition: The number of a part of the store, the same for the same words.
  init(
    settings: Settings, services: [ServicePlan], keySets: [KeySetPlan], attestor: Attestor?,
    metrics: Metrics, partition: (String) -> UInt32
  ) {
    self.settings = settings
    self.services = services
    self.keySets = keySets
    self.attestor = attestor
    wireLimits = settings.limits.wire
    spellings = DecisionSpellings(settings.routes)
    let routes = settings.routes.map {
      RoutePlan(
        $0, services: services, keySets: keySets, settings: settings, metrics: metrics,
        partition: partition)
    }
    self.routes = routes
    var keyRules = [KeyRules()]
    for route in routes {
      if let keys = route.cache?.keys, !keyRules.contains(keys) { keyRules.append(keys) }
    }
    self.keyRules = keyRules
    cacheStatusName = CacheStatusName(settings.name, showsKey: settings.cache.showsKey)
    usesNoVarySearch = routes.contains { $0.cache?.usesNoVarySearch ?? false }
  }

  /// The route that takes the request, or nil. Asked here, where the settings cannot be replaced
  /// meanwhile and need not be copied.
  func route(for head: RequestHead, client: ClientCertificateFacts?) -> RoutePlan? {
    settings.route(for: head, client: client).map { routes[$0] }
  }

  /// The decision route whose path this is in another spelling, or nil.
  func decisionMeant(by head: RequestHead, client: ClientCertificateFacts?) -> RoutePlan? {
    spellings.decisionMeant(by: head, client: client).map { routes[$0] }
  }
}

/// One service: its settings, the health of its origins, where their names lead.
final class ServicePlan: Sendable {
  let settings: ServiceSettings
  let health: OriginHealth
  let addresses: OriginAddresses
  /// Nil when no origin speaks TLS.
  let tls: TLSClientContext?

  /// Keeps its stored responses apart from those of other services, across reloads.
  let partition: UInt32

  /// - Parameter health: What is known of the same origins already; nil to begin anew.
  init(
    settings: ServiceSettings, partition: UInt32, addresses: OriginAddresses,
    tls: TLSClientContext?, health: OriginHealth? = nil
  ) {
    self.settings = settings
    self.partition = partition
    self.addresses = addresses
    self.tls = tls
    let ejection = settings.ejection.map {
      Transport.EjectionSettings(failures: $0.failures, firstSpan: $0.duration)
    }
    self.health =
      health
      ?? OriginHealth(
        names: settings.origins.map(\.description),
        settings: ejection ?? Transport.EjectionSettings(failures: 0))
  }

  /// Whom the origin's certificate must name, and what SNI asks for.
  func peerName(for address: OriginAddress) -> TLSPeerName? {
    if let name = settings.tls.serverName { return TLSPeerName(name) }
    if case .host(let host, _) = address.endpoint { return TLSPeerName(host) }
    return nil
  }
}

/// Where the names of a service's origins lead, by origin; shared by all loops and refreshed off
/// them, for as long as somebody holds this object.
final class OriginAddresses: Sendable {
  private let state: Mutex<[[SocketAddress]]>
  private let watches = Mutex<[Resolver.Watch]>([])

  init(count: Int) { state = Mutex(Array(repeating: [], count: count)) }

  var current: [[SocketAddress]] { state.withLock { $0 } }

  /// Has the name watched that leads to these addresses.
  func keep(_ watch: Resolver.Watch) { watches.withLock { $0.append(watch) } }

  func set(_ addresses: [SocketAddress], for origin: Int) {
    state.withLock { all in if all.indices.contains(origin) { all[origin] = addresses } }
  }
}

/// One route, with all that an exchange asks of it on the way.
final class RoutePlan: Sendable {
  let settings: RouteSettings
  let service: ServicePlan
  let serviceIndex: Int
  let waits: OriginWaits
  /// The most a request's content may have, in bytes; nil without a limit.
  let requestBodyBytes: Int64?
  /// What is declared about the decisions of this route.
  let decision: DecisionRule?
  /// Whether anything is declared about decisions.
  let isDecision: Bool
  /// What signed verdicts are verified with; nil where none are.
  let proofKeys: KeySetPlan?
  /// The rules of the cache; nil where nothing is stored or looked up.
  let cache: CacheRules?
  /// Whether selecting fields of requests are brought together.
  let normalisesRequests: Bool
  /// Whether the operator declared that what this route serves is no decision.
  let isDeclaredHarmless: Bool
  /// Whether this program only watches here: nothing changes but what RFC 9110 demands.
  let isAudit: Bool
  /// `Host` for the origin where the client's is not preserved; nil where it is.
  let originAuthority: [UInt8]?
  /// `Host` for the origin where the request of an old client names none.
  let standInAuthority: [UInt8]
  /// Names of request fields that no other name may pass for.
  let guardedNames: GuardedNames
  /// The series of what became of decisions, by outcome; empty where none is declared.
  let decisions: [Counter]
  /// Keeps the stored responses of services apart, and of routes that are not for everybody.
  let partition: UInt32

  init(
    _ route: RouteSettings, services: [ServicePlan], keySets: [KeySetPlan], settings: Settings,
    metrics: Metrics, partition: (String) -> UInt32
  ) {
    self.settings = route
    serviceIndex = route.service
    service = services[route.service]
    let timeouts = service.settings.timeouts
    waits = OriginWaits(
      connect: timeouts.connect, firstByte: route.timeouts.firstByte ?? timeouts.firstByte,
      idle: route.timeouts.idle ?? timeouts.idle)
    requestBodyBytes = route.requestBodyBytes ?? settings.limits.requestBodyBytes
    // A route that lets in only some, or changes what it asks, shares nothing with other routes.
    let isOwn =
      route.match.clientCertificate != nil || !route.match.fields.isEmpty
      || !route.requestFields.isEmpty
    self.partition =
      isOwn
      ? partition("route \(service.settings.kind) \(service.settings.name) \(route.name)")
      : service.partition
    originAuthority =
      route.forwarding.preservesHost
      ? nil : service.settings.origins.first?.authority
    standInAuthority = service.settings.origins.first?.authority ?? [UInt8](ascii: "localhost")
    decisions =
      if case .decision = route.lane {
        ExchangeRecord.Outcome.allCases.map {
          metrics.counter(.decisions, [route.name, $0.rawValue])
        }
      } else { [] }
    isDeclaredHarmless = if case .cache = route.lane { true } else { false }
    switch route.lane {
    case .decision(let rule):
      decision = rule
      cache = nil
      isAudit = rule.mode == .audit
    case .cache(let rules):
      decision = nil
      cache = rules
      isAudit = false
    case .undeclared:
      decision = nil
      cache = settings.cache.rules
      isAudit = false
    case .pass:
      decision = nil
      cache = nil
      isAudit = false
    }
    isDecision = decision != nil
    normalisesRequests = cache.map { $0.hasRareRules && !$0.vary.isEmpty } ?? false
    let keys = decision?.binding.keys
    proofKeys = keys.flatMap { name in keySets.first { $0.settings.name == name } }
    guardedNames = GuardedNames(route, decision: decision)
  }
}

extension OriginAddress {
  /// What `Host` says to this origin: its name, and its port where that is not the scheme's.
  var authority: [UInt8] {
    switch endpoint {
    case .unix: return [UInt8](ascii: "localhost")
    case .host(let host, let port):
      var text = host.contains(":") ? "[\(host)]" : host
      if port != (scheme == .https ? 443 : 80) { text += ":\(port)" }
      return Array(text.utf8)
    }
  }
}

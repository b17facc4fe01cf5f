internal import Primitives

/// The whole of the settings as it is written.
struct Draft {
  var name = [UInt8](ascii: "countersign")
  var listeners: [ListenerSettings] = []
  var services: [Named<String, ServiceSettings>] = []
  var routes: [RouteDraft] = []
  var keySets: [Named<String, KeySetDraft>] = []
  var attestation: AttestationSettings?
  var cache = CacheSettings()
  var replay = ReplaySettings()
  var audit = AuditSettings()
  var accessLog = AccessLogSettings()
  var log = LogSettings()
  var admin: AdminSettings? = AdminSettings()
  var limits = LimitSettings()
  var timeouts = ClientTimeouts()
  var process = ProcessSettings()
  var places: KeyPlaces?

  init() {}

  /// The draft that says what the settings say.
  init(_ settings: Settings) {
    name = settings.name
    listeners = settings.listeners
    services = settings.services.map { Named(name: $0.name, value: $0) }
    routes = settings.routes.map { RouteDraft($0, in: settings) }
    keySets = settings.keySets.map { Named(name: $0.name, value: KeySetDraft($0)) }
    attestation = settings.attestation
    cache = settings.cache
    replay = settings.replay
    audit = settings.audit
    accessLog = settings.accessLog
    log = settings.log
    admin = settings.admin
    limits = settings.limits
    timeouts = settings.timeouts
    process = settings.process
  }
}

extension Section<Draft> {
  /// The key that is read before all others: it brings further files.
  static var include: String { "include" }

  static var settings: Section<Draft> {
    Section(
      name: "settings", about: "The keys at the top of the file.", keys: traffic + program,
      blank: { Draft() }, check: { draft, places, _ in draft.places = places })
  }

  private static var traffic: [Key<Draft>] {
    [
      Key(
        "name", \.name, .token("a name", example: "countersign"),
        "What this proxy calls itself in Via, Proxy-Status and Cache-Status."),
      Key(
        name: include,
        about: "Further files, read where this stands; relative to this file, * in the last part.",
        isRequired: false,
        shape: .oneOrMore(.text("a path", example: "conf.d/*.yaml")), read: { _, _, _ in },
        write: { _ in nil }),
      Key(
        list: "listeners", \.listeners, .list(Section<ListenerSettings>.listener.form, atLeast: 1),
        isRequired: true, Section<ListenerSettings>.listener.about),
      Key(
        list: "services", \.services,
        .map(
          "the name of a service", .name("the name of a service", example: "auth"),
          Section<ServiceSettings>.service.form),
        isRequired: true, Section<ServiceSettings>.service.about),
      Key(
        list: "routes", \.routes, .list(Section<RouteDraft>.route.form, atLeast: 1),
        isRequired: true, Section<RouteDraft>.route.about),
      Key(
        list: "keys", \.keySets,
        .map(
          "the name of a key set", .name("the name of a key set", example: "service"),
          Section<KeySetDraft>.keySet.form), Section<KeySetDraft>.keySet.about),
      Key(
        optional: "attestation", \.attestation, Section<AttestationSettings>.attestation.form,
        Section<AttestationSettings>.attestation.about),
    ]
  }

  private static var program: [Key<Draft>] {
    [
      Key("cache", \.cache, Section<CacheSettings>.cache.form, Section<CacheSettings>.cache.about),
      Key(
        "replay", \.replay, Section<ReplaySettings>.replay.form,
        Section<ReplaySettings>.replay.about),
      Key("audit", \.audit, Section<AuditSettings>.audit.form, Section<AuditSettings>.audit.about),
      Key(
        "access_log", \.accessLog, Section<AccessLogSettings>.accessLog.form,
        Section<AccessLogSettings>.accessLog.about),
      Key("log", \.log, Section<LogSettings>.log.form, Section<LogSettings>.log.about),
      Key(
        "admin", \.admin, .orOff(Section<AdminSettings>.admin.form),
        Section<AdminSettings>.admin.about),
      Key(
        "limits", \.limits, Section<LimitSettings>.limits.form,
        Section<LimitSettings>.limits.about),
      Key(
        "timeouts", \.timeouts, Section<ClientTimeouts>.clientTimeouts.form,
        Section<ClientTimeouts>.clientTimeouts.about),
      Key(
        "process", \.process, Section<ProcessSettings>.process.form,
        Section<ProcessSettings>.process.about),
    ]
  }
}

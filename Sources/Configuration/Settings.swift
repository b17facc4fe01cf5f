package import CachePolicy
package import HTTPWire
package import Primitives

/// Everything the program was told to do, checked and with every default filled in.
///
/// A value: a reload makes a new one, and two may be compared. It holds no secret, only the names
/// of the files that do, so it may be printed.
package struct Settings: Sendable, Equatable {
  /// What this proxy calls itself in `Via`, `Proxy-Status` and `Cache-Status`: a token.
  package var name: [UInt8] = [UInt8](ascii: "countersign")
  package var listeners: [ListenerSettings] = []
  package var services: [ServiceSettings] = []
  /// In the order of the file: the first that matches takes the request.
  package var routes: [RouteSettings] = []
  /// The keys that signed verdicts are verified with.
  package var keySets: [KeySetSettings] = []
  /// Nil where nothing is signed.
  package var attestation: AttestationSettings?
  package var cache = CacheSettings()
  package var replay = ReplaySettings()
  package var audit = AuditSettings()
  package var accessLog = AccessLogSettings()
  package var log = LogSettings()
  /// Nil when the admin listener is off.
  package var admin: AdminSettings? = AdminSettings()
  package var limits = LimitSettings()
  package var timeouts = ClientTimeouts()
  package var process = ProcessSettings()

  package init() {}
}

/// The store, and what routes without a rule of their own do.
package struct CacheSettings: Sendable, Equatable {
  package var profile = CacheProfile.strict
  /// The bytes that stored responses may take together, all loops counted.
  package var memoryBytes = 256 << 20
  /// The largest response that is stored, head and body, in bytes.
  package var objectBytes = 8 << 20
  /// How many responses are kept for one key, where they vary by fields of requests.
  package var variants = 16
  /// Whether `Cache-Status` tells the key of an exchange (RFC 9211 §2.8).
  package var showsKey = false
  /// Nil where responses are kept in memory only.
  package var disk: DiskCacheSettings?

  package init() {}

  /// The rules where a route declares none.
  package var rules: CacheRules { CacheRules(profile: profile) }
}

/// Where stored responses are kept beside the memory, across restarts.
package struct DiskCacheSettings: Sendable, Equatable {
  /// A directory for this process alone.
  package var directory = ""
  /// The bytes that all its files may have together.
  package var bytes = 4 << 30
  /// How many responses are kept; each costs about 150 bytes of memory.
  package var responses = 500_000

  package init() {}

  /// How long a file of it gets, in bytes: enough for the largest response that is stored, if that
  /// is no more than a quarter of the whole.
  package func segmentBytes(forObjectsOf objectBytes: Int) -> Int {
    max(min(64 << 20, bytes / 8), min(bytes / 4, objectBytes + Self.headRoom))
  }

  /// What is written of a response beside its content, at most, in bytes.
  package static let headRoom = 1 << 20
}

/// The memory of what serves once: identifiers of verdicts, codes, sessions.
package struct ReplaySettings: Sendable, Equatable {
  /// What happens to a verdict whose identifiers cannot be remembered for want of room.
  package enum WhenFull: String, Sendable, CaseIterable {
    /// It is refused: nothing shows that it serves once.
    case refuse
    /// It is delivered, with a finding.
    case report
  }

  /// How many values are remembered at most, all routes and loops counted; some 90 bytes each.
  package var entries = 1_000_000
  package var whenFull = WhenFull.refuse

  package init() {}
}

/// Where lines of a log go.
package enum LogDestination: Sendable, Equatable {
  case off
  case standardError
  /// Appended to; reopened on SIGUSR1.
  case file(path: String)
}

/// Where findings go.
package struct AuditSettings: Sendable, Equatable {
  package var log = LogDestination.standardError
  /// Whether the program refuses to start when the log cannot be written.
  package var isRequired = true

  package init() {}
}

/// One JSON object a line for each exchange.
package struct AccessLogSettings: Sendable, Equatable {
  /// How paths are written.
  package enum Paths: String, Sendable, CaseIterable {
    /// Without what looks like a secret in them.
    case redacted
    /// As they were sent.
    case whole
  }

  package var destination = LogDestination.off
  package var paths = Paths.redacted

  package init() {}
}

/// The operational log, on standard error.
package struct LogSettings: Sendable, Equatable {
  package enum Level: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
  }

  package enum Format: String, Sendable, CaseIterable {
    /// For people: time, level, message, facts.
    case text
    /// For machines: one object a line.
    case json
  }

  package var level = Level.info
  package var format = Format.text

  package init() {}
}

/// The listener for metrics, `/healthz` and `/readyz`.
package struct AdminSettings: Sendable, Equatable {
  package static let defaultPath = "/run/countersign/admin.sock"

  package var address = ListenAddress.unix(path: defaultPath)
  /// The file that holds the bearer token. Never nil with a TCP address.
  package var tokenFile: String?

  package init() {}
}

/// Named limits. Sizes in bytes.
package struct LimitSettings: Sendable, Equatable {
  /// Client connections open at once, all listeners counted.
  package var connections = 65_536
  /// The largest request body; a route may say otherwise. Nil when there is no limit.
  package var requestBodyBytes: Int64?
  /// Exchanges on one client connection before it is closed.
  package var requestsPerConnection = 100_000
  /// What parsers accept, from clients and from origins.
  package var wire = WireLimits()

  package init() {}
}

/// How long the proxy waits for clients.
package struct ClientTimeouts: Sendable, Equatable {
  /// For the whole of a request head, from its first byte.
  package var requestHead = Milliseconds(10_000)
  /// For further bytes of a request body.
  package var requestBody = Milliseconds(30_000)
  /// For the client to take bytes of the response.
  package var write = Milliseconds(60_000)
  /// For the next request on a kept connection.
  package var keepAlive = Milliseconds(75_000)
  /// For a TLS handshake.
  package var handshake = Milliseconds(10_000)

  package init() {}
}

/// The process itself.
package struct ProcessSettings: Sendable, Equatable {
  /// The number of event loops; nil for one a core.
  package var loops: Int?
  /// Whose rights the process keeps after binding; nil to stay who it is.
  package var user: String?
  /// The group; nil for the user's own.
  package var group: String?
  /// How long exchanges may take to finish after SIGTERM before connections are closed.
  package var shutdownGrace = Milliseconds(30_000)

  package init() {}
}

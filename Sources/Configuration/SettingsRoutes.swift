/// What is done with a decision that arrives on a route where none was declared.
package enum UndeclaredDecision: String, Sendable, CaseIterable {
  /// Hardened, never stored, delivered, and reported.
  case deliver
  /// Refused, and reported.
  case refuse
}

/// A change to the fields of a message. Names are tokens; values are valid (RFC 9110 §5.5).
package enum FieldRule: Sendable, Equatable {
  /// Replaces every line of this name by one.
  case set(name: [UInt8], value: [UInt8])
  /// Appends a line.
  case add(name: [UInt8], value: [UInt8])
  case remove(name: [UInt8])
}

/// What becomes of a field that tells the origin about the client.
package enum ForwardingMode: String, Sendable, CaseIterable {
  /// What came is replaced by what this proxy saw.
  case set
  /// What came from a trusted peer stays, and what this proxy saw is appended.
  case append
  /// Removed; nothing is sent.
  case off
}

/// What the origin is told about the client and the host it asked for.
package struct ForwardingSettings: Sendable, Equatable {
  /// `Forwarded` (RFC 7239).
  package var forwarded = ForwardingMode.off
  /// `X-Forwarded-For`, `-Host`, `-Proto` and `-Port`.
  package var xForwarded = ForwardingMode.append
  /// Whether the origin sees the `Host` of the client, rather than its own name.
  package var preservesHost = true

  package init() {}
}

/// Which lane the exchanges of a route take.
package enum RouteLane: Sendable, Equatable {
  /// Nothing was declared: shapes and the kind of the service tell.
  case undeclared
  /// Never stored and never answered from the store; responses are still classified.
  case pass
}

/// One route: which requests it takes, and what becomes of them.
package struct RouteSettings: Sendable, Equatable {
  /// For logs and metrics; unique.
  package var name: String
  package var match: RouteMatch
  /// The index of the service in `Settings.services`.
  package var service: Int
  package var lane = RouteLane.undeclared
  package var onDecision = UndeclaredDecision.deliver
  /// In order.
  package var requestFields: [FieldRule] = []
  package var responseFields: [FieldRule] = []
  package var forwarding = ForwardingSettings()
  /// Whether the token is sent although nothing is verified (`audit` mode).
  package var sendsToken = false
  /// Lower-case protocols that `Upgrade` may name, `websocket` for one. Empty on decision routes.
  package var upgrades: [[UInt8]] = []
  /// Instead of the service's; nil to keep them.
  package var timeouts: OriginTimeouts?
  /// Instead of `LimitSettings.requestBodyBytes`; nil to keep that.
  package var requestBodyBytes: Int64?

  package init(name: String, match: RouteMatch, service: Int) {
    self.name = name
    self.match = match
    self.service = service
  }
}

package import CachePolicy
package import HTTPModel
package import Primitives
package import Verdict

/// A change to the fields of a message. Values are valid (RFC 9110 §5.5).
package enum FieldRule: Sendable, Equatable {
  /// Replaces every line of this name by one.
  case set(name: FieldName, value: [UInt8])
  /// Appends a line.
  case add(name: FieldName, value: [UInt8])
  case remove(name: FieldName)
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
  /// A declared decision.
  case decision(DecisionRule)
  /// What is not classified as a decision is cached by these rules.
  case cache(CacheRules)
  /// Never stored and never answered from the store; responses are still classified.
  case pass
}

/// How long the proxy waits for origins on one route; nil to wait as long as the service says.
package struct RouteTimeouts: Sendable, Equatable {
  package var firstByte: Milliseconds?
  package var idle: Milliseconds?

  package init() {}
}

/// What the access log says of a path.
package enum LoggedPath: String, Sendable, CaseIterable {
  /// What was asked for, as the access log writes paths.
  case asked
  /// The pattern of the route instead: for paths that are secrets.
  case pattern
}

/// One route: which requests it takes, and what becomes of them.
package struct RouteSettings: Sendable, Equatable {
  /// For logs and metrics; unique.
  package var name: String
  package var match: RouteMatch
  /// The index of the service in `Settings.services`.
  package var service: Int
  package var lane = RouteLane.undeclared
  package var onDecision = UndeclaredDecisionPolicy.deliver
  /// In order.
  package var requestFields: [FieldRule] = []
  package var responseFields: [FieldRule] = []
  package var forwarding = ForwardingSettings()
  /// Lower-case protocols that `Upgrade` may name, `websocket` for one. Empty on decision routes.
  package var upgrades: [[UInt8]] = []
  /// Where they differ from the service's.
  package var timeouts = RouteTimeouts()
  /// Instead of `LimitSettings.requestBodyBytes`; nil to keep that.
  package var requestBodyBytes: Int64?
  package var loggedPath = LoggedPath.asked

  package init(name: String, match: RouteMatch, service: Int) {
    self.name = name
    self.match = match
    self.service = service
  }
}

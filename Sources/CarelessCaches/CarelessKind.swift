package import Verdict

/// One way to be careless: a mistake that caches, gateways and their operators have made, under a
/// name.
///
/// A row of a table. The command, its help, the tests and `docs/careless-caches.md` read the same
/// rows.
package struct CarelessKind: Sendable {
  /// Its name on the command line.
  package let name: StaticString
  /// What it does, after "a cache that …".
  package let does: StaticString
  /// Which real mistake it imitates: products and incidents, as facts.
  package let imitates: StaticString
  /// What Countersign does about it, and where it cannot.
  package let countered: StaticString
  /// The checks whose findings name it; empty where none can.
  package let checks: [CheckID]
  /// Whether it leaks only what a service has said may be stored.
  package let needsInvitation: Bool
  let turnOn: @Sendable (inout CarelessRules) -> Void

  init(
    _ name: StaticString, does: StaticString, imitates: StaticString, countered: StaticString,
    checks: [CheckID], needsInvitation: Bool = false,
    turnOn: @escaping @Sendable (inout CarelessRules) -> Void
  ) {
    self.name = name
    self.does = does
    self.imitates = imitates
    self.countered = countered
    self.checks = checks
    self.needsInvitation = needsInvitation
    self.turnOn = turnOn
  }

  /// Every kind, the honest one first.
  package static let all: [CarelessKind] = [
    passThrough, ignoreNoStore, cachePost, keyWithoutBody, keyWithoutCredentials, keyTruncated,
    keyCaseFolded, collapse, stampRequestID, replaySetCookie, serveStaleWhenDown, ignoreVary,
    stripAuthorization, swap, delayAndRepeat,
  ]

  /// The kind of this name, or nil.
  package static func named(_ name: some StringProtocol) -> CarelessKind? {
    all.first { "\($0.name)" == name }
  }

  /// The identifiers of `checks`, as findings write them.
  package var checkNames: [String] { checks.map(\.rawValue) }

  /// What these kinds do together.
  package static func rules(of kinds: [CarelessKind]) -> CarelessRules {
    var rules = CarelessRules()
    for kind in kinds { kind.turnOn(&rules) }
    return rules
  }
}

/// A name, or several with `+` between, that is no list of kinds.
package struct UnknownCarelessKind: Error, Equatable, CustomStringConvertible {
  package let name: String

  /// One sentence.
  package var description: String {
    "There is no careless cache of the kind '\(name)'; --list shows them all."
  }
}

extension CarelessKind {
  /// The kinds that `text` names: one, or several with `+` between.
  package static func kinds(in text: String) throws(UnknownCarelessKind) -> [CarelessKind] {
    var kinds: [CarelessKind] = []
    for name in text.split(separator: "+", omittingEmptySubsequences: false) {
      guard let kind = named(name) else { throw UnknownCarelessKind(name: String(name)) }
      kinds.append(kind)
    }
    return kinds
  }
}

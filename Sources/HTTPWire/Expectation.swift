package import HTTPModel
internal import Primitives

/// What a client expects before it sends content (RFC 9110 §10.1.1).
package enum Expectation: Equatable, Sendable {
  case none
  /// The client waits for a 100, or for the final answer.
  case continue100
}

/// The expectation of a request. Anything but `100-continue`, once, is refused with 417; in
/// HTTP/1.0 the field means nothing (RFC 9110 §10.1.1).
package func expectation(of head: RequestHead) throws(ProtocolViolation) -> Expectation {
  guard head.fields.contains(.expect), head.version == .http11 else { return .none }
  guard let value = head.fields.only(.expect), value.equalsIgnoringASCIICase("100-continue") else {
    throw ProtocolViolation(.unknownExpectation, field: .expect)
  }
  return .continue100
}

/// One protocol of an `Upgrade` field: a name, and a version where one is given (RFC 9110 §7.8).
package struct UpgradeProtocol: Equatable, Sendable {
  package let name: [UInt8]
  package let version: [UInt8]?

  /// `websocket`, without a version (RFC 6455 §4.1).
  package var isWebSocket: Bool { name.equalsIgnoringASCIICase("websocket") && version == nil }
}

/// The protocols a message offers or switches to, in its order; empty where `Upgrade` is missing,
/// is not named by `Connection`, or stands in HTTP/1.0: then it must be ignored (RFC 9110 §7.8).
///
/// Throws for what is not a list of `name` or `name/version`, and for more of them than the limit.
package func upgradeProtocols(
  version: HTTPVersion, fields: FieldSection, limits: WireLimits = WireLimits()
) throws(ProtocolViolation) -> [UpgradeProtocol] {
  guard fields.contains(.upgrade), version == .http11, hasConnectionOption("upgrade", in: fields)
  else { return [] }
  var protocols: [UpgradeProtocol] = []
  for line in fields.lines where line.isNamed(.upgrade) {
    let members = CommaList(fields.value(of: line))
    for member in members {
      guard protocols.count < limits.upgradeProtocols, let parsed = upgradeProtocol(member) else {
        throw ProtocolViolation(.invalidUpgrade, field: .upgrade)
      }
      protocols.append(parsed)
    }
  }
  guard !protocols.isEmpty else { throw ProtocolViolation(.invalidUpgrade, field: .upgrade) }
  return protocols
}

private func upgradeProtocol(_ member: ArraySlice<UInt8>) -> UpgradeProtocol? {
  let parts = member.split(separator: ASCII.slash, omittingEmptySubsequences: false)
  guard parts.count <= 2, let name = parts.first else { return nil }
  let areTokens = parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(ASCII.isTokenCharacter) }
  guard areTokens else { return nil }
  return UpgradeProtocol(name: Array(name), version: parts.count == 2 ? Array(parts[1]) : nil)
}

internal import Configuration
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Verdict

/// The request fields that an operator's rules set, remove or read on one route, and that no other
/// name may pass for.
///
/// Many servers hand fields on as variables, in which `X_User` and `X-User` are one (RFC 3875
/// §4.1.18). The names every program knows are guarded by `HTTPWire` already; these are the
/// operator's own.
struct GuardedNames: Sendable {
  private let names: [FieldName]

  init(_ route: RouteSettings, decision: DecisionRule?) {
    var all: [FieldName] = route.requestFields.map { rule in
      switch rule {
      case .set(let name, _), .add(let name, _), .remove(let name): name
      }
    }
    if case .field(let name) = decision?.subject?.request { all.append(name) }
    if let name = decision?.binding.tokenField { all.append(name) }
    names = all.filter { $0.known == nil }
  }

  /// Throws `disguised-field-name` for a field that a server may take for a guarded one.
  func check(_ fields: FieldSection) throws(ProtocolViolation) {
    guard !names.isEmpty else { return }
    for line in fields.lines where line.known == nil {
      let name = fields.name(of: line)
      if names.contains(where: { Self.isDisguise(name, of: $0.bytes) }) {
        throw ProtocolViolation(.disguisedFieldName)
      }
    }
  }

  /// Removes guarded names, and what may pass for them, from the trailers of a request: some
  /// servers make one section of both, and no rule is carried out on trailers.
  func remove(from trailers: inout FieldSection) {
    guard !names.isEmpty else { return }
    trailers.removeLines(whereNamed: { line, name in
      line.known == nil
        && names.contains {
          name.equalsIgnoringASCIICase($0.bytes) || Self.isDisguise(name, of: $0.bytes)
        }
    })
  }

  /// Whether the names differ in nothing but hyphens and underscores, and do differ.
  private static func isDisguise(_ name: ArraySlice<UInt8>, of guarded: [UInt8]) -> Bool {
    guard name.count == guarded.count else { return false }
    var differs = false
    for (byte, other) in zip(name, guarded) {
      let (left, right) = (ASCII.lowercased(byte), ASCII.lowercased(other))
      if left == right { continue }
      guard isJoint(left), isJoint(right) else { return false }
      differs = true
    }
    return differs
  }

  private static func isJoint(_ byte: UInt8) -> Bool { byte == 0x2D || byte == 0x5F }
}

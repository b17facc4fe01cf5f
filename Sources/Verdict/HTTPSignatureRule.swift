internal import HTTPModel
package import MessageSignatures

/// Mode `http-signature`: the service signs its response together with parts of the request
/// (RFC 9421). The token goes out as the nonce that is asked for.
package struct HTTPSignatureRule: Hashable, Sendable {
  /// The most components that a route may demand beside the standard ones.
  package static let maximumComponents = 32

  /// The name of the key set.
  package let keys: String
  /// The `tag` of the one signature that counts, and the label it is asked for with.
  package let tag: [UInt8]
  /// What must be covered: `standardComponents` and what the route adds.
  package let components: [ComponentIdentifier]
  /// The scheme that the service takes for that of its own URIs; nil for that of the connection.
  package let scheme: TargetScheme?

  /// - Parameter more: What must be covered beside the standard components.
  package init(
    keys: String, tag: [UInt8] = standardTag, more: [ComponentIdentifier] = [],
    scheme: TargetScheme? = nil
  ) {
    self.keys = keys
    self.tag = tag
    self.scheme = scheme
    let standard = Self.standardComponents
    components = standard + more.filter { !standard.contains($0) }
  }

  /// `verdict`.
  package static let standardTag = Array("verdict".utf8)

  /// What no verdict can do without: what was answered, with which content, to which request.
  package static let standardComponents: [ComponentIdentifier] = {
    let digest = Array("content-digest".utf8)
    return [
      ComponentIdentifier(.status), ComponentIdentifier(field: digest),
      ComponentIdentifier(.method, ofRequest: true),
      ComponentIdentifier(.targetURI, ofRequest: true),
      ComponentIdentifier(field: digest, ofRequest: true),
    ]
  }()

  /// The value of `Accept-Signature` that asks for a signature with this nonce; nil where it holds
  /// what a field cannot.
  func wish(
    nonce: [UInt8], of request: RequestHead, in mode: EnforcementMode
  ) -> [UInt8]? {
    try? RequestedSignature(
      label: Self.label, components: demanded(of: request, in: mode), nonce: nonce, tag: tag
    ).fieldValue()
  }

  /// What must be covered in the answer to this request: all that the rule names, but for the
  /// digest of a request that went out without one because its content was not held (modes `audit`
  /// and `warn` alone).
  func demanded(
    of request: RequestHead, in mode: EnforcementMode
  ) -> [ComponentIdentifier] {
    guard mode != .enforce, !request.fields.contains(.contentDigest) else { return components }
    return components.filter { $0 != Self.requestDigest }
  }

  private static let requestDigest = ComponentIdentifier(
    field: Array("content-digest".utf8), ofRequest: true)

  private static let label = Array("verdict".utf8)
}

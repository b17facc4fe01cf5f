package import HTTPModel
internal import Primitives

/// What two requests have in common that are the same to a careless cache: parts with their lengths
/// before them.
package struct CarelessKey: Hashable, Sendable {
  private var bytes: [UInt8]

  /// The fields that say who is asking.
  package static let credentialFields: [StaticString] = [
    "Authorization", "Proxy-Authorization", "Cookie", "X-API-Key",
  ]

  /// The key of this request by these rules.
  package init(of request: WholeRequest, by rule: CarelessRules.Key) {
    self.init(target: request.head)
    let parts = rule.parts ?? []
    if parts.contains(.credentials) {
      for name in Self.credentialFields {
        let name = [UInt8](ascii: name)
        for value in request.head.fields.values(named: name) {
          add(name.asciiLowercased())
          add(value, cut: rule.cut)
        }
      }
    }
    if parts.contains(.body) { add(request.body, cut: rule.cut) }
    if rule.foldsCase { bytes = bytes.asciiLowercased() }
  }

  /// Method, host and target alone.
  package init(target head: RequestHead) {
    bytes = []
    add(head.method.bytes)
    add(head.authority.asciiLowercased())
    add(head.target)
  }

  /// Method, host and path, the query left out.
  package init(path head: RequestHead) {
    bytes = []
    add(head.method.bytes)
    add(head.authority.asciiLowercased())
    add(head.spelledPath)
  }

  private mutating func add(_ part: some Collection<UInt8>, cut: Int? = nil) {
    let kept = part.prefix(max(cut ?? part.count, 0))
    bytes.append(decimal: UInt64(kept.count))
    bytes.append(ASCII.colon)
    bytes.append(contentsOf: kept)
  }
}

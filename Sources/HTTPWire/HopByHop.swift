package import HTTPModel
internal import Primitives

/// Removes the fields that concern one connection only (RFC 9110 §7.6.1), so that what is left may
/// be forwarded or stored.
///
/// Goes: `Connection` and every field it names; `Keep-Alive`, `Proxy-Connection`, `TE`,
/// `Transfer-Encoding` and `Upgrade` whether named or not; and what is between a client and a proxy
/// of its own choice, which a reverse proxy is not: `Proxy-Authenticate`,
/// `Proxy-Authentication-Info`, `Proxy-Authorization` (RFC 9110 §11.7 lets a proxy keep these for
/// itself). `Trailer` stays: it describes content, and who drops the trailers drops it too.
///
/// Throws where `Connection` names a field meant for every recipient, such as `Authorization`,
/// `Cookie`, `Host` or `Transaction-Token`: that is an attempt to have this proxy strip what the
/// origin decides by (check PSN-06; RFC 9110 §7.6.1 forbids the sender to do it), and where an
/// option is not a token. Whoever needs to know about persistence, `Upgrade` or trailers asks
/// before.
package func removeHopByHopFields(from fields: inout FieldSection) throws(ProtocolViolation) {
  if fields.contains(.connection) {
    try HopByHop.removeNamedFields(from: &fields)
    fields.removeAll(.connection)
  }
  for field in HopByHop.always where fields.contains(field) { fields.removeAll(field) }
}

enum HopByHop {
  static let always: [KnownField] = [
    .keepAlive, .proxyConnection, .te, .transferEncoding, .upgrade, .proxyAuthenticate,
    .proxyAuthenticationInfo, .proxyAuthorization,
  ]

  /// Whether `Connection` may name this field. The fields this program knows are all end-to-end but
  /// these.
  static func mayBeNamed(_ field: KnownField) -> Bool {
    switch field {
    case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade,
      .proxyAuthenticate, .proxyAuthenticationInfo, .proxyAuthorization:
      true
    default: false
    }
  }

  static func removeNamedFields(from fields: inout FieldSection) throws(ProtocolViolation) {
    let original = fields
    for line in original.lines where line.isNamed(.connection) {
      let options = CommaList(original.value(of: line))
      for option in options { try removeField(named: option, from: &fields) }
    }
  }

  private static func removeField(
    named option: ArraySlice<UInt8>, from fields: inout FieldSection
  ) throws(ProtocolViolation) {
    // By far the most frequent options: neither names a field that would not go anyway.
    if option.equalsIgnoringASCIICase("keep-alive") { return }
    if option.equalsIgnoringASCIICase("close") { return }
    guard option.allSatisfy(ASCII.isTokenCharacter) else {
      throw ProtocolViolation(.invalidConnectionOption, field: .connection)
    }
    if let field = KnownField(name: option) {
      guard mayBeNamed(field) else {
        throw ProtocolViolation(.protectedConnectionOption, field: field)
      }
    }
    fields.removeAll(named: option)
  }
}

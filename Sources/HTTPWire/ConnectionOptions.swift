package import HTTPModel
package import Primitives

/// Whether a connection serves another message after this one (RFC 9112 §9.3).
package enum ConnectionPersistence: Equatable, Sendable {
  case keepAlive, close
}

/// What the version and the `Connection` options say: HTTP/1.1 persists unless told `close`,
/// HTTP/1.0 closes unless told `keep-alive`; `close` wins over everything.
package func connectionPersistence(version: HTTPVersion, fields: FieldSection)
  -> ConnectionPersistence
{
  guard fields.contains(.connection) else { return version == .http11 ? .keepAlive : .close }
  if hasConnectionOption("close", in: fields) { return .close }
  if version == .http11 { return .keepAlive }
  return hasConnectionOption("keep-alive", in: fields) ? .keepAlive : .close
}

/// Whether `Connection` lists this option, in any case.
package func hasConnectionOption(_ option: StaticString, in fields: FieldSection) -> Bool {
  guard fields.contains(.connection) else { return false }
  for line in fields.lines where line.isNamed(.connection) {
    let members = CommaList(fields.value(of: line))
    for member in members where member.equalsIgnoringASCIICase(option) { return true }
  }
  return false
}

/// How long the sender says it keeps an idle connection open (`Keep-Alive: timeout=5`); nil where
/// it does not say, or says it in another form. Repeated ones count as the shortest.
///
/// The field is a custom of HTTP/1.0 days (RFC 2068 §19.7.1) that many origins still send: whoever
/// reuses a connection just as it is closed loses a request that may not be repeated.
package func keepAliveTimeout(_ fields: FieldSection) -> Seconds? {
  guard fields.contains(.keepAlive) else { return nil }
  var shortest: Seconds?
  for line in fields.lines where line.isNamed(.keepAlive) {
    for member in CommaList(fields.value(of: line)) {
      guard let equals = member.firstIndex(of: ASCII.equals),
        member[..<equals].trimmingOptionalWhitespace().equalsIgnoringASCIICase("timeout"),
        let count = member[(equals + 1)...].trimmingOptionalWhitespace().decimalValue()
      else { continue }
      shortest = min(shortest ?? .maximum, Seconds(count))
    }
  }
  return shortest
}

/// Whether the sender of a request takes trailer fields (`TE: trailers`, RFC 9110 §10.1.4). To be
/// asked before hop-by-hop fields are removed.
package func acceptsTrailers(_ fields: FieldSection) -> Bool {
  guard fields.contains(.te) else { return false }
  for line in fields.lines where line.isNamed(.te) {
    let members = CommaList(fields.value(of: line))
    for member in members where member.equalsIgnoringASCIICase("trailers") { return true }
  }
  return false
}

/// The members of a list without quoted commas, trimmed, empty ones left out (RFC 9110 §5.6.1); no
/// allocation.
struct CommaList: Sequence, IteratorProtocol {
  private var rest: ArraySlice<UInt8>

  init(_ value: ArraySlice<UInt8>) { rest = value }

  mutating func next() -> ArraySlice<UInt8>? {
    while !rest.isEmpty {
      let end = rest.firstIndex(of: ASCII.comma) ?? rest.endIndex
      let member = rest[rest.startIndex..<end].trimmingOptionalWhitespace()
      rest = end < rest.endIndex ? rest[(end + 1)...] : []
      if !member.isEmpty { return member }
    }
    return nil
  }
}

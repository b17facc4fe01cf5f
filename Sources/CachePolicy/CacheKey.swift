package import HTTPModel
internal import Primitives

/// The scheme of a target URI.
package enum Scheme: UInt8, Hashable, Sendable {
  case http, https
}

/// The primary cache key (RFC 9111 §2, §4) as bytes: injective, because every part is length-prefixed.
///
///     version │ partition │ method class │ scheme │ authority length │ authority │ target
///     1         4           1              1        4                  n           the rest
///
/// The authority is lowercase and without the scheme's default port. The target is path and query byte for
/// byte as they came; in any normalised spelling it is the router's business, before this.
package enum CacheKey {
  private static let version: UInt8 = 1

  /// Replaces the content of `key` by the key of a request, keeping its memory. HEAD has the key of GET. What
  /// an absolute-form target and `Host` say is the same in `request.authority` and `request.path`.
  ///
  /// - `partition` keeps apart what the configuration keeps apart (services, routes).
  package static func write(
    for request: RequestHead, scheme: Scheme, partition: UInt32 = 0, into key: inout [UInt8]
  ) {
    writePrefix(request.authority, scheme: scheme, partition: partition, into: &key)
    key.append(contentsOf: request.path)
    guard let query = request.query else { return }
    key.append(ASCII.questionMark)
    key.append(contentsOf: query)
  }

  /// Replaces the content of `key` by the key that a GET for this target has.
  package static func write(
    target: some Collection<UInt8>, authority: [UInt8], scheme: Scheme, partition: UInt32 = 0,
    into key: inout [UInt8]
  ) {
    writePrefix(authority, scheme: scheme, partition: partition, into: &key)
    key.append(contentsOf: target)
  }

  private static func writePrefix(
    _ authority: [UInt8], scheme: Scheme, partition: UInt32, into key: inout [UInt8]
  ) {
    key.removeAll(keepingCapacity: true)
    key.append(version)
    append(partition, to: &key)
    key.append(0)
    key.append(scheme.rawValue)
    let count = countWithoutDefaultPort(authority, scheme: scheme)
    append(UInt32(truncatingIfNeeded: count), to: &key)
    for index in 0..<count { key.append(ASCII.lowercased(authority[index])) }
  }

  private static func append(_ number: UInt32, to key: inout [UInt8]) {
    key.append(UInt8(truncatingIfNeeded: number))
    key.append(UInt8(truncatingIfNeeded: number >> 8))
    key.append(UInt8(truncatingIfNeeded: number >> 16))
    key.append(UInt8(truncatingIfNeeded: number >> 24))
  }

  /// How much of the authority is left without `:`, `:80` for http or `:443` for https at its end.
  static func countWithoutDefaultPort(_ authority: [UInt8], scheme: Scheme) -> Int {
    var colon = authority.count
    while colon > 0, ASCII.isDigit(authority[colon - 1]) { colon -= 1 }
    guard colon > 0, authority[colon - 1] == ASCII.colon else { return authority.count }
    let port = authority[colon...]
    let isDefault = port.isEmpty || (scheme == .http ? port.equals("80") : port.equals("443"))
    return isDefault ? colon - 1 : authority.count
  }
}

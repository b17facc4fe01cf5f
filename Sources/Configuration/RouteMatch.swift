package import HTTPModel
internal import Primitives

/// What a verified client certificate says, as far as rules ask.
package struct ClientCertificateFacts: Sendable, Equatable {
  /// The subject in RFC 4514 form.
  package var subject: [UInt8]
  package var dnsNames: [[UInt8]]
  package var uris: [[UInt8]]
  /// SHA-256 of the certificate: 32 bytes.
  package var fingerprint: [UInt8]

  package init(subject: [UInt8], dnsNames: [[UInt8]], uris: [[UInt8]], fingerprint: [UInt8]) {
    self.subject = subject
    self.dnsNames = dnsNames
    self.uris = uris
    self.fingerprint = fingerprint
  }
}

/// A text in which `*` stands for any run of bytes.
package struct Wildcard: Hashable, Sendable {
  package let text: [UInt8]
  private let pieces: [[UInt8]]

  package init(_ text: some Collection<UInt8>) {
    self.text = Array(text)
    pieces = self.text.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
      .map { Array($0) }
  }

  /// Whether the bytes are these. Pieces between stars are sought from the left, each once, so the
  /// time is bounded by the product of the lengths.
  package func matches(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard pieces.count > 1 else { return bytes.elementsEqual(pieces[0]) }
    var rest = bytes
    guard rest.starts(with: pieces[0]) else { return false }
    rest = rest.dropFirst(pieces[0].count)
    for piece in pieces.dropFirst().dropLast() {
      while !rest.starts(with: piece) {
        guard !rest.isEmpty else { return false }
        rest = rest.dropFirst()
      }
      rest = rest.dropFirst(piece.count)
    }
    let last = pieces[pieces.count - 1]
    return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
  }
}

/// A host a route is for: a name or an address in any case, without a port, or `*.` before a name.
package struct HostPattern: Hashable, Sendable {
  /// Lower case.
  package let text: [UInt8]

  /// The caller has checked the text. Case is folded.
  package init(_ text: some Collection<UInt8>) { self.text = text.asciiLowercased() }

  /// Whether an authority (RFC 3986 §3.2, no user information) names the host. The port and one
  /// trailing dot of the name are left out. `*.` needs at least one more label.
  package func matches(authority: [UInt8]) -> Bool {
    var host = authority[...]
    if host.first == UInt8(ascii: "[") {
      guard let close = host.firstIndex(of: UInt8(ascii: "]")) else { return false }
      host = host[...close]
    } else if let colon = host.firstIndex(of: ASCII.colon) {
      host = host[..<colon]
    }
    if host.last == UInt8(ascii: ".") { host = host.dropLast() }
    guard text.first == UInt8(ascii: "*") else { return host.equalsIgnoringASCIICase(text) }
    let suffix = text.dropFirst()
    return host.count > suffix.count && host.suffix(suffix.count).equalsIgnoringASCIICase(suffix)
  }
}

/// A condition on a request field. Where a field is repeated, one fitting line is enough.
package struct FieldCondition: Hashable, Sendable {
  package enum Test: Hashable, Sendable {
    case present
    case absent
    case value(Wildcard)
  }

  package var name: FieldName
  package var test: Test

  package init(name: FieldName, test: Test) {
    self.name = name
    self.test = test
  }

  package func matches(_ fields: FieldSection) -> Bool {
    let values = fields.values(named: name.bytes)
    switch test {
    case .present: return !values.isEmpty
    case .absent: return values.isEmpty
    case .value(let wildcard): return values.contains(where: wildcard.matches)
    }
  }
}

/// Conditions on the client's certificate; those that are given must all hold.
package struct ClientCertificateCondition: Hashable, Sendable {
  package var subject: Wildcard?
  package var dnsName: Wildcard?
  package var uri: Wildcard?
  /// SHA-256, 32 bytes.
  package var fingerprint: [UInt8]?

  package init() {}

  /// No certificate, no match.
  package func matches(_ facts: ClientCertificateFacts?) -> Bool {
    guard let facts else { return false }
    if let subject, !subject.matches(facts.subject[...]) { return false }
    if let dnsName, !facts.dnsNames.contains(where: { dnsName.matches($0[...]) }) { return false }
    if let uri, !facts.uris.contains(where: { uri.matches($0[...]) }) { return false }
    if let fingerprint, fingerprint != facts.fingerprint { return false }
    return true
  }
}

/// Which requests a route takes: those that fit every condition given. Empty lists take all.
package struct RouteMatch: Sendable, Hashable {
  /// `GET` stands for `HEAD` too: a HEAD is a GET without content (RFC 9110 §9.3.2).
  package var methods: [Method] = []
  package var hosts: [HostPattern] = []
  package var paths: [PathPattern] = []
  package var fields: [FieldCondition] = []
  package var clientCertificate: ClientCertificateCondition?

  package init() {}

  /// Whether the request is one of these. A route with paths takes no asterisk or authority form.
  @inline(__always)  // Called as a function it would be given a copy of the conditions.
  package func matches(_ head: RequestHead, client: ClientCertificateFacts?) -> Bool {
    matches(head, path: head.path, client: client)
  }

  /// The same for a request as if it had this path.
  func matches(_ head: RequestHead, path: ArraySlice<UInt8>, client: ClientCertificateFacts?)
    -> Bool
  {
    if !methods.isEmpty, !takes(head.method) { return false }
    if !paths.isEmpty, !paths.contains(where: { $0.matches(path) }) { return false }
    if !hosts.isEmpty, !hosts.contains(where: { $0.matches(authority: head.authority) }) {
      return false
    }
    if !fields.isEmpty, !fields.allSatisfy({ $0.matches(head.fields) }) { return false }
    return clientCertificate?.matches(client) ?? true
  }

  private func takes(_ method: Method) -> Bool {
    methods.contains(method == .head ? .get : method) || methods.contains(method)
  }
}

extension Settings {
  /// The index of the first route that takes the request, or nil (RFC 9110 §15.5.5: the answer is
  /// 404).
  ///
  /// A route with a cache rule takes only paths that all software reads alike: `/assets/../login`
  /// is never looked up in a cache because it begins with `/assets/`.
  package func route(for head: RequestHead, client: ClientCertificateFacts?) -> Int? {
    let isPlain = !head.pathTraits.areAmbiguous
    // A span lends its elements: a route is looked at where it is, not copied out of the array.
    let routes = routes.span
    for index in routes.indices where isPlain || !routes[index].lane.isCache {
      if routes[index].match.matches(head, client: client) { return index }
    }
    return nil
  }
}

extension RouteLane {
  /// Whether a cache rule was declared.
  package var isCache: Bool {
    if case .cache = self { true } else { false }
  }
}

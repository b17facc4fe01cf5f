internal import Configuration
internal import HTTPModel
internal import HTTPWire
internal import Primitives

/// How a request head changes on its way to the origin (RFC 9110 §7.6, RFC 7239).
///
/// Hop-by-hop fields are gone before this begins (`HTTPWire`).
enum RequestForwarding {
  /// Adds what an intermediary must: `Via` (RFC 9110 §7.6.3).
  static func appendVia(to head: inout RequestHead, proxyName: [UInt8]) {
    var value: [UInt8] = []
    value.reserveCapacity(proxyName.count + 4)
    value.append(ascii: head.version == .http11 ? "1.1 " : "1.0 ")
    value.append(contentsOf: proxyName)
    head.fields.append(.via, value)
  }

  /// Sets the fields that tell the origin about the client, as the operator says.
  static func setForwardingFields(
    of head: inout RequestHead, client: ClientFacts, settings: ForwardingSettings
  ) {
    if !client.isTrusted { head.fields.removePeerClaims() }
    setForwarded(of: &head, client: client, mode: settings.forwarded)
    setXForwarded(of: &head, client: client, mode: settings.xForwarded)
  }

  /// `Forwarded` (RFC 7239 §4).
  private static func setForwarded(
    of head: inout RequestHead, client: ClientFacts, mode: ForwardingMode
  ) {
    guard mode != .off else { return head.fields.removeAll(.forwarded) }
    let keepsOlder = mode == .append && client.isTrusted
    if !keepsOlder { head.fields.removeAll(.forwarded) }
    var element = [UInt8](ascii: "for=")
    if client.address.isEmpty {
      element.append(ascii: "unknown")
    } else if client.address.contains(ASCII.colon) {
      element.append(ascii: "\"[")
      element.append(contentsOf: client.address)
      element.append(ascii: "]\"")
    } else {
      element.append(contentsOf: client.address)
    }
    element.append(ascii: ";proto=")
    element.append(ascii: client.scheme)
    if !head.authority.isEmpty {
      element.append(ascii: ";host=\"")
      element.append(contentsOf: head.authority)
      element.append(ASCII.quote)
    }
    head.fields.append(.forwarded, element)
  }

  /// `X-Forwarded-For`, `-Host`, `-Proto`, `-Port`: no standard; what applications read.
  private static func setXForwarded(
    of head: inout RequestHead, client: ClientFacts, mode: ForwardingMode
  ) {
    let keepsOlder = mode == .append && client.isTrusted
    guard !keepsOlder else { return appendXForwarded(to: &head, client: client) }
    head.fields.removeAll(.xForwardedFor)
    head.fields.removeAll(.xForwardedHost)
    head.fields.removeAll(.xForwardedProto)
    head.fields.removeAll(.xForwardedPort)
    guard mode != .off else { return }
    if !client.address.isEmpty { head.fields.append(.xForwardedFor, client.address) }
    if !head.authority.isEmpty { head.fields.append(.xForwardedHost, head.authority) }
    head.fields.append(.xForwardedProto, client.scheme)
    if client.localPort != 0 {
      var port: [UInt8] = []
      port.append(decimal: UInt64(client.localPort))
      head.fields.append(.xForwardedPort, port)
    }
  }

  /// What a trusted peer said stays; its address joins the list it sent.
  private static func appendXForwarded(to head: inout RequestHead, client: ClientFacts) {
    let older = head.fields.values(of: .xForwardedFor)
    if !client.address.isEmpty {
      var list: [UInt8] = []
      for value in older where !value.isEmpty {
        list.append(contentsOf: value)
        list.append(ascii: ", ")
      }
      list.append(contentsOf: client.address)
      head.fields.set(.xForwardedFor, list)
    }
    if !head.fields.contains(.xForwardedHost), !head.authority.isEmpty {
      head.fields.append(.xForwardedHost, head.authority)
    }
    if !head.fields.contains(.xForwardedProto) {
      head.fields.append(.xForwardedProto, client.scheme)
    }
  }

  /// Makes the target what an origin server expects: origin form, or `*` (RFC 9112 §3.2).
  ///
  /// - Parameters:
  ///   - originAuthority: `Host` for the origin where it is not the client's.
  ///   - standIn: `Host` where an HTTP/1.0 client sent none: HTTP/1.1 demands one (RFC 9110 §7.2).
  static func setTarget(
    of head: inout RequestHead, originAuthority: [UInt8]?, standIn: [UInt8]
  ) {
    if head.targetForm == .absolute {
      head.target = Array(MessageSerializer.forwardTarget(of: head))
      head.targetForm = head.target == [0x2A] ? .asterisk : .origin
    }
    if let originAuthority {
      head.fields.set(.host, originAuthority)
    } else if head.authority.isEmpty {
      head.fields.set(.host, standIn)
    } else if head.fields.first(.host)?.elementsEqual(head.authority) != true {
      head.fields.set(.host, head.authority)
    }
  }
}

extension FieldSection {
  /// Carries out the operator's rules, in order.
  mutating func apply(_ rules: [FieldRule]) {
    for rule in rules {
      switch rule {
      case .set(let name, let value): set(name, value)
      case .add(let name, let value): append(name: name.bytes, value: value)
      case .remove(let name): removeAll(named: name.bytes)
      }
    }
  }
}

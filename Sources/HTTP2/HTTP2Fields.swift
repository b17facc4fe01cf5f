package import HTTPModel
package import HTTPWire
internal import Primitives

/// A field section of HTTP/2 as it comes: pseudo-header fields apart, the rest in order.
public struct HTTP2Fields: Sendable {
  package private(set) var method: [UInt8]?
  package private(set) var scheme: [UInt8]?
  package private(set) var authority: [UInt8]?
  package private(set) var path: [UInt8]?
  package private(set) var status: [UInt8]?
  /// `:protocol` of an extended CONNECT (RFC 8441 §4).
  package private(set) var connectProtocol: [UInt8]?
  package private(set) var fields = FieldSection()
  /// The first thing that no section may hold.
  private(set) var violation: ProtocolViolation?
  private(set) var size = 0

  package init() {}

  /// A section of these lines, as if they had come. What goes beyond the limits is left out, as
  /// nobody is told of a section that does.
  package init(_ lines: [(name: [UInt8], value: [UInt8])], limits: HTTP2Limits = HTTP2Limits()) {
    for line in lines {
      let fits = unsafe line.name.withUnsafeBufferPointer { name in
        unsafe line.value.withUnsafeBufferPointer { value in
          unsafe append(name: name, value: value, limits: limits)
        }
      }
      guard fits else { return }
    }
  }

  /// Takes a line over. What may not stand in a section is remembered and left out: the section as
  /// a whole is refused by whoever asks for the head.
  ///
  /// - Returns: whether the section is within its limits.
  mutating func append(
    name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, limits: HTTP2Limits
  ) -> Bool {
    size += name.count + value.count + 32
    guard size <= limits.fieldSection else { return false }
    if unsafe name.first == ASCII.colon {
      unsafe take(pseudo: name, value)
      return true
    }
    guard fields.count < limits.fieldLines else { return false }
    guard unsafe Self.isFieldValue(value) else {
      refuse(.controlByte)
      return true
    }
    guard unsafe Self.isLowercaseToken(name) else {
      refuse(.invalidFieldName)
      return true
    }
    unsafe fields.append(name: name, value: value)
    return true
  }

  private mutating func refuse(_ code: ProtocolViolation.Code) {
    if violation == nil { violation = ProtocolViolation(code) }
  }

  private mutating func take(
    pseudo name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) {
    guard unsafe Self.isFieldValue(value) else { return refuse(.controlByte) }
    let bytes = unsafe Array(value)
    // nghttp2 refuses repeated and late pseudo-header fields before they come here.
    if unsafe name.equals(":method") {
      method = bytes
    } else if unsafe name.equals(":scheme") {
      scheme = bytes
    } else if unsafe name.equals(":authority") {
      authority = bytes
    } else if unsafe name.equals(":path") {
      path = bytes
    } else if unsafe name.equals(":status") {
      status = bytes
    } else if unsafe name.equals(":protocol") {
      connectProtocol = bytes
    } else {
      refuse(.invalidFieldName)
    }
  }

  private static func isFieldValue(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe value.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == ASCII.horizontalTab }
  }

  private static func isLowercaseToken(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe !name.isEmpty
      && name.allSatisfy { ASCII.isTokenCharacter($0) && !(0x41...0x5A).contains($0) }
  }
}

extension HTTP2Fields {
  /// The request these fields spell, held to every rule of HTTP/1.1 by the one parser there is: the
  /// fields are laid out as an HTTP/1.1 head, and what that parser would not take is refused. So no
  /// request that came by HTTP/2 can mean more than one thing once it goes on by HTTP/1.1.
  ///
  /// Fields that belong to a connection are refused (RFC 9113 §8.2.2), but for `TE: trailers`,
  /// which is left out. `Host` must agree with `:authority` (§8.3.1). Several `Cookie` lines become
  /// one (§8.2.3).
  package func requestHead(limits: WireLimits = WireLimits()) throws(ProtocolViolation)
    -> RequestHead
  {
    if let violation { throw violation }
    guard let method, status == nil else { throw ProtocolViolation(.malformedRequestLine) }
    // nghttp2 lets `:protocol` through only where it was allowed, which it never is here.
    guard connectProtocol == nil else { throw ProtocolViolation(.malformedRequestLine) }
    let isConnect = method.equals("CONNECT")
    let target = isConnect ? authority : path
    guard let target, !target.isEmpty, isConnect == (path == nil), isConnect == (scheme == nil)
    else { throw ProtocolViolation(.invalidTarget) }
    var head: [UInt8] = []
    head.reserveCapacity(fields.storage.count + fields.count * 4 + target.count + 256)
    head += method
    head.append(ASCII.space)
    head += target
    head.append(ascii: " HTTP/1.1\r\n")
    try appendHost(to: &head)
    try appendFields(to: &head)
    head.append(ascii: "\r\n")
    return try RequestHeadParser.parse(head.span, limits: limits)
  }

  /// Trailers these fields spell: nothing of framing, routing or a connection (RFC 9110 §6.5.1).
  package func trailers() throws(ProtocolViolation) -> FieldSection {
    if let violation { throw violation }
    let hasPseudo =
      method != nil || scheme != nil || authority != nil || path != nil || status != nil
      || connectProtocol != nil
    guard !hasPseudo else { throw ProtocolViolation(.invalidFieldName) }
    try TrailerFields.check(fields)
    return fields
  }

  private func appendHost(to head: inout [UInt8]) throws(ProtocolViolation) {
    let named = fields.values(of: .host)
    guard named.count <= 1 else { throw ProtocolViolation(.repeatedHost, field: .host) }
    if let authority {
      guard named.first.map({ $0.equalsIgnoringASCIICase(authority) }) ?? true else {
        throw ProtocolViolation(.hostMismatch, field: .host)
      }
      append("host", authority[...], to: &head)
    } else if let host = named.first {
      append("host", host, to: &head)
    }
  }

  private func appendFields(to head: inout [UInt8]) throws(ProtocolViolation) {
    var cookie: [UInt8] = []
    for line in fields.lines {
      let value = fields.value(of: line)
      switch line.known {
      case .host: continue
      case .connection, .transferEncoding, .upgrade, .keepAlive, .proxyConnection:
        throw ProtocolViolation(.invalidConnectionOption, field: line.known)
      case .te:
        guard value.equalsIgnoringASCIICase("trailers") else {
          throw ProtocolViolation(.invalidConnectionOption, field: .te)
        }
      case .cookie:
        if !cookie.isEmpty { cookie.append(ascii: "; ") }
        cookie += value
      default:
        head += fields.name(of: line)
        head.append(ascii: ": ")
        head += value
        head.append(ascii: "\r\n")
      }
    }
    if !cookie.isEmpty { append("cookie", cookie[...], to: &head) }
  }

  private func append(_ name: StaticString, _ value: ArraySlice<UInt8>, to head: inout [UInt8]) {
    head.append(ascii: name)
    head.append(ascii: ": ")
    head += value
    head.append(ascii: "\r\n")
  }
}

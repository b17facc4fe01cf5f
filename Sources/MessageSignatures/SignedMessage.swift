package import HTTPModel
internal import Primitives

/// The scheme of the URI a request was sent to.
package enum TargetScheme: UInt8, Hashable, Sendable {
  case http, https

  package var name: StaticString { self == .http ? "http" : "https" }

  /// The port that an authority need not name (RFC 9110 §4.2).
  var defaultPort: StaticString { self == .http ? ":80" : ":443" }
}

/// What a signature is made over: a request, or a response together with the request it answers.
///
/// The request is the one this signer or verifier has seen. A proxy that changes the request on its
/// way knows two, and takes the one it sent: that is the one its peer answers.
package struct SignedMessage: Sendable, Equatable {
  package let request: RequestHead
  package let scheme: TargetScheme
  /// The signed response; without it the request itself is signed.
  package let response: ResponseHead?

  package init(request: RequestHead, scheme: TargetScheme, response: ResponseHead? = nil) {
    self.request = request
    self.scheme = scheme
    self.response = response
  }
}

extension SignedMessage {
  /// Appends the value of a component (RFC 9421 §2).
  func append(
    _ component: ComponentIdentifier, to base: inout [UInt8], _ kinds: StructuredFieldKinds
  ) throws(SignatureFault) {
    guard response != nil || !component.isOfRequest else { throw .componentMisplaced }
    let isAboutRequest = response == nil || component.isOfRequest
    switch component.subject {
    case .derived(.status):
      guard let response, !isAboutRequest else { throw .componentMisplaced }
      base.append(decimal: UInt64(response.status.code))
    case .derived(let derived):
      guard isAboutRequest else { throw .componentMisplaced }
      try append(derived, to: &base)
    case .queryParameter(let name):
      guard isAboutRequest else { throw .componentMisplaced }
      try append(queryParameter: name, to: &base)
    case .field(let name):
      let fields = isAboutRequest ? request.fields : response?.fields ?? request.fields
      try fields.append(field: name, as: component.form, to: &base, kinds)
    }
  }

  private func append(
    _ component: DerivedComponent, to base: inout [UInt8]
  ) throws(SignatureFault) {
    switch component {
    case .method: base += request.method.bytes
    case .scheme: base.append(ascii: scheme.name)
    case .requestTarget: base += request.target
    case .authority: try append(authority: request.authority, to: &base)
    case .targetURI: try appendTargetURI(to: &base)
    case .path:
      guard request.targetForm != .authority else { throw .componentAbsent }
      if request.path.isEmpty { base.append(ASCII.slash) } else { base += request.path }
    case .query:
      base.append(ASCII.questionMark)
      if let query = request.query { base += query }
    case .status: throw .componentMisplaced
    }
  }

  /// The host in lower case, without a port that the scheme implies (RFC 9421 §2.2.3).
  private func append(authority: [UInt8], to base: inout [UInt8]) throws(SignatureFault) {
    guard !authority.isEmpty else { throw .componentAbsent }
    let port = [UInt8](ascii: scheme.defaultPort)
    let ends = authority.count > port.count && authority.suffix(port.count).elementsEqual(port)
    for byte in authority.dropLast(ends ? port.count : 0) { base.append(ASCII.lowercased(byte)) }
  }

  /// The target URI (RFC 9112 §3.3), its parts as they were sent.
  private func appendTargetURI(to base: inout [UInt8]) throws(SignatureFault) {
    guard !request.authority.isEmpty, request.targetForm != .authority else {
      throw .componentAbsent
    }
    base.append(ascii: scheme.name)
    base.append(ascii: "://")
    base += request.authority
    base += request.path
    if let query = request.query {
      base.append(ASCII.questionMark)
      base += query
    }
  }

  /// The value of the one parameter of this name, read as a form and encoded again
  /// (RFC 9421 §2.2.8). Of several there is none that counts.
  private func append(
    queryParameter name: [UInt8], to base: inout [UInt8]
  ) throws(SignatureFault) {
    var value: [UInt8]?
    for pair in (request.query ?? []).split(separator: 0x26) {
      let parts = pair.split(
        separator: ASCII.equals, maxSplits: 1, omittingEmptySubsequences: false)
      guard let first = parts.first, FormCoding.recoded(first) == name else { continue }
      guard value == nil else { throw .componentAbsent }
      value = parts.count > 1 ? FormCoding.recoded(parts[1]) : []
    }
    guard let value else { throw .componentAbsent }
    base += value
  }
}

/// Names and values of HTML forms in a query.
enum FormCoding {
  /// Decoded as a form (`+` is a space), and percent-encoded with the form's own set of bytes that
  /// stay.
  static func recoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      var decoded = byte == 0x2B ? ASCII.space : byte
      if byte == 0x25, text.endIndex - index > 2,
        let high = ASCII.hexadecimalValue(text[index + 1]),
        let low = ASCII.hexadecimalValue(text[index + 2])
      {
        decoded = high << 4 | low
        index += 2
      }
      result.append(percentEncoded: decoded)
      index += 1
    }
    return result
  }
}

extension [UInt8] {
  fileprivate mutating func append(percentEncoded byte: UInt8) {
    if ASCII.isAlpha(byte) || ASCII.isDigit(byte) || [0x2A, 0x2D, 0x2E, 0x5F].contains(byte) {
      append(byte)
      return
    }
    append(0x25)
    for digit in [byte >> 4, byte & 0xF] { append(digit < 10 ? digit + 0x30 : digit + 0x37) }
  }
}

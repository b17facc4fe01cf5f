internal import Primitives
internal import RawStructuredFieldValues

/// The covered components of a signature and what is said about it (RFC 9421 §2.3): one member of
/// `Signature-Input`, and the last line of the signature base.
package struct SignatureParameters: Sendable, Equatable {
  /// How many components one signature may cover.
  package static let maximumComponents = 64

  package let components: [ComponentIdentifier]
  /// When it was made, in seconds since 1970.
  package let created: Int64?
  /// Until when it is to be trusted, in seconds since 1970.
  package let expires: Int64?
  package let nonce: [UInt8]?
  /// As written. The key decides which algorithm is used; this may only agree with it
  /// (RFC 9421 §3.2, §7.3.6).
  package let algorithm: [UInt8]?
  package let keyID: [UInt8]?
  package let tag: [UInt8]?
  /// All of this as one inner list, parameters in their own order and unknown ones among them: what
  /// was signed.
  package let text: [UInt8]

  /// Parameters for a signature to be made, in the order of the RFC's own examples.
  ///
  /// - Throws: where a nonce, key, algorithm or tag holds what a structured string cannot.
  package init(
    components: [ComponentIdentifier], created: Int64? = nil, expires: Int64? = nil,
    nonce: [UInt8]? = nil, algorithm: [UInt8]? = nil, keyID: [UInt8]? = nil,
    tag: [UInt8]? = nil
  ) throws(SignatureFault) {
    self.components = components
    self.created = created
    self.expires = expires
    self.nonce = nonce
    self.algorithm = algorithm
    self.keyID = keyID
    self.tag = tag
    var text: [UInt8] = []
    text.append(inner: components)
    text.append(parameter: "created", created)
    text.append(parameter: "expires", expires)
    try text.append(parameter: "keyid", keyID)
    try text.append(parameter: "alg", algorithm)
    try text.append(parameter: "nonce", nonce)
    try text.append(parameter: "tag", tag)
    self.text = text
  }

  /// What was read already, with the text it was read from.
  init(
    read components: [ComponentIdentifier], created: Int64?, expires: Int64?, nonce: [UInt8]?,
    algorithm: [UInt8]?, keyID: [UInt8]?, tag: [UInt8]?, text: [UInt8]
  ) {
    self.components = components
    self.created = created
    self.expires = expires
    self.nonce = nonce
    self.algorithm = algorithm
    self.keyID = keyID
    self.tag = tag
    self.text = text
  }

  /// Reads a member of `Signature-Input`.
  init(_ member: ItemOrInnerList) throws(SignatureFault) {
    guard case .innerList(let list) = member else { throw .inputMalformed }
    components = try Self.components(list)
    let parameters = list.rfc9651Parameters
    created = try Self.integer(parameters["created"])
    expires = try Self.integer(parameters["expires"])
    nonce = try Self.string(parameters["nonce"])
    algorithm = try Self.string(parameters["alg"])
    keyID = try Self.string(parameters["keyid"])
    tag = try Self.string(parameters["tag"])
    text = try StructuredText.value(member)
  }

  /// The tag of a member, without reading the rest; nil where it has none.
  static func tag(of member: ItemOrInnerList) throws(SignatureFault) -> [UInt8]? {
    guard case .innerList(let list) = member else { throw .inputMalformed }
    return try string(list.rfc9651Parameters["tag"])
  }

  /// The covered components of a list, none of them twice.
  static func components(
    _ list: InnerList
  ) throws(SignatureFault) -> [ComponentIdentifier] {
    guard list.bareInnerList.count <= maximumComponents else { throw .tooManyComponents }
    var components: [ComponentIdentifier] = []
    components.reserveCapacity(list.bareInnerList.count)
    for item in list.bareInnerList {
      let component = try ComponentIdentifier(item)
      // At most 64 of them: comparing each with each is cheaper than a set.
      guard !components.contains(component) else { throw .componentRepeated }
      components.append(component)
    }
    return components
  }

  private static func integer(_ item: RFC9651BareItem?) throws(SignatureFault) -> Int64? {
    guard let item else { return nil }
    guard case .integer(let number) = item, number >= 0 else { throw .inputMalformed }
    return number
  }

  static func string(_ item: RFC9651BareItem?) throws(SignatureFault) -> [UInt8]? {
    guard let item else { return nil }
    guard case .string(let text) = item else { throw .inputMalformed }
    return Array(text.utf8)
  }
}

extension [UInt8] {
  mutating func append(inner components: [ComponentIdentifier]) {
    append(0x28)
    for (index, component) in components.enumerated() {
      if index > 0 { append(ASCII.space) }
      append(contentsOf: component.text)
    }
    append(0x29)
  }

  mutating func append(parameter name: StaticString, _ value: Int64?) {
    guard let value else { return }
    append(ASCII.semicolon)
    append(ascii: name)
    append(ASCII.equals)
    append(decimal: UInt64(Swift.max(value, 0)))
  }

  mutating func append(
    parameter name: StaticString, _ value: [UInt8]?
  ) throws(SignatureFault) {
    guard let value else { return }
    append(ASCII.semicolon)
    append(ascii: name)
    append(ASCII.equals)
    guard append(structuredString: value) else { throw .inputMalformed }
  }
}

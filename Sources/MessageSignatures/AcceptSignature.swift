package import HTTPModel
internal import Primitives
internal import RawStructuredFieldValues

/// A signature that a peer asks for (RFC 9421 §5.1): one member of `Accept-Signature`.
package struct RequestedSignature: Sendable, Equatable {
  package let label: [UInt8]
  package let components: [ComponentIdentifier]
  /// Whether the time of making is asked for, and that of expiring.
  package let wantsCreated: Bool
  package let wantsExpires: Bool
  package let nonce: [UInt8]?
  package let algorithm: [UInt8]?
  package let keyID: [UInt8]?
  package let tag: [UInt8]?

  package init(
    label: [UInt8], components: [ComponentIdentifier], wantsCreated: Bool = true,
    wantsExpires: Bool = false, nonce: [UInt8]? = nil, algorithm: [UInt8]? = nil,
    keyID: [UInt8]? = nil, tag: [UInt8]? = nil
  ) {
    self.label = label
    self.components = components
    self.wantsCreated = wantsCreated
    self.wantsExpires = wantsExpires
    self.nonce = nonce
    self.algorithm = algorithm
    self.keyID = keyID
    self.tag = tag
  }

  /// The value of `Accept-Signature` that asks for this alone.
  ///
  /// - Throws: where a nonce, algorithm, key or tag holds what a structured string cannot.
  package func fieldValue() throws(SignatureFault) -> [UInt8] {
    var text = label
    text.append(ASCII.equals)
    text.append(inner: components)
    if wantsCreated { text.append(ascii: ";created") }
    if wantsExpires { text.append(ascii: ";expires") }
    try text.append(parameter: "nonce", nonce)
    try text.append(parameter: "alg", algorithm)
    try text.append(parameter: "keyid", keyID)
    try text.append(parameter: "tag", tag)
    return text
  }

  /// Everything a message asks for, in order; empty where it asks for nothing.
  package static func all(
    in fields: FieldSection
  ) throws(SignatureFault) -> [RequestedSignature] {
    guard fields.contains(.acceptSignature) else { return [] }
    let dictionary = try StructuredDictionary(fields.values(of: .acceptSignature))
    var all: [RequestedSignature] = []
    for (label, member) in dictionary.members {
      all.append(try RequestedSignature(Array(label.utf8), member))
    }
    return all
  }

  private init(_ label: [UInt8], _ member: ItemOrInnerList) throws(SignatureFault) {
    guard case .innerList(let list) = member else { throw .inputMalformed }
    let parameters = list.rfc9651Parameters
    self.init(
      label: label, components: try SignatureParameters.components(list),
      wantsCreated: try Self.flag(parameters["created"]),
      wantsExpires: try Self.flag(parameters["expires"]),
      nonce: try SignatureParameters.string(parameters["nonce"]),
      algorithm: try SignatureParameters.string(parameters["alg"]),
      keyID: try SignatureParameters.string(parameters["keyid"]),
      tag: try SignatureParameters.string(parameters["tag"]))
  }

  private static func flag(_ item: RFC9651BareItem?) throws(SignatureFault) -> Bool {
    switch item {
    case nil: false
    case .bool(true): true
    default: throw .inputMalformed
    }
  }
}

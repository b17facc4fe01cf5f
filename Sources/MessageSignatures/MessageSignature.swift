package import HTTPModel
internal import Primitives
internal import RawStructuredFieldValues

/// One signature as a message carries it: a member of `Signature-Input` and the member of
/// `Signature` with the same label (RFC 9421 §4).
package struct MessageSignature: Sendable, Equatable {
  package let label: [UInt8]
  package let parameters: SignatureParameters
  package let signature: [UInt8]

  package init(label: [UInt8], parameters: SignatureParameters, signature: [UInt8]) {
    self.label = label
    self.parameters = parameters
    self.signature = signature
  }

  /// The one signature of a message that has this tag.
  ///
  /// Others are other people's, and only have to be readable. Two with the tag are a fault, since
  /// nothing says which one counts; so is a label that only one of the two fields has.
  package static func only(
    tagged tag: [UInt8], in fields: FieldSection
  ) throws(SignatureFault) -> MessageSignature {
    if let plain = CanonicalSignature.read(tagged: tag, in: fields) { return plain }
    return try parsed(tagged: tag, in: fields)
  }

  /// The same, by the parser of structured fields alone.
  package static func parsed(
    tagged tag: [UInt8], in fields: FieldSection
  ) throws(SignatureFault) -> MessageSignature {
    let (inputs, signatures) = try dictionaries(in: fields)
    var found: (label: String, input: ItemOrInnerList)?
    for (label, input) in inputs.members {
      guard try SignatureParameters.tag(of: input) == tag else { continue }
      guard found == nil else { throw .signatureAmbiguous }
      found = (label, input)
    }
    guard let found else { throw .signatureMissing }
    return try MessageSignature(found.label, found.input, signatures)
  }

  /// Every signature of a message, in the order of `Signature-Input`; empty where it has none.
  package static func all(
    in fields: FieldSection
  ) throws(SignatureFault) -> [MessageSignature] {
    guard fields.contains(.signatureInput) || fields.contains(.signature) else { return [] }
    let (inputs, signatures) = try dictionaries(in: fields)
    var all: [MessageSignature] = []
    for (label, input) in inputs.members {
      all.append(try MessageSignature(label, input, signatures))
    }
    return all
  }

  private static func dictionaries(
    in fields: FieldSection
  ) throws(SignatureFault) -> (StructuredDictionary, StructuredDictionary) {
    switch (fields.contains(.signatureInput), fields.contains(.signature)) {
    case (false, false): throw .signatureMissing
    case (true, false): throw .inputWithoutSignature
    case (false, true): throw .signatureWithoutInput
    case (true, true): break
    }
    let inputs = try StructuredDictionary(fields.values(of: .signatureInput))
    let signatures = try StructuredDictionary(fields.values(of: .signature))
    for (label, _) in inputs.members where signatures.members[label] == nil {
      throw .inputWithoutSignature
    }
    // With as many members on both sides, none is left over on the other.
    guard inputs.members.count == signatures.members.count else { throw .signatureWithoutInput }
    return (inputs, signatures)
  }

  private init(
    _ label: String, _ input: ItemOrInnerList, _ signatures: StructuredDictionary
  ) throws(SignatureFault) {
    guard case .item(let item)? = signatures.members[label],
      case .undecodedByteSequence(let text) = item.rfc9651BareItem,
      let bytes = Base64.decode(text.utf8), !bytes.isEmpty
    else { throw .signatureMalformed }
    self.label = Array(label.utf8)
    parameters = try SignatureParameters(input)
    signature = bytes
  }

  /// The value of `Signature-Input` that carries this signature alone.
  package var inputFieldValue: [UInt8] { label + [ASCII.equals] + parameters.text }

  /// The value of `Signature` that carries this signature alone.
  package var fieldValue: [UInt8] {
    label + [ASCII.equals, ASCII.colon] + Base64.encode(signature) + [ASCII.colon]
  }
}

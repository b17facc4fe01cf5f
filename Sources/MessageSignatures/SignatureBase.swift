internal import Primitives

extension SignedMessage {
  /// The bytes that are signed (RFC 9421 §2.5):
  ///
  ///     "@status": 200
  ///     "@method";req: POST
  ///     "@signature-params": ("@status" "@method";req);created=1618884473
  ///
  /// - Throws: where a covered component is not in the message, is not known, or belongs to the
  ///   other kind of message; then there is no base at all.
  package func signatureBase(
    _ parameters: SignatureParameters, kinds: StructuredFieldKinds = .standard
  ) throws(SignatureFault) -> [UInt8] {
    var base: [UInt8] = []
    base.reserveCapacity(512 + parameters.text.count)
    for component in parameters.components {
      base += component.text
      base += [ASCII.colon, ASCII.space]
      try append(component, to: &base, kinds)
      base.append(ASCII.lineFeed)
    }
    base.append(ascii: "\"@signature-params\": ")
    base += parameters.text
    return base
  }
}

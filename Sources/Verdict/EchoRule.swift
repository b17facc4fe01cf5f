package import HTTPModel

/// Mode `echo`: the token goes out in a request field and must come back unchanged.
package struct EchoRule: Hashable, Sendable {
  /// The field that carries the token to the service.
  package let requestField: FieldName
  package let proof: ProofPlace

  package init(
    requestField: FieldName = FieldName(.transactionToken), proof: ProofPlace = .transactionToken
  ) {
    self.requestField = requestField
    self.proof = proof
  }
}

package import HTTPModel
internal import Primitives

/// Mode `echo`: the token goes out in a request field and must come back unchanged.
package struct EchoRule: Hashable, Sendable {
  /// The field that carries the token to the service.
  package let requestField: FieldName
  /// The parameter of the query that carries it instead of the field, for services that give back
  /// what they are asked with; nil for the field.
  package let parameter: [UInt8]?
  package let proof: ProofPlace
  /// Where a JWT stands in whose claims the token is looked for, with `proof` as the place in them.
  /// Its signature is its reader's to check: here only what it says is compared. Nil to look into
  /// the response itself.
  package let container: VerdictSource?

  package init(
    requestField: FieldName = FieldName(.transactionToken), parameter: [UInt8]? = nil,
    proof: ProofPlace = .transactionToken, container: VerdictSource? = nil
  ) {
    self.requestField = requestField
    self.parameter = parameter
    self.proof = proof
    self.container = container
  }
}

extension BindingRule {
  /// Whether the token stands in a JWT within the response.
  var looksIntoContainer: Bool {
    if case .echo(let echo) = self { echo.container != nil } else { false }
  }
}

/// Compares the token with what the claims of a JWT say (RFC 7519 §3): the second of three parts,
/// as base64url.
func echoProof(
  inside container: VerdictSource, at place: ProofPlace, of head: ResponseHead, body: Span<UInt8>,
  token: [UInt8]
) -> BindingProof {
  guard case .json(let pointer) = place else { return .failed(.tokenMissing) }
  var pointers: [JSONPointer] = []
  if case .json(let outer) = container { pointers.append(outer) }
  let reading = VerdictReading(at: pointers, of: head, body: body)
  let text: [UInt8]
  switch reading.value(at: container, pointer: 0, of: head, body: body) {
  case .plain(let bytes), .text(let bytes): text = bytes
  case .absent: return .failed(.tokenMissing)
  case .repeated: return .failed(.tokenRepeated)
  case .number, .json: return .failed(.tokenNotText)
  case .unreadable(let reason): return .failed(reason)
  }
  let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  guard parts.count == 3, let claims = Base64URL.decode(parts[1]) else {
    return .failed(.proofMalformed)
  }
  do throws(JSONError) {
    let values = try JSONReader.read(claims.span, at: [pointer], limits: .whole(claims.count))
    guard let value = values[0] else { return .failed(.tokenMissing) }
    guard value.kind == .string else { return .failed(.tokenNotText) }
    return value.equalsSecret(token, in: claims.span) ? .proved : .failed(.tokenMismatch)
  } catch {
    return .failed(RefusalReason(error.code))
  }
}

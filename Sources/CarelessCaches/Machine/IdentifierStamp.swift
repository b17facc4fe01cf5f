internal import HTTPModel
internal import Primitives

/// Puts the identifiers of one request on the answer to another.
enum IdentifierStamp {
  /// Fields that carry an identifier wherever they stand.
  private static let known: [StaticString] = [
    "Transaction-Token", "X-Request-ID", "Request-ID", "X-Correlation-ID", "X-Trace-ID",
    "X-Amzn-RequestId", "Idempotency-Key",
  ]
  /// An identifier is at least so long; what is shorter and happens to be the same is none.
  private static let shortest = 8

  /// The answer with the identifiers of `request`, and whether that changed anything.
  ///
  /// - Parameter original: What it answered: a field that came back as it was sent is an
  ///   identifier, too.
  static func stamp(
    _ answer: WholeAnswer, to original: WholeRequest, with request: WholeRequest
  ) -> (answer: WholeAnswer, changed: Bool) {
    var stamped = answer
    for line in answer.head.fields.lines {
      let name = answer.head.fields.name(of: line)
      let value = answer.head.fields.value(of: line)
      guard isIdentifier(name, value, of: original) else { continue }
      guard let current = request.head.fields.values(named: name).first else { continue }
      stamped.head.fields.set(name: name, value: current)
    }
    return (stamped, stamped != answer)
  }

  private static func isIdentifier(
    _ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, of original: WholeRequest
  ) -> Bool {
    if known.contains(where: { name.equalsIgnoringASCIICase($0) }) { return true }
    guard !name.asciiLowercased().starts(with: [UInt8](ascii: "content-")) else { return false }
    return value.count >= shortest
      && original.head.fields.values(named: name).contains { $0 == value }
  }
}

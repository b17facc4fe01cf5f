/// One parser, given any bytes. It must not trap, and what it answers must hold together.
///
/// Run with coverage guidance by `make fuzz`; the corpora of `Fuzzers/Corpora` are replayed by the
/// ordinary tests. What a fuzzer finds becomes a file there.
package struct FuzzTarget: Sendable {
  /// Says what does not hold, or nil.
  package typealias Check = @Sendable ([UInt8]) -> String?

  /// What it is called: also the directory of its corpus.
  package let name: String
  package let check: Check

  init(_ name: String, _ check: @escaping Check) {
    self.name = name
    self.check = check
  }

  package static let all = [
    FuzzTarget("request", FuzzMessages.request),
    FuzzTarget("response", FuzzMessages.response),
    FuzzTarget("chunked", FuzzMessages.chunked),
    FuzzTarget("fields", FuzzFields.check),
    FuzzTarget("date", FuzzText.date),
    FuzzTarget("json", FuzzText.json),
    FuzzTarget("form", FuzzText.form),
    FuzzTarget("signature", FuzzSignatures.check),
    FuzzTarget("jws", FuzzJOSE.token),
    FuzzTarget("jwks", FuzzJOSE.keySet),
    FuzzTarget("settings", FuzzSettings.check),
    FuzzTarget("address", FuzzSettings.addresses),
    FuzzTarget("path", FuzzPaths.check),
  ]

  package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}
